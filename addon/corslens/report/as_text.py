"""The terminal: three lines a problem, and a summary at the end. Everything from the wire is escaped."""

from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import wrap

from rich.text import Text

from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.lint.finding import Finding, Severity
from corslens.observation.observation import Role
from corslens.observation.redaction import redact_header, redact_url
from corslens.report.collection import Collection
from corslens.report.escape import escape
from corslens.report.groups import key_of
from corslens.report.problems import JUDGED, LABELS, is_problem, label, problem_key, reported_reason
from corslens.report.tally import Tally

_LONGEST = 400
"""Characters of a URL or value that are printed; the records have all of it."""

STYLES = {
    "BLOCKED": "bold red",
    "DEPENDS": "bold yellow",
    "PATCHED": "bold cyan",
    "ABORTED": "dim",
    "ALLOWED": "green",
    "ERROR": "bold red",
    "WARNING": "bold yellow",
    "INFO": "bold blue",
}


def render_text(collection: Collection, width: int | None = None) -> Text:
    """Return the whole report: each problem once with the number of its repeats, what could not be seen, and the summary.

    Mere remarks are only counted there, unless they are what the run fails on.
    """
    remarks = collection.fail_on is Severity.INFO
    told = (inspection for inspection in collection.held() if is_problem(inspection) or (remarks and inspection.findings))
    blocks = [_with_repeats(inspection, repeats, collection, width) for inspection, repeats in _once(told)]
    notes = [note for one in collection.inputs for note in one.notes]
    if notes:
        blocks.append(
            Text("\n".join(line for note in notes for line in _fold(f"note: {escape(note)}", width, first=0, indent=6)))
        )
    blocks.append(render_summary(collection.tally, width))
    return Text("\n\n").join(blocks)


def _once(inspections: Iterable[Inspection]) -> Iterable[tuple[Inspection, int]]:
    """Return each problem's first exchange and how many more there are of it, those that block first, then by severity."""
    first: dict[tuple[str, ...], Inspection] = {}
    repeats: Counter[tuple[str, ...]] = Counter()
    for inspection in inspections:
        key = problem_key(inspection)
        first.setdefault(key, inspection)
        repeats[key] += 1
    order = sorted(first, key=lambda key: LABELS.index(key[0]))  # stable: as they came within a label
    return [(first[key], repeats[key] - 1) for key in order]


def _with_repeats(inspection: Inspection, repeats: int, collection: Collection, width: int | None) -> Text:
    text = render_problem(inspection, width)
    known = bool(inspection.findings) and all(
        key_of(inspection, one).fingerprint in collection.known for one in inspection.findings
    )
    if known:
        text.append("\n  known: in the baseline", "dim")
    if repeats:
        text.append(f"\n  … and {repeats} more like it", "dim")
    return text


def render_problem(inspection: Inspection, width: int | None = None) -> Text:
    """Return the lines that tell one exchange: its verdict, and what is wrong with the fix for it.

    Args:
        width: the terminal's; None leaves each line whole, for a file or a pipe.
    """
    word = label(inspection)
    text = Text()
    text.append(word, STYLES[word])
    lines = _fold(_headline(inspection), width, first=len(word) + 2, indent=2)
    text.append("  " + lines[0])
    for line in lines[1:]:
        text.append("\n" + line)
    for what, name, fix in _particulars(inspection):
        for line in _fold(f"{what}  [{name}]" if name else what, width, first=2, indent=4, start="  "):
            text.append("\n" + line)
        if fix:
            for line in _fold(f"fix: {fix}", width, first=2, indent=7, start="  "):
                text.append("\n" + line, "green")
    return text


def _headline(inspection: Inspection) -> str:
    observation = inspection.observation
    request = observation.exchange.request
    parts = [f"{escape(request.method)} {_shown(redact_url(request.url))}"]
    if observation.origin is not None:
        parts.append(f"from {_shown(redact_url(observation.origin))}")
    if label(inspection) in JUDGED:
        parts.append(f"({_engines(inspection)})")
    return "  ".join(parts)


def _engines(inspection: Inspection) -> str:
    """Name the headline engine and those that agree, or say how the others differ."""
    mine = inspection.verdict.outcome
    same: list[Engine] = []
    other: list[str] = []
    for engine, verdict in inspection.verdicts.items():
        if engine is inspection.headline:
            continue
        if verdict.outcome is mine:
            same.append(engine)
        else:
            other.append(f"{verdict.outcome.value} in {engine.label}")
    text = inspection.headline.label
    if same:
        text += "; also " + ", ".join(engine.label for engine in same)
    if other:
        text += "; but " + ", ".join(other)
    return text


