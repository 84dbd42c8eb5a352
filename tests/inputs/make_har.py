"""HARs with honest defaults: a page on https://app.example asks https://api.example."""

import json
from collections.abc import Iterable
from typing import Any

from tests.make import API, PAGE

START = "2026-01-31T12:00:00.000Z"

type Json = dict[str, Any]
type Lines = Iterable[tuple[str, object]]


def lines(given: Lines) -> list[Json]:
    """Header lines as a HAR holds them."""
    return [{"name": name, "value": value} for name, value in given]


def entry(
    method: str = "GET",
    url: str = f"{API}/me",
    given: Lines = (("Origin", PAGE),),
    *,
    status: int = 200,
    answer: Lines = (("Date", "Sat, 31 Jan 2026 12:00:00 GMT"),),
    started: str = START,
    **fields: Any,
) -> Json:
    """An entry, with everything that the format requires; `fields` replace or add top-level ones."""
    return {
        "startedDateTime": started,
        "time": 12.5,
        "request": {
            "method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": lines(given), "queryString": [], "cookies": [],
            "headersSize": -1, "bodySize": 0,
        },
        "response": {
            "status": status, "statusText": "", "httpVersion": "HTTP/1.1", "headers": lines(answer), "cookies": [],
            "content": {"size": 2, "mimeType": "application/json", "text": "{}"}, "redirectURL": "", "headersSize": -1, "bodySize": 2,
        },
        "cache": {},
        "timings": {"send": 0.5, "wait": 10, "receive": 2},
    } | fields  # fmt: skip


def at(seconds: float) -> str:
    """A startedDateTime that many seconds after START."""
    return f"2026-01-31T12:00:{seconds:06.3f}Z"


def har(*entries: object, creator: str = "somebody") -> Json:
    """A HAR."""
    return {"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "pages": [], "entries": list(entries)}}


def encoded(*entries: object, creator: str = "somebody") -> bytes:
    """A HAR as a file holds it."""
    return json.dumps(har(*entries, creator=creator)).encode()
