"""Traffic: facts over many exchanges to one endpoint, bounded.

An endpoint is an API origin and a path shape. Everything kept is a count or a small set, so a long session costs no more than a
short one; what exceeds a bound is no longer told apart, only counted.
"""

from collections import OrderedDict
from collections.abc import Collection
from enum import StrEnum

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    NULL,
    VARY,
    WILDCARD,
)
from corslens.fetch.messages import Response
from corslens.fetch.origins import host_of, registrable_domain
from corslens.observation.endpoint import path_template
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role

_KEPT = 16
"""Values of a kind that an endpoint remembers."""
_LONGEST = 512
"""Characters of an origin, or of what stands in its place, that are remembered: a name has 253 at most."""
_LONGEST_PREFLIGHT = 2_048
"""Characters of what a preflight asks up to which it is remembered."""
_KEPT_PREFLIGHTS = 32
_KEPT_OF_SERVER = 64
_JSONP_PARAMETERS = frozenset({"callback", "jsonp", "jsoncallback", "cb"})


class OriginOutcome(StrEnum):
    """What kind of answer it was, for what concerns `Vary`."""

    GRANTED = "granted"
    """To an Origin, which the response names."""
    REFUSED = "refused"
    """To an Origin, without naming it."""
    ORIGINLESS = "origin-less"
    """To a request without Origin."""


class Level(StrEnum):
    """What kind of status it was."""

    SUCCESS = "success"
    REDIRECT = "redirect"
    ERROR = "error"


def site_of(origin: str) -> str:
    """Return the registrable domain of an origin, or its host where there is none (addresses, `localhost`)."""
    host = host_of(origin)
    return registrable_domain(host) or host


def names_origin_in_vary(response: Response) -> bool:
    """Say whether caches are told that the response depends on Origin."""
    vary = response.headers.get(VARY)
    return vary is not None and _names_origin(vary)


@bounded_cache(1024)
def _names_origin(vary: str) -> bool:
    return any(part.strip() in ("origin", WILDCARD) for part in vary.lower().split(","))


def jsonp_parameter(url: str) -> str | None:
    """Return the query parameter that names a JSONP callback, None without one."""
    _, mark, query = url.partition("?")
    if not mark:
        return None
    for parameter in query.partition("#")[0].split("&"):
        name, equals, value = parameter.partition("=")
        if equals and value and name.lower() in _JSONP_PARAMETERS:
            return name
    return None


def is_jsonp(observation: Observation) -> bool:
    """Say whether a script was asked for with a callback's name."""
    destination = observation.destination
    return (
        isinstance(destination, Known)
        and destination.value == "script"
        and jsonp_parameter(observation.exchange.request.url) is not None
    )


_THIS_MACHINE = ("http://localhost", "http://127.", "http://[::1]", "https://localhost", "https://127.", "https://[::1]")
"""How the origins begin of servers under development."""


def _remember(kept: dict[str, int], value: str, limit: int = _KEPT) -> None:
    if len(value) > _LONGEST:
        value = value[:_LONGEST]
    if value in kept:
        kept[value] += 1
    elif len(kept) < limit:
        kept[value] = 1


class ServerHistory:
    """What an API origin was seen to do, whatever the path."""

    __slots__ = ("granted_origins", "listening")

    def __init__(self, listening: Collection[str] = ()) -> None:
        self.granted_origins: dict[str, int] = {}
        """Origins whose own name was returned, and how often."""
        self.listening = listening
        """Origins of this machine that responded in this session, whichever server it was."""

    @property
    def forgets(self) -> bool:
        """Whether more origins may have been granted than are remembered."""
        return len(self.granted_origins) >= _KEPT_OF_SERVER


