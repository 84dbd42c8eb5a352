"""Finding: a rule that fired."""

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

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


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
    message: str
    fix: str
    evidence: tuple[Evidence, ...] = ()
    cause: bool = False
    """It names what happened in the place of CORS (no answer, a login, a gateway), and is told before any talk of headers."""
    accepted: str = ""
    """Of a silenced one: who silenced it and why, as `my.yaml:2: known`."""
