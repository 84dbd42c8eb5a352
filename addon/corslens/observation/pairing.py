"""Pairing: which preflight belongs to which request, which hop to which redirect. A bounded state machine fed with timestamps.

A preflight and its actual request are matched by client, URL, origin, method and header names (never by connection: browsers
send them over different ones). An actual request without a preflight of its own is looked up in the modeled preflight cache.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import structs

from corslens.bounded import Bounded
from corslens.engines.engine import Engine
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.profiles import PROFILES
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.origins import is_potentially_trustworthy, is_same_site, origin_of
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.preflight_cache import PreflightCache
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
    standalone,
)
from corslens.observation.known import Known, Unknown
from corslens.observation.matching import (
    CARRIES_WHAT_WAS_ASKED,
    NOTHING_ASKED_IN_VAIN,
    answered_at,
    covering_preflight,
    followed_by,
    grants_request,
    is_tainted,
)
from corslens.observation.observation import CORS_ROLES, CoveringPreflight, Followed, Observation, PreflightNeed, Role
from corslens.observation.page_policy import Pages
from corslens.observation.preflights import FOLLOW_UP_SECONDS, Preflights, preflight_need
from corslens.observation.programs import is_of_program
from corslens.observation.refusal import explanation, failed_after, refused_for, refused_role
from corslens.observation.request_head import head_of
from corslens.observation.weight import HISTORY_BYTES, weigh_observation

_COOKIE_NOT_SENT = Known(CredentialsMode.SAME_ORIGIN_OR_OMIT, (COOKIE_NOT_SENT,))


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
        self.preflights = Preflights(limit, budget)
        """What the session's history has no room for is dropped from here."""
        self._hops = Hops(limit, budget)
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
            "pending preflights": self.preflights.pending,
            "URLs of preflights": self.preflights.by_target,
            "settled preflights": self.preflights.settled,
            "redirects": self._hops.waiting,
            "preflight cache entries": self.preflights.cache,
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
        if exchange.written_by not in (None, engine):
            engine, version = exchange.written_by, 0
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

        preflights = self.preflights
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
            ids = preflights.by_target.get((client, request.url), ())
            waiting = [one for one in map(preflights.pending.get, ids) if one is not None]
            explained_by = explanation(exchange, waiting, self._hops.refused(client, exchange), page_origin, profile)
            role = refused_role(exchange, role, preflighted=explained_by in preflights.pending)
            if explained_by is None and (last := failed_after(exchange, waiting, page_origin, profile)) is not None:
                explained_by, role = last.id, Role.ACTUAL
                del preflights.pending[last.id]
                preflights.settled[last.id] = last
        elif role is Role.SIMPLE:
            unsafe = (
                alone.unsafe_names
                if role is alone.role and engine is head.engine
                else page_set_unsafe_names(request, profile.safelist)
            )
            needed = bool(unsafe) or not is_cors_safelisted_method(request.method)
            # Behind a redirect a header that caused the preflight may have been dropped; otherwise the request carries them all.
            least = 0 if needed or previous is not None else NOTHING_ASKED_IN_VAIN
            preflighted = (client, request.url) in preflights.by_target
            stripped = exchange.by_browser and not self._saw_authorization
            if preflighted:
                own = preflights.claim(
                    client, exchange, page_origin, profile, unsafe, previous, stripped=stripped, granted=True, least_fit=least
                )
            if own is None and needed:
                cached = preflights.cached(client, exchange, unsafe, profile)
            if preflighted and own is None and cached is None and (needed or not is_reload(request.headers)):
                # A preflight that we call refused and that is followed all the same shows a mistake of ours: keep it in sight.
                least = 0 if needed else CARRIES_WHAT_WAS_ASKED
                own = preflights.claim(
                    client, exchange, page_origin, profile, unsafe, previous, stripped=stripped, granted=False, least_fit=least
                )
            if own is not None:
                role, need, mode = Role.ACTUAL, own.need, own.mode
                covering = covering_preflight(own, request.time, from_cache=False)
            elif needed:
                role, need = Role.ACTUAL, preflight_need(request.method, unsafe)
                covering = None if cached is None else covering_preflight(cached, request.time, from_cache=True)
                missed = cached is None and was_sent and client in self._preflight_clients

        sends = role in CORS_ROLES and (
            (sends_storage_access(engine, version) or client in self._storage_access_clients)
            and not (engine is Engine.FIREFOX and self._may_have_workers(client, page_origin or ""))
        )
        if previous is own is cached is None and was_sent and (role is alone.role or role is Role.ACTUAL):
            credentials = alone.credentials(request, target_origin, exchange.resource_type, sends_storage_access=sends)
        else:
            credentials = infer_credentials(
                request,
                role=role,
                target_origin=target_origin,
                sends_storage_access=sends,
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
            preflights.wait(client, observation)
        changed: list[Observation] = [observation]
        if own is not None:
            preflights.settled[own.id] = followed = followed_by(own, observation)
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
            preflight = None if covering is None or covering.from_cache else self.preflights.settled.get(covering.id)
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
        profile = self._profiles[observation.engine]
        at = answered_at(observation)
        self._last_seen = max(self._last_seen, at)
        match observation.role:
            case Role.PREFLIGHT:
                self.preflights.responded(client, observation, at, profile)
            case Role.ACTUAL:
                self.preflights.forget_refused(client, observation, profile)
        if exchange.response is not None:
            self._cookies.note_response(client, exchange.request, exchange.response)
            self._pages.note(client, exchange.request, exchange.delivered or exchange.response, exchange.server_address)
        self._hops.add(client, observation, profile)
        if exchange.was_sent:
            self._connections.wait(observation, profile)

    def is_open(self, id: str) -> bool:
        """Say whether the exchange was begun and not yet completed."""
        return id in self._open

    def correct(self, observation: Observation) -> None:
        """Take an observation that its owner has learned more about (its credentials mode, by hindsight)."""
        for store in (self.preflights.pending, self.preflights.settled, self._open):
            if observation.id in store:
                store[observation.id] = observation
        if is_of_habit(observation) and isinstance(observation.credentials, Known):
            self._habits.note_mode(observation.client, observation)
        if observation.followed in (Followed.NEVER, Followed.FOLLOWED):
            self.preflights.correct_cache(observation)

    def expire(self, now: float) -> Iterator[Observation]:
        """Yield the preflights that passed their time without an actual request."""
        while self.has_expired(now):
            yield self._give_up(next(iter(self.preflights.pending.values())))

    def has_expired(self, now: float) -> bool:
        """Say whether the time of a preflight is over."""
        pending = self.preflights.pending
        return bool(pending) and answered_at(next(iter(pending.values()))) + FOLLOW_UP_SECONDS <= now

    def finish(self, now: float | None = None) -> Iterator[Observation]:
        """Yield every preflight that is still waiting: the session is over.

        Args:
            now: until when somebody watched; None: until the last message seen. What ended sooner than a request takes proves nothing.
        """
        end = self._last_seen if now is None else now
        pending = self.preflights.pending
        while pending:
            oldest = next(iter(pending.values()))
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
        del self.preflights.pending[preflight.id]
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
        self.preflights.settled[preflight.id] = settled = structs.replace(preflight, followed=fate, likely=likely)
        return settled

    def _may_have_workers(self, client: str, page_origin: str) -> bool:
        """Say whether a Firefox request may be a worker's, which has no Sec-Fetch-Storage-Access, so that its absence shows nothing.

        A page on plain http asks for a worker's script without fetch metadata, as for any other.
        """
        unseen = page_origin.startswith("http:") and not is_potentially_trustworthy(page_origin)
        return unseen or (client, page_origin) in self._worker_pages
