"""One exchange in full, as the page shows it: the steps on the wire, the header lines that decide, the checks, the patch.

Everything is redacted here; escaping is left to the page, which only ever sets text.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from corslens.diagnosis.diagnose import Diagnosis
from corslens.fetch.messages import HeaderList
from corslens.inspection import FindInspection, Inspection
from corslens.lint.finding import Evidence
from corslens.observation.correlation import Correlation
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import CoveringPreflight, Followed, Observation, PreflightNeed, Role
from corslens.observation.redaction import redact_method, redact_name, redact_part, redact_text, redact_url
from corslens.report.formats.jsonl import record
from corslens.verdict.decide import explain
from corslens.verdict.verdict import Check, Failure, Verdict

type Json = dict[str, Any]

PLAIN, CORS, DECIDES = 0, 1, 2
"""How a header line is marked: it has no part in CORS, it has one, or it decided."""

_CORS_HEADERS = frozenset(
    {
        "origin",
        "vary",
        "timing-allow-origin",
        "cross-origin-resource-policy",
        "cookie",
        "authorization",
        "location",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-fetch-dest",
    }
)


class Pool:
    """Values that many exchanges share (header lines, verdicts, checks), each kept once and named by its index.

    Args:
        correlation: tells which redacted values are equal; by default, within the pool.
    """

    def __init__(self, correlation: Correlation | None = None) -> None:
        self.correlation = correlation or Correlation()
        self.values: list[object] = []
        self._index: dict[bytes, int] = {}

    def ref(self, value: object) -> int:
        """Return the index of this value."""
        key = msgspec.json.encode(value)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self.values)
            self.values.append(value)
        return index


def details(diagnoses: Iterable[Diagnosis], find: FindInspection, correlation: Correlation | None = None) -> Json:
    """Return the exchanges on which these diagnoses' causes were found in full, by id, with the pool that they refer to.

    Args:
        correlation: of the session; without one, redacted values are told apart in what is returned alone.
    """
    pool = Pool(correlation)
    exchanges = {diagnosis.place.id: detail(diagnosis.place, find, pool, diagnosis) for diagnosis in diagnoses}
    return {"pool": pool.values, "exchanges": exchanges}


def detail(inspection: Inspection, find: FindInspection, pool: Pool, diagnosis: Diagnosis | None = None) -> Json:
    """Return one exchange in full; `find` looks up the exchanges around it, where they are still known."""
    observation = inspection.observation
    judged = inspection.observation.as_sent
    kept = record(inspection, diagnosis)
    return {
        "id": kept.id,
        "time": observation.exchange.request.time,
        "role": kept.role,
        "origin": kept.origin,
        "page": None if observation.page_origin is None else redact_url(observation.page_origin),
        "tainted": observation.tainted,
        "method": kept.method,
        "url": kept.url,
        "headline": kept.engine,
        "sender": observation.engine,
        "need": _need(observation.need),
        "mode": _fact(observation.mode),
        "credentials": _fact(observation.credentials),
        "followed": kept.followed,
        "verdicts": {engine: pool.ref(verdict) for engine, verdict in kept.verdicts.items()},
        "checks": {engine: pool.ref([_check(check) for check in explain(judged, engine)]) for engine in kept.verdicts},
        "steps": _steps(inspection, find, pool),
        "findings": kept.findings,
        "patch": None if kept.patch is None else pool.ref(kept.patch),
    }


def _failures_of(verdict: Verdict | None) -> tuple[Failure, ...]:
    """Return the failing checks; of both branches when the verdict depends."""
    if verdict is None:
        return ()
    return verdict.failures + _failures_of(verdict.if_credentialed) + _failures_of(verdict.if_not_credentialed)


def _check(check: Check) -> Json:
    wanted = None if check.failure is None else check.failure.wanted
    shown, wanted = (redact_part(check.header, text) for text in (check.value, wanted))
    return {"title": check.title, "state": check.state, "header": check.header, "value": shown, "wanted": wanted}


def _need(need: PreflightNeed | None) -> Json | None:
    if need is None:
        return None
    return {
        "method": None if need.method is None else redact_method(need.method),
        "header_names": tuple(map(redact_name, need.header_names)),
        "forced": need.forced,
    }


def _fact(fact: Known[Any] | Unknown) -> Json:
    if isinstance(fact, Unknown):
        return {"value": None, "why": fact.why}
    return {"value": str(fact.value), "evidence": fact.evidence}


class _Deciding:
    """The names of the header lines that decided, by message."""

    def __init__(self, verdict: Verdict | None, evidence: Iterable[Evidence], prefix: str) -> None:
        self.names: dict[str, set[str]] = {"request": set(), "response": set()}
        self.absent: dict[str, list[str]] = {"request": [], "response": []}
        for failure in (verdict.failures or _failures_of(verdict)) if verdict is not None else ():
            if failure.header is not None:
                self._add("response", failure.header, failure.value is None)
        for proof in evidence:
            message = proof.message.removeprefix(prefix)
            if message in self.names:
                self._add(message, proof.header, proof.value is None)

    def _add(self, message: str, header: str, absent: bool) -> None:
        if header.lower() not in self.names[message]:
            self.names[message].add(header.lower())
            if absent:
                self.absent[message].append(header)

    def lines(self, headers: HeaderList, message: str, pool: Pool) -> list[int]:
        """Return the message's lines, marked, followed by the deciding ones that it lacks."""
        names = self.names[message]
        result = []
        for name, value in headers.lines:
            lowered = name.lower()
            if lowered in names:
                mark = DECIDES
            elif lowered in _CORS_HEADERS or lowered.startswith("access-control-"):
                mark = CORS
            else:
                mark = PLAIN
            result.append(pool.ref([redact_name(name), pool.correlation.header(name, value), mark]))
        result += [
            pool.ref([name, None, DECIDES])
            for name in self.absent[message]
            if name not in headers and name.lower() not in headers
        ]
        return result


