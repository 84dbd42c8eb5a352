"""Request headers: which ones a page may set without a preflight, and which it cannot set at all.

Standards: https://fetch.spec.whatwg.org/#cors-safelisted-request-header,
https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names, https://fetch.spec.whatwg.org/#forbidden-request-header
"""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.header_values import get_decode_and_split, is_token
from corslens.fetch.messages import HeaderLine
from corslens.fetch.methods import is_forbidden_method

CORS_NON_WILDCARD_REQUEST_HEADER_NAME = "authorization"
"""https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""

MAXIMUM_VALUE_BYTES = 128
MAXIMUM_TOTAL_BYTES = 1024
MAXIMUM_POSITION = 2**63 - 1
"""Of a byte range: the engines keep positions in 63 bits, see the departure of the same name."""

_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_SINGLE_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")
_SAFELISTED_ESSENCES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
_BROWSER_CONTENT_TYPES = frozenset({
    "application/csp-report", "application/expect-ct-report+json", "application/xss-auditor-report", "application/ocsp-request",
})  # fmt: skip
"""The Content-Types that browsers send themselves without a preflight, in the note under CORS-safelisted request-header."""

FORBIDDEN_REQUEST_HEADERS = frozenset({
    "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection",
    "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "set-cookie",
    "te", "trailer", "transfer-encoding", "upgrade", "via",
})  # fmt: skip
METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
"""Forbidden or not by their value."""


class SafelistDepartures(Struct, frozen=True, kw_only=True):
    """Where an engine's safelist is not the standard's; the defaults are the standard."""

    extra_names: frozenset[str] = frozenset()
    """Header names (lower-case) that are safelisted whatever their value."""
    total_limit: bool = True
    """More than 1024 bytes of safelisted values make all of them unsafe."""
    non_ascii_is_unsafe: bool = False
    """A byte of 0x80 or more in Accept or Content-Type is CORS-unsafe."""
    range_unit_ignores_case: bool = False


STANDARD_SAFELIST = SafelistDepartures()


def has_cors_unsafe_request_header_byte(value: str) -> bool:
    """Standard: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte"""
    return _UNSAFE_BYTE.search(value) is not None


@bounded_cache(1024)
def mime_type_essence(value: str) -> str | None:
    """Return the essence of a MIME type, lower-case, None when it cannot be parsed.

    Standard: https://mimesniff.spec.whatwg.org/#parse-a-mime-type
    """
    text = value.strip("\n\r\t ")
    kind, slash, rest = text.partition("/")
    subtype = rest.partition(";")[0].rstrip("\n\r\t ")
    if not slash or not is_token(kind) or not is_token(subtype):
        return None
    return f"{kind}/{subtype}".lower()


def _accept(value: str, deviations: SafelistDepartures) -> bool:
    return not has_cors_unsafe_request_header_byte(value) and (value.isascii() or not deviations.non_ascii_is_unsafe)


def _language(value: str, deviations: SafelistDepartures) -> bool:
    return _LANGUAGE.fullmatch(value) is not None


def _content_type(value: str, deviations: SafelistDepartures) -> bool:
    return _accept(value, deviations) and mime_type_essence(value) in _SAFELISTED_ESSENCES


def _range(value: str, deviations: SafelistDepartures) -> bool:
    match = _SINGLE_RANGE.fullmatch(value.lower() if deviations.range_unit_ignores_case else value)
    if match is None:
        return False
    # Bounded before int(): a wire value may be a megabyte of digits.
    if any(len(position) > 19 for position in match.groups()):
        return False
    start, end = int(match[1]), int(match[2]) if match[2] else None
    return start < MAXIMUM_POSITION and (end is None or start <= end < MAXIMUM_POSITION)


_VALUE_RULES: Mapping[str, Callable[[str, SafelistDepartures], bool]] = {
    "accept": _accept,
    "accept-language": _language,
    "content-language": _language,
    "content-type": _content_type,
    "range": _range,
}
SAFELISTED_NAMES = frozenset(_VALUE_RULES)


def is_cors_safelisted_request_header(name: str, value: str, deviations: SafelistDepartures = STANDARD_SAFELIST) -> bool:
    """Say whether a page may set this header (lower-case name) without a preflight."""
    if name in deviations.extra_names:
        return True
    rule = _VALUE_RULES.get(name)
    return rule is not None and len(value) <= MAXIMUM_VALUE_BYTES and rule(value, deviations)


def cors_unsafe_request_header_names(
    lines: Iterable[HeaderLine], deviations: SafelistDepartures = STANDARD_SAFELIST
) -> tuple[str, ...]:
    """Return the names (lower-case, sorted, no repeats) among page-set headers that need a preflight."""
    unsafe: set[str] = set()
    safe: set[str] = set()
    total = 0
    for name, value in lines:
        lowered = name.lower()
        if is_cors_safelisted_request_header(lowered, value, deviations):
            safe.add(lowered)
            total += len(value)
        else:
            unsafe.add(lowered)
    if deviations.total_limit and total > MAXIMUM_TOTAL_BYTES:
        unsafe |= safe
    return tuple(sorted(unsafe))


def is_browser_generated_content_type(value: str) -> bool:
    """Say whether this Content-Type is one that browsers send of their own accord, without a preflight."""
    return mime_type_essence(value) in _BROWSER_CONTENT_TYPES


def is_forbidden_request_header(name: str, value: str = "") -> bool:
    """Say whether no page can set this header: the browser does, so it is never part of a preflight."""
    lowered = name.lower()
    if lowered in FORBIDDEN_REQUEST_HEADERS or lowered.startswith(("proxy-", "sec-")):
        return True
    return lowered in METHOD_OVERRIDES and any(is_forbidden_method(part) for part in get_decode_and_split(value))
