"""Redirects: HTTP-redirect fetch, https://fetch.spec.whatwg.org/#http-redirect-fetch"""

from enum import Enum, auto

import ada_url

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import LOCATION, NULL
from corslens.fetch.messages import Response
from corslens.fetch.origins import origin_of
from corslens.fetch.request_headers import CORS_NON_WILDCARD_REQUEST_HEADER_NAME

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
"""https://fetch.spec.whatwg.org/#redirect-status"""
MAXIMUM_REDIRECTS = 20
REQUEST_BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})
"""https://fetch.spec.whatwg.org/#request-body-header-name"""


class RedirectStep(Enum):
    """The step at which a redirect fails."""

    LOCATION_UNPARSABLE = auto()
    """Step 4."""
    SCHEME_NOT_HTTP = auto()
    """Step 5."""
    LIMIT_EXCEEDED = auto()
    """Step 6."""
    HAS_CREDENTIALS = auto()
    """Steps 8 and 9."""


@bounded_cache(2048)
def _resolve(location: str, base: str) -> str | None:
    try:
        # Standard: location URL, step 3: isomorphic decoding, so bytes become code points and are percent-encoded as such.
        joined = ada_url.join_url(base, location)
    except ValueError:
        return None
    if "#" in base and "#" not in joined:
        joined += base[base.index("#") :]
    return joined


def is_redirect(response: Response) -> bool:
    """Say whether the response is a redirect that has somewhere to go."""
    return response.status in REDIRECT_STATUSES and LOCATION in response.headers


def location_url(response: Response, url: str) -> str | None:
    """Return the absolute URL that the response points to from `url`, None when Location cannot be parsed or is absent.

    Standard: https://fetch.spec.whatwg.org/#concept-response-location-url; two different lines are a failure, as Location is no list.
    """
    values = response.headers.values(LOCATION)
    if not values or any(value != values[0] for value in values):
        return None
    return _resolve(values[0], url)


@bounded_cache(2048)
def _userinfo_and_scheme(url: str) -> tuple[bool, str]:
    parsed = ada_url.URL(url)
    return bool(parsed.username or parsed.password), parsed.protocol[:-1]


def redirect_failure(
    target: str | None, *, request_origin: str, cors_mode: bool, tainted_cors: bool, count: int
) -> RedirectStep | None:
    """Return where following a redirect fails, None when it is followed.

    Args:
        target: what `location_url` gave.
        request_origin: of the page.
        cors_mode: the request's mode is `cors`.
        tainted_cors: the response tainting is already `cors`, so userinfo is refused even back home.
        count: redirects followed before this one.
    """
    if target is None:
        return RedirectStep.LOCATION_UNPARSABLE
    userinfo, scheme = _userinfo_and_scheme(target)
    if scheme not in ("http", "https"):
        return RedirectStep.SCHEME_NOT_HTTP
    if count >= MAXIMUM_REDIRECTS:
        return RedirectStep.LIMIT_EXCEEDED
    if userinfo and (tainted_cors or (cors_mode and origin_of(target) != request_origin)):
        return RedirectStep.HAS_CREDENTIALS
    return None


def taints_origin(request_origin: str, current_origin: str, next_origin: str) -> bool:
    """Say whether the hop makes the serialized origin `null` from then on.

    Standard: https://fetch.spec.whatwg.org/#concept-request-tainted-origin
    """
    return next_origin != current_origin and current_origin != request_origin and request_origin != NULL


def method_after_redirect(status: int, method: str) -> str:
    """Return the next hop's method. Standard: step 12."""
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        return "GET"
    return method


def headers_dropped_by_redirect(status: int, method: str, *, same_origin: bool) -> frozenset[str]:
    """Return the names (lower-case) of page-set headers that the next hop does not carry. Standard: steps 12 and 13.

    Args:
        same_origin: the next URL's origin is the current one's.
    """
    dropped = REQUEST_BODY_HEADERS if method_after_redirect(status, method) != method else frozenset[str]()
    return dropped if same_origin else dropped | {CORS_NON_WILDCARD_REQUEST_HEADER_NAME}
