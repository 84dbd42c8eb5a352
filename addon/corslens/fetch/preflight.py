"""The CORS-preflight request and what its response grants.

Standard: CORS-preflight fetch, https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
"""

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN,
    WILDCARD,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import extract_token_list
from corslens.fetch.messages import HeaderList, Request
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.request_headers import CORS_NON_WILDCARD_REQUEST_HEADER_NAME

DEFAULT_MAX_AGE_SECONDS = 5
LONGEST_MAX_AGE_SECONDS = 2**31
"""What a delta-seconds too large to hold counts as, https://httpwg.org/specs/rfc9111.html#delta-seconds"""


def is_cors_preflight_request(request: Request) -> bool:
    """Say whether this is one. A page can send OPTIONS but never Access-Control-Request-Method.

    Standard: https://fetch.spec.whatwg.org/#cors-preflight-request
    """
    return request.method == "OPTIONS" and ACCESS_CONTROL_REQUEST_METHOD in request.headers and ORIGIN in request.headers


@bounded_cache(2048)
def _asked_names(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip(" \t").lower() for line in lines for name in line.split(",") if name.strip(" \t")))


def requested_header_names(request: Request) -> tuple[str, ...]:
    """Return the names in Access-Control-Request-Headers, lower-case, in their order, without repeats."""
    return _asked_names(request.headers.values(ACCESS_CONTROL_REQUEST_HEADERS))


def requested_method(request: Request) -> str:
    """Return the value of Access-Control-Request-Method."""
    return request.headers.get(ACCESS_CONTROL_REQUEST_METHOD) or ""


class Grants(Struct, frozen=True, kw_only=True, gc=False):
    """What a preflight's response allows, before the credentials mode is considered."""

    methods: tuple[str, ...] | None
    """None when Access-Control-Allow-Methods is not a list of tokens; empty when absent or empty."""
    header_names: tuple[str, ...] | None
    """Lower-case; None when Access-Control-Allow-Headers is not a list of tokens."""


@bounded_cache(2048)
def _lowered(tokens: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([token.lower() for token in tokens]))


def grants(headers: HeaderList) -> Grants:
    """Return what the response headers allow. Standard: steps 7.1 to 7.3.

    Step 7.4 (an absent Access-Control-Allow-Methods grants the method of a forced preflight) no engine takes.
    """
    names = extract_token_list(headers.values(ACCESS_CONTROL_ALLOW_HEADERS))
    return Grants(
        methods=extract_token_list(headers.values(ACCESS_CONTROL_ALLOW_METHODS)),
        header_names=None if names is None else _lowered(names),
    )


def is_method_granted(method: str, methods: tuple[str, ...], mode: CredentialsMode) -> bool:
    """Say whether the actual request's method passes. Standard: step 7.5."""
    return (
        method in methods
        or is_cors_safelisted_method(method)
        or (WILDCARD in methods and mode is not CredentialsMode.INCLUDE)
    )  # fmt: skip


def ungranted_header_names(
    asked: tuple[str, ...], granted: tuple[str, ...], mode: CredentialsMode, *, wildcard_covers_authorization: bool = False
) -> tuple[str, ...]:
    """Return which of the asked names (lower-case) are not granted, in their order. Standard: steps 7.6 and 7.7."""
    wildcard = WILDCARD in granted and mode is not CredentialsMode.INCLUDE
    if not wildcard:
        known = frozenset(granted)  # in a tuple, thousands of asked names would each walk past thousands of granted ones
        return tuple(name for name in asked if name not in known)
    if wildcard_covers_authorization or CORS_NON_WILDCARD_REQUEST_HEADER_NAME not in asked:
        return ()
    return () if CORS_NON_WILDCARD_REQUEST_HEADER_NAME in granted else (CORS_NON_WILDCARD_REQUEST_HEADER_NAME,)


@bounded_cache(512)
def parse_max_age(lines: tuple[str, ...]) -> int | None:
    """Return Access-Control-Max-Age in whole seconds, None when absent or not one delta-seconds value.

    A negative value comes back negative: no engine treats it as unparsable, see the engines' deviations.
    Standard: step 7.8, https://httpwg.org/specs/rfc9111.html#delta-seconds
    """
    if len(lines) != 1:
        return None
    text = lines[0].strip(" \t")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return None
    # Bounded before int(): a wire value may be a megabyte of digits.
    seconds = min(int(digits.lstrip("0")[:11] or "0"), LONGEST_MAX_AGE_SECONDS)
    return -seconds if text.startswith("-") else seconds


def max_age_seconds(headers: HeaderList) -> int | None:
    """Return the lifetime that the response asks for, None when absent or unparsable."""
    return parse_max_age(headers.values(ACCESS_CONTROL_MAX_AGE))
