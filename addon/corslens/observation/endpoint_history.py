"""Traffic: what was seen of each endpoint, bounded.

An endpoint is an API origin and a path shape. Everything kept is a count or a small set, so a long session costs no more than a
short one; what exceeds a bound is no longer told apart, only counted. What responses show of the server (`evidence`) is apart from
what the browser did in this session.
"""

from collections import OrderedDict
from collections.abc import Collection

from corslens.bounded import Bounded
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    WILDCARD,
)
from corslens.fetch.messages import Response
from corslens.observation.endpoint import path_template
from corslens.observation.evidence import NO_PRIOR, EndpointEvidence, Prior, ServerEvidence, is_jsonp, seen_of
from corslens.observation.observation import Observation
from corslens.observation.redaction import public_endpoint, public_url

_KEPT = 16
"""Servers of this machine that are remembered."""
_LONGEST_PREFLIGHT = 2_048
"""Characters of what a preflight asks up to which it is remembered."""
_KEPT_PREFLIGHTS = 32

_THIS_MACHINE = ("http://localhost", "http://127.", "http://[::1]", "https://localhost", "https://127.", "https://[::1]")
"""How the origins begin of servers under development."""


class ServerHistory:
    """What an API origin was seen to do, whatever the path."""

    __slots__ = ("evidence", "listening")

    def __init__(self, listening: Collection[str] = ()) -> None:
        self.evidence = ServerEvidence()
        self.listening = listening
        """Origins of this machine that responded in this session, whichever server it was."""


class EndpointHistory:
    """What one endpoint was seen to do, up to and including the exchange recorded last, and what the browser did there."""

    __slots__ = (
        "evidence",
        "jsonp",
        "preflight_repeats",
        "preflights",
        "preflights_without_max_age",
        "seen_preflights",
        "server",
    )

    def __init__(self, server: ServerHistory | None = None) -> None:
        self.server = ServerHistory() if server is None else server
        """What is known of all endpoints of the same API origin."""
        self.evidence = EndpointEvidence()
        """What its responses show of the server, in this session and in those before it that are known."""
        # Below: what happened in this session alone.
        self.preflights = 0
        self.preflights_without_max_age = 0
        self.preflight_repeats = 0
        """Preflights that ask what this origin had asked of this URL before, and had been granted."""
        self.seen_preflights: OrderedDict[tuple[str, str, str, str], bool] = OrderedDict()
        self.jsonp = 0
        """Scripts requested with a callback's name."""

    def record(self, observation: Observation) -> None:
        """Add an exchange; one without a response shows nothing."""
        seen, response = seen_of(observation), observation.exchange.response
        if seen is None or response is None:
            return
        self.evidence.add(seen)
        self.server.evidence.add(seen)
        self.jsonp += seen.jsonp
        if seen.preflight:
            self._record_preflight(observation, response, granted=seen.allow_origin in (seen.origin, WILDCARD))

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
    """The histories of the endpoints seen last, at most `limit` of them.

    Args:
        prior: what their evidence begins with.
    """

    __slots__ = ("_endpoints", "_listening", "_prior", "_recorded", "_servers")

    def __init__(self, limit: int = 2_000, prior: Prior = NO_PRIOR) -> None:
        self._prior = prior
        self._endpoints: Bounded[tuple[str, str], EndpointHistory] = Bounded(max(limit, 1))
        self._servers: Bounded[str, ServerHistory] = Bounded(max(limit, 1))
        self._recorded: Bounded[str, None] = Bounded(max(limit, 1))
        self._listening: dict[str, None] = {}

    @property
    def dropped(self) -> int:
        """Histories dropped because of the limit."""
        return self._endpoints.dropped

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
            if self._prior is not NO_PRIOR:
                endpoint = public_endpoint(observation.target_origin, observation.exchange.request.url)
                if (known := self._prior.endpoints.get(endpoint)) is not None:
                    history.evidence.join(known)
        else:
            self._endpoints.move_to_end(key)
        if response is not None and observation.id not in self._recorded:
            self._recorded[observation.id] = None
            history.record(observation)
        return history

    def _server(self, origin: str) -> ServerHistory:
        """Return the history of an API origin; every endpoint that is opened keeps its own's from being dropped."""
        server = self._servers.pop(origin, None)
        if server is None:
            server = ServerHistory(self._listening)
            if (known := self._prior.servers.get(public_url(origin))) is not None:
                server.evidence.join(known)
        self._servers[origin] = server
        return server

    @staticmethod
    def _key(observation: Observation) -> tuple[str, str]:
        return observation.target_origin, path_template(observation.exchange.request.url)
