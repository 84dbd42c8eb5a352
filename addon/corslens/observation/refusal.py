"""What a browser refused, in the context of what was seen: no message of it was, so only the browser's word and its neighbors show."""

from collections.abc import Iterable, Sequence

from msgspec import structs

from corslens.engines.profile import EngineProfile
from corslens.fetch.constants import ORIGIN
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.origins import origin_of
from corslens.observation.exchange import Exchange
from corslens.observation.habits import FAILED_AFTER_IT
from corslens.observation.known import Known, Likely
from corslens.observation.matching import answered_at, fit, grants_request, same_asker
from corslens.observation.observation import Followed, Observation, Role
from corslens.witness.refusals import Refusal

_CORS_TYPES = frozenset({"fetch", "xhr", "xmlhttprequest", "font", "eventsource"})
"""What browsers call requests that are made with CORS."""

_SECONDS = 60.0
"""A preflight or redirect further away than this has nothing to do with what was refused."""


def refused_for(exchange: Exchange) -> str | None:
    """Return the origin of the page that a refused request was made for, as the browser recorded it: it may hold no header that shows it.

    None for any other request: what was sent speaks for itself, and may come from a frame of that page.
    """
    page = exchange.witness.page if exchange.witness is not None and exchange.refused else None
    return origin_of(page) if page else None


def refused_role(exchange: Exchange, role: Role, *, preflighted: bool) -> Role:
    """Return the role of a refused request: one that never left has no Origin, and its type tells that it would have had one.

    Args:
        role: as its headers have it.
        preflighted: a preflight for it was seen.
    """
    if (
        role is Role.NO_CORS
        and "sec-fetch-mode" not in exchange.request.headers
        and (exchange.resource_type or "").lower() in _CORS_TYPES
    ):
        role = Role.SIMPLE
    needed = preflighted or not is_cors_safelisted_method(exchange.request.method)
    return Role.ACTUAL if role is Role.SIMPLE and needed else role


def explanation(
    exchange: Exchange,
    preflights: Sequence[Observation],
    hops: Iterable[Observation],
    page_origin: str | None,
    profile: EngineProfile,
) -> str | None:
    """Return the id of the exchange whose response shows why this request was refused. It stays as it is: nothing followed it.

    Args:
        preflights: those of this URL and client, oldest first; one that grants what it asks for explains nothing.
        hops: redirects to this URL that fail their checks, oldest first.
    """
    preflight = _latest(exchange, [one for one in preflights if not grants_request(one)], page_origin, profile)
    if preflight is not None:
        return preflight.id
    found = [hop.id for hop in hops if 0 <= exchange.request.time - hop.exchange.request.time <= _SECONDS]
    return found[-1] if found else None


def failed_after(
    exchange: Exchange, preflights: Sequence[Observation], page_origin: str | None, profile: EngineProfile
) -> Observation | None:
    """Return the preflight that lets a request without credentials pass and no other, where the browser tells no reason why this one failed.

    That speaks for credentials and proves nothing: the request's own response, which is not in the capture, can have failed as well.

    Args:
        preflights: those of this URL and client, oldest first.
    """
    if exchange.witness is None or exchange.witness.refusal is not Refusal.UNSPECIFIED:
        return None
    include = Known(CredentialsMode.INCLUDE, ())
    granted = [
        one for one in preflights if grants_request(one) and not grants_request(structs.replace(one, credentials=include))
    ]
    preflight = _latest(exchange, granted, page_origin, profile)
    if preflight is None:
        return None
    likely = Likely(CredentialsMode.INCLUDE, (FAILED_AFTER_IT,))
    return structs.replace(preflight, followed=Followed.UNKNOWN, likely=likely)


def _latest(
    exchange: Exchange, preflights: Sequence[Observation], page_origin: str | None, profile: EngineProfile
) -> Observation | None:
    """Return the latest of the preflights that can have been made for this request."""
    origin = exchange.request.headers.get(ORIGIN) or page_origin
    for preflight in reversed(preflights):
        if (
            abs(exchange.request.time - answered_at(preflight)) <= _SECONDS
            and same_asker(preflight, origin, page_origin, profile)
            and fit(preflight, exchange, ()) >= 0
        ):
            return preflight
    return None
