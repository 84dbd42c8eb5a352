"""Evidence: what responses show of the server behind an endpoint, whoever saw them.

It is a join-semilattice: to join is associative, commutative and idempotent, so the evidence of many sessions is the same in whatever
order they come, and a session that comes twice changes nothing. What one browser did (its preflights, say) is no part of it and is
never joined; that stays with the session (`endpoint_history`).
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    NULL,
    VARY,
    WILDCARD,
)
from corslens.fetch.messages import Response
from corslens.fetch.origins import host_of, registrable_domain
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role

_KEPT = 16
"""Values of a kind that are kept of an endpoint."""
_KEPT_OF_SERVER = 64
_MAX_VALUE_CHARACTERS = 512
"""Characters of an origin, or of what stands in its place, that are kept: a name has 253 at most."""
_JSONP_PARAMETERS = frozenset({"callback", "jsonp", "jsoncallback", "cb"})


class OriginOutcome(StrEnum):
    """What kind of response it was, for what concerns `Vary`."""

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


def level_of(status: int) -> Level:
    """Return what kind of status it is."""
    return Level.SUCCESS if status < 300 else Level.REDIRECT if status < 400 else Level.ERROR


def site_of(origin: str) -> str:
    """Return the registrable domain of an origin, or its host where there is none (addresses, `localhost`)."""
    host = host_of(origin)
    return registrable_domain(host) or host


def names_origin_in_vary(response: Response) -> bool:
    """Say whether the response declares to caches that it depends on Origin."""
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
    """Say whether a script was requested with a callback's name."""
    destination = observation.destination
    return (
        isinstance(destination, Known)
        and destination.value == "script"
        and jsonp_parameter(observation.exchange.request.url) is not None
    )


class Seen(Struct, frozen=True, gc=False):
    """What one response shows of its server. Equal ones show the same, so that one of them is enough."""

    outcome: OriginOutcome
    origin: str | None
    """The request's Origin, None without."""
    allow_origin: str | None
    """Access-Control-Allow-Origin, None without."""
    allow_credentials: bool
    vary_origin: bool
    """`Vary` names Origin."""
    level: Level
    preflight: bool
    jsonp: bool


