"""The record of one exchange: a line of JSONL, an element of the JSON report.

The structs are the schema: field names and types here are what `corslens/1` promises to readers.
Secrets are redacted here, once for every format that shows records.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field

from corslens.engines.engine import Engine
from corslens.inspection import Inspection, PatchedView
from corslens.lint.finding import Finding
from corslens.observation.evidence import Known
from corslens.observation.exchange import Source
from corslens.observation.observation import Observation, Role
from corslens.observation.redaction import redact_header, redact_text, redact_url
from corslens.patching.patch import Patch
from corslens.report.escape import escape_json
from corslens.verdict.hindsight import Mistake
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure, Outcome, Verdict

SCHEMA = "corslens/1"


class SourceRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the exchange was captured: a file and the position in it, or a live flow."""

    file: str | None = None
    index: int | None = None
    flow: str | None = None


class PreflightRecord(Struct, frozen=True, kw_only=True):
    """The preflight that let an actual request be sent."""

    id: str
    from_cache: bool
    age: float


class CredentialsRecord(Struct, frozen=True, kw_only=True):
    """The credentials mode and what proves it."""

    mode: str
    evidence: tuple[str, ...] = ()


class FailureRecord(Struct, frozen=True, kw_only=True):
    """A check that failed; `value` is null when the header was absent."""

    reason: Reason
    header: str | None = None
    value: str | None = None
    wanted: str | None = None


class BranchRecord(Struct, frozen=True, kw_only=True):
    """What a verdict that depends on the credentials mode would be in one mode."""

    outcome: Outcome
    reason: Reason | None = None
    failures: tuple[FailureRecord, ...] = ()


class VerdictRecord(Struct, frozen=True, kw_only=True):
    """The outcome in one engine; `reason` is what that browser reports."""

    outcome: Outcome
    reason: Reason | None = None
    failures: tuple[FailureRecord, ...] = ()
    if_credentialed: BranchRecord | None = None
    if_not_credentialed: BranchRecord | None = None
    notes: tuple[str, ...] = ()


class EvidenceRecord(Struct, frozen=True, kw_only=True):
    """A header line that made a rule fire; `value` is null when its absence did."""

    message: str
    header: str
    value: str | None = None


class FindingRecord(Struct, frozen=True, kw_only=True):
    """A rule that fired."""

    rule: str
    severity: str
    confidence: str
    message: str
    fix: str
    evidence: tuple[EvidenceRecord, ...] = ()


class ChangeRecord(Struct, frozen=True, kw_only=True):
    """One header of the response, before and after; `to` is null when it was removed."""

    header: str
    before: tuple[str, ...] = field(name="from")
    after: str | None = field(name="to")
    because: str


class StatusRecord(Struct, frozen=True, kw_only=True):
    """The status of a preflight's response, before and after."""

    before: int = field(name="from")
    after: int = field(name="to")
    because: str


class PatchRecord(Struct, frozen=True, kw_only=True):
    """A patch that was made, or would be."""

    applied: bool
    changes: tuple[ChangeRecord, ...] = ()
    status: StatusRecord | None = None
    refused: str | None = None
    beyond: tuple[Reason, ...] = ()
    verdicts_after: Mapping[Engine, VerdictRecord] = {}


class MistakeRecord(Struct, frozen=True, kw_only=True):
    """A verdict of corslens' own that what came later contradicts."""

    engine: Engine
    verdict: VerdictRecord
    seen: str


class Record(Struct, frozen=True, kw_only=True):
    """One exchange with its context, verdicts and findings. A later record with the same `id` replaces this one."""

    schema: str = SCHEMA
    id: str
    source: SourceRecord
    time: str
    client: str
    engine: Engine
    role: Role
    origin: str | None
    method: str
    url: str
    status: int | None
    error: str | None
    preflight: PreflightRecord | None
    actual: str | None
    followed: str | None
    redirected_from: str | None
    credentials: CredentialsRecord
    verdicts: Mapping[Engine, VerdictRecord]
    findings: tuple[FindingRecord, ...]
    silenced: tuple[str, ...]
    patch: PatchRecord | None
    mistake: MistakeRecord | None = None


_encoder = msgspec.json.Encoder()


