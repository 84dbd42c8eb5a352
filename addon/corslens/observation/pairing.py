"""Pairing: which preflight belongs to which request, which hop to which redirect. A bounded state machine fed with timestamps.

A preflight and its actual request are matched by client, URL, origin, method and header names (never by connection: browsers
send them over different ones). An actual request without a preflight of its own is looked up in the modelled preflight cache.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from corslens.engines.engine import Engine
from corslens.engines.profile import STANDARD, EmptyLocation, EngineProfile
from corslens.engines.profiles import PROFILES, engine_of
from corslens.fetch.constants import LOCATION, NULL, ORIGIN
from corslens.fetch.cors_check import cors_check
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.origins import origin_of
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.preflight_cache import PreflightCache, Wanted
from corslens.fetch.redirects import MAXIMUM_REDIRECTS, is_redirect, location_url
from corslens.observation.bounded import Bounded
from corslens.observation.evidence import Known, Unknown
from corslens.observation.exchange import Exchange
from corslens.observation.inference import (
    SEC_FETCH_STORAGE_ACCESS,
    infer_credentials,
    infer_destination,
    infer_mode,
    infer_page_origin,
    infer_role,
    page_set_unsafe_names,
    sends_storage_access,
    shows_credentials,
)
from corslens.observation.matching import (
    CARRIES_WHAT_WAS_ASKED,
    NOTHING_ASKED_IN_VAIN,
    answered_at,
    continues,
    covering_preflight,
    fit,
    followed_by,
    grants_request,
    is_refused_redirect,
    is_tainted,
    just_answered,
    same_asker,
)
from corslens.observation.observation import CoveringPreflight, Followed, Observation, PreflightNeed, Role

FOLLOW_UP_SECONDS = 5.0
"""A browser sends the actual request within milliseconds of a preflight that passed; after this long it is taken to never come."""

AT_ONCE_SECONDS = 0.1
"""A browser goes on from an answer within milliseconds; this leaves room for a busy machine."""

_REDIRECT_SECONDS = 60.0


class Pairing:
    """Makes Observations of exchanges, and remakes earlier ones when a later exchange says more of them."""

    def __init__(self, limit: int = 10_000, profiles: Mapping[Engine, EngineProfile] = PROFILES) -> None:
        self._profiles: dict[Engine | None, EngineProfile] = {None: STANDARD}
        for engine, profile in profiles.items():
            self._profiles[engine] = profile
        self._open: Bounded[str, Observation] = Bounded(limit)
        self._pending: Bounded[str, Observation] = Bounded(limit)
        """Preflights by id, oldest first, whose actual request may still come."""
        self._by_target: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(limit)
        """Ids of pending preflights by client and URL."""
        self._settled: Bounded[str, Observation] = Bounded(limit)
        """Preflights whose fate is known; the cache points to them, and a late request may still claim one."""
        self._redirects: Bounded[tuple[str, str], tuple[Observation, ...]] = Bounded(limit)
        """Hops by client and the URL that they point to, until the next hop comes."""
        self._cache = PreflightCache(limit)
        self._connections: Bounded[str, bool | None] = Bounded(limit)
        """Whether a client connection carries credentials; None when it was seen to do both."""
        self._preflight_clients: Bounded[str, None] = Bounded(limit)
        self._storage_access_clients: Bounded[str, None] = Bounded(limit)
        self._last_seen = 0.0
        """When the latest message was seen."""

    def dropped(self) -> dict[str, int]:
        """Return how many entries each store has dropped because of its limit; only those that did."""
        stores: Mapping[str, Bounded[Any, Any] | PreflightCache] = {
            "open exchanges": self._open,
            "pending preflights": self._pending,
            "URLs of preflights": self._by_target,
            "settled preflights": self._settled,
            "redirects": self._redirects,
            "preflight cache entries": self._cache,
            "connections": self._connections,
            "clients with preflights": self._preflight_clients,
            "clients that tell storage access": self._storage_access_clients,
        }
        return {name: store.dropped for name, store in stores.items() if store.dropped}

    def begin(self, exchange: Exchange) -> tuple[Observation, ...]:
        """Return the observation of an exchange whose request was just seen, then earlier ones that it says more of."""
        request = exchange.request
        self._last_seen = max(self._last_seen, request.time)
        headers = request.headers
        user_agent = headers.get("user-agent") or ""
        client = f"{exchange.client}\n{user_agent}"
        engine, version = engine_of(user_agent, headers.get("sec-ch-ua") or "")
        profile = self._profiles[engine]
        target_origin = origin_of(request.url)
        previous = self._previous_hop(client, exchange, profile)
        page_origin = infer_page_origin(request, target_origin, previous)
        mode = infer_mode(request)
        role = infer_role(request, mode, target_origin=target_origin, page_origin=page_origin, previous=previous)
        if SEC_FETCH_STORAGE_ACCESS in headers and client not in self._storage_access_clients:
            self._storage_access_clients[client] = None

        need: PreflightNeed | None = None
        own: Observation | None = None
        cached: Observation | None = None
        covering: CoveringPreflight | None = None
        missed = False
        if role is Role.PREFLIGHT:
            need = preflight_need(requested_method(request), requested_header_names(request))
            if client not in self._preflight_clients:
                self._preflight_clients[client] = None
        elif role is Role.SIMPLE:
            unsafe = page_set_unsafe_names(request, profile.safelist)
            needed = bool(unsafe) or not is_cors_safelisted_method(request.method)
            # Behind a redirect a header that caused the preflight may have been dropped; otherwise the request carries them all.
            least = 0 if needed or previous is not None else NOTHING_ASKED_IN_VAIN
            own = self._claim(client, exchange, page_origin, profile, unsafe, granted=True, least_fit=least)
            if own is None and needed:
                cached = self._cached(client, exchange, unsafe, profile)
            if own is None and cached is None:
                # A preflight that we call refused and that is followed all the same shows a mistake of ours: keep it in sight.
                least = 0 if needed else CARRIES_WHAT_WAS_ASKED
                own = self._claim(client, exchange, page_origin, profile, unsafe, granted=False, least_fit=least)
            if own is not None:
                role, need = Role.ACTUAL, own.need
                covering = covering_preflight(own, request.time, from_cache=False)
            elif needed:
                role, need = Role.ACTUAL, preflight_need(request.method, unsafe)
                covering = None if cached is None else covering_preflight(cached, request.time, from_cache=True)
                missed = cached is None and client in self._preflight_clients

        credentials = infer_credentials(
            request,
            role=role,
            engine=engine,
            target_origin=target_origin,
            tells_storage_access=sends_storage_access(engine, version) or client in self._storage_access_clients,
            page_origin=page_origin,
            previous=previous,
            preflight=own,
            cached=cached,
            connection_credentialed=self._connection_credentialed(exchange, profile) if target_origin != page_origin else None,
        )
        self._note_connection(exchange, role, credentials)
        observation = Observation(
            exchange=exchange,
            role=role,
            origin=headers.get(ORIGIN),
            page_origin=page_origin,
            target_origin=target_origin,
            engine=engine,
            mode=mode,
            destination=infer_destination(request),
            credentials=credentials,
            need=need,
            preflight=covering,
            preflights_missed=missed,
            followed=Followed.PENDING if role is Role.PREFLIGHT else None,
            redirected_from=previous,
            tainted=is_tainted(page_origin, target_origin, previous),
        )
        self._open[exchange.id] = observation
        if role is Role.PREFLIGHT:
            self._pending[exchange.id] = observation
            key = (client, request.url)
            self._by_target[key] = (*self._by_target.get(key, ())[-31:], exchange.id)
        changed: list[Observation] = [observation]
        if own is not None:
            self._settled[own.id] = followed = followed_by(own, observation)
            changed.append(followed)
        return tuple(changed)

    def _connection_credentialed(self, exchange: Exchange, profile: EngineProfile) -> bool | None:
        """Return what the engine's habit to keep credentialed requests on connections of their own tells."""
        if exchange.connection is None:
            return None
        credentialed = self._connections.get(exchange.connection)
        told = profile.credentialed_connections_tell if credentialed else profile.uncredentialed_connections_tell
        return credentialed if told else None

    def _note_connection(self, exchange: Exchange, role: Role, credentials: Known[CredentialsMode] | Unknown) -> None:
        connection = exchange.connection
        if connection is None:
            return
        if role is Role.PREFLIGHT:
            credentialed = False
        elif role is Role.NAVIGATION or "cookie" in exchange.request.headers:
            credentialed = True
        elif isinstance(credentials, Known):
            credentialed = credentials.value is CredentialsMode.INCLUDE
        else:
            return
        if connection not in self._connections:
            self._connections[connection] = credentialed
        elif self._connections[connection] is not credentialed:
            self._connections[connection] = None

    def complete(self, exchange: Exchange) -> Observation:
        """Return the observation of an exchange whose response head (or error) was seen, and which the browser gets so."""
        observation = self.respond(exchange)
        self.deliver(observation)
        return observation

    def respond(self, exchange: Exchange) -> Observation:
        """Return the observation of an exchange whose response head (or error) was seen; what the browser gets, `deliver` says."""
        begun = self._open.pop(exchange.id, None) or self.begin(exchange)[0]
        self._open.pop(exchange.id, None)
        return structs.replace(begun, exchange=exchange)

    def deliver(self, observation: Observation) -> None:
        """Take note of what the browser got: it decides what may follow."""
        exchange = observation.exchange
        client = client_of(exchange)
        response = exchange.delivered
        self._last_seen = max(self._last_seen, answered_at(observation))
        match observation.role:
            case Role.PREFLIGHT:
                if exchange.id in self._pending:
                    self._pending[exchange.id] = observation
                self._keep(client, observation)
            case Role.ACTUAL:
                self._forget_refused(client, observation)
        if response is not None and is_redirect(response):
            profile = self._profiles[observation.engine]
            followed = response.headers.get(LOCATION) or profile.empty_location is EmptyLocation.FOLLOWED
            target = location_url(response, exchange.request.url) if followed else None
            # Every hop holds the one before it; who follows more redirects than any browser begins a new chain.
            if target is not None and len(observation.hops) <= MAXIMUM_REDIRECTS + 1:
                key = (client, target.partition("#")[0])
                self._redirects[key] = (*self._redirects.get(key, ())[-31:], observation)

    def is_open(self, id: str) -> bool:
        """Say whether the exchange was begun and not yet completed."""
        return id in self._open

    def correct(self, observation: Observation) -> None:
        """Take an observation that its owner has learnt more about (its credentials mode, by hindsight)."""
        for store in (self._pending, self._settled, self._open):
            if observation.id in store:
                store[observation.id] = observation
        if observation.followed in (Followed.NEVER, Followed.FOLLOWED):
            self._correct_cache(observation)

    def _correct_cache(self, preflight: Observation) -> None:
        self._cache.correct(
            client_of(preflight.exchange),
            preflight.exchange.request.url,
            preflight.id,
            refused=preflight.followed is Followed.NEVER,
            credentials=preflight.credentials.value if isinstance(preflight.credentials, Known) else None,
        )

    def expire(self, now: float) -> Iterator[Observation]:
        """Yield the preflights that passed their time without an actual request."""
        while self._pending:
            oldest = next(iter(self._pending.values()))
            if answered_at(oldest) + FOLLOW_UP_SECONDS > now:
                return
            yield self._give_up(oldest)

    def finish(self, now: float | None = None) -> Iterator[Observation]:
        """Yield every preflight that is still waiting: the session is over.

        Args:
            now: until when somebody watched; None: until the last message seen. What ended sooner than a request takes proves nothing.
        """
        end = self._last_seen if now is None else now
        while self._pending:
            oldest = next(iter(self._pending.values()))
            proven = answered_at(oldest) + FOLLOW_UP_SECONDS <= end
            yield self._give_up(oldest, Followed.NEVER if proven else Followed.UNKNOWN)

    def _give_up(self, preflight: Observation, fate: Followed = Followed.NEVER) -> Observation:
        del self._pending[preflight.id]
        self._settled[preflight.id] = settled = structs.replace(preflight, followed=fate)
        return settled

    def _previous_hop(self, client: str, exchange: Exchange, profile: EngineProfile) -> Observation | None:
        if not self._redirects:
            return None
        request = exchange.request
        key = (client, request.url.partition("#")[0])
        hops = self._redirects.get(key)
        if not hops:
            return None
        preflight = request.method == "OPTIONS"
        fitting = [
            hop
            for hop in hops
            if 0 <= request.time - hop.exchange.request.time <= _REDIRECT_SECONDS
            and continues(hop, exchange, profile)
            # Followed at once all the same, it would show a mistake of ours: that stays in sight.
            and (request.time - answered_at(hop) <= AT_ONCE_SECONDS or not is_refused_redirect(hop))
        ]
        if not fitting:
            return None
        hop = just_answered(fitting)
        if not preflight:
            rest = tuple(other for other in hops if other is not hop)
            if rest:
                self._redirects[key] = rest
            else:
                del self._redirects[key]
        return hop

    def _claim(
        self,
        client: str,
        exchange: Exchange,
        page_origin: str | None,
        profile: EngineProfile,
        unsafe: tuple[str, ...],
        *,
        granted: bool,
        least_fit: int,
    ) -> Observation | None:
        """Return the pending preflight that was made for this request, and take it off the list.

        Args:
            granted: look among those whose answer grants what they asked for, or else among the others.
            least_fit: how well it has to fit.
        """
        key = (client, exchange.request.url)
        ids = self._by_target.get(key)
        if not ids:
            return None
        origin = exchange.request.headers.get(ORIGIN)
        fitting: list[tuple[int, Observation]] = []
        for id in ids:
            preflight = self._pending.get(id) or self._late(id, exchange)
            if preflight is None or not same_asker(preflight, origin, page_origin, profile):
                continue
            how_well = fit(preflight, exchange, unsafe)
            if how_well >= least_fit:
                fitting.append((how_well, preflight))
        while fitting:
            best_fit = max(how_well for how_well, _ in fitting)
            best = just_answered([preflight for how_well, preflight in fitting if how_well == best_fit])
            # Asked of the best alone: under load dozens of one URL's preflights are in flight.
            if grants_request(best) is granted:
                break
            fitting = [candidate for candidate in fitting if candidate[1] is not best]
        else:
            return None
        self._pending.pop(best.id, None)
        left = tuple(id for id in ids if id != best.id)
        if left:
            self._by_target[key] = left
        else:
            del self._by_target[key]
        return best

    def _late(self, id: str, exchange: Exchange) -> Observation | None:
        """Return a preflight that was given up on too early: a queue or a slow page held its request back."""
        given_up = self._settled.get(id)
        if given_up is None or given_up.followed is Followed.FOLLOWED:
            return None
        return given_up if exchange.request.time - given_up.exchange.request.time < 12 * FOLLOW_UP_SECONDS else None

    def _cached(self, client: str, exchange: Exchange, unsafe: tuple[str, ...], profile: EngineProfile) -> Observation | None:
        headers = exchange.request.headers
        wanted = Wanted(
            origin=headers.get(ORIGIN) or "",
            method=exchange.request.method,
            unsafe_names=unsafe,
            mode=CredentialsMode.INCLUDE if shows_credentials(exchange.request) else None,
            now=exchange.request.time,
        )
        entry = self._cache.find(client, exchange.request.url, wanted, profile.cache)
        return None if entry is None else self._settled.get(entry.preflight_id)

    def _keep(self, client: str, preflight: Observation) -> None:
        response = preflight.exchange.delivered
        if response is None or not grants_request(preflight):
            return
        profile = self._profiles[preflight.engine]
        self._cache.store(
            client,
            preflight.exchange.request.url,
            preflight_id=preflight.id,
            origin=preflight.origin or "",
            headers=response.headers,
            credentials=preflight.credentials.value if isinstance(preflight.credentials, Known) else None,
            now=max(response.time, preflight.exchange.request.time),
            policy=profile.cache,
        )

    def _forget_refused(self, client: str, actual: Observation) -> None:
        profile = self._profiles[actual.engine]
        response = actual.exchange.delivered
        if not profile.cache.dropped_by_failed_actual:
            return
        mode = actual.credentials.value if isinstance(actual.credentials, Known) else CredentialsMode.SAME_ORIGIN_OR_OMIT
        if response is None or (
            response.status != 304 and cors_check(response.headers, actual.origin or NULL, mode) is not None
        ):
            self._cache.clear(client, actual.exchange.request.url, actual.origin or "")


def client_of(exchange: Exchange) -> str:
    """Return what tells one browser from another: where it connects from, and its User-Agent."""
    return f"{exchange.client}\n{exchange.request.headers.get('user-agent') or ''}"


def preflight_need(method: str, unsafe_names: tuple[str, ...]) -> PreflightNeed:
    """Return why a request with this method and these CORS-unsafe header names is preflighted."""
    unsafe_method = None if is_cors_safelisted_method(method) else method
    return PreflightNeed(
        method=unsafe_method, header_names=tuple(sorted(unsafe_names)), forced=unsafe_method is None and not unsafe_names
    )
