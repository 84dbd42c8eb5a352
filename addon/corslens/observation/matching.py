"""Matching: whether two exchanges belong together, as preflight and actual request or as two hops of a redirect chain."""

from collections.abc import Sequence

from msgspec import structs

from corslens.engines.profile import EngineProfile
from corslens.fetch.constants import NULL, ORIGIN
from corslens.fetch.cors_check import cors_check
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Request
from corslens.fetch.origins import origin_of
from corslens.fetch.preflight import (
    grants,
    is_cors_preflight_request,
    is_method_granted,
    requested_header_names,
    requested_method,
    ungranted_header_names,
)
from corslens.fetch.redirects import headers_dropped_by_redirect, method_after_redirect, taints_origin
from corslens.fetch.request_headers import SAFELISTED_NAMES
from corslens.observation.exchange import Exchange
from corslens.observation.header_additions import is_added
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import CoveringPreflight, Followed, Observation, Role


def answered_at(observation: Observation) -> float:
    """Return when the exchange's response was seen, or when it was asked while there is none."""
    response = observation.exchange.delivered
    asked = observation.exchange.request.time
    return asked if response is None else max(response.time, asked)


def just_answered(candidates: Sequence[Observation]) -> Observation:
    """Return the one that a browser goes on from, of several alike.

    It goes on at once, so what was over before the latest began is not what goes on now;
    those that were in flight together go on in their order.
    """
    if len(candidates) == 1:
        return candidates[0]
    latest = max(candidates, key=answered_at)
    return next(each for each in candidates if each is latest or answered_at(each) > latest.exchange.request.time)


def is_tainted(page_origin: str | None, target_origin: str, previous: Observation | None) -> bool:
    """Say whether a redirect on the way here made the origin `null`. Standard: redirect-taint."""
    if previous is None or page_origin is None:
        return False
    return previous.tainted or taints_origin(page_origin, previous.target_origin, target_origin)


def continues(hop: Observation, exchange: Exchange, profile: EngineProfile) -> bool:
    """Say whether the request may be the next hop: its method, headers and Origin are what the redirect makes of them."""
    if hop.role is Role.PREFLIGHT or not _carries_on(hop, exchange.request, profile):
        return False
    origin = exchange.request.headers.get(ORIGIN)
    if origin is None:
        return not hop.is_cors or hop.page_origin == origin_of(exchange.request.url)
    expected = NULL if is_tainted(hop.page_origin, origin_of(exchange.request.url), hop) else hop.page_origin
    return origin in (expected, hop.page_origin) or (origin == NULL and not hop.is_cors)


def is_refused_redirect(hop: Observation) -> bool:
    """Say whether the redirect fails the CORS check in the credentials mode if it is known, else even in the kindest one.

    No engine follows such a one; a page that then asks for the target itself sends the very bytes of a next hop.
    """
    response = hop.exchange.delivered
    if response is None or not hop.is_cors or isinstance(hop.mode, Unknown):
        return False
    known = hop.credentials
    mode = known.value if isinstance(known, Known) else CredentialsMode.SAME_ORIGIN_OR_OMIT
    return cors_check(response.headers, hop.origin or NULL, mode) is not None


def _carries_on(hop: Observation, request: Request, profile: EngineProfile) -> bool:
    """Say whether method and headers are those that the redirect leaves. Standard: HTTP-redirect fetch, steps 12 and 13."""
    response = hop.exchange.delivered
    if response is None:
        return False
    method, status = hop.exchange.request.method, response.status
    same_origin = origin_of(request.url) == hop.target_origin
    if profile.delete_becomes_get_across_origins and method == "DELETE" and not same_origin:
        status = 303
    preflight = is_cors_preflight_request(request)
    if (requested_method(request) if preflight else request.method) != method_after_redirect(status, method):
        return False
    if preflight and profile.dropped_headers_cause_preflights:
        return True
    dropped = headers_dropped_by_redirect(status, method, same_origin=same_origin)
    return dropped.isdisjoint(requested_header_names(request) if preflight else request.headers.names.ordered)


