"""The terminal: three lines a problem, and a summary at the end. Everything from the wire is escaped."""

from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import wrap

from rich.text import Text

from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.lint.finding import Finding, Severity
from corslens.observation.network_error import plain_words
from corslens.observation.observation import Role
from corslens.observation.redaction import redact_header, redact_text, redact_url
from corslens.report.collection import Collection
from corslens.report.escape import escape
from corslens.report.groups import key_of
from corslens.report.problems import JUDGED, LABELS, dead_server, is_problem, label, problem_key, reported_reason
from corslens.report.tally import Tally
from corslens.verdict.verdict import Failure, Verdict

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
    blocks = []
    dead: set[str] = set()
    for inspection, repeats in _once(told):
        server = dead_server(inspection)
        blocks.append(_with_repeats(inspection, repeats, collection, width, brief=server in dead))
        if server is not None:
            dead.add(server)
    notes = [note for one in collection.inputs for note in one.notes]
    if notes:
        blocks.append(
            Text("\n".join(line for note in notes for line in fold(f"note: {escape(note)}", width, first=0, indent=6)))
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


def _with_repeats(inspection: Inspection, repeats: int, collection: Collection, width: int | None, *, brief: bool) -> Text:
    text = render_problem(inspection, width, brief=brief)
    known = bool(inspection.findings) and all(
        key_of(inspection, one).fingerprint in collection.known for one in inspection.findings
    )
    if known:
        text.append("\n  known: in the baseline", "dim")
    if repeats:
        text.append(f"\n  … and {repeats} more like it", "dim")
    return text


def render_problem(inspection: Inspection, width: int | None = None, *, brief: bool = False) -> Text:
    """Return the lines that tell one exchange: its verdict, and what is wrong with the fix for it.

    Args:
        width: the terminal's; None leaves each line whole, for a file or a pipe.
        brief: it was told of the server that it does not answer, so the headline will do.
    """
    word = label(inspection)
    text = Text()
    text.append(word, STYLES[word])
    headline = _headline(inspection, brief=brief)
    lines = fold(headline, width, first=len(word) + 2, indent=2)
    text.append("  " + lines[0])
    for line in lines[1:]:
        text.append("\n" + line)
    for what, name, fix in () if brief else _particulars(inspection):
        for line in fold(f"{what}  [{name}]" if name else what, width, first=2, indent=4, start="  "):
            text.append("\n" + line)
        if fix:
            for line in fold(f"fix: {fix}", width, first=2, indent=7, start="  "):
                text.append("\n" + line, "green")
    return text


def _headline(inspection: Inspection, *, brief: bool) -> str:
    observation = inspection.observation
    request = observation.exchange.request
    parts = [f"{escape(request.method)} {_shown(redact_url(request.url))}"]
    if observation.origin is not None:
        parts.append(f"from {_shown(redact_url(observation.origin))}")
    if brief:
        parts.append("no answer either")
    elif label(inspection) in JUDGED:
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
        yield f"no response: {_shown(redact_text(plain_words(observation.exchange.error)))}", "", ""
    for finding in causes:
        yield _finding_sentence(inspection, finding)
    # Where nothing answered, what the browser says of the proxy's own error page is no news.
    if (
        reason is not None
        and not (causes and observation.exchange.answered_by_proxy)
        and not any(finding.rule == reason for finding in findings)
    ):
        yield _failure_sentence(inspection), reason, ""
    for finding in findings:
        if not finding.cause:
            yield _finding_sentence(inspection, finding)
    if inspection.patch is not None:
        yield from _patch_sentences(inspection)


_WITHOUT_THE_PATCH = (
    (" was not sent", " would not have been sent"),
    (" did not send ", " would not have sent "),
    (" cannot read ", " could not have read "),
)
"""What a rule says of the exchange as the server left it, and what it says once the page was served all the same."""


def _finding_sentence(inspection: Inspection, finding: Finding) -> tuple[str, str, str]:
    message = finding.message
    patched = inspection.patch is not None and inspection.patch.applied
    is_reported = finding.rule == reported_reason(inspection)
    if patched and any(
        finding.rule == failure.reason for verdict in inspection.verdicts.values() for failure in _failures(verdict)
    ):
        for said, meant in _WITHOUT_THE_PATCH:
            message = message.replace(said, meant)
    word = finding.severity.word
    if not is_reported and word != _SEVERITY_OF.get(label(inspection)):
        message = f"{word}: {message}"
    return escape(message), finding.rule, escape(finding.advice)


_SEVERITY_OF = {"BLOCKED": "error", "PATCHED": "error", "ERROR": "error", "WARNING": "warning", "INFO": "info"}
"""How bad a finding is taken to be below a word, unless its line says otherwise."""


def _failures(verdict: Verdict) -> tuple[Failure, ...]:
    branches = (verdict, verdict.if_credentialed, verdict.if_not_credentialed)
    return tuple(failure for branch in branches if branch is not None for failure in branch.failures)


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
    wanted = f", wanted {_shown(redact_header(failure.header, failure.wanted))}" if failure.wanted else ""
    return f"{side} → {status} but {header} {held}{wanted}{only}"


def _patch_sentences(inspection: Inspection) -> Iterator[tuple[str, str, str]]:
    assert inspection.patch is not None
    patch = inspection.patch.patch
    verb = "patched" if inspection.patch.applied else "would patch"
    if patch.refused:
        yield f"not patched: {escape(redact_text(patch.refused))}", "", ""
    if patch.status is not None:
        yield f"{verb}: status {patch.status.before} → {patch.status.after}", "", ""
    for change in patch.changes:
        to = "removed" if change.combined is None else _shown(redact_header(change.header, change.combined))
        yield f"{verb}: {escape(change.header)}: {to}", "", ""


def render_lines(lines: Iterable[str], width: int | None) -> Text:
    """Return plain lines, escaped, those that are too long broken between words and indented below their text."""
    folded: list[str] = []
    for line in map(escape, lines):
        start = len(line) - len(line.lstrip(" "))
        folded += fold(line.lstrip(" "), width, first=start, indent=start + 2, start=" " * start)
    return Text("\n".join(folded))


def fold(text: str, width: int | None, *, first: int, indent: int, start: str = "") -> list[str]:
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
    text.append("\n".join(fold(", ".join(facts), width, first=0, indent=2)), "bold")
    silenced = tally.silenced_first()
    column = 9 if silenced else 8
    worst = tally.worst_first()
    if any(word in JUDGED for (word, _), _ in worst):
        told = "times   blocked, depends, patched: by the browser's reason; else by finding"
        text.append("\n" + "\n".join(fold(told, width, first=2, indent=10, start="  ")), "dim")
    for (word, name), count in worst:
        text.append(f"\n{count:>7}  ").append(f"{word.lower():<{column}}", STYLES[word]).append(name)
    for (name, note), count in silenced:
        lines = fold(f"{name} ({escape(note)})" if note else name, width, first=9 + column, indent=9 + column)
        text.append(f"\n{count:>7}  ").append(f"{'silenced':<{column}}", "dim").append("\n".join(lines))
    return text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shown(text: str) -> str:
    """Return wire text as it is printed: a stranger's Origin may fill a thousand lines."""
    return escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
