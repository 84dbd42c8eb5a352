"""HTTP Archive's requests, exported to Parquet: the rows of a page, in order of their index, are a session.

Columns: `page`, `url`, `request_headers` and `response_headers` (lists of name and value), and `payload`, the entry of the HAR as JSON,
or in its place `method`, `status` and `started` (a timestamp). Their meaning: https://har.fyi/reference/tables/requests/
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

import msgspec

from corslens.corpus.extra import need
from corslens.inputs.damage import Damage
from corslens.inputs.files import Capture
from corslens.inputs.kinds import InputKind

_NEEDED = ("page", "url", "request_headers", "response_headers")
_MORE = ("index", "payload", "method", "status", "started")
_DAYTIME = "1970-01-01T00:00:00.000Z"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def captures_in_table(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    """Yield a capture a page, in the order of pages.

    Args:
        name: the table's; a capture's is below it.
    """
    parquet, arrow = need("pyarrow.parquet"), need("pyarrow")
    try:
        table = parquet.ParquetFile(file)
        there = set(table.schema_arrow.names)
        missing = [column for column in _NEEDED if column not in there]
        if missing:
            yield Damage(file=name, what=f"is not a table of HTTP Archive's requests: it lacks the column {', '.join(missing)}")
            return
        columns = [*_NEEDED, *(column for column in _MORE if column in there)]
        order = [("page", "ascending"), *([("index", "ascending")] if "index" in there else [])]
        found = table.read(columns=columns).sort_by(order)
    except arrow.ArrowException as error:
        yield Damage(file=name, what=f"is not a Parquet file, or is damaged: {str(error).splitlines()[0]}")
        return
    page: str | None = None
    entries: list[dict[str, Any]] = []
    number = 0
    for batch in found.to_batches(max_chunksize=4_096):
        for row in batch.to_pylist():
            if row["page"] != page and entries:
                yield _capture(name, number, page, entries)
                number, entries = number + 1, []
            page = row["page"]
            entries.append(_entry(row))
    if entries:
        yield _capture(name, number, page, entries)


def _capture(name: str, number: int, page: str | None, entries: list[dict[str, Any]]) -> Capture:
    inside = _UNSAFE.sub("-", page or "")[:80].strip("-")
    har = {"log": {"version": "1.2", "creator": {"name": "HTTP Archive"}, "entries": entries}}
    return Capture(name=f"{name}/{number}-{inside}", kind=InputKind.HAR, data=memoryview(msgspec.json.encode(har)))


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as an entry of a HAR, without a body."""
    try:
        payload = msgspec.json.decode(row.get("payload") or b"{}")
    except msgspec.MsgspecError:
        payload = {}
    request, response = (payload.get(one) if isinstance(payload.get(one), dict) else {} for one in ("request", "response"))
    started: Any = row.get("started")
    if isinstance(started, datetime):
        started = started.isoformat()
    return {
        "startedDateTime": payload.get("startedDateTime") or started or _DAYTIME,
        "time": payload.get("time") if isinstance(payload.get("time"), int | float) else 0,
        "request": {
            "method": row.get("method") or request.get("method") or "GET",
            "url": row["url"] or "",
            "httpVersion": request.get("httpVersion") or "",
            "headers": _headers(row["request_headers"]),
        },
        "response": {
            "status": _first(row.get("status"), response.get("status"), 0),
            "httpVersion": response.get("httpVersion") or "",
            "headers": _headers(row["response_headers"]),
        },
    }


def _first(*values: object) -> object:
    return next((value for value in values if value is not None), None)


def _headers(listed: list[dict[str, str]] | None) -> list[dict[str, str]]:
    return [{"name": one.get("name") or "", "value": one.get("value") or ""} for one in listed or ()]
