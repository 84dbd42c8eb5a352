"""Redaction: the one place that says what of the wire may be shown, in logs, reports, comments, the terminal and the live page.

An allowlist, because nobody can list all secrets: values of headers with a part in CORS, query parameters without their values,
paths without the segments that are no plain words. A user may ask for the rest (`show_values`); cookies and whatever
authenticates never appear at all.
"""

import re

from corslens.bounded_cache import bounded_cache
from corslens.observation.endpoint import path_template
from corslens.observation.plain_segments import FILE, is_plain_run, shown_name, shown_path, shown_token

REDACTED = "[redacted]"
"""Stands for a header's value."""
STAR = "*"
"""Stands for a part of a URL or of a text."""

SHOWN_HEADERS = frozenset({
    "origin", "vary", "timing-allow-origin", "cross-origin-resource-policy", "cross-origin-embedder-policy",
    "cross-origin-opener-policy", "content-type", "x-content-type-options", "allow", "location", "content-location", "referer",
    "referrer-policy", "cache-control", "age", "accept", "accept-language", "content-language", "range",
})  # fmt: skip
"""Header names (lower-case) with a part in CORS: it judges them, safelists them by value, or stores what they say."""
SHOWN_PREFIXES = ("access-control-", "sec-fetch-")
"""Beginnings of such names; headers of the protocol that somebody misspelled begin like this, too."""
_HOLD_NUMBERS = ("access-control-max", "age", "cache-control", "range")
"""Beginnings of names of those whose values are numbers, of any length; elsewhere a long one is a code or an account."""

NEVER_SHOWN = frozenset({
    "authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info", "cookie", "cookie2", "set-cookie",
    "set-cookie2", "x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token", "x-csrf-token", "x-xsrf-token", "x-session-token",
    "x-client-secret", "x-amz-security-token", "x-goog-iam-authorization-token", "x-ms-token-aad-access-token", "sec-websocket-key",
    "cf-access-jwt-assertion", "x-amzn-oidc-data", "x-amzn-oidc-accesstoken", "x-forwarded-access-token", "private-token",
    "x-vault-token", "x-gitlab-token", "x-hub-signature", "x-hub-signature-256", "dpop",
})  # fmt: skip
"""Header names (lower-case) of cookies and credentials, whatever the user asks for."""
_AUTHENTICATES = re.compile(r"auth(?!or)|cookie|token|secret|passw|credential|api-?key|jwt|session|signature")

_URL_HEADERS = frozenset({"origin", "location", "content-location", "referer"})
_CHALLENGES = frozenset({"www-authenticate", "proxy-authenticate"})
_CHALLENGE = re.compile(r"\s*(basic|bearer|digest|negotiate|ntlm|dpop|mutual|hoba|scram-sha-256|vapid)(?:\s|$)", re.IGNORECASE)

MAX_TEXT_CHARACTERS = 4096
"""Characters of a URL or text that are looked at; what stands behind is not shown."""
_MOST_PARAMETERS = 32

_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):[\\/]{2,}([^/?#\\]*)(.*)", re.DOTALL)
_OPAQUE = re.compile(r"([A-Za-z][A-Za-z0-9+-]{0,30}):(?!\d{1,5}(?:$|[/?#]))")
_HOST_PORT = re.compile(r"([A-Za-z0-9._-]{1,255}:\d{1,5})((?:[/?#].*)?)", re.DOTALL)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[\w.~*%-]{1,255})(?::(?:\d{1,5})?)?")
_ZONE = re.compile(r"%[^\]]*(?=\])")
_URL_IN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:(?:/|\\){2}[^\s\"<>`]+")
_URL_OR_PATH = re.compile(rf"{_URL_IN_TEXT.pattern}|(?<![\w.*/<-])/[^\s\"<>`]*")
_ADDRESS = re.compile(r"(?<![\w.+%*/-])[\w.+%-]{1,256}+@[\w.-]{1,256}")
"""Of a person, or a user's name and password before a host."""
_CLOSING = ".,;:!?)]}'|"
_WHOLE_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,30}:[\\/]{2}|[\\/])\S*")
_RUN = re.compile(r"[A-Za-z0-9_+/.~%-]{10,}")
"""What may be a token: a long run of the characters that tokens are made of."""
_RUN_IN_HEADER = re.compile(r"[A-Za-z0-9_+/.~%-]{6,}")
"""In a header's value there are no sentences of ours, and shorter ones may be tokens."""
_LONG_NUMBER = re.compile(r"\d{5,}")
_ANY_NUMBER = re.compile(r"\d{1,20}(?:-(?:\d{1,20})?)?")
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.){1,6}[a-z]{2,20}\.?")
_SHORT_LABEL = 11
"""Characters of a host's label, or of a part of one, that are shown in a text even if they are no word."""
_SYMBOL_PART = re.compile(r"[A-Za-z0-9]+")
_LONGEST_SYMBOL = 200


