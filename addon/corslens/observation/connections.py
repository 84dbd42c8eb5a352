"""Connections: what an engine's habit to keep credentialed requests on connections of their own tells of a request.

Standard: a connection pool is keyed by credentials, https://fetch.spec.whatwg.org/#concept-connection; not every engine does so.
A connection's kind tells of what it carries from now on, of what it carried before its kind was known, and over HTTP/2, where one
session serves all requests of a kind to a host, of what was sent over another session although this one was free.
"""

from msgspec import Struct, structs

from corslens.bounded import Bounded
from corslens.engines.profile import EngineProfile
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.origins import origin_of, scheme_host_port
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Observation, Role
from corslens.observation.weight import HISTORY_BYTES, weigh_observation

CREDENTIALED = "credentialed-connection"
UNCREDENTIALED = "uncredentialed-connection"
OTHER_SESSION = "other-session-was-free"

_MAX_ORIGIN_CHARACTERS = 1_024
"""Characters of two origins that are remembered: a name has 253 at most."""
_WAITING = 32
"""Requests of a connection, and sessions of a host, that are remembered while nothing is known of them."""

type _Host = tuple[str, str, str]


class _Connection(Struct):
    """What is known of one connection."""

    host: _Host | None
    """Client, page and API origin, of an HTTP/2 session."""
    first: float
    """When it was first used."""
    kind: bool | None = None
    """Whether it carries credentials."""
    mixed: bool = False
    """It was seen to do both: it shows nothing."""
    by_sessions: bool = False
    """Its kind is known from the other sessions of its host only."""
    waiting: tuple[str, ...] = ()
    """Ids of exchanges in `Connections.waiting`."""


