"""The record of one exchange: a line of JSONL, an element of the JSON report.

Secrets are redacted here, once for every format that shows records.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import UNSET, structs

from corslens.diagnosis.diagnose import Diagnosis, diagnose_alone
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.engine import Engine
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN
from corslens.fetch.credentials import CredentialsMode
from corslens.inspection import Inspection, PatchedView
from corslens.lint.finding import Finding
from corslens.lint.rules.rule import RuleSet
from corslens.observation.evidence import OriginOutcome, seen_of
from corslens.observation.exchange import Source
from corslens.observation.known import Known
from corslens.observation.observation import Observation
from corslens.observation.redaction import (
    public_endpoint,
    redact_header,
    redact_method,
    redact_part,
    redact_symbol,
    redact_text,
    redact_url,
)
from corslens.patching.patch import Patch
from corslens.report.baseline import Gate
from corslens.report.escape import escape_json
from corslens.report.initiators import browser_reason
from corslens.report.records import (
    BranchRecord,
    ChangeRecord,
    CookieRecord,
    CredentialsRecord,
    DirectRecord,
    EvidenceRecord,
    FailureRecord,
    FindingRecord,
    FixRecord,
    InitiatorRecord,
    LikelyRecord,
    MispredictionRecord,
    PageRequestRecord,
    PatchRecord,
    PreflightRecord,
    Record,
    SourceRecord,
    StatusRecord,
    VerdictRecord,
    WitnessRecord,
)
from corslens.verdict.decide_each import ALL_ALLOWED
from corslens.verdict.direct import direct
from corslens.verdict.hindsight import Misprediction
from corslens.verdict.verdict import Failure, Outcome, Verdict
from corslens.witness.witness import Initiator, Witness

_encoder = msgspec.json.Encoder()


def record(inspection: Inspection, diagnosis: Diagnosis | None = None) -> Record:
    """Return what logs and reports hold of an exchange.

    Args:
        diagnosis: of the page request that it is part of; by default of the exchange by itself.
    """
    diagnosis = diagnosis or diagnose_alone(inspection)
    observation = inspection.observation
    exchange = observation.exchange
    preflight = observation.preflight
    response = exchange.response
    seen = seen_of(observation)
    api, path = public_endpoint(observation.target_origin, exchange.request.url)
    origin, page = observation.origin, diagnosis.page_request.page
    shown_origin = None if origin is None else redact_url(origin)
    return Record(
        id=exchange.id,
        source=_source(exchange.source),
        time=timestamp(exchange.request.time),
        client=redact_text(exchange.client),
        engine=inspection.headline,
        role=observation.role,
        origin=shown_origin,
        method=redact_method(exchange.request.method),
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
        verdicts=_own_verdicts(inspection),
        page_request=_page_request(diagnosis),
        findings=tuple([finding_record(one, diagnosis) for one in own_findings(inspection, diagnosis)]),
        suppressed=tuple([finding.rule for finding in inspection.suppressed]),
        patch=None if inspection.patch is None else _patch(inspection, inspection.patch),
        mistake=None if inspection.misprediction is None else _misprediction(inspection.misprediction),
        witness=None if exchange.witness is None else _witness(exchange.witness, observation.explained_by),
        direct=_direct(observation),
        api=api,
        path=path,
        page=shown_origin if page == origin else None if page is None else redact_url(page),
        asked=None if seen is None else seen.outcome,
        # That of a grant so that it is the same text as the Origin.
        allow_origin=None
        if seen is None
        else shown_origin
        if seen.outcome is OriginOutcome.GRANTED
        else redact_part(ACCESS_CONTROL_ALLOW_ORIGIN, seen.allow_origin),
        allow_credentials=seen is not None and seen.allow_credentials,
        vary_origin=seen is not None and seen.vary_origin,
        jsonp=(seen is not None and seen.jsonp) or UNSET,
    )


def own_findings(inspection: Inspection, diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Return the findings of an exchange that stand by themselves, the cause first; what they explain stands in them."""
    if not inspection.findings:
        return ()
    shown = (diagnosis.cause, *diagnosis.beside)
    return tuple(one for one in shown if one is not None and any(one is own for own in inspection.findings))


def encode(inspection: Inspection, diagnosis: Diagnosis | None = None) -> bytes:
    """Return the record as one line of JSON, newline included; nothing but visible ASCII."""
    return encode_record(record(inspection, diagnosis))


def encode_record(kept: Record) -> bytes:
    """Return a record as one line of JSON, newline included; nothing but visible ASCII."""
    return escape_json(_encoder.encode(kept)) + b"\n"


def render_report(summary: SessionSummary, _rules: RuleSet, _gate: Gate, _top: int = 0) -> bytes:
    """Return a line for each exchange that the summary holds in detail; it lists no problems."""
    return b"".join(encode(one, diagnosis) for diagnosis in summary.held() for one in diagnosis.page_request.members)


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    try:
        whole = int(seconds)
        micros = round((seconds - whole) * 1_000_000)  # as datetime rounds
        if not 0 <= micros < 1_000_000:
            carry, micros = divmod(micros, 1_000_000)
            whole += carry
        return f"{_second(whole)}.{str(micros // 1000).zfill(3)}Z"
    except (OverflowError, ValueError, OSError):  # a capture may claim any number
        return f"{_second(0)}.000Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def _source(source: Source) -> SourceRecord:
    return SourceRecord(file=source.file, index=source.index, flow=source.flow)


