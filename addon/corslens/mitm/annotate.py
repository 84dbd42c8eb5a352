"""What mitmproxy shows in its flow list: a marker for problems only, a comment of one line, and plain metadata for filters."""

from typing import Any

from mitmproxy import http

from corslens.diagnosis.diagnose import Diagnosis, diagnose_alone
from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import Observation, Role
from corslens.observation.redaction import public_method, public_text, redact_text
from corslens.report.escape import escape
from corslens.verdict.decide_each import ALL_ALLOWED

METADATA = "corslens"
"""The key in a flow's metadata; only plain types may stand below it, or mitmproxy drops the flow from the file it saves."""

BLOCKED, WARNING, PATCHED = ":heavy_multiplication_x:", ":warning:", ":hammer_and_pick:"
"""Signs that fonts without emoji have, too; and the comment begins with the word."""
MARKERS = {"BLOCKED": BLOCKED, "PATCHED": PATCHED}
"""By the word that stands before an exchange; any other with a finding worse than a remark has WARNING."""

_MAX_COMMENT_CHARACTERS = 240
_ALL_ALLOWED = {str(engine): str(verdict.outcome) for engine, verdict in ALL_ALLOWED.items()}


def annotate(flow: http.HTTPFlow, inspection: Inspection) -> bool:
    """Mark the flow and say whether anything about it changed; a marker or comment that a user set stays.

    A flow with no CORS in it, and nothing to report, is left alone, though it may be logged.
    """
    before = stored(flow)
    if not (inspection.observation.is_cors or inspection.findings or before):
        return False
    if _is_plain(inspection):
        comment, marker, reason = _short(f"allowed (CORS {_what(inspection.observation)})"), "", None
    else:
        diagnosis = diagnose_alone(inspection)
        comment, marker, reason = comment_for(inspection, diagnosis), marker_for(diagnosis), diagnosis.reason
    data = metadata_for(inspection, reason, comment, marker)
    if data == before:
        return False
    flow.metadata[METADATA] = data
    if flow.marked in ("", before.get("marker")):
        flow.marked = marker
    flow.comment = _beside(flow.comment, before.get("comment", ""), comment)
    return True


def clear(flow: http.HTTPFlow) -> None:
    """Take back what an earlier run of the flow was marked with."""
    before = stored(flow)
    if before:
        del flow.metadata[METADATA]
        if flow.marked == before.get("marker"):
            flow.marked = ""
        flow.comment = _beside(flow.comment, before.get("comment", ""), "")


def stored(flow: http.HTTPFlow) -> dict[str, Any]:
    """Return what was stored in the flow; empty when there is nothing, or, in a file of another's making, anything else."""
    found = flow.metadata.get(METADATA)
    return found if isinstance(found, dict) else {}


def id_of(flow: http.HTTPFlow) -> str:
    """Return the id under which the flow was inspected last."""
    return str(stored(flow).get("id", flow.id))


def marker_for(diagnosis: Diagnosis) -> str:
    """Return the marker of a problem, or nothing; that a verdict depends on the credentials mode is not yet a problem."""
    marker = MARKERS.get(diagnosis.word)
    if marker is not None:
        return marker
    return WARNING if diagnosis.cause is not None and diagnosis.severity > Severity.INFO else ""


def comment_for(inspection: Inspection, diagnosis: Diagnosis) -> str:
    """Return one line for people: what became of the exchange and the cause within 30 characters, as a column has, then the rest."""
    observation = inspection.observation
    title = _title(diagnosis)
    word = "allowed" if diagnosis.word == "INFO" and not title else diagnosis.word.lower()
    if word == "depends" and not title:
        word = "depends on credentials"
    text = f"{word}: {title} (CORS {_what(observation)})" if title else f"{word} (CORS {_what(observation)})"
    if observation.exchange.made_by_proxy:
        text += ", the proxy itself responded"
    if observation.exchange.error is not None:
        text += f", no response ({escape(public_text(redact_text(observation.exchange.error)))})"
    why = _why(diagnosis, _MAX_COMMENT_CHARACTERS - len(text))
    if why:
        text += f": {why}"
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_COMMENT_CHARACTERS else f"{text[: _MAX_COMMENT_CHARACTERS - 1]}…"


def metadata_for(inspection: Inspection, reason: str | None, comment: str, marker: str) -> dict[str, Any]:
    """Return what filters (`~meta`) and other addons may read: None, text, numbers, lists and dicts only."""
    observation = inspection.observation
    pair = observation.preflight.id if observation.preflight is not None else observation.actual
    patch = inspection.patch
    return {
        "id": inspection.id,
        "role": observation.role.value,
        "verdicts": dict(_ALL_ALLOWED)
        if inspection.verdicts is ALL_ALLOWED
        else {str(engine): str(verdict.outcome) for engine, verdict in inspection.verdicts.items()},
        "reason": reason,
        "findings": [finding.rule for finding in inspection.findings],
        "pair": pair,
        "patched": [change.header for change in patch.patch.changes] if patch is not None and patch.applied else [],
        "comment": comment,
        "marker": marker,
    }


def _is_plain(inspection: Inspection) -> bool:
    """Say whether the exchange passed and there is no more to say of it, as of most: that needs no diagnosis."""
    exchange = inspection.observation.exchange
    return (
        not inspection.findings
        and inspection.patch is None
        and inspection.misprediction is None
        and exchange.error is None
        and not exchange.got_proxy_error_page
        and inspection.verdict.allowed
    )


def _what(observation: Observation) -> str:
    if observation.role is Role.PREFLIGHT and observation.need is not None:
        return f"preflight for {escape(_asked_method(observation))}"
    if observation.role is Role.ACTUAL:
        covering = observation.preflight
        if covering is None:
            return "request without a preflight in sight"
        if covering.from_cache:
            return f"request (preflight cached {covering.age:.0f} s ago)"
        return "request (preflighted)"
    return {Role.SIMPLE: "simple request"}.get(observation.role, observation.role.value)


def _asked_method(observation: Observation) -> str:
    return public_method(observation.exchange.request.headers.get("access-control-request-method") or "?")


def _title(diagnosis: Diagnosis) -> str:
    """Name the cause, without what most names of CORS headers begin with."""
    cause = diagnosis.cause
    if cause is None or (cause.severity is Severity.INFO and diagnosis.reason is None):
        return "" if diagnosis.word == "DEPENDS" else (diagnosis.reason or "").replace("-", " ")
    return escape(cause.title or cause.rule.replace("-", " ")).replace("Access-Control-", "")


def _why(diagnosis: Diagnosis, room: int) -> str:
    """Return the sentence of the cause, and how much is wrong besides; the names stay whole, for `~comment`."""
    cause, reason = diagnosis.cause, diagnosis.reason
    if cause is None or (cause.severity is Severity.INFO and reason is None):
        return f"[{reason}]" if reason else ""
    beside = sum(finding.severity > Severity.INFO for finding in diagnosis.beside)
    more = f" (+{beside} more)" if beside else ""
    named = cause.rule if reason in (None, cause.rule) else f"{cause.rule}, {reason}"
    sentence, names = escape(public_text(cause.message)), f" [{named}]{more}"
    room = max(1, room - len(names) - len(": "))
    return (sentence if len(sentence) <= room else f"{sentence[: room - 1]}…") + names


def _beside(comment: str, ours: str, new: str) -> str:
    """Return the flow's comment with our part replaced, and a user's part kept."""
    if comment in ("", ours):
        return new
    if ours and ours in comment:
        return comment.replace(ours, new) if new else comment.replace(f" | {ours}", "").replace(ours, "")
    return f"{comment} | {new}" if new else comment
