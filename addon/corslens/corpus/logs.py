"""Logs: what `cors_log` wrote, read back as inspections, so that CI jobs' logs are merged without their captures.

A record holds what was judged and not what was judged on: the header lines here are those that it names, and no more.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO

import msgspec
from msgspec import UNSET, Struct

from corslens.bounded import Bounded
from corslens.engines.engine import Engine
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD,
    VARY,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inputs.damage import Damage
from corslens.inspection import Inspection, PatchedView
from corslens.lint.finding import Confidence, Evidence, Finding, Fix, Severity, Side, Stage
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange, Source
from corslens.observation.known import Known, Likely, Unknown
from corslens.observation.observation import CoveringPreflight, Followed, Observation, Role
from corslens.patching.patch import HeaderChange, Patch, StatusChange
from corslens.report.records import (
    SCHEMA,
    BranchRecord,
    FailureRecord,
    FindingRecord,
    PatchRecord,
    Record,
    VerdictRecord,
    WitnessRecord,
)
from corslens.verdict.hindsight import Misprediction
from corslens.verdict.verdict import Failure, Verdict
from corslens.witness.witness import Initiator, Witness, WitnessOutcome

_MAX_LINE_BYTES = 1 << 22
"""Bytes of a line; a record has a few thousand."""
_EARLIER = 10_000
"""Exchanges that later ones may refer to."""
_NAMED = 100
"""Lines that are no records which are named; more are counted."""
_NOT_SAID = Unknown("a record does not say it")


class _Id(Struct):
    id: str
    schema: str = ""


_id = msgspec.json.Decoder(_Id)
_record = msgspec.json.Decoder(Record)


def records(file: IO[bytes], name: str) -> Iterator[Record | Damage]:
    """Yield the last record of each id, in the order in which the ids came first; a Damage for a line that is no record."""
    last: dict[str, tuple[int, int]] = {}
    bad = 0
    start = number = 0
    while line := file.readline(_MAX_LINE_BYTES):
        number += 1
        if line.strip():
            try:
                found = _id.decode(line)
                if found.schema != SCHEMA:
                    raise ValueError(f'the schema is "{found.schema}", and this version reads "{SCHEMA}"')
                last[found.id] = start, len(line)
            except (msgspec.MsgspecError, ValueError) as error:
                bad += 1
                if bad <= _NAMED:
                    yield Damage(file=name, what=f"line {number} is not a record of cors_log: {error}")
        start += len(line)
    for position, length in last.values():
        file.seek(position)
        try:
            yield _record.decode(file.read(length))
        except (msgspec.MsgspecError, ValueError) as error:
            bad += 1
            if bad <= _NAMED:
                yield Damage(file=name, what=f"the record at byte {position} was not read: {error}")
    if bad > _NAMED:
        yield Damage(file=name, what=f"{bad - _NAMED:,} more lines are not records")


class LogReader:
    """Makes inspections of records, in their order.

    Args:
        name: the log's.
    """

    def __init__(self, name: str, rules: RuleSet) -> None:
        self._name = name
        self._rules = rules
        self._earlier: Bounded[str, Observation] = Bounded(_EARLIER)

    def inspection(self, kept: Record) -> Inspection:
        """Return what the record says of its exchange."""
        observation = self._observation(kept)
        self._earlier[kept.id] = observation
        own = kept.verdicts.get(kept.engine)
        confirmed = None if own is None or own.confirmed is UNSET else own.confirmed
        mistake = kept.mistake
        return Inspection(
            observation=observation,
            headline=kept.engine,
            verdicts=_verdicts(kept.verdicts),
            findings=tuple(map(self._finding, kept.findings)),
            suppressed=tuple(map(self._suppressed, kept.suppressed)),
            patch=None if kept.patch is None else _patch(kept.patch),
            misprediction=None
            if mistake is None
            else Misprediction(engine=mistake.engine, verdict=_verdict(mistake.verdict), seen=mistake.seen),
            confirmed=confirmed if isinstance(confirmed, bool) else None,
        )

    def _observation(self, kept: Record) -> Observation:
        preflight = None
        if kept.preflight is not None and (covering := self._earlier.get(kept.preflight.id)) is not None:
            preflight = CoveringPreflight(
                id=covering.id,
                exchange=covering.exchange,
                from_cache=kept.preflight.from_cache,
                age=kept.preflight.age,
            )
        credentials: Known[CredentialsMode] | Unknown = _NOT_SAID
        if kept.credentials.mode != "unknown":
            credentials = Known(CredentialsMode(kept.credentials.mode), kept.credentials.evidence)
        return Observation(
            exchange=_exchange(kept, self._name),
            role=kept.role,
            origin=kept.origin,
            page_origin=kept.page,
            target_origin=kept.api,
            engine=kept.engine,
            mode=_NOT_SAID,
            destination=_NOT_SAID,
            credentials=credentials,
            preflight=preflight,
            actual=kept.actual,
            followed=None if kept.followed is None else Followed(kept.followed),
            explained_by=None if kept.witness is None else kept.witness.explained_by,
            redirected_from=None if kept.redirected_from is None else self._earlier.get(kept.redirected_from),
        )

    def _finding(self, kept: FindingRecord) -> Finding:
        rule = self._rules.rules.get(kept.rule)
        return Finding(
            rule=kept.rule,
            severity=Severity[kept.severity.upper()],
            confidence=Confidence(kept.confidence),
            title=kept.title,
            stage=Stage.HEADERS if rule is None else rule.stage,
            whole_host=rule is not None and rule.whole_host,
            message=kept.message,
            fixes=tuple(Fix(side=Side(one.side), text=one.text, headers=one.headers) for one in kept.fixes),
            evidence=tuple(Evidence(message=one.message, header=one.header, value=one.value) for one in kept.evidence),
            explains=frozenset(kept.explains),
        )

    def _suppressed(self, name: str) -> Finding:
        rule = self._rules.rules.get(name)
        return Finding(
            rule=name,
            severity=Severity.INFO if rule is None else rule.severity,
            confidence=Confidence.HIGH if rule is None else rule.confidence,
            message="",
        )


def _exchange(kept: Record, name: str) -> Exchange:
    given = [] if kept.origin is None else [("Origin", kept.origin)]
    if kept.role is Role.PREFLIGHT:
        given.append((ACCESS_CONTROL_REQUEST_METHOD, "…"))
    sent = []
    if kept.allow_origin is not None:
        sent.append((ACCESS_CONTROL_ALLOW_ORIGIN, kept.allow_origin))
    if kept.allow_credentials:
        sent.append((ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"))
    if kept.vary_origin:
        sent.append((VARY, "Origin"))
    time = datetime.fromisoformat(kept.time).timestamp()
    return Exchange(
        id=kept.id,
        request=Request(method=kept.method, url=kept.url, headers=HeaderList(given), time=time),
        response=None if kept.status is None else Response(status=kept.status, headers=HeaderList(sent), time=time),
        error=kept.error,
        client=kept.client,
        source=Source(file=name, index=kept.source.index, flow=kept.source.flow),
        witness=None if kept.witness is None else _witness(kept.witness),
    )


def _witness(kept: WitnessRecord) -> Witness:
    by = kept.initiator
    return Witness(
        outcome=WitnessOutcome(kept.outcome),
        code=kept.reason,
        reason=kept.reason,
        from_cache=kept.from_cache,
        initiator=None if by is None else Initiator(url=by.url, line=by.line, column=by.column, function=by.function),
    )


def _verdicts(kept: Mapping[Engine, VerdictRecord]) -> Mapping[Engine, Verdict]:
    return {engine: _verdict(verdict) for engine, verdict in kept.items()}


def _verdict(kept: VerdictRecord) -> Verdict:
    likely = None
    if kept.likely is not None:
        include = kept.likely.branch == "if_credentialed"
        mode = CredentialsMode.INCLUDE if include else CredentialsMode.SAME_ORIGIN_OR_OMIT
        likely = Likely(mode, kept.likely.evidence)
    return Verdict(
        outcome=kept.outcome,
        failures=tuple(map(_failure, kept.failures)),
        if_credentialed=_branch(kept.if_credentialed),
        if_not_credentialed=_branch(kept.if_not_credentialed),
        likely=likely,
        notes=kept.notes,
    )


def _branch(kept: BranchRecord | None) -> Verdict | None:
    return None if kept is None else Verdict(outcome=kept.outcome, failures=tuple(map(_failure, kept.failures)))


def _failure(kept: FailureRecord) -> Failure:
    return Failure(reason=kept.reason, header=kept.header, value=kept.value, wanted=kept.wanted)


def _patch(kept: PatchRecord) -> PatchedView:
    status = kept.status
    return PatchedView(
        patch=Patch(
            changes=tuple(
                HeaderChange(header=one.header, before=one.before, after=one.after, because=one.because) for one in kept.changes
            ),
            status=None if status is None else StatusChange(before=status.before, after=status.after, because=status.because),
            beyond=kept.beyond,
            refused=kept.refused,
        ),
        applied=kept.applied,
        verdicts_after=_verdicts(kept.verdicts_after),
        injected=kept.by == "injection",
    )
