"""The JSON report: one document, versioned; its JSON Schema is made from the structs here and shipped beside them."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from corslens import __version__
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.held import says_something
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import Input, SessionSummary
from corslens.lint.finding import Severity
from corslens.lint.rules.rule import RuleSet
from corslens.report.baseline import Gate, is_known
from corslens.report.escape import escape_json
from corslens.report.formats.jsonl import finding_record, record, timestamp
from corslens.report.limits import SENTENCES, worst
from corslens.report.records import FindingRecord, Record, SourceRecord

SCHEMA = "corslens-report/2"

TOP = 5_000
"""Problems that the document lists; all are counted."""


class ToolRecord(Struct, frozen=True, kw_only=True):
    """What made the report."""

    name: str = "corslens"
    version: str = __version__


class InputRecord(Struct, frozen=True, kw_only=True):
    """A capture that was read."""

    name: str
    exchanges: int
    damages: tuple[str, ...]
    """What could not be read, a sentence each."""
    notes: tuple[str, ...]
    """What this capture could not show, a sentence each."""


class SummaryRecord(Struct, frozen=True, kw_only=True):
    """Counts over all inputs."""

    exchanges: int
    cors: int
    """Exchanges on which a CORS check was made."""
    pairs: int
    page_requests: int
    blocked: int
    """Page requests, as are the next three."""
    depends: int
    patched: int
    aborted: int
    """Given up by the browser before there was a response."""
    problems: int
    errors: int
    """Problems with this severity, as are the next two."""
    warnings: int
    infos: int
    resolved: int
    """Problems whose page requests pass now."""
    known: int
    """Problems that the baseline names."""
    suppressed: int = 0
    """Findings that the user's own rules suppress."""
    failed: bool
    """Whether a problem at or over `--fail-on` is not in the baseline."""


class ExampleRecord(Struct, frozen=True, kw_only=True):
    """A page request with the problem."""

    id: str
    source: SourceRecord
    method: str
    url: str


class ProblemRecord(Struct, frozen=True, kw_only=True):
    """One cause at one endpoint."""

    rule: str
    """The cause's rule, or the browser's reason where no rule says why."""
    title: str
    severity: str
    """The worst of what is wrong."""
    outcome: str
    """What stands before its page requests: `blocked`, `depends`, `patched`, else the severity."""
    state: ProblemState
    endpoint: str
    methods: tuple[str, ...]
    pages: tuple[str, ...]
    count: int
    """Page requests."""
    first: str
    last: str
    cause: FindingRecord | None
    beside: tuple[FindingRecord, ...]
    """What else is wrong on the first example."""
    explained: tuple[str, ...]
    """Rules that fired there and follow from these."""
    examples: tuple[ExampleRecord, ...]
    fingerprint: str
    """The same from run to run."""
    known: bool
    """The baseline names it."""


class SuppressedRecord(Struct, frozen=True, kw_only=True):
    """Findings that the user's own rules suppress."""

    rule: str
    justification: str
    """File and line of the suppression, and its justification."""
    count: int


class ReportRecord(Struct, frozen=True, kw_only=True):
    """A whole report."""

    schema: str = SCHEMA
    tool: ToolRecord = ToolRecord()
    inputs: tuple[InputRecord, ...]
    """The first 1,000, and of the others those with a damage or a note, 1,000 at most."""
    inputs_left_out: int = 0
    """Inputs that are counted in the summary, and not listed."""
    summary: SummaryRecord
    problems: tuple[ProblemRecord, ...]
    """Worst first."""
    problems_left_out: str | None = None
    """How many of how many these are, in a sentence, where they are not all."""
    suppressed: tuple[SuppressedRecord, ...] = ()
    exchanges: tuple[Record, ...]
    """Of page requests with something to report."""
    left_out: int = 0
    """Page requests with something to report that are counted above, and whose exchanges are not listed."""


def render_report(summary: SessionSummary, _rules: RuleSet, gate: Gate, top: int = TOP) -> bytes:
    """Return the document, in ASCII."""
    # The two long lists are written item by item: as objects all at once they would take several times the memory of their text.
    problems: list[bytes] = []
    listed = _noting(worst(summary.problems(), top)[0], lambda one: problems.append(_item(_problem(one, gate))))
    exchanges = list(map(_item, _exchanges(summary, listed)))
    deque(listed, 0)  # where the exchanges do not come from the problems, these are still to be noted
    text = _text(_document(summary, gate, top))
    parts: list[bytes] = []
    for name, items in (("problems", problems), ("exchanges", exchanges)):
        if items:
            before, text = text.split(f'\n  "{name}": []'.encode(), 1)  # no string holds a line's end
            parts += (before, f'\n  "{name}": ['.encode(), b",".join(items), b"\n  ]")
            items.clear()
    return b"".join((*parts, text, b"\n"))