def _steps(inspection: Inspection, find: FindInspection, pool: Pool) -> list[Json]:
    """Return what went over the wire, in order: each hop of the redirect chain after the preflight that covered it."""
    evidence = [proof for finding in inspection.findings for proof in finding.evidence]
    steps: list[Json] = []
    for hop in inspection.observation.hops:
        last = hop is inspection.observation
        known = inspection if last else find(hop.id)
        verdict = None if known is None else known.verdict
        if hop.preflight is not None:
            steps.append(_covering_step(hop, hop.preflight, evidence if last else (), find, pool))
        deciding = _Deciding(verdict, evidence if last else (), "preflight." if hop.role is Role.PREFLIGHT else "")
        kind = "preflight" if hop.role is Role.PREFLIGHT else "redirected" if hop.redirected_from is not None else "request"
        step = _step(hop.exchange, kind, hop.target_origin, hop.origin, verdict, deciding, pool)
        steps.append(step | {"patched": True} if _is_patched(known) else step)
    observation = inspection.observation
    if observation.role is Role.PREFLIGHT:
        steps.append(_asked_step(observation, inspection.verdict.blocked and not _is_patched(inspection), find, pool))
    return steps


def _covering_step(
    hop: Observation, covering: CoveringPreflight, evidence: Iterable[Evidence], find: FindInspection, pool: Pool
) -> Json:
    known = find(covering.id)
    deciding = _Deciding(
        None if known is None else known.verdict, [e for e in evidence if e.message.startswith("preflight.")], "preflight."
    )
    step = _step(
        covering.exchange, "preflight", hop.target_origin, hop.origin, None if known is None else known.verdict, deciding, pool
    )
    if _is_patched(known):
        step |= {"patched": True}
    if covering.from_cache:
        step |= {"cached": True, "age": covering.age}
    return step


def _is_patched(inspection: Inspection | None) -> bool:
    """Say whether the browser got another response than the server sent, and one that lets it go on."""
    view = None if inspection is None else inspection.patch
    return view is not None and view.applied


def _step(
    exchange: Exchange,
    kind: str,
    target: str,
    origin: str | None,
    verdict: Verdict | None,
    deciding: _Deciding,
    pool: Pool,
) -> Json:
    request, response = exchange.request, exchange.delivered
    return {
        "id": exchange.id,
        "flow": exchange.source.flow,
        "kind": kind,
        "method": redact_method(request.method),
        "url": redact_url(request.url),
        "target": redact_url(target),
        "origin": None if origin is None else redact_url(origin),
        "time": request.time,
        "status": None if response is None else response.status,
        "error": None if exchange.error is None else redact_text(exchange.error),
        "byProxy": exchange.got_proxy_error_page,
        "editedBy": list(exchange.edited_by),
        "outcome": "allowed" if verdict is None else verdict.outcome.value,
        "reason": verdict.reason.value if verdict is not None and verdict.reason is not None else None,
        "request": deciding.lines(request.headers, "request", pool),
        "response": [] if response is None else deciding.lines(response.headers, "response", pool),
    }


def _asked_step(observation: Observation, blocked: bool, find: FindInspection, pool: Pool) -> Json:
    """Return the request that a preflight was for: as it was sent, or as it would have been."""
    known = None if observation.actual is None else find(observation.actual)
    if known is not None:
        actual = known.observation
        deciding = _Deciding(known.verdict, (), "")
        return _step(actual.exchange, "request", actual.target_origin, actual.origin, known.verdict, deciding, pool)
    need = observation.need
    asked = observation.exchange.request.headers.get("access-control-request-method")
    match observation.followed:
        case Followed.FOLLOWED:
            outcome = "sent"
        case Followed.PENDING | Followed.UNKNOWN if not blocked:
            outcome = "pending"
        case _:
            outcome = "not-sent"
    return {
        "id": observation.actual,
        "flow": None,
        "kind": "request",
        "method": redact_method((need.method if need is not None else None) or asked or ""),
        "url": redact_url(observation.exchange.request.url),
        "target": redact_url(observation.target_origin),
        "origin": None if observation.origin is None else redact_url(observation.origin),
        "time": None,
        "status": None,
        "error": None,
        "outcome": outcome,
        "reason": None,
        "request": [],
        "response": [],
    }
