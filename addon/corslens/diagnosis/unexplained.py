"""What a verdict says by itself, where no rule says it: mostly of a page request that only credentials would block."""

from corslens.diagnosis.diagnose import Diagnosis
from corslens.observation.redaction import redact_header
from corslens.verdict.verdict import Failure, Verdict

_MAX_VALUE_CHARACTERS = 400
"""Characters of a value: a stranger's Origin may fill a thousand lines."""


def _failure_of(verdict: Verdict) -> Failure | None:
    """Return the failing check that the browser reports, or would report."""
    failures = verdict.failures or (() if verdict.blocked_branch is None else verdict.blocked_branch.failures)
    return failures[0] if failures else None


def title_of(diagnosis: Diagnosis) -> str:
    """Return what is wrong, in a few words, empty where the reason's own name says as much."""
    verdict = diagnosis.page_request.verdict
    return "" if verdict.blocked_branch is None else f"Blocked only {verdict.blocked_with}"


def sentence_of(diagnosis: Diagnosis) -> str:
    """Return the check that fails, and with which value; redacted, not escaped."""
    verdict = diagnosis.page_request.verdict
    failure = _failure_of(verdict)
    if failure is None:
        return (diagnosis.reason or "").replace("-", " ")
    only = "" if verdict.blocked_branch is None else f"; this blocks only a request {verdict.blocked_with}"
    response = diagnosis.place.observation.exchange.delivered
    status = "no response" if response is None else str(response.status)
    if failure.header is None:
        return f"{status}: {failure.reason.value.replace('-', ' ')}{only}"
    held = "is missing" if failure.value is None else f'is "{_short(failure.header, failure.value)}"'
    must = "contain" if failure.header.endswith(("-Headers", "-Methods")) else "be"
    wanted = f", but must {must} {_short(failure.header, failure.wanted)}" if failure.wanted else ""
    return f"{status}: {failure.header} {held}{wanted}{only}"


def _short(header: str, value: str) -> str:
    shown = redact_header(header, value)
    return shown if len(shown) <= _MAX_VALUE_CHARACTERS else f"{shown[: _MAX_VALUE_CHARACTERS - 1]}…"