class _Choice:
    """What the user of this process chose."""

    values = False


def show_values(chosen: bool) -> None:
    """Show what is otherwise redacted, but for cookies and credentials; a choice of the process's user."""
    _Choice.values = chosen


def values_are_shown() -> bool:
    """Say whether the user chose so."""
    return _Choice.values


VALUES_ARE_SHOWN = "Values are shown (URLs, paths, header values): this output may hold secrets and personal data."
"""What every output says when the user chose so."""


def redact_url(url: str) -> str:
    """Return the URL, or the reference, as it may be shown: `https://api.example/users/*?page=*`.

    Never with user name and password. What is shown is a URL again, and redacting it once more changes nothing.
    """
    return _with_values(url) if _Choice.values else public_url(url)


@bounded_cache(8192)
def public_url(url: str) -> str:
    """Return the URL as it may leave the machine, whatever the user chose."""
    if len(url) > MAX_TEXT_CHARACTERS:
        url = url[:MAX_TEXT_CHARACTERS]
    absolute = _ABSOLUTE.fullmatch(url)
    if absolute is not None:
        scheme, authority, rest = absolute.groups()
        return f"{scheme}://{_authority(authority)}{_reference(rest)}"
    if url[:2] in ("//", "/\\", "\\\\"):
        return f"//{public_url(f'x://{url[2:]}')[4:]}"
    opaque = _OPAQUE.match(url)
    if opaque is not None:
        return f"{opaque[1]}:{STAR}"
    host_port = _HOST_PORT.fullmatch(url)
    if host_port is not None:
        return host_port[1] + _reference(host_port[2])
    return _reference(url)


@bounded_cache(8192)
def public_path(path: str) -> str:
    """Return a path, with query and fragment if there are any, as it may leave the machine; `//x` is no host here."""
    return _reference(path[:MAX_TEXT_CHARACTERS])


def endpoint_path(url: str) -> str:
    """Return the path of an absolute URL as endpoints are named: without ids, and as it may leave the machine, whatever the user chose."""
    return public_path(path_template(url))


def public_endpoint(origin: str, url: str) -> tuple[str, str]:
    """Return the API origin and the path by which an endpoint is named, whatever the user chose.

    Args:
        origin: the URL's.
    """
    return public_url(origin), endpoint_path(url)


def redact_header(name: str, value: str) -> str:
    """Return a header's value as it may be shown."""
    lowered = name.lower()
    if lowered in SHOWN_HEADERS or lowered.startswith(SHOWN_PREFIXES):
        if _Choice.values or lowered in _URL_HEADERS:
            return redact_url(value) if lowered in _URL_HEADERS else redact_text(value)
        return _public_numbers(value) if lowered.startswith(_HOLD_NUMBERS) else _public_value(value)
    if lowered in _CHALLENGES:
        scheme = _CHALLENGE.match(value)
        return f"{scheme[1]} {REDACTED}" if scheme is not None else REDACTED
    if not _Choice.values or authenticates(lowered):
        return REDACTED
    return redact_text(value)


def redact_part(header: str | None, text: str | None) -> str | None:
    """Return the value of a header, or a text that is no header's (its name is None), as it may be shown; None of None."""
    if text is None:
        return None
    return redact_text(text) if header is None else redact_header(header, text)


def authenticates(name: str) -> bool:
    """Say whether a header is of cookies or credentials, so that its value is never shown."""
    lowered = name.lower()
    return lowered in NEVER_SHOWN or _AUTHENTICATES.search(lowered) is not None


def redact_name(name: str) -> str:
    """Return a header's name as it may be shown: `X-*` for one that is no name, but a value where names stand."""
    return name if _Choice.values else _public_name(name)


def redact_method(method: str) -> str:
    """Return a method as it may be shown, `*` for one that is no word: a page may put anything there."""
    return method if _Choice.values else public_method(method)


def redact_symbol(name: str) -> str:
    """Return the name of a function as it may be shown, `*` for each part of it that is no word: a capture may say anything there."""
    return name if _Choice.values else _SYMBOL_PART.sub(lambda part: shown_token(part[0]), name[:_LONGEST_SYMBOL])


@bounded_cache(1024)
def public_method(method: str) -> str:
    """Return a method as it may leave the machine, whatever the user chose."""
    return method if method in ("", "…") or shown_token(method) == method else STAR