def record(inspection: Inspection) -> Record:
    """Return what logs and reports hold of an exchange."""
    observation = inspection.observation
    exchange = observation.exchange
    preflight = observation.preflight
    response = exchange.response
    return Record(
        id=exchange.id,
        source=_source(exchange.source),
        time=timestamp(exchange.request.time),
        client=exchange.client,
        engine=inspection.headline,
        role=observation.role,
        origin=None if observation.origin is None else redact_url(observation.origin),
        method=exchange.request.method,
        url=redact_url(exchange.request.url),
        status=None if response is None else response.status,
        error=None if exchange.error is None else redact_text(exchange.error),
        preflight=None
        if preflight is None
        else PreflightRecord(id=preflight.id, from_cache=preflight.from_cache, age=round(preflight.age, 6)),
        actual=observation.actual,
        followed=observation.followed,
        redirected_from=None if observation.redirected_from is None else observation.redirected_from.id,
        credentials=_credentials(observation),
        verdicts={engine: _verdict(verdict) for engine, verdict in inspection.verdicts.items()},
        findings=tuple(map(_finding, inspection.findings)),
        silenced=tuple(finding.rule for finding in inspection.silenced),
        patch=None if inspection.patch is None else _patch(inspection.patch),
        mistake=None if inspection.mistake is None else _mistake(inspection.mistake),
    )


def encode(inspection: Inspection) -> bytes:
    """Return the record as one line of JSON, newline included; nothing but visible ASCII."""
    return escape_json(_encoder.encode(record(inspection))) + b"\n"


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # a capture may claim any number
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def _source(source: Source) -> SourceRecord:
    return SourceRecord(file=source.file, index=source.index, flow=source.flow)


def _credentials(observation: Observation) -> CredentialsRecord:
    credentials = observation.credentials
    if isinstance(credentials, Known):
        return CredentialsRecord(mode=credentials.value.value, evidence=credentials.evidence)
    return CredentialsRecord(mode="unknown")


def _failure(failure: Failure) -> FailureRecord:
    header = failure.header
    value, wanted = (_shown(header, text) for text in (failure.value, failure.wanted))
    return FailureRecord(reason=failure.reason, header=header, value=value, wanted=wanted)


def _shown(header: str | None, text: str | None) -> str | None:
    if text is None:
        return None
    return redact_text(text) if header is None else redact_header(header, text)


def _branch(verdict: Verdict | None) -> BranchRecord | None:
    if verdict is None:
        return None
    return BranchRecord(outcome=verdict.outcome, reason=verdict.reason, failures=tuple(map(_failure, verdict.failures)))


_ALLOWED = VerdictRecord(outcome=Outcome.ALLOWED)
"""What most exchanges have, three times each."""


def _verdict(verdict: Verdict) -> VerdictRecord:
    if verdict.outcome is Outcome.ALLOWED and not verdict.failures and not verdict.notes:
        return _ALLOWED
    return VerdictRecord(
        outcome=verdict.outcome,
        reason=verdict.reason,
        failures=tuple(map(_failure, verdict.failures)),
        if_credentialed=_branch(verdict.if_credentialed),
        if_not_credentialed=_branch(verdict.if_not_credentialed),
        notes=verdict.notes,
    )


def _finding(finding: Finding) -> FindingRecord:
    return FindingRecord(
        rule=finding.rule,
        severity=finding.severity.word,
        confidence=finding.confidence.value,
        message=finding.message,
        fix=finding.advice,
        evidence=tuple(EvidenceRecord(message=line.message, header=line.header, value=line.value) for line in finding.evidence),
    )


def _mistake(mistake: Mistake) -> MistakeRecord:
    return MistakeRecord(engine=mistake.engine, verdict=_verdict(mistake.verdict), seen=mistake.seen)


def _patch(view: PatchedView) -> PatchRecord:
    patch: Patch = view.patch
    return PatchRecord(
        applied=view.applied,
        changes=tuple(
            ChangeRecord(
                header=change.header,
                before=tuple(redact_header(change.header, value) for value in change.before),
                after=None if change.combined is None else redact_header(change.header, change.combined),
                because=redact_text(change.because),
            )
            for change in patch.changes
        ),
        status=None
        if patch.status is None
        else StatusRecord(before=patch.status.before, after=patch.status.after, because=patch.status.because),
        refused=None if patch.refused is None else redact_text(patch.refused),
        beyond=patch.beyond,
        verdicts_after={engine: _verdict(verdict) for engine, verdict in view.verdicts_after.items()},
    )
