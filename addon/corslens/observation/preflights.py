"""Preflights: why a request has one, which may still be followed, whose fate is known, and what the browser's cache holds of them. Bounded."""

from corslens.bounded import Bounded
from corslens.engines.profile import EngineProfile
from corslens.fetch.constants import NULL, ORIGIN
from corslens.fetch.cors_check import cors_check
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.preflight_cache import CacheQuery, PreflightCache
from corslens.observation.exchange import Exchange
from corslens.observation.inference import shows_credentials
from corslens.observation.known import Known
from corslens.observation.matching import answered_at, fit, grants_request, just_answered, same_asker
from corslens.observation.observation import Followed, Observation, PreflightNeed
from corslens.observation.weight import HISTORY_BYTES

FOLLOW_UP_SECONDS = 5.0
"""A browser sends the actual request within milliseconds of a preflight that passed; after this long it is taken to never come."""

_CLOCK_SECONDS = 0.005
"""How far the times of two messages in one capture may be off each other."""


class Preflights:
    """Preflights by client and URL, until they are claimed or given up, and the cache that they fill."""

    def __init__(self, limit: int, budget: int = HISTORY_BYTES // 16) -> None:
        self.pending: Bounded[str, Observation] = Bounded(limit)
        """By id, oldest first: those whose actual request may still come."""
        self.by_target: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(limit)
        """Ids of pending ones by client and URL."""
        self.settled: Bounded[str, Observation] = Bounded(limit)
        """Those whose fate is known; the cache points to them, and a late request may still claim one."""
        self.cache = PreflightCache(limit, budget=budget)

    def wait(self, client: str, preflight: Observation) -> None:
        """Wait for the actual request of a preflight that was just seen."""
        exchange = preflight.exchange
        self.pending[exchange.id] = preflight
        key = (client, exchange.request.url)
        self.by_target[key] = (*self.by_target.get(key, ())[-31:], exchange.id)

    def drop(self, id: str) -> None:
        """Drop a preflight that the session's history has no room for."""
        self.settled.pop(id, None)
        pending = self.pending.pop(id, None)
        if pending is None:
            return
        self._unlist((pending.client, pending.exchange.request.url), id)

    def claim(
        self,
        client: str,
        exchange: Exchange,
        page_origin: str | None,
        profile: EngineProfile,
        unsafe: tuple[str, ...],
        previous: Observation | None,
        *,
        stripped: bool,
        granted: bool,
        least_fit: int,
    ) -> Observation | None:
        """Return the pending preflight that was made for this request, and take it off the list.

        Args:
            previous: the redirect before this hop, whose preflight was made after it.
            stripped: the capture's writer may have taken headers out of the request.
            granted: look among those whose response grants what they asked for, or else among the others.
            least_fit: how well it has to fit.
        """
        key = (client, exchange.request.url)
        ids = self.by_target.get(key)
        if not ids:
            return None
        origin = exchange.request.headers.get(ORIGIN)
        fitting: list[tuple[int, Observation]] = []
        for id in ids:
            preflight = self.pending.get(id) or self._late(id, exchange)
            if preflight is None or not same_asker(preflight, origin, page_origin, profile):
                continue
            # A cause does not come after its effect: the preflight of a hop is asked once the redirect was seen.
            if previous is not None and preflight.exchange.request.time < answered_at(previous) - _CLOCK_SECONDS:
                continue
            how_well = fit(preflight, exchange, unsafe, stripped=stripped)
            if how_well >= least_fit:
                fitting.append((how_well, preflight))
        while fitting:
            best_fit = max(how_well for how_well, _ in fitting)
            best = just_answered([preflight for how_well, preflight in fitting if how_well == best_fit])
            # Asked of the best alone: under load dozens of one URL's preflights are in flight.
            if grants_request(best) is granted and not (granted and self._is_outdated(client, best, exchange, unsafe, profile)):
                break
            fitting = [candidate for candidate in fitting if candidate[1] is not best]
        else:
            return None
        self.pending.pop(best.id, None)
        self._unlist(key, best.id)
        return best

    def _unlist(self, target: tuple[str, str], id: str) -> None:
        left = tuple(each for each in self.by_target.get(target, ()) if each != id)
        if left:
            self.by_target[target] = left
        else:
            self.by_target.pop(target, None)

    def _is_outdated(
        self, client: str, preflight: Observation, exchange: Exchange, unsafe: tuple[str, ...], profile: EngineProfile
    ) -> bool:
        """Say whether the cache has the grant of a preflight that was asked when this one was over: its page had not gone on."""
        cached = self.cached(client, exchange, unsafe, profile)
        return cached is not None and cached.id != preflight.id and answered_at(preflight) < cached.exchange.request.time

    def _late(self, id: str, exchange: Exchange) -> Observation | None:
        """Return a preflight that was given up on too early: a queue or a slow page held its request back."""
        given_up = self.settled.get(id)
        if given_up is None or given_up.followed is Followed.FOLLOWED:
            return None
        return given_up if exchange.request.time - given_up.exchange.request.time < 12 * FOLLOW_UP_SECONDS else None

    def cached(self, client: str, exchange: Exchange, unsafe: tuple[str, ...], profile: EngineProfile) -> Observation | None:
        """Return the preflight whose grant the cache has for this request."""
        headers = exchange.request.headers
        wanted = CacheQuery(
            origin=headers.get(ORIGIN) or "",
            method=exchange.request.method,
            unsafe_names=unsafe,
            mode=CredentialsMode.INCLUDE if shows_credentials(exchange.request) else None,
            now=exchange.request.time,
        )
        entry = self.cache.find(client, exchange.request.url, wanted, profile.cache)
        return None if entry is None else self.settled.get(entry.preflight_id)

    def responded(self, client: str, preflight: Observation, at: float, profile: EngineProfile) -> None:
        """Take what the browser got for a preflight, and when; what it grants is cached."""
        exchange = preflight.exchange
        if exchange.id in self.pending:
            self.pending[exchange.id] = preflight
        response = exchange.delivered
        if response is None or not grants_request(preflight):
            return
        self.cache.store(
            client,
            exchange.request.url,
            preflight_id=exchange.id,
            origin=preflight.origin or "",
            headers=response.headers,
            credentials=preflight.credentials.value if isinstance(preflight.credentials, Known) else None,
            now=at,
            policy=profile.cache,
        )

    def forget_refused(self, client: str, actual: Observation, profile: EngineProfile) -> None:
        """Clear the cache where the engine does so because the actual request's response was refused."""
        response = actual.exchange.delivered
        if not profile.cache.dropped_by_failed_actual:
            return
        mode = actual.credentials.value if isinstance(actual.credentials, Known) else CredentialsMode.SAME_ORIGIN_OR_OMIT
        if response is None or (
            response.status != 304 and cors_check(response.headers, actual.origin or NULL, mode) is not None
        ):
            self.cache.clear(client, actual.exchange.request.url, actual.origin or "")

    def correct_cache(self, preflight: Observation) -> None:
        """Take what is known by now of a preflight whose fate is known."""
        self.cache.correct(
            preflight.client,
            preflight.exchange.request.url,
            preflight.id,
            refused=preflight.followed is Followed.NEVER and not grants_request(preflight),
            credentials=preflight.credentials.value if isinstance(preflight.credentials, Known) else None,
        )


def preflight_need(method: str, unsafe_names: tuple[str, ...]) -> PreflightNeed:
    """Return why a request with this method and these CORS-unsafe header names is preflighted."""
    unsafe_method = None if is_cors_safelisted_method(method) else method
    return PreflightNeed(
        method=unsafe_method, header_names=tuple(sorted(unsafe_names)), forced=unsafe_method is None and not unsafe_names
    )