def same_asker(preflight: Observation, origin: str | None, page_origin: str | None, profile: EngineProfile) -> bool:
    """Say whether the preflight and a request with this Origin come from one page."""
    if preflight.origin == origin:
        return True
    return profile.preflight_keeps_page_origin and origin == NULL and preflight.origin == page_origin


def grants_request(preflight: Observation) -> bool:
    """Say whether the response grants what was asked, in the credentials mode if it is known, else in the kindest one.

    Which engine asks, is not looked at.
    """
    response = preflight.exchange.delivered
    if response is None or not 200 <= response.status <= 299:
        return False
    known = preflight.credentials
    mode = known.value if isinstance(known, Known) else CredentialsMode.SAME_ORIGIN_OR_OMIT
    if cors_check(response.headers, preflight.origin or NULL, mode) is not None:
        return False
    granted, request = grants(response.headers), preflight.exchange.request
    return (
        granted.methods is not None
        and granted.header_names is not None
        and is_method_granted(requested_method(request), granted.methods, mode)
        and not ungranted_header_names(
            requested_header_names(request), granted.header_names, mode, wildcard_covers_authorization=True
        )
    )


NOTHING_ASKED_IN_VAIN = 2
"""The least fit of a request that carries every header that the preflight asks for, if it asks for any."""

CARRIES_WHAT_WAS_ASKED = 3
"""The least fit of a request that carries every header (at least one) that the preflight asks for."""


STRIPPED_BY_WRITERS = frozenset({"authorization"})
"""Names that a preflight asks for and that some writers take out of the request: Chrome's default HAR export since version 130 and other
sanitized ones (cookies too, which no preflight asks for), https://developer.chrome.com/docs/devtools/network/reference#save-as-har"""


def fit(preflight: Observation, exchange: Exchange, unsafe: tuple[str, ...], *, stripped: bool = False) -> int:
    """Return how well a preflight fits a request, -1 when it cannot have been for it.

    Args:
        unsafe: the names on the request that only the page can have set.
        stripped: the capture's writer may have taken headers out of the request.
    """
    request = exchange.request
    asked = requested_header_names(preflight.exchange.request)
    if stripped:
        asked = tuple(name for name in asked if name not in STRIPPED_BY_WRITERS or name in request.headers)
    if requested_method(preflight.exchange.request) != request.method:
        return -1
    response = preflight.exchange.delivered
    if response is not None and response.time > request.time + 0.001:
        return -1
    if not set(unsafe) <= set(asked):
        return -1
    # A header may be asked for and then not sent (Authorization behind a redirect), or lost in an earlier proxy.
    present = sum(1 for name in asked if name in request.headers and (name in unsafe or not _needs_unsafe_value(name)))
    return 2 + present if present == len(asked) else min(1, present)


def _needs_unsafe_value(name: str) -> bool:
    """Say whether a preflight asks for this name only of a value that is not safelisted, which the request shows: every one has an Accept."""
    return name in SAFELISTED_NAMES and not is_added(name)


def covering_preflight(preflight: Observation, now: float, *, from_cache: bool) -> CoveringPreflight:
    """Return a preflight as the request sees it that it covers."""
    age = max(0.0, now - answered_at(preflight))
    return CoveringPreflight(id=preflight.id, exchange=preflight.exchange, from_cache=from_cache, age=age)


def followed_by(preflight: Observation, actual: Observation) -> Observation:
    """Return the preflight, now that its actual request came."""
    credentials = preflight.credentials
    if isinstance(actual.credentials, Known) and not isinstance(credentials, Known):
        credentials = Known(actual.credentials.value, ("actual-request", *actual.credentials.evidence))
    # A preflight carries no brand: of a phone that developer tools emulate, only the actual request tells the engine.
    engine = actual.engine or preflight.engine
    return structs.replace(preflight, engine=engine, followed=Followed.FOLLOWED, actual=actual.id, credentials=credentials)
