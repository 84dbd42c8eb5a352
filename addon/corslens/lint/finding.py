"""Finding: a rule that fired."""

from collections.abc import Set as AbstractSet
from enum import IntEnum, StrEnum

from msgspec import Struct


class Severity(IntEnum):
    """How bad it is if true; ordered, so that thresholds compare."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The name in options, logs and reports."""
        return self.name.lower()


class Confidence(StrEnum):
    """How sure one can be from the wire."""

    CONFIRMED = "confirmed"
    """Tried on the server itself (`corslens check`)."""
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Side(StrEnum):
    """Who can make a fix."""

    SERVER = "server"
    GATEWAY = "gateway"
    """Whatever stands before the application: a reverse proxy, a load balancer, an API gateway, a CDN."""
    PAGE = "page"
    SETUP = "setup"
    """The developer's own machine: proxy, certificate, browser."""


class Stage(IntEnum):
    """Where a request went wrong; of several findings on one page request, the cause is the one with the smallest stage."""

    NO_RESPONSE = 1
    """Nothing responded: network, TLS, DNS, a canceled request."""
    INTERMEDIARY = 2
    """Something else responded: a gateway, a login, a tunnel, a cache, another site behind a redirect."""
    STATUS = 3
    """The server failed, and its status says so."""
    REQUEST = 4
    """The page requested what it should not."""
    HEADERS = 5
    """The CORS headers."""

    @property
    def word(self) -> str:
        """The name in rule files."""
        return self.name.lower().replace("_", "-")


class Fix(Struct, frozen=True, kw_only=True, gc=False):
    """One way to fix a finding. A fix that would need a value that cannot be known (the origin `null`) is not made at all."""

    side: Side
    text: str = ""
    """A sentence that begins with a verb and stands by itself; empty where the header lines say all."""
    headers: tuple[str, ...] = ()
    """Exact lines to send, `Name: value`."""

    @property
    def beside(self) -> tuple[str, ...]:
        """The header lines that the text does not have."""
        return tuple(line for line in self.headers if line not in self.text)

    @property
    def lines(self) -> tuple[str, ...]:
        """What to do, then each header line by itself, so that it can be copied; without those that the text has."""
        return (self.text, *self.beside) if self.text else self.beside


class Evidence(Struct, frozen=True, kw_only=True, gc=False):
    """A header line that made a rule fire. `value` is redacted where it is a secret, None when the absence is the evidence."""

    message: str
    """`request`, `response`, `preflight.request` or `preflight.response`."""
    header: str
    value: str | None = None


class Finding(Struct, frozen=True, kw_only=True, gc=False):
    """A rule that fired on an exchange; all text is for people and already redacted, but not yet escaped for any output."""

    rule: str
    severity: Severity
    confidence: Confidence
    title: str = ""
    stage: Stage = Stage.HEADERS
    whole_host: bool = False
    """It is true of the whole host, not of this endpoint."""
    message: str
    fixes: tuple[Fix, ...] = ()
    """Best first."""
    evidence: tuple[Evidence, ...] = ()
    explains: AbstractSet[str] = frozenset()
    """Rules, by id, whose findings on the same page request are consequences of this one."""
    justification: str = ""
    """Of a suppressed one: who suppressed it and why, as `my.yaml:2: known`."""

    @property
    def fix(self) -> Fix | None:
        """The best fix."""
        return self.fixes[0] if self.fixes else None

    @property
    def cause(self) -> bool:
        """Whether it names what happened in the place of CORS: no response, something else's response, a failed server."""
        return self.stage < Stage.REQUEST
