"""What mitmproxy shows in its flow list: a marker for problems only, a comment of one line, and plain metadata for filters."""

from typing import Any

from mitmproxy import http

from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import Observation, Role
from corslens.observation.redaction import public_text, redact_text
from corslens.report.escape import escape
from corslens.report.problems import label, reported_reason

METADATA = "corslens"
"""The key in a flow's metadata; only plain types may stand below it, or mitmproxy drops the flow from the file it saves."""

BLOCKED, WARNING, PATCHED = ":no_entry:", ":warning:", ":wrench:"
MARKERS = {"BLOCKED": BLOCKED, "PATCHED": PATCHED}
"""By the word that stands before an exchange; any other with a finding worse than a remark has WARNING."""

_LONGEST = 240


def annotate(flow: http.HTTPFlow, inspection: Inspection) -> bool:
    """Mark the flow and say whether anything about it changed; a marker or comment that a user set stays.

    A flow with no CORS in it, and nothing to tell of, is left alone, though it may be logged.
    """
    before = stored(flow)
    if not (inspection.observation.is_cors or inspection.findings or before):
        return False
    word, reason = label(inspection), reported_reason(inspection)
    comment = comment_for(inspection, word, reason)
    marker = marker_for(inspection, word)
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


def marker_for(inspection: Inspection, word: str) -> str:
    """Return the marker of a problem, or nothing; that a verdict depends on the credentials mode is not yet a problem."""
    marker = MARKERS.get(word)
    if marker is not None:
        return marker
    worst = inspection.worst
    return WARNING if worst is not None and worst > Severity.INFO else ""


def comment_for(inspection: Inspection, word: str, reason: str | None) -> str:
    """Return one line for people: what the exchange is to CORS, what became of it, and why.

    Args:
        word: its label.
        reason: the reason that is reported.
    """
    observation = inspection.observation
    text = f"CORS {_what(observation)}: {word.lower()}"
    if observation.exchange.error is not None:
        text += f", no answer ({escape(public_text(redact_text(observation.exchange.error)))})"
    why = _why(inspection, reason, _LONGEST - len(text)) if inspection.findings or reason is not None else ""
    if why:
        text += f": {why}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def metadata_for(inspection: Inspection, reason: str | None, comment: str, marker: str) -> dict[str, Any]:
    """Return what filters (`~meta`) and other addons may read: None, text, numbers, lists and dicts only."""
    observation = inspection.observation
    pair = observation.preflight.id if observation.preflight is not None else observation.actual
    patch = inspection.patch
    return {
        "id": inspection.id,
        "role": observation.role.value,
        "verdicts": {str(engine): str(verdict.outcome) for engine, verdict in inspection.verdicts.items()},
        "reason": reason,
        "findings": [finding.rule for finding in inspection.findings],
        "pair": pair,
        "patched": [change.header for change in patch.patch.changes] if patch is not None and patch.applied else [],
        "comment": comment,
        "marker": marker,
    }


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
    return observation.exchange.request.headers.get("access-control-request-method") or "?"


def _why(inspection: Inspection, reason: str | None, room: int) -> str:
    """Return the sentence of the finding that counts most, and how many there are besides; the names stay whole, for `~comment`."""
    findings = sorted(inspection.findings, key=lambda finding: (not finding.cause, finding.rule != reason, -finding.severity))
    shown = [finding for finding in findings if finding.rule == reason or finding.severity > Severity.INFO]
    if not shown:
        return f"[{reason}]" if reason else ""
    more = f" (+{len(shown) - 1} more)" if len(shown) > 1 else ""
    first = shown[0].rule
    named = first if reason in (None, first) else f"{first}, {reason}"
    sentence, names = escape(public_text(shown[0].message)), f" [{named}]{more}"
    room = max(1, room - len(names) - len(": "))
    return (sentence if len(sentence) <= room else f"{sentence[: room - 1]}…") + names


def _beside(comment: str, ours: str, new: str) -> str:
    """Return the flow's comment with our part replaced, and a user's part kept."""
    if comment in ("", ours):
        return new
    if ours and ours in comment:
        return comment.replace(ours, new) if new else comment.replace(f" | {ours}", "").replace(ours, "")
    return f"{comment} | {new}" if new else comment
