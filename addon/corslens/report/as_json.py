"""The JSON report: one document, versioned; its JSON Schema is made from the structs here and shipped beside them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from corslens import __version__
from corslens.report.collection import Collection
from corslens.report.escape import escape_json
from corslens.report.groups import Group
from corslens.report.record import EvidenceRecord, Record, SourceRecord, record, timestamp

SCHEMA = "corslens-report/1"


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
    pairs: int
    blocked: int
    depends: int
    patched: int
    aborted: int
    """Given up by the browser before there was an answer."""
    errors: int
    """Groups of findings with this severity, as are the next two."""
    warnings: int
    infos: int
    known: int
    """Groups that the baseline names."""
    silenced: int = 0
    """Findings that the user's own rules silence."""
    failed: bool
    """Whether a finding at or over `--fail-on` is not in the baseline."""


class ExampleRecord(Struct, frozen=True, kw_only=True):
    """An exchange on which the rule fired."""

    id: str
    source: SourceRecord
    method: str
    url: str


class GroupRecord(Struct, frozen=True, kw_only=True):
    """The findings of one rule on one endpoint."""

    rule: str
    severity: str
    confidence: str
    endpoint: str
    methods: tuple[str, ...]
    pages: tuple[str, ...]
    count: int
    first: str
    last: str
    message: str
    fix: str
    evidence: tuple[EvidenceRecord, ...]
    examples: tuple[ExampleRecord, ...]
    fingerprint: str
    """The same from run to run."""
    known: bool
    """The baseline names it."""


class SilencedRecord(Struct, frozen=True, kw_only=True):
    """Findings that the user's own rules silence."""

    rule: str
    accepted: str
    """File and line of the silence, and its reason."""
    count: int


class ReportRecord(Struct, frozen=True, kw_only=True):
    """A whole report."""

    schema: str = SCHEMA
    tool: ToolRecord = ToolRecord()
    inputs: tuple[InputRecord, ...]
    summary: SummaryRecord
    findings: tuple[GroupRecord, ...]
    """Worst first."""
    silenced: tuple[SilencedRecord, ...] = ()
    exchanges: tuple[Record, ...]
    """Those with something to tell."""
    left_out: int = 0
    """Older exchanges with something to tell that are counted above and not listed."""


def render_json(collection: Collection) -> str:
    """Return the document."""
    encoded = msgspec.json.format(msgspec.json.encode(document(collection)), indent=2)
    return escape_json(encoded).decode("ascii") + "\n"


def document(collection: Collection) -> ReportRecord:
    """Return what the document holds."""
    groups = collection.groups()
    tally = collection.tally
    severities = [group.severity.word for group in groups]
    return ReportRecord(
        inputs=tuple(
            InputRecord(name=one.name, exchanges=one.exchanges, damages=tuple(one.damages), notes=tuple(one.notes))
            for one in collection.inputs
        ),
        summary=SummaryRecord(
            exchanges=tally.exchanges,
            cors=tally.cors,
            pairs=tally.pairs,
            blocked=tally.labels["BLOCKED"],
            depends=tally.labels["DEPENDS"],
            patched=tally.labels["PATCHED"],
            aborted=tally.labels["ABORTED"],
            errors=severities.count("error"),
            warnings=severities.count("warning"),
            infos=severities.count("info"),
            known=sum(map(collection.is_known, groups)),
            silenced=sum(tally.silenced.values()),
            failed=any(map(collection.fails, groups)),
        ),
        findings=tuple(group_record(group, known=collection.is_known(group)) for group in groups),
        silenced=tuple(
            SilencedRecord(rule=rule, accepted=accepted, count=count) for (rule, accepted), count in tally.silenced_first()
        ),
        exchanges=tuple(map(record, collection.held())),
        left_out=collection.left_out,
    )


def group_record(group: Group, *, known: bool) -> GroupRecord:
    """Return what the document holds of a group."""
    return GroupRecord(
        rule=group.key.rule,
        severity=group.severity.word,
        confidence=group.confidence.value,
        endpoint=group.key.endpoint,
        methods=tuple(sorted(group.methods)),
        pages=tuple(sorted(group.pages)),
        count=group.count,
        first=timestamp(group.first),
        last=timestamp(group.last),
        message=group.message,
        fix=group.fix,
        evidence=tuple(EvidenceRecord(message=line.message, header=line.header, value=line.value) for line in group.evidence),
        examples=tuple(
            ExampleRecord(
                id=example.id,
                source=SourceRecord(file=example.source.file, index=example.source.index, flow=example.source.flow),
                method=example.method,
                url=example.url,
            )
            for example in group.examples
        ),
        fingerprint=group.key.fingerprint,
        known=known,
    )


def json_schema() -> Mapping[str, Any]:
    """Return the JSON Schema of the document; `$defs.Record` describes a line of JSONL."""
    schema = msgspec.json.schema(ReportRecord)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA.replace('/', ':')}", **schema}