def document(summary: SessionSummary, gate: Gate, top: int = TOP) -> ReportRecord:
    """Return what the document holds."""
    shown = worst(summary.problems(), top)[0]
    problems, exchanges = tuple(_problem(one, gate) for one in shown), tuple(_exchanges(summary, shown))
    return structs.replace(_document(summary, gate, top), problems=problems, exchanges=exchanges)


def _noting[T](items: Iterable[T], note: Callable[[T], object]) -> Iterator[T]:
    """Yield the items, each after it was noted."""
    for one in items:
        note(one)
        yield one


def _item(record: Struct) -> bytes:
    """Return an item of a list as it stands in the document."""
    return b"\n    " + _text(record).replace(b"\n", b"\n    ")


def _text(record: Struct) -> bytes:
    return escape_json(msgspec.json.format(msgspec.json.encode(record), indent=2))


def _exchanges(summary: SessionSummary, problems: Iterable[Problem]) -> Iterator[Record]:
    for diagnosis in summary.held_with(problems):
        if says_something(diagnosis):
            for one in diagnosis.page_request.members:
                yield record(one, diagnosis)


def _document(summary: SessionSummary, gate: Gate, top: int) -> ReportRecord:
    """Return the document without the problems, and the exchanges, that it lists."""
    problems, standings = summary.problems(), summary.standings()
    inputs = _inputs(summary.inputs)
    severities = Counter[Severity]()
    for one, number in standings.items():
        severities[one.severity] += number
    return ReportRecord(
        inputs=tuple(
            InputRecord(name=one.name, exchanges=one.exchanges, damages=tuple(one.damages), notes=tuple(one.notes))
            for one in inputs
        ),
        inputs_left_out=len(summary.inputs) - len(inputs),
        summary=SummaryRecord(
            exchanges=summary.exchanges,
            cors=summary.cors,
            pairs=summary.counts["pairs"],
            page_requests=summary.counts["page requests"],
            blocked=summary.number("BLOCKED"),
            depends=summary.number("DEPENDS"),
            patched=summary.number("PATCHED"),
            aborted=summary.number("ABORTED"),
            problems=len(problems),
            errors=severities[Severity.ERROR],
            warnings=severities[Severity.WARNING],
            infos=severities[Severity.INFO],
            resolved=sum(number for one, number in standings.items() if one.state is ProblemState.RESOLVED),
            known=sum(is_known(problem, gate.known) for problem in problems) if gate.known else 0,
            suppressed=summary.counts["suppressed"],
            failed=gate.fails_on(summary),
        ),
        problems=(),
        problems_left_out=worst(problems, top)[1],
        suppressed=tuple(
            SuppressedRecord(rule=rule, justification=note, count=count) for rule, note, count in summary.suppressed()
        ),
        exchanges=(),
        left_out=summary.left_out,
    )


def _inputs(inputs: Sequence[Input]) -> Sequence[Input]:
    """Return those that the document lists."""
    others = [one for one in inputs[SENTENCES:] if one.damages or one.notes]
    return (*inputs[:SENTENCES], *others[:SENTENCES])


def _problem(problem: Problem, gate: Gate) -> ProblemRecord:
    diagnosis = problem.diagnosis
    return ProblemRecord(
        rule=problem.key.rule,
        title=problem.title,
        severity=problem.severity.word,
        outcome=problem.word.lower(),
        state=problem.state,
        endpoint=problem.key.endpoint,
        methods=tuple(problem.methods),
        pages=tuple(problem.pages),
        count=problem.count,
        first=timestamp(problem.first),
        last=timestamp(problem.last),
        cause=None if diagnosis.cause is None else finding_record(diagnosis.cause, diagnosis),
        beside=tuple(finding_record(one, diagnosis) for one in diagnosis.beside),
        explained=tuple(dict.fromkeys(one.rule for one in diagnosis.explained)),
        examples=tuple(_example(example.diagnosis) for example in problem.examples),
        fingerprint=problem.key.fingerprint,
        known=is_known(problem, gate.known),
    )


def _example(diagnosis: Diagnosis) -> ExampleRecord:
    exchange = diagnosis.place.observation.exchange
    shown = record(diagnosis.place, diagnosis)
    return ExampleRecord(id=exchange.id, source=shown.source, method=shown.method, url=shown.url)


def json_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of the document; `$defs.Record` describes a line of JSONL."""
    schema = msgspec.json.schema(ReportRecord)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA.replace('/', ':')}", **schema}
