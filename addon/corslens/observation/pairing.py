"""Pairing: which preflight belongs to which request, which hop to which redirect. A bounded state machine fed with timestamps.

A preflight and its actual request are matched by client, URL, origin, method and header names (never by connection: browsers
send them over different ones). An actual request without a preflight of its own is looked up in the modelled preflight cache.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import structs

from corslens.bounded import Bounded
from corslens.engines.engine import Engine
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.profiles import PROFILES
from corslens.fetch.constants import NULL, ORIGIN
from corslens.fetch.cors_check import cors_check
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.origins import is_potentially_trustworthy, is_same_site, origin_of
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.preflight_cache import CacheQuery, PreflightCache
from corslens.observation.background import is_report_upload
from corslens.observation.connections import Connections
from corslens.observation.cookie_jar import COOKIE_NOT_SENT, CookieJar
from corslens.observation.emulated_phones import EmulatedPhones
from corslens.observation.exchange import Exchange
from corslens.observation.habits import Habits, is_of_habit
from corslens.observation.header_additions import is_reload
from corslens.observation.hops import Hops
from corslens.observation.inference import (
    NOT_SHOWN,
    WORKERS,
    infer_credentials,
    infer_role,
    page_set_unsafe_names,
    sends_storage_access,
    shows_credentials,
    standalone,
)
from corslens.observation.known import Known, Unknown
from corslens.observation.matching import (
    CARRIES_WHAT_WAS_ASKED,
    NOTHING_ASKED_IN_VAIN,
    answered_at,
    covering_preflight,
    fit,
    followed_by,
    grants_request,
    is_tainted,
    just_answered,
    same_asker,
)
from corslens.observation.observation import CORS_ROLES, CoveringPreflight, Followed, Observation, PreflightNeed, Role
from corslens.observation.page_policy import Pages
from corslens.observation.programs import is_of_program
from corslens.observation.refusal import explanation, failed_after, refused_for, refused_role
from corslens.observation.request_head import head_of
from corslens.observation.weight import HISTORY_BYTES, weigh_observation

FOLLOW_UP_SECONDS = 5.0
"""A browser sends the actual request within milliseconds of a preflight that passed; after this long it is taken to never come."""

_COOKIE_NOT_SENT = Known(CredentialsMode.SAME_ORIGIN_OR_OMIT, (COOKIE_NOT_SENT,))

_CLOCK_SECONDS = 0.005
"""How far the times of two messages in one capture may be off each other."""


class Pairing:
    """Makes Observations of exchanges, and remakes earlier ones when a later exchange says more of them."""

    def __init__(
        self,
        limit: int = 10_000,
        profiles: Mapping[Engine, EngineProfile] = PROFILES,
        *,
        budget: int = HISTORY_BYTES // 16,
        programs: bool = True,
    ) -> None:
        """Start without any memory.

        Args:
            limit: how many entries each store keeps.
            budget: how many bytes each store keeps of exchanges that the session's history may not hold, or not any more.
            programs: take a program's request with an Origin for a page's.
        """
        self._programs = programs
        self._profiles: dict[Engine | None, EngineProfile] = {None: STANDARD}
        for engine, profile in profiles.items():
            self._profiles[engine] = profile
        self._open: Bounded[str, Observation] = Bounded(limit, weigh=weigh_observation, budget=budget)
        self._pending: Bounded[str, Observation] = Bounded(limit)
        """Preflights by id, oldest first, whose actual request may still come."""
        self._by_target: Bounded[tuple[str, str], tuple[str, ...]] = Bounded(limit)
        """Ids of pending preflights by client and URL."""
        self._settled: Bounded[str, Observation] = Bounded(limit)
        """Preflights whose fate is known; the cache points to them, and a late request may still claim one."""
        self._hops = Hops(limit, budget)
        self._cache = PreflightCache(limit, budget=budget)
        self._connections = Connections(limit, budget)
        self._preflight_clients: Bounded[str, None] = Bounded(limit)
        self._storage_access_clients: Bounded[str, None] = Bounded(limit)
        self._habits = Habits(limit)
        self._cookies = CookieJar(limit, budget)
        self._pages = Pages(limit, budget)
        self._phones = EmulatedPhones(limit)
        self._saw_authorization = False
        """Whether any request carried Authorization: then the writer does not strip it."""
        self._worker_pages: Bounded[tuple[str, str], None] = Bounded(limit)
        """Clients and origins that were seen to start workers."""
        self._last_seen = 0.0
        """When the latest message was seen."""

    def dropped(self) -> dict[str, int]:
        """Return how many entries each store has dropped because of its limit; only those that did."""
        stores: Mapping[str, Bounded[Any, Any] | PreflightCache] = {
            "open exchanges": self._open,
            "pending preflights": self._pending,
            "URLs of preflights": self._by_target,
            "settled preflights": self._settled,
            "redirects": self._hops.waiting,
            "preflight cache entries": self._cache,
            "connections": self._connections.seen,
            "exchanges of connections": self._connections.waiting,
            "HTTP/2 sessions": self._connections.sessions,
            "clients with preflights": self._preflight_clients,
            "clients that send storage access": self._storage_access_clients,
            "fates of preflights": self._habits.fates,
            "habits of pages": self._habits.modes,
            "hosts with cookies": self._cookies.hosts,
            "pages with workers": self._worker_pages,
            "pages": self._pages.seen,
            "clients with a phone's User-Agent": self._phones.versions,
        }
        return {name: store.dropped for name, store in stores.items() if store.dropped}

    def drop(self, id: str) -> None:
        """Drop a preflight that the session's history has no room for."""
        self._settled.pop(id, None)
        pending = self._pending.pop(id, None)
        if pending is None:
            return
        key = pending.client, pending.exchange.request.url
        left = tuple(each for each in self._by_target.get(key, ()) if each != id)
        if left:
            self._by_target[key] = left
        else:
            self._by_target.pop(key, None)

    def begin(self, exchange: Exchange) -> tuple[Observation, ...]:
        """Observe an exchange whose request was just seen and whose response is yet to come; return what `observe` does."""
        observed = self.observe(exchange)
        self._open[exchange.id] = observed[0]
        return observed

    def observe(self, exchange: Exchange) -> tuple[Observation, ...]:
        """Return the observation of an exchange whose request was just seen, then earlier ones that it says more of."""
        request = exchange.request
        self._last_seen = max(self._last_seen, request.time)
        head = head_of(request.headers)
        client = head.client_at(exchange.client)
        engine, version = head.engine, head.version
        if engine is Engine.WEBKIT or head.emulated:
            self._phones.note(client, request, head)
            if proven := self._phones.version(client):
                engine, version = Engine.CHROMIUM, proven
        profile = self._profiles[engine]
        target_origin = origin_of(request.url)
        refused, was_sent = exchange.refused, exchange.was_sent
        previous = None if refused else self._hops.take(client, exchange, profile)
        alone = standalone(request, target_origin, exchange.resource_type, self._profiles[head.engine].safelist)
        page_origin, mode, role = alone.page_origin, alone.mode, alone.role
        if previous is not None:
            page_origin = previous.page_origin
            if not isinstance(mode, Known):
                mode = previous.mode  # a redirect chain has one; WebKit's requests behind a redirect carry no fetch metadata
            role = infer_role(request, mode, target_origin=target_origin, page_origin=page_origin, previous=previous)
        elif page_origin is None and (page_origin := refused_for(exchange)) is not None:
            role = infer_role(request, mode, target_origin=target_origin, page_origin=page_origin, previous=None)
        if engine is None and not self._programs and role in (Role.SIMPLE, Role.PREFLIGHT) and is_of_program(request.headers):
            role = Role.NO_CORS
        if head.storage_access is not None and client not in self._storage_access_clients:
            self._storage_access_clients[client] = None
        if page_origin is not None and head.destination in WORKERS:
            self._worker_pages[client, page_origin] = None
        self._saw_authorization = self._saw_authorization or head.authorization is not None

        need: PreflightNeed | None = None
        own: Observation | None = None
        cached: Observation | None = None
        covering: CoveringPreflight | None = None
        missed = False
        explained_by: str | None = None
        last: Observation | None = None
        if role is Role.PREFLIGHT:
            need = preflight_need(requested_method(request), requested_header_names(request))
            if client not in self._preflight_clients:
                self._preflight_clients[client] = None
        elif refused:
            waiting = [one for one in map(self._pending.get, self._by_target.get((client, request.url), ())) if one is not None]
            explained_by = explanation(exchange, waiting, self._hops.refused(client, exchange), page_origin, profile)
            role = refused_role(exchange, role, preflighted=explained_by in self._pending)
            if explained_by is None and (last := failed_after(exchange, waiting, page_origin, profile)) is not None:
                explained_by, role = last.id, Role.ACTUAL
                del self._pending[last.id]
                self._settled[last.id] = last
        elif role is Role.SIMPLE:
            unsafe = (
                alone.unsafe_names
                if role is alone.role and engine is head.engine
                else page_set_unsafe_names(request, profile.safelist)
            )
            needed = bool(unsafe) or not is_cors_safelisted_method(request.method)
            # Behind a redirect a header that caused the preflight may have been dropped; otherwise the request carries them all.
            least = 0 if needed or previous is not None else NOTHING_ASKED_IN_VAIN
            preflighted = (client, request.url) in self._by_target
            if preflighted:
                own = self._claim(client, exchange, page_origin, profile, unsafe, previous, granted=True, least_fit=least)
            if own is None and needed:
                cached = self._cached(client, exchange, unsafe, profile)
            if preflighted and own is None and cached is None and (needed or not is_reload(request.headers)):
                # A preflight that we call refused and that is followed all the same shows a mistake of ours: keep it in sight.
                least = 0 if needed else CARRIES_WHAT_WAS_ASKED
                own = self._claim(client, exchange, page_origin, profile, unsafe, previous, granted=False, least_fit=least)
            if own is not None:
                role, need, mode = Role.ACTUAL, own.need, own.mode
                covering = covering_preflight(own, request.time, from_cache=False)
            elif needed:
                role, need = Role.ACTUAL, preflight_need(request.method, unsafe)
                covering = None if cached is None else covering_preflight(cached, request.time, from_cache=True)
                missed = cached is None and was_sent and client in self._preflight_clients

        tells = role in CORS_ROLES and (
            (sends_storage_access(engine, version) or client in self._storage_access_clients)
            and not (engine is Engine.FIREFOX and self._may_have_workers(client, page_origin or ""))
        )
        if previous is own is cached is None and was_sent and (role is alone.role or role is Role.ACTUAL):
            credentials = alone.credentials(request, target_origin, exchange.resource_type, tells_storage_access=tells)
        else:
            credentials = infer_credentials(
                request,
                role=role,
                target_origin=target_origin,
                tells_storage_access=tells,
                page_origin=page_origin,
                previous=previous,
                preflight=own,
                cached=cached,
                resource_type=exchange.resource_type,
                was_sent=was_sent,
            )
        if credentials is NOT_SHOWN:
            by_connection = self._connections.kind(exchange, profile) if target_origin != page_origin else None
            if by_connection is not None:
                credentials = by_connection
            elif (
                was_sent
                and previous is None
                and page_origin is not None
                and self._cookies.misses_one(client, request)
                and is_same_site(page_origin, target_origin)
            ):
                # To its own site a page's request sends cookies whatever their SameSite, if its mode is `include`.
                credentials = _COOKIE_NOT_SENT
        observation = Observation(
            exchange=exchange,
            client=client,
            role=role,
            origin=head.origin,
            page_origin=page_origin,
            target_origin=target_origin,
            engine=engine,
            mode=mode,
            destination=alone.destination,
            credentials=credentials,
            need=need,
            preflight=covering,
            preflights_missed=missed,
            followed=Followed.PENDING if role is Role.PREFLIGHT else None,
            explained_by=explained_by,
            redirected_from=previous,
            page=previous.page if previous is not None else self._pages.of(client, page_origin, head.referrer),
            tainted=previous is not None and is_tainted(page_origin, target_origin, previous),
        )
        if is_of_habit(observation):
            if isinstance(credentials, Known):
                self._habits.note_mode(client, observation)
            else:
                observation = structs.replace(observation, likely=self._habits.likely_mode(client, observation))
        if role is Role.PREFLIGHT:
            self._pending[exchange.id] = observation
            key = (client, request.url)
            self._by_target[key] = (*self._by_target.get(key, ())[-31:], exchange.id)
        changed: list[Observation] = [observation]
        if own is not None:
            self._settled[own.id] = followed = followed_by(own, observation)
            self._habits.note_fate(client, followed, followed=True)
            changed.append(followed)
        if last is not None:
            changed.append(last)
        if was_sent:
            self._cookies.note_request(client, request, credentialed=role is Role.NAVIGATION)
            changed += self._with_preflights(self._connections.note(observation, client, profile))
        return tuple(changed)

    def _with_preflights(self, settled: Iterable[Observation]) -> Iterator[Observation]:
        """Yield earlier requests whose credentials mode is known by now, and the preflights that were made for them."""
        for observation in settled:
            yield observation
            covering = observation.preflight
            preflight = None if covering is None or covering.from_cache else self._settled.get(covering.id)
            if preflight is not None and not isinstance(preflight.credentials, Known):
                yield followed_by(preflight, observation)

    def complete(self, exchange: Exchange) -> Observation:
        """Return the observation of an exchange whose response head (or error) was seen, and which the browser gets so."""
        observation = self.respond(exchange)
        self.deliver(observation)
        return observation

    def respond(self, exchange: Exchange) -> Observation:
        """Return the observation of an exchange whose response head (or error) was seen; what the browser gets, `deliver` says."""
        begun = self._open.pop(exchange.id, None)
        return self.responded(self.observe(exchange)[0] if begun is None else structs.replace(begun, exchange=exchange))

    def responded(self, observation: Observation) -> Observation:
        """Return an observation whose exchange has its response, or error, with what has become known since it was begun."""
        if is_of_habit(observation) and not isinstance(observation.credentials, Known):
            by_connection = self._connections.kind(observation.exchange, self._profiles[observation.engine])
            if by_connection is not None and observation.target_origin != observation.page_origin:
                return structs.replace(observation, credentials=by_connection)
        return observation

    def deliver(self, observation: Observation) -> None:
        """Take note of what the browser got: it decides what may follow."""
        exchange, client = observation.exchange, observation.client
        self._last_seen = max(self._last_seen, answered_at(observation))
        match observation.role:
            case Role.PREFLIGHT:
                if exchange.id in self._pending:
                    self._pending[exchange.id] = observation
                self._keep(client, observation)
            case Role.ACTUAL:
                self._forget_refused(client, observation)
        if exchange.response is not None:
            self._cookies.note_response(client, exchange.request, exchange.response)
            self._pages.note(client, exchange.request, exchange.delivered or exchange.response, exchange.server_address)
        profile = self._profiles[observation.engine]
        self._hops.add(client, observation, profile)
        if exchange.was_sent:
            self._connections.wait(observation, profile)

    def is_open(self, id: str) -> bool:
        """Say whether the exchange was begun and not yet completed."""
        return id in self._open

    def correct(self, observation: Observation) -> None:
        """Take an observation that its owner has learnt more about (its credentials mode, by hindsight)."""
        for store in (self._pending, self._settled, self._open):
            if observation.id in store:
                store[observation.id] = observation
        if is_of_habit(observation) and isinstance(observation.credentials, Known):
            self._habits.note_mode(observation.client, observation)
        if observation.followed in (Followed.NEVER, Followed.FOLLOWED):
            self._correct_cache(observation)

    def _correct_cache(self, preflight: Observation) -> None:
        self._cache.correct(
            preflight.client,
            preflight.exchange.request.url,
            preflight.id,
            refused=preflight.followed is Followed.NEVER and not grants_request(preflight),
            credentials=preflight.credentials.value if isinstance(preflight.credentials, Known) else None,
        )

    def expire(self, now: float) -> Iterator[Observation]:
        """Yield the preflights that passed their time without an actual request."""
        while self.has_expired(now):
            yield self._give_up(next(iter(self._pending.values())))

    def has_expired(self, now: float) -> bool:
        """Say whether the time of a preflight is over."""
        return bool(self._pending) and answered_at(next(iter(self._pending.values()))) + FOLLOW_UP_SECONDS <= now

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

    def likely_by_hindsight(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Yield those of requests whose credentials mode stayed open of which the page's later requests say what is likely."""
        for observation in observations:
            if is_of_habit(observation) and observation.likely is None and isinstance(observation.credentials, Unknown):
                likely = self._habits.likely_mode(observation.client, observation)
                if likely is not None:
                    yield structs.replace(observation, likely=likely)

    def _give_up(self, preflight: Observation, fate: Followed = Followed.NEVER) -> Observation:
        del self._pending[preflight.id]
        client = preflight.client
        if preflight.engine is Engine.WEBKIT and self._phones.version(client):
            preflight = structs.replace(preflight, engine=Engine.CHROMIUM)
        granted = grants_request(preflight)
        if preflight.exchange.by_browser or (granted and is_report_upload(preflight.exchange.request.headers)):
            fate = Followed.UNKNOWN
        likely = None
        if fate is Followed.NEVER and granted:
            self._habits.note_fate(client, preflight, followed=False)
            likely = self._habits.likely_of_abandoned(client, preflight)
        elif fate is Followed.UNKNOWN:
            likely = self._habits.likely_mode(client, preflight)
        self._settled[preflight.id] = settled = structs.replace(preflight, followed=fate, likely=likely)
        return settled

    def _claim(
        self,
        client: str,
        exchange: Exchange,
        page_origin: str | None,
        profile: EngineProfile,
        unsafe: tuple[str, ...],
        previous: Observation | None,
        *,
        granted: bool,
        least_fit: int,
    ) -> Observation | None:
        """Return the pending preflight that was made for this request, and take it off the list.

        Args:
            previous: the redirect before this hop, whose preflight was made after it.
            granted: look among those whose response grants what they asked for, or else among the others.
            least_fit: how well it has to fit.
        """
        key = (client, exchange.request.url)
        ids = self._by_target.get(key)
        if not ids:
            return None
        origin = exchange.request.headers.get(ORIGIN)
        stripped = exchange.by_browser and not self._saw_authorization
        fitting: list[tuple[int, Observation]] = []
        for id in ids:
            preflight = self._pending.get(id) or self._late(id, exchange)
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
        self._pending.pop(best.id, None)
        left = tuple(id for id in ids if id != best.id)
        if left:
            self._by_target[key] = left
        else:
            del self._by_target[key]
        return best

    def _is_outdated(
        self, client: str, preflight: Observation, exchange: Exchange, unsafe: tuple[str, ...], profile: EngineProfile
    ) -> bool:
        """Say whether the cache has the grant of a preflight that was asked when this one was over: its page had not gone on."""
        cached = self._cached(client, exchange, unsafe, profile)
        return cached is not None and cached.id != preflight.id and answered_at(preflight) < cached.exchange.request.time

    def _late(self, id: str, exchange: Exchange) -> Observation | None:
        """Return a preflight that was given up on too early: a queue or a slow page held its request back."""
        given_up = self._settled.get(id)
        if given_up is None or given_up.followed is Followed.FOLLOWED:
            return None
        return given_up if exchange.request.time - given_up.exchange.request.time < 12 * FOLLOW_UP_SECONDS else None

    def _may_have_workers(self, client: str, page_origin: str) -> bool:
        """Say whether a Firefox request may be a worker's, which has no Sec-Fetch-Storage-Access, so that its absence shows nothing.

        A page on plain http asks for a worker's script without fetch metadata, as for any other.
        """
        unseen = page_origin.startswith("http:") and not is_potentially_trustworthy(page_origin)
        return unseen or (client, page_origin) in self._worker_pages

    def _cached(self, client: str, exchange: Exchange, unsafe: tuple[str, ...], profile: EngineProfile) -> Observation | None:
        headers = exchange.request.headers
        wanted = CacheQuery(
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


def preflight_need(method: str, unsafe_names: tuple[str, ...]) -> PreflightNeed:
    """Return why a request with this method and these CORS-unsafe header names is preflighted."""
    unsafe_method = None if is_cors_safelisted_method(method) else method
    return PreflightNeed(
        method=unsafe_method, header_names=tuple(sorted(unsafe_names)), forced=unsafe_method is None and not unsafe_names
    )