def _direct(observation: Observation) -> Mapping[Engine, DirectRecord] | None:
    found = direct(observation)
    if not found:
        return None
    return {engine: DirectRecord(outcome=one.outcome, reason=one.reason) for engine, one in found.items()}


_UNKNOWN = CredentialsRecord(mode="unknown")


def _credentials(observation: Observation) -> CredentialsRecord:
    credentials = observation.credentials
    if isinstance(credentials, Known):
        return CredentialsRecord(mode=credentials.value.value, evidence=credentials.evidence)
    return _UNKNOWN


def _failure(failure: Failure) -> FailureRecord:
    header = failure.header
    value, wanted = (redact_part(header, text) for text in (failure.value, failure.wanted))
    return FailureRecord(reason=failure.reason, header=header, value=value, wanted=wanted)


def _branch(verdict: Verdict | None) -> BranchRecord | None:
    if verdict is None:
        return None
    return BranchRecord(outcome=verdict.outcome, reason=verdict.reason, failures=tuple(map(_failure, verdict.failures)))


def _likely(verdict: Verdict) -> LikelyRecord | None:
    likely = verdict.likely
    if likely is None:
        return None
    branch: Literal["if_credentialed", "if_not_credentialed"] = (
        "if_credentialed" if likely.value is CredentialsMode.INCLUDE else "if_not_credentialed"
    )
    return LikelyRecord(branch=branch, evidence=likely.evidence)


_ALLOWED = VerdictRecord(outcome=Outcome.ALLOWED)
_ALL_ALLOWED = dict.fromkeys(Engine, _ALLOWED)
"""What most exchanges have."""


def _verdicts(verdicts: Mapping[Engine, Verdict]) -> Mapping[Engine, VerdictRecord]:
    """Return the records; engines that agree, as most do, share one."""
    if verdicts is ALL_ALLOWED:
        return _ALL_ALLOWED
    records: dict[Engine, VerdictRecord] = {}
    last: Verdict | None = None
    made = _ALLOWED
    for engine, verdict in verdicts.items():
        if last is None or verdict != last:
            last, made = verdict, _verdict(verdict)
        records[engine] = made
    return records


def _own_verdicts(inspection: Inspection) -> Mapping[Engine, VerdictRecord]:
    records = _verdicts(inspection.verdicts)
    engine = inspection.observation.engine
    if inspection.confirmed is None or engine is None:
        return records
    return {**records, engine: structs.replace(records[engine], confirmed=inspection.confirmed)}


def _verdict(verdict: Verdict) -> VerdictRecord:
    if verdict.outcome is Outcome.ALLOWED and not verdict.failures and not verdict.notes:
        return _ALLOWED
    return VerdictRecord(
        outcome=verdict.outcome,
        reason=verdict.reason,
        failures=tuple(map(_failure, verdict.failures)),
        if_credentialed=_branch(verdict.if_credentialed),
        if_not_credentialed=_branch(verdict.if_not_credentialed),
        likely=_likely(verdict),
        notes=verdict.notes,
    )


def finding_record(finding: Finding, diagnosis: Diagnosis) -> FindingRecord:
    """Return what logs and reports hold of a finding."""
    return FindingRecord(
        rule=finding.rule,
        severity=finding.severity.word,
        confidence=finding.confidence.value,
        title=finding.title,
        message=finding.message,
        evidence=tuple(EvidenceRecord(message=line.message, header=line.header, value=line.value) for line in finding.evidence),
        fixes=tuple(FixRecord(side=fix.side.value, text=fix.text, headers=fix.headers) for fix in finding.fixes),
        explains=diagnosis.explains.get(finding.rule, ()),
    )


def _page_request(diagnosis: Diagnosis) -> PageRequestRecord:
    return PageRequestRecord(
        id=diagnosis.page_request.id,
        outcome=diagnosis.page_request.outcome,
        cause=diagnosis.rule,
        state=diagnosis.state if diagnosis.is_problem else None,
    )


def _witness(witness: Witness, explained_by: str | None) -> WitnessRecord:
    initiator = witness.initiator
    return WitnessRecord(
        outcome=witness.outcome.value,
        reason=browser_reason(witness),
        from_cache=None if witness.from_cache is None else redact_text(witness.from_cache),
        initiator=None if initiator is None else _initiator(initiator),
        explained_by=explained_by,
        cookies_withheld=tuple(CookieRecord(name=one.name, reason=one.why) for one in witness.withheld) or UNSET,
    )


def _initiator(initiator: Initiator) -> InitiatorRecord:
    return InitiatorRecord(
        url=redact_url(initiator.url),
        line=initiator.line,
        column=initiator.column,
        function=None if initiator.function is None else redact_symbol(initiator.function),
        generated=UNSET if initiator.generated is None else _initiator(initiator.generated),
    )


def _misprediction(misprediction: Misprediction) -> MispredictionRecord:
    return MispredictionRecord(engine=misprediction.engine, verdict=_verdict(misprediction.verdict), seen=misprediction.seen)


def _patch(inspection: Inspection, view: PatchedView) -> PatchRecord:
    patch: Patch = view.patch
    made = inspection.observation.exchange.made_by_proxy
    return PatchRecord(
        applied=view.applied,
        by="injection" if view.injected else "proxy" if made else "patch",
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
        verdicts_after=_verdicts(view.verdicts_after),
    )
