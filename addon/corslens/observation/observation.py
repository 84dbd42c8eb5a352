"""Observation: an exchange in its context."""

from enum import StrEnum

from msgspec import Struct, structs

from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Response
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Likely, Unknown
from corslens.observation.page_policy import Page


class Role(StrEnum):
    """What an exchange is to CORS."""

    PREFLIGHT = "preflight"
    ACTUAL = "actual"
    """A CORS request that needed a preflight (just seen, cached, or unseen)."""
    SIMPLE = "simple"
    """A CORS request that needed none."""
    NO_CORS = "no-cors"
    NAVIGATION = "navigation"
    SAME_ORIGIN = "same-origin"
    WEBSOCKET = "websocket"


CORS_ROLES = frozenset({Role.PREFLIGHT, Role.ACTUAL, Role.SIMPLE})
"""The roles on which a CORS check is made."""


class PreflightNeed(Struct, frozen=True, kw_only=True, gc=False):
    """Why a request is preflighted: what is not CORS-safelisted about it."""

    method: str | None = None
    """The method, when it is the reason."""
    header_names: tuple[str, ...] = ()
    """The CORS-unsafe request-header names, lower-case and sorted."""
    forced: bool = False
    """Neither is; the request had an upload listener or a streaming body."""


class CoveringPreflight(Struct, frozen=True, kw_only=True, gc=False):
    """The preflight that let an actual request be sent."""

    id: str
    exchange: Exchange
    from_cache: bool
    """It was not made for this request: its entry in the preflight cache served again."""
    age: float
    """Seconds from its response to this request."""


class Followed(StrEnum):
    """What became of a preflight."""

    PENDING = "pending"
    """The actual request may still come."""
    FOLLOWED = "followed"
    NEVER = "never"
    """It did not come, although it had the time to: canceled, served by the HTTP cache, a stream that HTTP/1 cannot send, or refused."""
    UNKNOWN = "unknown"
    """The traffic ended before the time for it was over, or a browser wrote it down, which lists refused requests too, and something left it out."""


class Observation(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one exchange from itself and from those around it.

    A later fact (the actual request came, or never did) makes a new Observation with the same `exchange.id`.
    """

    exchange: Exchange
    client: str = ""
    """What tells the browser from others: where it connects from, and its User-Agent."""
    role: Role
    origin: str | None
    """The request's serialized origin (`null` included) as its Origin header says, or None without one."""
    page_origin: str | None
    """The origin of the page (or worker) that made it, where the wire shows it: differs from `origin` behind a tainting redirect."""
    target_origin: str
    """The serialized origin of the request's URL."""
    engine: Engine | None
    """By User-Agent and client hints; None when no browser is recognised."""
    mode: Known[str] | Unknown
    destination: Known[str] | Unknown
    credentials: Known[CredentialsMode] | Unknown
    likely: Likely[CredentialsMode] | None = None
    """What speaks for a credentials mode that is not known."""
    need: PreflightNeed | None = None
    """For a preflight: what it asks. For an actual request: why it needed one. Otherwise None."""
    preflight: CoveringPreflight | None = None
    preflights_missed: bool = False
    """An actual request without a preflight, in a session that shows preflights at all."""
    actual: str | None = None
    """Of a preflight: the id of the request that it was for."""
    followed: Followed | None = None
    """Of a preflight: what became of it. Otherwise None."""
    redirect_followed: bool = False
    """Of a redirect whose checks fail, as we see it: the browser sent the next request all the same."""
    explained_by: str | None = None
    """Of what the browser refused: the id of the preflight or redirect whose response shows why."""
    stored_without_cors: Response | None = None
    """Of a read with CORS that the browser says failed, or of a script's: what it had in store of the URL, for an image, a link, a preload."""
    redirected_from: "Observation | None" = None
    """The hop before this one."""
    page: Page | None = None
    """The documents that it may come from, with their policies; None when none was seen."""
    tainted: bool = False
    """Standard: redirect-taint. The origin is `null` because of a redirect, not because of the page."""

    @property
    def id(self) -> str:
        """The exchange's id."""
        return self.exchange.id

    @property
    def as_sent(self) -> "Observation":
        """This observation, had the browser got what the server sent."""
        exchange = self.exchange.as_sent
        return self if exchange is self.exchange else structs.replace(self, exchange=exchange)

    @property
    def is_cors(self) -> bool:
        """Whether a CORS check is made on the response."""
        return self.role in CORS_ROLES

    @property
    def hops(self) -> tuple["Observation", ...]:
        """The redirect chain up to and including this hop, first hop first."""
        if self.redirected_from is None:
            return (self,)
        chain: list[Observation] = []
        hop: Observation | None = self
        while hop is not None:
            chain.append(hop)
            hop = hop.redirected_from
        return tuple(reversed(chain))