@bounded_cache(4096)
def _public_name(name: str) -> str:
    return shown_token(name)


def redact_value(value: str) -> str:
    """Return wire text that belongs to no header, a URL or any other, as it may be shown."""
    if _Choice.values or _WHOLE_URL.fullmatch(value) is None:
        return redact_text(value)
    return public_path(value) if value[0] in "/\\" else public_url(value)


def public_text(text: str) -> str:
    """Return text that `redact_text` was already applied to as it may leave the machine, whatever the user chose."""
    return _public_text(text) if _Choice.values else text


def redact_text(text: str) -> str:
    """Return text with wire text in it (a message, an error, an unknown value) as it may be shown: its URLs and paths redacted, its tokens starred."""
    if _Choice.values:
        return _URL_IN_TEXT.sub(lambda found: _with_values(found[0]), text)
    return _public_text(text)


@bounded_cache(8192)
def _public_text(text: str) -> str:
    return _RUN.sub(_token, _with_public_urls(text))


@bounded_cache(8192)
def _public_value(value: str) -> str:
    return _RUN_IN_HEADER.sub(_token_in_header, _with_public_urls(value))


@bounded_cache(1024)
def _public_numbers(value: str) -> str:
    return _RUN_IN_HEADER.sub(_token_or_number, _with_public_urls(value))


def _with_public_urls(text: str) -> str:
    if len(text) > MAX_TEXT_CHARACTERS:
        text = f"{text[: MAX_TEXT_CHARACTERS - 1]}…"
    if "/" in text or "\\" in text:
        text = _URL_OR_PATH.sub(_reduced, text)
    return _ADDRESS.sub(STAR, text) if "@" in text else text


def _reduced(found: re.Match[str]) -> str:
    whole = found[0]
    url = whole.rstrip(_CLOSING)
    if url[:1] == "/":
        return public_path(url) + whole[len(url) :]
    # Lists (`a, https://b, https://c` without spaces) hold several.
    parts = re.split(r"([,;](?=[A-Za-z][A-Za-z0-9+.-]{0,30}:/))", url)
    return "".join(part if place % 2 else public_url(part) for place, part in enumerate(parts)) + whole[len(url) :]


def _token(found: re.Match[str]) -> str:
    run = found[0]
    return run if is_plain_run(run) or _is_host_name(run) else STAR


def _token_in_header(found: re.Match[str]) -> str:
    return STAR if _LONG_NUMBER.fullmatch(found[0]) is not None else _token(found)


def _token_or_number(found: re.Match[str]) -> str:
    return found[0] if _ANY_NUMBER.fullmatch(found[0]) is not None else _token(found)


def _is_host_name(run: str) -> bool:
    if _HOST_NAME.fullmatch(run) is None or FILE.fullmatch(run) is not None:
        return False
    parts = [part for label in run.split(".") for part in label.split("-")]
    return all(
        (len(part) <= _SHORT_LABEL and _LONG_NUMBER.fullmatch(part) is None) or (is_plain_run(part) and not part.isdigit())
        for part in parts
    )


def _authority(authority: str) -> str:
    userinfo, at, host = authority.rpartition("@")
    if host.startswith("[") and "%" in host:
        host = _ZONE.sub("", host)  # names a network of the sender's machine
    shown = host if not host or _HOST.fullmatch(host) else STAR
    return f"{STAR}@{shown}" if at and userinfo else shown


def _reference(rest: str) -> str:
    """Return path, query and fragment."""
    rest, hash_sign, fragment = rest.partition("#")
    path, question, query = rest.partition("?")
    shown = shown_path(path.replace("\\", "/")) if path else ""
    if question:
        shown += f"?{_query(query)}"
    if hash_sign:
        shown += f"#{STAR}" if fragment else "#"
    return shown


def _query(query: str) -> str:
    parameters = query.split("&", _MOST_PARAMETERS)
    more = "&…" if len(parameters) > _MOST_PARAMETERS else ""
    return "&".join(map(_parameter, parameters[:_MOST_PARAMETERS])) + more


def _parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:
        # A query without names is a value: `?eyJhbGci…`.
        return parameter if parameter in ("", STAR, "…") else STAR
    return f"{shown_name(name)}={STAR if value else ''}"


def _with_values(url: str) -> str:
    absolute = _ABSOLUTE.fullmatch(url)
    if absolute is None or "@" not in absolute[2]:
        return url
    scheme, authority, rest = absolute.groups()
    return f"{scheme}://{_authority(authority)}{rest}"
