"""A verdict says what the browser reports, and nothing where it does not block."""

from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import ALLOWED, Failure, Outcome, Verdict, blocked


def test_blocked_reports_the_first_failure() -> None:
    verdict = blocked(Failure(reason=Reason.ACAO_MISSING), Failure(reason=Reason.ACAC_NOT_TRUE))
    assert (verdict.outcome, verdict.reason, verdict.blocked, verdict.allowed) == (
        Outcome.BLOCKED,
        Reason.ACAO_MISSING,
        True,
        False,
    )


def test_allowed_reports_nothing() -> None:
    assert (ALLOWED.reason, ALLOWED.blocked, ALLOWED.allowed) == (None, False, True)


def test_depends_is_neither() -> None:
    verdict = Verdict(outcome=Outcome.DEPENDS, if_credentialed=blocked(), if_not_credentialed=ALLOWED)
    assert (verdict.reason, verdict.blocked, verdict.allowed) == (None, False, False)