class Connections:
    """The kinds of the client connections seen, bounded."""

    def __init__(self, limit: int, budget: int = HISTORY_BYTES // 16) -> None:
        self.seen: Bounded[str, _Connection] = Bounded(limit)
        self.sessions: Bounded[_Host, tuple[str, ...]] = Bounded(limit)
        """The HTTP/2 sessions of one page with one API."""
        self.waiting: Bounded[str, Observation] = Bounded(limit, weigh=weigh_observation, budget=budget)
        """Exchanges whose credentials mode their connection may still tell, by id."""

    def kind(self, exchange: Exchange, profile: EngineProfile) -> Known[CredentialsMode] | None:
        """Return the credentials mode that the request's connection tells, None where its kind is not known or shows nothing in this engine."""
        id = _identity(exchange)
        connection = None if id is None else self.seen.get(id)
        if (
            connection is None
            or connection.mixed
            or connection.kind is None
            or not _shows_kind(exchange, profile, connection.kind)
        ):
            return None
        return _mode(connection)

    def note(self, observation: Observation, client: str, profile: EngineProfile) -> tuple[Observation, ...]:
        """Learn from a request what kind its connection is of; return earlier exchanges whose credentials mode this settles."""
        exchange = observation.exchange
        id = _identity(exchange)
        if id is None:
            return ()
        connection = self.seen.get(id)
        if connection is None:
            host = self._host(observation, client, profile)
            connection = self.seen[id] = _Connection(host, exchange.request.time)
            if host is not None:
                self.sessions[host] = (*self.sessions.get(host, ())[-(_WAITING - 1) :], id)
        elif connection.host is not None and connection.host != self._host(observation, client, profile):
            connection.host = None  # sessions are shared by hosts with one certificate: it belongs to no single host
        settled: list[Observation] = []
        kind = _kind_of(observation)
        if kind is not None:
            settled += self._learn(connection, kind, profile)
        if connection.host is not None and not connection.mixed:
            if connection.kind is None:
                settled += self._told_by_others(connection)
            if connection.kind is not None:
                settled += self._tell_of_others(connection, profile)
        return tuple(settled)

    def wait(self, observation: Observation, profile: EngineProfile) -> None:
        """Remember a completed exchange whose credentials mode nothing shows, until its connection tells."""
        exchange = observation.exchange
        id = _identity(exchange)
        connection = None if id is None else self.seen.get(id)
        if connection is None or connection.mixed or connection.kind is not None or not _is_open(observation):
            return
        if _shows_kind(exchange, profile, True) or _shows_kind(exchange, profile, False):
            for id in connection.waiting[: -(_WAITING - 1)]:
                self.waiting.pop(id, None)
            connection.waiting = (*connection.waiting[-(_WAITING - 1) :], observation.id)
            self.waiting[observation.id] = observation

    def _host(self, observation: Observation, client: str, profile: EngineProfile) -> _Host | None:
        version, page = observation.exchange.request.http_version, observation.page_origin
        if not profile.one_http2_session_per_kind or not version.startswith("HTTP/2") or page is None:
            return None
        if len(page) + len(observation.target_origin) > _MAX_ORIGIN_CHARACTERS:
            return None
        return client, page, observation.target_origin

    def _learn(self, connection: _Connection, kind: bool, profile: EngineProfile) -> list[Observation]:
        if connection.mixed:
            return []
        if connection.kind is not None and connection.kind is not kind and not connection.by_sessions:
            connection.mixed = True
            self._take_waiting(connection)
            return []
        connection.kind, connection.by_sessions = kind, False
        waiting = self._take_waiting(connection)
        return [
            structs.replace(each, credentials=_mode(connection))
            for each in waiting
            if _shows_kind(each.exchange, profile, kind)
        ]

    def _take_waiting(self, connection: _Connection) -> list[Observation]:
        ids, connection.waiting = connection.waiting, ()
        return [each for each in (self.waiting.pop(id, None) for id in ids) if each is not None]

    def _told_by_others(self, connection: _Connection) -> list[Observation]:
        """Settle a session that is in use still, by one of known kind that was opened meanwhile although this one was free."""
        for id in self.sessions.get(connection.host, ()) if connection.host is not None else ():
            other = self.seen.get(id)
            if other is None or other.kind is None or other.mixed or other.by_sessions or other.first <= connection.first:
                continue
            connection.kind, connection.by_sessions = not other.kind, True
            return [structs.replace(each, credentials=_mode(connection)) for each in self._take_waiting(connection)]
        return []

    def _tell_of_others(self, connection: _Connection, profile: EngineProfile) -> list[Observation]:
        """Settle the sessions that were opened while this one was there: it is in use still, so it was free then."""
        settled: list[Observation] = []
        for id in self.sessions.get(connection.host, ()) if connection.host is not None else ():
            other = self.seen.get(id)
            if other is None or other is connection or other.kind is not None or other.mixed or other.first <= connection.first:
                continue
            other.kind, other.by_sessions = not connection.kind, True
            settled += [structs.replace(each, credentials=_mode(other)) for each in self._take_waiting(other)]
        return settled


def _identity(exchange: Exchange) -> str | None:
    """Return what tells the connection from others. A HAR may hold the server's port there, which HAR 1.2 allows and Chrome does."""
    id = exchange.connection
    return None if id is None or id == scheme_host_port(origin_of(exchange.request.url))[2] else id


def _mode(connection: _Connection) -> Known[CredentialsMode]:
    mode = CredentialsMode.INCLUDE if connection.kind else CredentialsMode.SAME_ORIGIN_OR_OMIT
    if connection.by_sessions:
        return Known(mode, (OTHER_SESSION,))
    return Known(mode, (CREDENTIALED if connection.kind else UNCREDENTIALED,))


def _shows_kind(exchange: Exchange, profile: EngineProfile, kind: bool) -> bool:
    if profile.connections_tell_over_http1_only and not exchange.request.http_version.startswith("HTTP/1"):
        return False
    return profile.credentialed_connections_tell if kind else profile.uncredentialed_connections_tell


def _kind_of(observation: Observation) -> bool | None:
    """Return the kind that a request shows by itself, whatever its connection."""
    if observation.role is Role.PREFLIGHT:
        return False
    if observation.role is Role.NAVIGATION or "cookie" in observation.exchange.request.headers:
        return True
    known = observation.credentials
    if isinstance(known, Unknown) or known.evidence[:1] in ((CREDENTIALED,), (UNCREDENTIALED,), (OTHER_SESSION,)):
        return None
    return known.value is CredentialsMode.INCLUDE


def _is_open(observation: Observation) -> bool:
    """Say whether it is a request across origins whose credentials mode nothing shows."""
    return observation.role in (Role.ACTUAL, Role.SIMPLE) and isinstance(observation.credentials, Unknown)
