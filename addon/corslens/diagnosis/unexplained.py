"""What a verdict says by itself, where no rule says it: mostly of a page request that only credentials would block."""

from corslens.diagnosis.diagnose import Diagnosis
from corslens.observation.redaction import redact_header
from corslens.verdict.verdict import Failure, Outcome

_LONGEST = 400
"""Characters of a value: a stranger's Origin may fill a thousand lines."""


def _failure_of(diagnosis: Diagnosis) -> Failure | None:
    """Return the failing check that the browser reports, or would report."""
    verdict = diagnosis.page_request.verdict
    for branch in (verdict, verdict.if_credentialed, verdict.if_not_credentialed):
        if branch is not None and branch.failures:
            return branch.failures[0]
    return None


def title_of(diagnosis: Diagnosis) -> str:
    """Return what is wrong, in a few words, empty where the reason's own name says as much."""
    if diagnosis.page_request.verdict.outcome is Outcome.DEPENDS and _failure_of(diagnosis) is not None:
        return f"Blocked only {_credentials(diagnosis)}"
    return ""


def sentence_of(diagnosis: Diagnosis) -> str:
    """Return the check that fails, and with which value; redacted, not escaped."""
    failure = _failure_of(diagnosis)
    if failure is None:
        return (diagnosis.reason or "").replace("-", " ")
    depends = diagnosis.page_request.verdict.outcome is Outcome.DEPENDS
    only = f"; this blocks only a request {_credentials(diagnosis)}" if depends else ""
    response = diagnosis.place.observation.exchange.delivered
    status = "no response" if response is None else str(response.status)
    if failure.header is None:
        return f"{status}: {failure.reason.value.replace('-', ' ')}{only}"
    held = "is missing" if failure.value is None else f'is "{_short(failure.header, failure.value)}"'
    wanted = f", wanted {_short(failure.header, failure.wanted)}" if failure.wanted else ""
    return f"{status}, but {failure.header} {held}{wanted}{only}"


def _short(header: str, value: str) -> str:
    shown = redact_header(header, value)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _credentials(diagnosis: Diagnosis) -> str:
    branch = diagnosis.page_request.verdict.if_credentialed
    return "with credentials" if branch is not None and branch.failures else "without credentials"
