"""Rows: what a shard comes to, as tables of Parquet.

exchanges   a row an exchange with a part in CORS, or with a finding: what `cors_log` writes, with columns for what is asked most
problems    a row a problem of the shard: counts, and its first examples in full
counts      a row a number that adds up: exchanges, causes, origin pairs, endpoints, suppressed findings
captures    a row a capture: what could not be read of it, and what it could not show
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from corslens.corpus.details import encode
from corslens.corpus.extra import need
from corslens.diagnosis.contribution import Agreement
from corslens.diagnosis.diagnose import WORDS, Diagnosis
from corslens.diagnosis.example import Example
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import Input, SessionSummary
from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import Role
from corslens.observation.redaction import redact_url
from corslens.report.formats.jsonl import encode_record, record
from corslens.report.records import Record

type Row = dict[str, Any]

COUNTED = (*WORDS, *(severity.word for severity in Severity), *Engine, *ProblemState)
"""The columns of a problem that are counts of its page requests, and of their kinds by state."""


def column(name: str) -> str:
    """Return the column of a count: `n_blocked`, `n_error_severity`."""
    return f"n_{name.lower().replace('-', '_')}" if name in WORDS else f"of_{name.lower().replace('-', '_')}"


@cache
def schemas() -> Mapping[str, Any]:
    """Return the schema of each table."""
    pa = need("pyarrow")
    text, texts, number, flag = pa.string(), pa.list_(pa.string()), pa.int64(), pa.bool_()
    named = pa.list_(pa.struct([("name", text), ("n", number)]))
    found = pa.struct([("rule", text), ("severity", text), ("confidence", text), ("message", text), ("fix", text)])
    example = pa.struct(
        [
            ("severity", pa.int8()),
            ("file", text),
            ("entry", number),
            ("time", pa.float64()),
            ("id", text),
            ("request", pa.binary()),
        ]
    )
    return {
        "exchanges": pa.schema(
            [
                ("capture", text), ("id", text), ("entry", number), ("seq", number), ("time", pa.timestamp("ms", tz="UTC")),
                ("client", text), ("engine", text), ("role", text), ("method", text), ("url", text), ("api", text), ("path", text),
                ("page", text), ("origin", text), ("status", pa.int32()), ("chromium", text), ("firefox", text), ("webkit", text),
                ("reason", text), ("credentials", text), ("asked", text), ("allow_origin", text), ("allow_credentials", flag),
                ("vary_origin", flag), ("jsonp", flag), ("page_request", text), ("outcome", text), ("cause", text), ("state", text),
                ("worst", text), ("findings", pa.list_(found)), ("suppressed", texts), ("record", text),
            ]
        ),
        "problems": pa.schema(
            [
                ("rule", text), ("api", text), ("path", text), ("n", number),
                *((column(name), number) for name in COUNTED),
                ("beside", pa.list_(pa.struct([("rule", text), ("severity", pa.int8()), ("n", number)]))),
                ("methods", named), ("methods_more", flag), ("pages", named), ("pages_more", flag),
                ("first", pa.float64()), ("last", pa.float64()), ("examples", pa.list_(example)),
            ]
        ),
        "counts": pa.schema([("kind", text), ("a", text), ("b", text), ("c", text), ("d", text), ("n", number)]),
        "captures": pa.schema(
            [
                ("capture", text), ("source", text), ("bytes", number), ("exchanges", number), ("filtered_out", number),
                ("damages", texts), ("notes", texts),
            ]
        ),
    }  # fmt: skip


def exchange_row(inspection: Inspection, diagnosis: Diagnosis, seq: int) -> Row:
    """Return the row of an exchange.

    Args:
        seq: grows with what is known: of several rows of an id, that with the highest counts.
    """
    return record_row(record(inspection, diagnosis), seq, capture=inspection.observation.exchange.source.file or "")


_AS_IN_RECORD = (
    "id", "client", "engine", "role", "method", "url", "api", "path", "page", "origin", "status", "asked", "allow_origin",
    "allow_credentials", "vary_origin",
)  # fmt: skip
"""Columns that hold what the record's field of the same name does."""


