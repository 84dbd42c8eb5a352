"""Values of headers: extract, split.

Standard: extract header list values, https://fetch.spec.whatwg.org/#extract-header-list-values;
get, decode, and split, https://fetch.spec.whatwg.org/#concept-header-list-get-decode-split
"""

import re
from collections.abc import Iterable

from corslens.bounded_cache import bounded_cache

TOKEN_CHARACTERS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""HTTP token characters, https://httpwg.org/specs/rfc9110.html#tokens"""

_WHITESPACE = " \t"
_TOKEN = re.compile(f"[{re.escape(''.join(sorted(TOKEN_CHARACTERS)))}]+")
# Possessive, so that a megabyte of it takes a moment: nothing is tried twice.
_TOKEN_LIST = re.compile(rf"[ \t]*+(?:{_TOKEN.pattern}+[ \t]*+)?+(?:,[ \t]*+(?:{_TOKEN.pattern}+[ \t]*+)?+)*+")


def is_token(text: str) -> bool:
    """Say whether the text is an HTTP token."""
    return _TOKEN.fullmatch(text) is not None


@bounded_cache(4096)
def extract_token_list(lines: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the tokens of comma lists in order, without repeats, or None when an element is not a token.

    The grammar of Access-Control-Allow-Methods, -Allow-Headers and -Expose-Headers (`#method`, `#field-name`):
    empty elements are tolerated, several lines are parsed and concatenated.
    """
    if not all(map(_TOKEN_LIST.fullmatch, lines)):
        return None
    return tuple(dict.fromkeys(token for line in lines for token in _TOKEN.findall(line)))


def first_bad_element(lines: Iterable[str]) -> str | None:
    """Return the first element of comma lists that is not a token, None when all are."""
    for line in lines:
        for part in line.split(","):
            element = part.strip(_WHITESPACE)
            if element and not is_token(element):
                return element
    return None


def get_decode_and_split(value: str) -> tuple[str, ...]:
    """Split at the commas outside quoted strings; each part without the tabs and spaces around it."""
    parts: list[str] = []
    start, quoted, escaped = 0, False, False
    for index, character in enumerate(value):
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character == ",":
            parts.append(value[start:index].strip(_WHITESPACE))
            start = index + 1
    parts.append(value[start:].strip(_WHITESPACE))
    return tuple(parts)
