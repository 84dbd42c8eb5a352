"""Traffic to measure with: pages that ask an API as pages do, with a HAR or a flow file made of it."""

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, TextIO

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange

UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
_BROWSER = (
    ("Host", "api.example"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("User-Agent", UA),
    ("sec-ch-ua", '"Chromium";v="156"'),
    ("sec-ch-ua-mobile", "?0"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
)
_SERVER = (
    ("Content-Type", "application/json"),
    ("Content-Length", "18"),
    ("Cache-Control", "no-store"),
    ("Date", "Mon, 01 Jun 2026 12:00:00 GMT"),
    ("Server", "nginx"),
)
PAGE = "https://app.example"
API = "https://api.other.example"


def plain(index: int, time: float) -> Exchange:
    """An exchange with no CORS in it: a page's own script."""
    lines = (*_BROWSER, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script"))
    return Exchange(
        id=f"p{index}",
        request=Request(method="GET", url=f"{PAGE}/static/{index % 200}.js", headers=HeaderList(lines), time=time),
        response=Response(status=200, headers=HeaderList(_SERVER), time=time + 0.01),
        client="c",
    )


def _cors(*more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    fetch = (("Origin", PAGE), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty"))
    return (*_BROWSER, *fetch, ("Referer", f"{PAGE}/"), *more)


def simple(index: int, time: float, *, allow: str = PAGE) -> Exchange:
    """A simple CORS exchange."""
    answer = (("Access-Control-Allow-Origin", allow), ("Vary", "Origin"), *_SERVER)
    return Exchange(
        id=f"s{index}",
        request=Request(method="GET", url=f"{API}/items/{index % 500}", headers=HeaderList(_cors()), time=time),
        response=Response(status=200, headers=HeaderList(answer), time=time + 0.01),
        client="c",
    )


def pair(index: int, time: float) -> tuple[Exchange, Exchange]:
    """A preflight and its actual request."""
    url = f"{API}/orders/{index % 500}"
    asked = (("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type"))
    granted = (
        ("Access-Control-Allow-Origin", PAGE),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Headers", "content-type"),
        ("Access-Control-Max-Age", "0"),
        ("Vary", "Origin"),
    )
    return (
        Exchange(
            id=f"f{index}",
            request=Request(method="OPTIONS", url=url, headers=HeaderList(_cors(*asked)), time=time),
            response=Response(status=204, headers=HeaderList(granted), time=time + 0.01),
            client="c",
        ),
        Exchange(
            id=f"a{index}",
            request=Request(
                method="PUT", url=url, headers=HeaderList(_cors(("Content-Type", "application/json"))), time=time + 0.02
            ),
            response=Response(
                status=200,
                headers=HeaderList((("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin"), *_SERVER)),
                time=time + 0.03,
            ),
            client="c",
        ),
    )


def session(count: int, seed: int = 1, *, plain_share: float = 0.5) -> Iterator[Exchange]:
    """Yield about `count` exchanges as a day of development makes them: half of it (or `plain_share`) no CORS, some of it blocked."""
    random_ = random.Random(seed)
    made = 0
    time = 1_790_000_000.0
    while made < count:
        time += 0.05
        if random_.random() < plain_share:
            yield plain(made, time)
            made += 1
            continue
        kind = random_.uniform(0.5, 1.0)
        if kind < 0.75:
            yield simple(made, time)
        elif kind < 0.8:
            yield simple(made, time, allow="https://www.example")
        else:
            yield from pair(made, time)
            made += 1
        made += 1


def entry(exchange: Exchange, body: str) -> dict[str, Any]:
    """Return an exchange as a HAR entry, as Chromium writes it."""
    request, response = exchange.request, exchange.response
    assert response is not None
    kind = request.headers.get("sec-fetch-dest") or "empty"
    started = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(seconds=request.time - 1_790_000_000.0)
    return {
        "_connectionId": "42",
        "_initiator": {
            "type": "script",
            "stack": {"callFrames": [{"functionName": "", "scriptId": "9", "url": f"{PAGE}/app.js"}]},
        },
        "_priority": "High",
        "_resourceType": {"empty": "fetch", "style": "stylesheet"}.get(kind, kind),
        "cache": {},
        "connection": "42",
        "pageref": "page_1",
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": "http/2.0",
            "headers": [{"name": name, "value": value} for name, value in request.headers.lines],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": response.status,
            "statusText": "",
            "httpVersion": "http/2.0",
            "headers": [{"name": name, "value": value} for name, value in response.headers.lines],
            "cookies": [],
            "content": {"size": len(body), "mimeType": response.headers.get("content-type"), "text": body},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            "_transferSize": 400,
            "_error": None,
        },
        "serverIPAddress": "127.0.0.1",
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": 12.5,
        "timings": {
            "blocked": 1,
            "dns": -1,
            "ssl": -1,
            "connect": -1,
            "send": 0.1,
            "wait": 10,
            "receive": 1.4,
            "_blocked_queueing": 0.4,
        },
    }


def calls(seed: int = 1) -> Iterator[tuple[Exchange, str]]:
    """Yield exchanges of API calls, half of them CORS, and their bodies (2 KB in the mean) without end."""
    random_ = random.Random(seed)
    text = json.dumps({"items": [{"id": n, "name": "value " * 4, "ok": True} for n in range(100)]})
    for exchange in session(10**9):
        yield exchange, text[: random_.randrange(4_096)]


def write_har(path: Path, megabytes: int, exchanges: Iterable[tuple[Exchange, str]]) -> int:
    """Write a HAR of about this size from exchanges without end and their bodies; return its number of entries."""
    with path.open("w", encoding="utf-8") as out:
        return write_entries(out, takewhile(lambda _: out.tell() < megabytes * 1_000_000, exchanges))


def write_entries(out: TextIO, entries: Iterable[tuple[Exchange, str]]) -> int:
    """Write a HAR of exchanges and their responses' bodies; return its number of entries."""
    count = 0
    out.write('{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[],"entries":[\n')
    for exchange, body in entries:
        out.write(",\n" if count else "")
        out.write(json.dumps(entry(exchange, body)))
        count += 1
    out.write("]}}\n")
    return count