def seen_of(observation: Observation) -> Seen | None:
    """Return what the response shows; None without one."""
    response = observation.exchange.response
    if response is None:
        return None
    get = response.headers.get
    origin, allow_origin = observation.origin, get(ACCESS_CONTROL_ALLOW_ORIGIN)
    return Seen(
        OriginOutcome.ORIGINLESS
        if origin is None
        else OriginOutcome.GRANTED
        if allow_origin == origin
        else OriginOutcome.REFUSED,
        origin,
        allow_origin,
        get(ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true",
        names_origin_in_vary(response),
        level_of(response.status),
        observation.role is Role.PREFLIGHT,
        origin is None and is_jsonp(observation),
    )


class Values:
    """The values of a kind: all of them up to a limit, beyond it those with the smallest digests.

    Which these are depends on neither the order nor the number of times in which values come.
    """

    __slots__ = ("_kept", "_last", "_limit", "more")

    def __init__(self, limit: int = _KEPT) -> None:
        self._limit = limit
        self._kept: dict[str, None] = {}
        self._last: tuple[bytes, str] | None = None
        """The greatest that is kept, once there are as many as may be."""
        self.more = False
        """Whether there were more than are kept."""

    def add(self, value: str) -> None:
        """Add a value, of a long one its beginning."""
        if len(value) > _MAX_VALUE_CHARACTERS:
            value = value[:_MAX_VALUE_CHARACTERS]
        if value in self._kept:
            return
        if len(self._kept) < self._limit:
            self._kept[value] = None
            return
        self.more = True
        if self._last is None:
            self._last = max(map(_ranked, self._kept))
        if (ranked := _ranked(value)) < self._last:
            del self._kept[self._last[1]]
            self._kept[value] = None
            self._last = max(ranked, max(map(_ranked, self._kept)))

    def join(self, other: "Values") -> None:
        """Add the values of another."""
        self.more = self.more or other.more
        for value in other._kept:
            self.add(value)

    def __contains__(self, value: object) -> bool:
        return value in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and (self._kept, self.more) == (other._kept, other.more)

    __hash__ = None  # type: ignore[assignment]  # values are added to it


def _ranked(value: str) -> tuple[bytes, str]:
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest(), value


class ServerEvidence:
    """What an API origin was seen to do, whatever the path."""

    __slots__ = ("granted_origins", "refused_origins")

    def __init__(self) -> None:
        self.granted_origins = Values(_KEPT_OF_SERVER)
        """Origins whose own name was returned. `null` is apart."""
        self.refused_origins = Values(_KEPT_OF_SERVER)
        """Origins whose name was not, by responses that decide it: no redirects and errors, unless they depend on Origin."""

    def add(self, seen: Seen) -> None:
        """Add what a response of one of its endpoints shows."""
        if seen.origin is None or seen.origin == NULL:
            return
        if seen.outcome is OriginOutcome.GRANTED:
            self.granted_origins.add(seen.origin)
        elif seen.allow_origin != WILDCARD and (seen.level is Level.SUCCESS or seen.vary_origin):
            self.refused_origins.add(seen.origin)

    def join(self, other: "ServerEvidence") -> None:
        """Add what other sessions saw."""
        self.granted_origins.join(other.granted_origins)
        self.refused_origins.join(other.refused_origins)


class EndpointEvidence:
    """What an endpoint (an API origin and a path shape) was seen to do."""

    __slots__ = (
        "allow_origins",
        "credentials_granted",
        "granted_levels",
        "granted_origins",
        "jsonp",
        "null_granted",
        "plain_levels",
        "refused_origins",
        "vary_missing",
        "vary_present",
    )

    def __init__(self) -> None:
        self.granted_origins = Values()
        """Origins whose own name was returned. `null` is apart."""
        self.null_granted = False
        self.credentials_granted = Values()
        """Those of them that got `Access-Control-Allow-Credentials: true` beside it."""
        self.refused_origins = Values()
        self.allow_origins = Values()
        """Values of Access-Control-Allow-Origin, the empty text for responses to an Origin without the header."""
        self.vary_present: set[OriginOutcome] = set()
        self.vary_missing: set[OriginOutcome] = set()
        self.granted_levels: set[Level] = set()
        """Of responses (not to preflights) that hold the header."""
        self.plain_levels: set[Level] = set()
        """Of responses to an Origin (not to preflights) that do not."""
        self.jsonp = False
        """Whether it was loaded as a script with a callback's name."""

    @property
    def granted_sites(self) -> frozenset[str]:
        """The sites whose origins were granted by name."""
        return frozenset(map(site_of, self.granted_origins))

    @property
    def varies(self) -> bool:
        """Whether the responses' Access-Control-Allow-Origin was seen to depend on the request's Origin."""
        return len(self.allow_origins) > 1

    def add(self, seen: Seen) -> None:
        """Add what a response shows."""
        origin, allow_origin = seen.origin, seen.allow_origin
        if origin is None:
            self.jsonp = self.jsonp or seen.jsonp
        elif seen.outcome is OriginOutcome.GRANTED:
            if origin == NULL:
                self.null_granted = True
            else:
                self.granted_origins.add(origin)
                # What a redirect or an error page reflects holds nothing that is worth reading.
                if seen.allow_credentials and seen.level is Level.SUCCESS:
                    self.credentials_granted.add(origin)
        elif allow_origin != WILDCARD:
            self.refused_origins.add(origin)
        if seen.preflight:
            return
        if origin is not None:
            self.allow_origins.add(allow_origin or "")
            (self.plain_levels if allow_origin is None else self.granted_levels).add(seen.level)
        if allow_origin != WILDCARD:
            (self.vary_present if seen.vary_origin else self.vary_missing).add(seen.outcome)

    def join(self, other: "EndpointEvidence") -> None:
        """Add what other sessions saw."""
        self.granted_origins.join(other.granted_origins)
        self.null_granted = self.null_granted or other.null_granted
        self.credentials_granted.join(other.credentials_granted)
        self.refused_origins.join(other.refused_origins)
        self.allow_origins.join(other.allow_origins)
        self.vary_present |= other.vary_present
        self.vary_missing |= other.vary_missing
        self.granted_levels |= other.granted_levels
        self.plain_levels |= other.plain_levels
        self.jsonp = self.jsonp or other.jsonp


class Prior(Struct, frozen=True):
    """What other sessions show of servers: what a session's own evidence begins with."""

    endpoints: Mapping[tuple[str, str], EndpointEvidence] = MappingProxyType({})
    """By API origin and path, as problems and records name them (`redaction.public_endpoint`)."""
    servers: Mapping[str, ServerEvidence] = MappingProxyType({})
    """By API origin."""


NO_PRIOR = Prior()
