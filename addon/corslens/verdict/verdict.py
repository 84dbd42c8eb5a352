"""Verdict: what one engine makes of one exchange."""

from enum import StrEnum

from msgspec import Struct

from corslens.fetch.credentials import CredentialsMode
from corslens.observation.known import Likely
from corslens.verdict.reasons import Reason


class Outcome(StrEnum):
    """Of a preflight: may the actual request be sent. Of any other exchange: may the page have the response."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    DEPENDS = "depends"
    """On what the wire does not show: the credentials mode, unless the notes name something else (a stored response, what was cut off a head)."""
    ABORTED = "aborted"
    """Nothing was decided: the browser gave the request up before there was a response."""
    NOT_JUDGED = "not-judged"
    """There is no message to judge: the browser's own word is all that is known, or nothing of the end."""


WORST_FIRST = (Outcome.BLOCKED, Outcome.DEPENDS, Outcome.ABORTED, Outcome.NOT_JUDGED, Outcome.ALLOWED)
"""The order in which the outcomes of a page request's exchanges decide its own."""


class Failure(Struct, frozen=True, kw_only=True, gc=False):
    """A check that failed."""

    reason: Reason
    header: str | None = None
    """The header that decided, in the spelling of the standard (`Access-Control-Allow-Origin`)."""
    value: str | None = None
    """What it held; None when it was absent."""
    wanted: str | None = None
    """What would have passed."""


class CheckState(StrEnum):
    """How a check went."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not-reached"
    """An earlier check had failed, so the engine did not make this one."""
    NOT_NEEDED = "not-needed"
    """It lets the exchange through as it is, and would not under another credentials mode."""


class Check(Struct, frozen=True, kw_only=True, gc=False):
    """One check in the engine's order, for explaining."""

    name: str
    """Kebab-case, from the standard's words, for instance `allow-origin`."""
    title: str
    """One line for people."""
    state: CheckState
    header: str | None = None
    value: str | None = None
    """The deciding header line, where there is one."""
    failure: Failure | None = None
    """Set when it failed; also when it was not reached but would have failed."""


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """The outcome in one engine. Allowed: no failures. Blocked: every failing check, the first is what the browser reports."""

    outcome: Outcome
    failures: tuple[Failure, ...] = ()
    if_credentialed: "Verdict | None" = None
    """Of `depends`: the verdict were the credentials mode `include`; None when it depends on something else."""
    if_not_credentialed: "Verdict | None" = None
    likely: Likely[CredentialsMode] | None = None
    """Of `depends`: the credentials mode that evidence speaks for, which proves nothing."""
    notes: tuple[str, ...] = ()
    """What the engine says without blocking, for instance `authorization-covered-by-wildcard`."""

    @property
    def reason(self) -> Reason | None:
        """What the browser reports; None unless blocked."""
        return self.failures[0].reason if self.failures else None

    @property
    def words(self) -> str:
        """The outcome in words, with the reason or what it depends on, to follow `then`."""
        if self.outcome is not Outcome.DEPENDS:
            return self.outcome.value.replace("-", " ") + ("" if self.reason is None else f" ({self.reason.value})")
        branch = self.blocked_branch
        if branch is None or branch.reason is None:
            return "dependent on what the proxy cannot see"
        return f"blocked only {self.blocked_with} ({branch.reason.value})"

    @property
    def blocked_branch(self) -> "Verdict | None":
        """Of `depends`: the branch that the engine blocks, the one with credentials before the other; None where neither."""
        branches = (self.if_credentialed, self.if_not_credentialed)
        return next((branch for branch in branches if branch is not None and branch.failures), None)

    @property
    def blocked_with(self) -> str:
        """What a request is sent with that `blocked_branch` is about: `with credentials` or `without credentials`."""
        return "with credentials" if self.blocked_branch is self.if_credentialed else "without credentials"

    @property
    def likely_branch(self) -> "Verdict | None":
        """The branch that evidence speaks for, None without any."""
        if self.likely is None:
            return None
        return self.if_credentialed if self.likely.value is CredentialsMode.INCLUDE else self.if_not_credentialed

    @property
    def blocked(self) -> bool:
        """Whether the engine certainly blocks."""
        return self.outcome is Outcome.BLOCKED

    @property
    def allowed(self) -> bool:
        """Whether the engine certainly allows."""
        return self.outcome is Outcome.ALLOWED


ALLOWED = Verdict(outcome=Outcome.ALLOWED)
ABORTED = Verdict(outcome=Outcome.ABORTED)
NOT_JUDGED = Verdict(outcome=Outcome.NOT_JUDGED)


def blocked(*failures: Failure) -> Verdict:
    """Return the verdict of an exchange that fails these checks, in the engine's order."""
    return Verdict(outcome=Outcome.BLOCKED, failures=failures)
