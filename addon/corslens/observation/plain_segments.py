"""Plain segments: which parts of a path, and which parameter names, are words that a developer wrote, and no value.

An allowlist by shape, because nobody can list what secrets look like: a short word, a version, a well-known name with a digit.
"""

import re

_LONGEST_SEGMENT = 48
_MOST_WORDS = 6
_WORD = re.compile(r"[a-z]{1,20}|[A-Z][a-z]{1,19}|[A-Z]{1,4}|[a-z]{1,16}(?:[A-Z][a-z]{1,15}){1,4}|(?:[A-Z][a-z]{1,15}){2,4}")
_SMALL_NUMBER = re.compile(r"\d{1,2}")
"""Hides nothing that anybody could not guess, and tells entries apart."""
_VERSION = re.compile(r"v\d{1,2}(?:\.\d{1,3}){0,2}")
_WITH_DIGITS = frozenset({
    "2fa", "3d", "7z", "a11y", "b2b", "base64", "bz2", "c2c", "ec2", "es6", "gpt4", "h2", "h264", "html5", "http2", "http3", "i18n", "ipv4",
    "ipv6", "jpeg2000", "k8s", "l10n", "m3u8", "m4a", "m4s", "m4v", "md5", "mp3", "mp4", "neo4j", "oauth1", "oauth2", "oidc2", "p2p", "s3", "saml2",
    "sha1", "sha256", "sha512", "utf8", "v1alpha1", "v1beta1", "v2beta1", "w3c", "web2", "web3", "woff2", "x509",
})  # fmt: skip
_SEPARATORS = re.compile(r"[-._]")
_UNSPEAKABLE = re.compile(r"(?i)[bcdfghjklmnpqrstvwxz]{6}|[aeiou]{5}")
_NEVER_TOGETHER = re.compile(
    r"(?i)[bglmtwxy]q|[cghkmpqvwxyz]j|j[fghnrtvxyz]|[fghjkqv]x|q[bfghjkmpqtvwyz]|[gfvxz]k|[fjkpz]v|[fghmpqvwx]z|[hvxz]g|x[w]|z[bcdfnpwx]"
)
"""Letters that follow each other in no word of the languages that paths and headers are written in; random ones do in every second text."""
_VOWEL = re.compile(r"(?i)[aeiouy]")
FILE = re.compile(
    r"(.+)\.(js|mjs|cjs|css|map|json|html?|php|aspx?|jsp|xml|txt|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|wasm|pdf|csv|mp[34]|m3u8|ts|webm|zip)"
)
"""A name of a file, its ending apart; no host has such an ending."""
_NAME = re.compile(r"[A-Za-z_$][\w.$-]{0,40}(?:\[[\w.$-]{0,40}\]){0,3}")


def is_word(text: str) -> bool:
    """Say whether the text is one short word that could be spoken, in small, capital or camel case; with digits only where they are known."""
    if _WORD.fullmatch(text) is None:
        return text.lower() in _WITH_DIGITS
    return len(text) <= 5 or is_speakable(text)


def is_speakable(letters: str) -> bool:
    """Say whether letters follow each other as in words, with vowels between them; random ones mostly do not."""
    return (
        _VOWEL.search(letters) is not None
        and _UNSPEAKABLE.search(letters) is None
        and (len(letters) <= 5 or _NEVER_TOGETHER.search(letters) is None)
    )


def _are_words(text: str) -> bool:
    if _VERSION.fullmatch(text) is not None:
        return True
    words = _SEPARATORS.split(text)
    if len(words) > _MOST_WORDS or not all(is_word(word) or _VERSION.fullmatch(word) for word in words):
        return False
    # Pieces of one letter are a value that somebody cut.
    return len(words) == 1 or any(len(word) > 1 and is_word(word) for word in words)