def record_row(kept: Record, seq: int, *, capture: str) -> Row:
    """Return the row of a record.

    Args:
        seq: as of `exchange_row`.
        capture: that it is of.
    """
    page_request = kept.page_request
    outcomes = {engine.value: verdict.outcome for engine, verdict in kept.verdicts.items()}
    own = kept.verdicts.get(kept.engine)
    severities = [Severity[one.severity.upper()] for one in kept.findings]
    return {
        **{name: getattr(kept, name) for name in _AS_IN_RECORD},
        "capture": capture,
        "entry": kept.source.index,
        "seq": seq,
        "time": datetime.fromisoformat(kept.time),
        **outcomes,
        "reason": None if own is None else own.reason,
        "credentials": kept.credentials.mode,
        "jsonp": kept.jsonp is True,
        "page_request": page_request.id,
        "outcome": page_request.outcome,
        "cause": page_request.cause,
        "state": page_request.state,
        "worst": max(severities).word if severities else None,
        "findings": [
            {
                "rule": one.rule,
                "severity": one.severity,
                "confidence": one.confidence,
                "message": one.message,
                "fix": _fix(one.fixes[0]) if one.fixes else None,
            }
            for one in kept.findings
        ],
        "suppressed": list(kept.suppressed),
        "record": encode_record(kept).decode("ascii").rstrip("\n"),
    }


def problem_row(problem: Problem) -> Row:
    """Return the row of a problem."""
    counted: dict[str, int] = dict(problem.words)
    counted |= {severity.word: number for severity, number in problem.severities.items()}
    counted |= {engine.value: number for engine, number in problem.engines.items()}
    counted |= {state.value: number for state, number in problem.states().items()}
    return {
        "rule": problem.key.rule,
        "api": problem.key.api_origin,
        "path": problem.key.path,
        "n": problem.count,
        **{column(name): counted.get(name, 0) for name in COUNTED},
        "beside": [
            {"rule": rule, "severity": int(severity), "n": number}
            for (rule, severity), number in sorted(problem.beside.items())
            if number > 0
        ],
        "methods": [{"name": name, "n": number} for name, number in problem.methods.items()],
        "methods_more": problem.methods.more,
        "pages": [{"name": name, "n": number} for name, number in problem.pages.items()],
        "pages_more": problem.pages.more,
        "first": problem.first,
        "last": problem.last,
        "examples": [_example(example) for example in problem.examples],
    }


def _example(example: Example) -> Row:
    severity, file, index, time, id = example.order
    return {
        "severity": -severity,
        "file": file,
        "entry": index,
        "time": time,
        "id": id,
        "request": encode(example.diagnosis.page_request),
    }


def capture_row(entry: Input, source: str, size: int) -> Row:
    """Return the row of a capture.

    Args:
        source: the file that it is in, with its bytes.
    """
    return {
        "capture": entry.name,
        "source": source,
        "bytes": size,
        "exchanges": entry.exchanges,
        "filtered_out": entry.filtered_out,
        "damages": entry.damages,
        "notes": entry.notes,
    }


def count_rows(summary: SessionSummary) -> Iterator[Row]:
    """Yield the rows of what adds up."""
    for name, number in summary.counts.items():
        if number:
            yield _count(*_name(name), n=number)
    for (page, api), cell in summary.cells().items():
        yield from (
            _count("pair", redact_url(page), redact_url(api), word, n=number)
            for word, number in cell.words.items()
            if number > 0
        )
    for api, path in summary.endpoints():
        yield _count("endpoint", api, path, n=1)
    for one, number in summary.suppressed_at():
        yield _count("suppressed", one.rule, one.note, one.api_origin, one.path, n=number)


def _name(counted: Hashable) -> tuple[str, ...]:
    """Return the columns that name a count."""
    match counted:
        case Role():
            return "role", counted.value
        case Severity():
            return "severity", counted.word
        case Agreement(engine=engine, agreed=agreed):
            return "agreement", engine.value, str(agreed).lower()
        case (str(word), str(rule)):
            return "cause", word, rule
        case str():
            return "count", counted
        case _:
            raise TypeError(f"no column holds {counted!r}")


def name_of(kind: str, a: str, b: str) -> Hashable:
    """Return the count that these columns name; the reverse of what wrote them."""
    match kind:
        case "role":
            return Role(a)
        case "severity":
            return Severity[a.upper()]
        case "agreement":
            return Agreement(Engine(a), b == "true")
        case "cause":
            return a, b
        case _:
            return a


def _count(kind: str, a: str, b: str = "", c: str = "", d: str = "", *, n: int) -> Row:
    return {"kind": kind, "a": a, "b": b, "c": c, "d": d, "n": n}


def table(name: str, rows: Iterable[Row]) -> Any:
    """Return the rows as a table of Arrow."""
    return need("pyarrow").Table.from_pylist(list(rows), schema=schemas()[name])


def _fix(fix: Any) -> str:
    return "; ".join(filter(None, (fix.text, *fix.headers)))