class EndpointHistory:
    """What one endpoint was seen to do, up to and including the exchange recorded last."""

    __slots__ = (
        "allow_origins",
        "credentials_granted",
        "granted_levels",
        "granted_origins",
        "jsonp",
        "null_granted",
        "plain_levels",
        "preflight_repeats",
        "preflights",
        "preflights_without_max_age",
        "refused_origins",
        "seen_preflights",
        "server",
        "vary_missing",
        "vary_present",
    )

    def __init__(self, server: ServerHistory | None = None) -> None:
        self.server = ServerHistory() if server is None else server
        """What is known of all endpoints of the same API origin."""
        self.granted_origins: dict[str, int] = {}
        """Origins whose own name was returned, and how often. `null` is apart."""
        self.null_granted = 0
        self.credentials_granted: dict[str, int] = {}
        """Those of them that got `Access-Control-Allow-Credentials: true` beside it."""
        self.refused_origins: dict[str, int] = {}
        self.allow_origins: dict[str, int] = {}
        """Values of Access-Control-Allow-Origin, the empty text for responses to an Origin without the header."""
        self.vary_present: dict[OriginOutcome, int] = {}
        self.vary_missing: dict[OriginOutcome, int] = {}
        self.granted_levels: dict[Level, int] = {}
        """Responses (not to preflights) that hold the header, by status."""
        self.plain_levels: dict[Level, int] = {}
        """Responses to an Origin (not to preflights) that do not."""
        self.preflights = 0
        self.preflights_without_max_age = 0
        self.preflight_repeats = 0
        """Preflights that ask what this origin had asked of this URL before, and had been granted."""
        self.seen_preflights: OrderedDict[tuple[str, str, str, str], bool] = OrderedDict()
        self.jsonp = 0
        """Scripts asked for with a callback's name."""

    @property
    def granted_sites(self) -> frozenset[str]:
        """The sites whose origins were granted by name."""
        return frozenset(site_of(origin) for origin in self.granted_origins)

    @property
    def varies(self) -> bool:
        """Whether the responses' Access-Control-Allow-Origin was seen to depend on the request's Origin."""
        return len(self.allow_origins) > 1

    def record(self, observation: Observation) -> None:
        """Add an exchange with a response to the counts."""
        exchange = observation.exchange
        response = exchange.response
        if response is None:
            return
        headers = response.headers
        allow_origin = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)
        origin = observation.origin
        if origin is None:
            asked = OriginOutcome.ORIGINLESS
            if is_jsonp(observation):
                self.jsonp += 1
        elif allow_origin == origin:
            asked = OriginOutcome.GRANTED
            if origin == NULL:
                self.null_granted += 1
            else:
                _remember(self.granted_origins, origin)
                _remember(self.server.granted_origins, origin, _KEPT_OF_SERVER)
                # What a redirect or an error page reflects holds nothing that is worth reading.
                if response.status < 300 and headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true":
                    _remember(self.credentials_granted, origin)
        else:
            asked = OriginOutcome.REFUSED
            if allow_origin != WILDCARD:
                _remember(self.refused_origins, origin)
        if observation.role is Role.PREFLIGHT:
            self._record_preflight(observation, response, granted=allow_origin in (origin, WILDCARD))
            return
        if origin is not None:
            _remember(self.allow_origins, allow_origin or "")
            level = Level.SUCCESS if response.status < 300 else Level.REDIRECT if response.status < 400 else Level.ERROR
            levels = self.plain_levels if allow_origin is None else self.granted_levels
            levels[level] = levels.get(level, 0) + 1
        if allow_origin != WILDCARD:
            counts = self.vary_present if names_origin_in_vary(response) else self.vary_missing
            counts[asked] = counts.get(asked, 0) + 1

    def _record_preflight(self, observation: Observation, response: Response, *, granted: bool) -> None:
        self.preflights += 1
        if ACCESS_CONTROL_MAX_AGE not in response.headers:
            self.preflights_without_max_age += 1
        request = observation.exchange.request
        asks = request.headers.get
        key = (
            observation.origin or "",
            request.url,
            asks(ACCESS_CONTROL_REQUEST_METHOD) or "",
            asks(ACCESS_CONTROL_REQUEST_HEADERS) or "",
        )
        if sum(map(len, key)) > _LONGEST_PREFLIGHT:
            return
        if self.seen_preflights.pop(key, False):
            self.preflight_repeats += 1
        elif len(self.seen_preflights) >= _KEPT_PREFLIGHTS:
            self.seen_preflights.popitem(last=False)
        self.seen_preflights[key] = granted and response.status < 300


NO_HISTORY = EndpointHistory()
"""Of an endpoint that nothing was recorded of."""


class Traffic:
    """The histories of the endpoints seen last, at most `limit` of them."""

    __slots__ = ("_endpoints", "_limit", "_listening", "_recorded", "_servers", "dropped")

    def __init__(self, limit: int = 2_000) -> None:
        self._limit = max(limit, 1)
        self._endpoints: OrderedDict[tuple[str, str], EndpointHistory] = OrderedDict()
        self._servers: OrderedDict[str, ServerHistory] = OrderedDict()
        self._recorded: OrderedDict[str, None] = OrderedDict()
        self._listening: dict[str, None] = {}
        self.dropped = 0
        """Histories dropped because of the limit."""

    def __len__(self) -> int:
        return len(self._endpoints)

    def of(self, observation: Observation) -> EndpointHistory:
        """Return what is known of the exchange's endpoint, without adding anything."""
        return self._endpoints.get(self._key(observation), NO_HISTORY)

    def record(self, observation: Observation) -> EndpointHistory:
        """Add the exchange to its endpoint's history (one with a response, once for each id) and return that.

        An exchange without any CORS in it opens no history, but counts in one that is there: its response may lie in a cache that
        the endpoint's CORS requests read from.
        """
        key = self._key(observation)
        history = self._endpoints.get(key)
        response = observation.exchange.response
        if response is not None and observation.target_origin.startswith(_THIS_MACHINE) and len(self._listening) < _KEPT:
            self._listening[observation.target_origin] = None
        if history is None:
            if not observation.is_cors and (
                response is None or (ACCESS_CONTROL_ALLOW_ORIGIN not in response.headers and not is_jsonp(observation))
            ):
                return NO_HISTORY
            history = self._endpoints[key] = EndpointHistory(self._server(observation.target_origin))
            if len(self._endpoints) > self._limit:
                self._endpoints.popitem(last=False)
                self.dropped += 1
        else:
            self._endpoints.move_to_end(key)
        if response is not None and observation.id not in self._recorded:
            self._recorded[observation.id] = None
            if len(self._recorded) > self._limit:
                self._recorded.popitem(last=False)
            history.record(observation)
        return history

    def _server(self, origin: str) -> ServerHistory:
        """Return the history of an API origin; every endpoint that is opened keeps its own's from being dropped."""
        server = self._servers.pop(origin, None) or ServerHistory(self._listening)
        self._servers[origin] = server
        if len(self._servers) > self._limit:
            self._servers.popitem(last=False)
        return server

    @staticmethod
    def _key(observation: Observation) -> tuple[str, str]:
        return observation.target_origin, path_template(observation.exchange.request.url)
