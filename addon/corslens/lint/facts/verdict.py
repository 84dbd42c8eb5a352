"""Facts about the verdicts: what the browser that asked makes of the exchange, and what the others would."""

from corslens.engines.engine import Engine
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure, Outcome, Verdict

_RESTATES_ABSENCE = frozenset({
    Reason.PREFLIGHT_STATUS_NOT_OK,
    Reason.PREFLIGHT_ACAC_NOT_TRUE,
    Reason.PREFLIGHT_METHOD_NOT_ALLOWED,
    Reason.PREFLIGHT_HEADER_NOT_ALLOWED,
    Reason.ACAC_NOT_TRUE,
})  # fmt: skip


class VerdictFacts(FactsBase):
    """`verdict.*`."""

    @property
    def headline(self) -> Engine:
        """The engine whose verdict counts: the one chosen, the one that asked, or Chromium."""
        return self.chosen_engine or self.observation.engine or Engine.CHROMIUM

    @property
    def verdict(self) -> Verdict | None:
        """The headline engine's verdict."""
        return self.verdicts.get(self.headline)

    def failure(self, reason: Reason) -> Failure | None:
        """Return the failing check with this reason."""
        verdict = self.verdict
        if verdict is None:
            return None
        return next((failure for failure in verdict.failures if failure.reason is reason), None)

    @fact("verdict.outcome", steady=True)
    def verdict_outcome(self) -> Outcome:
        """What the browser that sent the request (Chromium, if none is recognized) makes of it: `allowed`, `blocked`, `depends` on the credentials mode, or `aborted` by the browser itself."""
        verdict = self.verdict
        return Outcome.ALLOWED if verdict is None else verdict.outcome

    @fact("verdict.reasons", steady=True)
    def verdict_reasons(self) -> frozenset[Reason]:
        """The reasons for which that browser blocks: the one that it reports and the further ones that would come after it.

        On a response without any CORS header the further ones that only repeat this are left out (the status is in the message).
        """
        verdict = self.verdict
        if verdict is None or not verdict.failures:
            return frozenset()
        reported, *others = (failure.reason for failure in verdict.failures)
        if others and not any(name.startswith("access-control-") for name in self.response_head.names.ordered):
            others = [reason for reason in others if reason not in _RESTATES_ABSENCE]
        return frozenset((reported, *others))

    @fact("verdict.reason", steady=True)
    def verdict_reason(self) -> Reason | None:
        """The reason that the browser reports: the first failing check."""
        verdict = self.verdict
        return None if verdict is None else verdict.reason

    @fact("verdict.notes")
    def verdict_notes(self) -> frozenset[str]:
        """What an engine says without blocking (`authorization-covered-by-wildcard`), and what a verdict depends on besides the credentials mode: `stored-response-not-seen` of a 304 that renews one, `head-cut`."""
        return frozenset(note for verdict in self.verdicts.values() for note in verdict.notes)

    @fact("verdict.likely")
    def verdict_likely(self) -> Outcome | None:
        """Of a verdict that depends: the outcome that evidence speaks for, which is no proof; absent without any."""
        branch = None if self.verdict is None else self.verdict.likely_branch
        return None if branch is None else branch.outcome

    @fact("verdict.also-if-credentialed")
    def verdict_also_if_credentialed(self) -> str | None:
        """Of an exchange that is blocked in either credentials mode: what a request with credentials needs besides, as header lines."""
        verdict = self.verdict
        if verdict is None or not verdict.blocked or verdict.if_credentialed is None:
            return None
        others = [failure for failure in verdict.if_credentialed.failures if failure not in verdict.failures]
        return ", ".join(f"{failure.header}: {failure.wanted}" for failure in others if failure.header) or None

    @fact("verdict.blocked-in")
    def verdict_blocked_in(self) -> frozenset[Engine]:
        """The engines that certainly block."""
        return frozenset(engine for engine, verdict in self.verdicts.items() if verdict.blocked)

    @fact("verdict.allowed-in")
    def verdict_allowed_in(self) -> frozenset[Engine]:
        """The engines that certainly allow."""
        return frozenset(engine for engine, verdict in self.verdicts.items() if verdict.allowed)

    @fact("verdict.engines-disagree", rare=True)
    def verdict_engines_disagree(self) -> bool:
        """Whether one engine certainly allows what another certainly blocks."""
        allowed = blocked = False
        for verdict in self.verdicts.values():
            if verdict.outcome is Outcome.ALLOWED:
                allowed = True
            elif verdict.outcome is Outcome.BLOCKED:
                blocked = True
        return allowed and blocked
