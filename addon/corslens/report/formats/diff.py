"""The comparison of two captures as text and as JSON."""

from collections.abc import Iterable
from typing import Any

import msgspec

from corslens.engines.engine import Engine
from corslens.report.comparison import Change, ChangeKind, EndpointState
from corslens.report.escape import escape, escape_json
from corslens.report.formats.text import fold
from corslens.report.styled_text import StyledText, joined
from corslens.verdict.verdict import Outcome

SCHEMA = "corslens-diff/2"

_STYLES = {
    ChangeKind.WORSE: "bold red",
    ChangeKind.RESOLVED: "bold green",
    ChangeKind.BETTER: "bold green",
    ChangeKind.CHANGED: "bold yellow",
}


def render_diff(changes: list[Change], *, compared: int, width: int | None = None) -> StyledText:
    """Return the changes, a block an endpoint; endpoints that only one capture has are named in one line each.

    Args:
        compared: how many endpoints both captures have.
        width: the terminal's; None leaves each line whole.
    """
    blocks = [_block(change, width) for change in changes if change.before is not None and change.after is not None]
    for kind in (ChangeKind.ONLY_AFTER, ChangeKind.ONLY_BEFORE):
        alone = [change for change in changes if change.kind is kind]
        if alone:
            lines = [
                line
                for change in alone
                for line in fold(f"{_name(change)}{_only(change)}", width, first=2, indent=4, start="  ")
            ]
            blocks.append(StyledText("\n".join((f"{kind.value}:", *lines))))
    counts = [f"{sum(change.kind is kind for change in changes)} {kind.value}" for kind in _STYLES]
    blocks.append(StyledText(f"{compared} endpoint{'' if compared == 1 else 's'} in both: {', '.join(counts)}", "bold"))
    return joined("\n\n", blocks)


def render_diff_json(changes: Iterable[Change]) -> str:
    """Return the changes as one document."""
    found = {"schema": SCHEMA, "changes": [_json(change) for change in changes]}
    return escape_json(msgspec.json.format(msgspec.json.encode(found), indent=2)).decode("ascii") + "\n"


def _block(change: Change, width: int | None) -> StyledText:
    assert change.before is not None and change.after is not None
    word = change.kind.value.upper()
    text = StyledText(word, _STYLES[change.kind])
    text.append("\n".join(fold(_name(change), width, first=len(word) + 2, indent=2, start="  ")), "default not bold")
    before, after = _outcomes(change.before), _outcomes(change.after)
    if before != after:
        lines = "\n".join(fold(f"{before}  →  {after}", width, first=2, indent=4, start="  "))
        text.append(f"\n{lines}", "default not bold")
    for rule, severity in change.new_findings.items():
        text.append(f"\n  + {severity.word}: {escape(rule)}", "red")
    for rule in change.gone_findings:
        text.append(f"\n  - {escape(rule)}", "green")
    return text


def _name(change: Change) -> str:
    endpoint = change.endpoint
    return f"{escape(endpoint.method)} {escape(endpoint.api_origin + endpoint.path)}  from {escape(endpoint.page)}"


def _only(change: Change) -> str:
    state = change.after or change.before
    assert state is not None
    return "" if not state.reasons else f"  {_outcomes(state)}"


def _outcomes(state: EndpointState) -> str:
    """Say what the engines do: one word when they agree."""
    by_outcome: dict[Outcome, list[str]] = {}
    for engine in Engine:
        by_outcome.setdefault(state.outcomes.get(engine, Outcome.ALLOWED), []).append(engine.label)
    if len(by_outcome) == 1:
        said = next(iter(by_outcome)).value
    else:
        said = ", ".join(f"{outcome.value} in {' and '.join(labels)}" for outcome, labels in by_outcome.items())
    return f"{said} ({', '.join(sorted(state.reasons))})" if state.reasons else said


def _json(change: Change) -> dict[str, Any]:
    endpoint = change.endpoint
    return {
        "kind": change.kind,
        "endpoint": f"{endpoint.api_origin}{endpoint.path}",
        "method": endpoint.method,
        "page": endpoint.page,
        "before": _state(change.before),
        "after": _state(change.after),
        "new_findings": {rule: severity.word for rule, severity in change.new_findings.items()},
        "gone_findings": change.gone_findings,
    }


def _state(state: EndpointState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "page_requests": state.page_requests,
        "outcomes": {engine.value: outcome.value for engine, outcome in sorted(state.outcomes.items())},
        "reasons": sorted(state.reasons),
        "findings": {rule: severity.word for rule, severity in sorted(state.findings.items())},
    }