def _particulars(inspection: Inspection) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong, the rule's or reason's name, and the fix.

    First what happened in the place of CORS, then the reason that the browser reports: it may blame a page of somebody else's.
    """
    observation = inspection.observation
    reason = reported_reason(inspection)
    findings = sorted(inspection.findings, key=lambda finding: (finding.rule != reason, -finding.severity))
    causes = [finding for finding in findings if finding.cause]
    if observation.exchange.error and not causes:
        yield f"no response: {_shown(observation.exchange.error)}", "", ""
    yield from map(_finding_sentence, causes)
    if reason is not None and not any(finding.rule == reason for finding in findings):
        yield _failure_sentence(inspection), reason, ""
    yield from (_finding_sentence(finding) for finding in findings if not finding.cause)
    if inspection.patch is not None:
        yield from _patch_sentences(inspection)


def _finding_sentence(finding: Finding) -> tuple[str, str, str]:
    return escape(finding.message), finding.rule, escape(finding.fix)


def _failure_sentence(inspection: Inspection) -> str:
    verdict = inspection.verdict
    branch = verdict if verdict.failures else (verdict.if_credentialed or verdict)
    if not branch.failures:
        branch = verdict.if_not_credentialed or verdict
    failure = branch.failures[0]
    only = ""
    if branch is not verdict:
        only = f"; this blocks only a request {'with' if branch is verdict.if_credentialed else 'without'} credentials"
    response = inspection.observation.exchange.delivered
    side = "preflight" if inspection.observation.role is Role.PREFLIGHT else "response"
    status = "no answer" if response is None else str(response.status)
    if inspection.observation.exchange.response is None and response is not None and failure.header is not None:
        return f"so the browser blames the proxy's own error page (status {status}), which lacks {escape(failure.header)}"
    if failure.header is None:
        return f"{side} → {status}: {failure.reason.value.replace('-', ' ')}{only}"
    header = escape(failure.header)
    held = "is missing" if failure.value is None else f'is "{_shown(redact_header(failure.header, failure.value))}"'
    wanted = f", wanted {_shown(failure.wanted)}" if failure.wanted else ""
    return f"{side} → {status} but {header} {held}{wanted}{only}"


def _patch_sentences(inspection: Inspection) -> Iterator[tuple[str, str, str]]:
    assert inspection.patch is not None
    patch = inspection.patch.patch
    verb = "patched" if inspection.patch.applied else "would patch"
    if patch.refused:
        yield f"not patched: {escape(patch.refused)}", "", ""
    if patch.status is not None:
        yield f"{verb}: status {patch.status.before} → {patch.status.after}", "", ""
    for change in patch.changes:
        to = "removed" if change.combined is None else _shown(redact_header(change.header, change.combined))
        yield f"{verb}: {escape(change.header)}: {to}", "", ""


def _fold(text: str, width: int | None, *, first: int, indent: int, start: str = "") -> list[str]:
    """Break the text into lines that fit; `first` columns of the first line are taken (or begin with `start`)."""
    if width is None or first + len(text) <= width:
        return [start + text]
    width = max(width, 20)
    lines = wrap(
        text, width, initial_indent=" " * first, subsequent_indent=" " * indent, break_long_words=True, break_on_hyphens=False
    )
    lines[0] = start + lines[0][first:]
    return lines


def render_summary(tally: Tally, width: int | None = None) -> Text:
    """Return what was seen in all: exchanges, pairs, outcomes, then the reasons and rules with their counts, worst first."""
    text = Text()
    facts = [_count(tally.exchanges, "exchange"), f"{tally.cors} CORS", _count(tally.pairs, "pair")]
    for word in ("BLOCKED", "DEPENDS", "PATCHED", "ABORTED"):
        if tally.labels[word]:
            facts.append(f"{tally.labels[word]} {word.lower()}")
    text.append("\n".join(_fold(", ".join(facts), width, first=0, indent=2)), "bold")
    silenced = tally.silenced_first()
    column = 9 if silenced else 8
    for (word, name), count in tally.worst_first():
        text.append(f"\n{count:>7}  ").append(f"{word.lower():<{column}}", STYLES[word]).append(name)
    for (name, note), count in silenced:
        lines = _fold(f"{name} ({escape(note)})" if note else name, width, first=9 + column, indent=9 + column)
        text.append(f"\n{count:>7}  ").append(f"{'silenced':<{column}}", "dim").append("\n".join(lines))
    return text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shown(text: str) -> str:
    """Return wire text as it is printed: a stranger's Origin may fill a thousand lines."""
    return escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
