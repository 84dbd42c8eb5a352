"""What counts as a problem, by which word it goes, and when two are the same one to a reader."""

from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import Followed
from corslens.observation.path_shape import path_shape
from corslens.verdict.verdict import Outcome

LABELS = ("BLOCKED", "DEPENDS", "PATCHED", "ERROR", "WARNING", "INFO", "ABORTED", "ALLOWED")
"""The words of `label`, worst first."""

QUIET = frozenset(LABELS[-3:])
"""Those of which nobody needs to be told."""

JUDGED = frozenset(LABELS[:3])
"""Those that say what browsers make of an exchange."""


def label(inspection: Inspection) -> str:
    """Return the word that stands before an exchange: what the browser did with it, or else how bad its findings are."""
    if inspection.patch is not None and inspection.patch.applied:
        return "PATCHED"
    if inspection.observation.is_cors:
        outcome = inspection.verdict.outcome
        # What a pending preflight depends on, its actual request tells within milliseconds.
        settled = inspection.observation.followed is not Followed.PENDING
        if outcome is Outcome.BLOCKED or (outcome is Outcome.DEPENDS and settled and reported_reason(inspection)):
            return outcome.value.upper()
        if outcome is Outcome.ABORTED and inspection.worst in (None, Severity.INFO):
            return outcome.value.upper()
    worst = inspection.worst
    return "ALLOWED" if worst is None else worst.word.upper()


def is_problem(inspection: Inspection) -> bool:
    """Say whether there is anything to tell somebody about the exchange.

    Not when there are only remarks, which reports list and count; nor when a user silenced the finding of a block, and so knows of it.
    """
    if label(inspection) in QUIET:
        return False
    return bool(inspection.findings) or reported_reason(inspection) not in {finding.rule for finding in inspection.silenced}


def problem_key(inspection: Inspection) -> tuple[str, ...]:
    """Return what makes two problems the same one to a reader: all but the query, the ids in the path, and the time."""
    observation = inspection.observation
    request = observation.exchange.request
    rules = sorted(finding.rule for finding in inspection.findings)
    place = (observation.target_origin, path_shape(request.url), observation.origin or "")
    return (label(inspection), request.method, *place, reported_reason(inspection) or "", *rules)


def dead_server(inspection: Inspection) -> str | None:
    """Return the origin of a server that gave no answer, where a finding says so: every endpoint of it fails in the same way."""
    observation = inspection.observation
    exchange = observation.exchange
    if exchange.error is None or exchange.response is not None or exchange.refused:
        return None
    return observation.target_origin if any(finding.cause for finding in inspection.findings) else None


def reported_reason(inspection: Inspection) -> str | None:
    """Return the reason that the headline engine reports: of `depends`, the one of the branch that blocks."""
    if not inspection.observation.is_cors:
        return None
    verdict = inspection.verdict
    for branch in (verdict, verdict.if_credentialed, verdict.if_not_credentialed):
        if branch is not None and branch.reason is not None:
            return branch.reason.value
    return None