BEFORE_A_VALUE = frozenset({
    "activate", "hooks", "invitation", "invitations", "invite", "invites", "magic", "magic-link", "one-time", "reset", "share", "unsubscribe",
})  # fmt: skip
"""Segments behind which stands what only one person may know, even if it is made of words (`/invite/happy-tiger`)."""


def shown_path(path: str) -> str:
    """Return a path with each segment as it may be shown."""
    segments = path.split("/")
    return "/".join(
        "*" if place and segment and segments[place - 1] in BEFORE_A_VALUE else shown_segment(segment)
        for place, segment in enumerate(segments)
    )


def shown_segment(segment: str) -> str:
    """Return a path segment if it is made of short words, else with `*` for what is not.

    What follows a semicolon (`;jsessionid=…`) is a value; of a file that is named by its hash the ending stays.
    """
    if segment in ("", ".", "..", "*", "…") or _SMALL_NUMBER.fullmatch(segment) is not None:
        return segment
    name, semicolon, _ = segment.partition(";")
    if semicolon:
        return f"{shown_segment(name)};*"
    bare = name[1:] if name[0] in "._@" else name
    if len(name) <= _LONGEST_SEGMENT and bare and not bare.isdigit() and _are_words(bare):
        return name
    file = FILE.fullmatch(name)
    if file is None:
        return "*"
    first, dash, _ = file[1].partition("-")
    return f"{first}-*.{file[2]}" if dash and len(first) <= 20 and is_word(first) and not first.isdigit() else f"*.{file[2]}"


def shown_name(name: str) -> str:
    """Return a parameter's name if it is made of short words, else `*`."""
    if _NAME.fullmatch(name) is None:
        return "*"
    words = [word for word in re.split(r"[-._$\[\]]+", name) if word]
    return name if len(words) <= _MOST_WORDS and all(is_word(word) or _VERSION.fullmatch(word) for word in words) else "*"


_LONGEST_TOKEN = 64
_TOKEN_PART = re.compile(r"([A-Za-z]{1,24})\d{0,3}|\d{1,4}|\d{1,2}[A-Za-z]{1,4}|[A-Za-z]\d[A-Za-z]")
_CASED = re.compile(
    r"[a-z]+|[A-Z]{1,17}|(?:[A-Z]{2,5})?(?:[a-z]{1,16}|[A-Z][a-z]{2,15})(?:[A-Z][a-z]{2,15}){0,4}(?:[A-Z]{1,3}|[A-Z][a-z])?"
)
"""Capitals stand everywhere, or where words of some length begin, or for an abbreviation in front or at the end (`SOAPAction`, `GraphQL`)."""
_TOKEN_SEPARATORS = re.compile(r"([-._])")


def shown_token(token: str) -> str:
    """Return the name of a header or method with `*` for each part of it that is no word."""
    parts = _TOKEN_SEPARATORS.split(token) if len(token) <= _LONGEST_TOKEN else [token]
    return "".join(part if place % 2 or not part or _is_part_of_name(part) else "*" for place, part in enumerate(parts))


def _is_part_of_name(part: str) -> bool:
    if part == "*" or part.lower() in _WITH_DIGITS:
        return True
    found = _TOKEN_PART.fullmatch(part)
    if found is None:
        return False
    letters = found[1] or ""
    return len(letters) <= 5 or (_CASED.fullmatch(letters) is not None and is_speakable(letters))


def is_plain_run(run: str) -> bool:
    """Say whether a long run of the characters that tokens are made of is none: words, a name of a header, a number, a host."""
    if _NUMBER.fullmatch(run) is not None:
        return True
    words = [word for word in _RUN_SEPARATORS.split(run) if word]
    return all(map(_is_part_of_name, words)) and (len(words) == 1 or any(len(word) > 2 for word in words))


_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?(?:ms?|s|sec|seconds|min|h|d)?|(?://)?\d{1,3}(?:\.\d{1,3}){3}")
_RUN_SEPARATORS = re.compile(r"[-._/+~%]")
