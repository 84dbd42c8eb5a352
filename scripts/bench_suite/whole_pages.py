"""Whole pages as Chromium's network panel exports them: every header that it sends over HTTP/2, a CDN's and an API's, and bodies.

Modeled on such exports: 4 of 5 entries are the page's own files and a CDN's, the rest are API calls of another origin.
"""

import random
from collections.abc import Iterator
from typing import Final

from corslens.fetch.messages import HeaderLine, HeaderList, Request, Response
from corslens.observation.exchange import Exchange

from scripts.bench_suite.traffic import API, PAGE, UA

_CDN: Final = "https://cdn.example"
_SHARES: Final = {"script": 40, "image": 30, "style": 10, "document": 2, "empty": 18}
_ACCEPT: Final = {
    "script": "*/*",
    "image": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "style": "text/css,*/*;q=0.1",
    "document": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "empty": "application/json, text/plain, */*",
}
_TYPE: Final = {
    "script": "text/javascript; charset=utf-8",
    "image": "image/webp",
    "style": "text/css; charset=utf-8",
    "document": "text/html; charset=utf-8",
    "empty": "application/json",
}
_BODY: Final = {
    "script": "".join(f"function f{number}(a, b) {{ return a + b * {number}; }}\n" for number in range(1_000)),
    "image": "",
    "style": "".join(f".c{number} {{ color: #123456; margin: 0 }}\n" for number in range(1_000)),
    "document": "<!doctype html><html lang=en><title>Shop</title><body>" + "<p>Some words of a page.</p>\n" * 1_400,
    "empty": '{"items": [' + ", ".join('{"id": 1, "name": "value"}' for _ in range(150)) + "]}",
}
_OF_A_CDN: Final = (
    ("accept-ranges", "bytes"),
    ("age", "1204"),
    ("alt-svc", 'h3=":443"; ma=86400'),
    ("cache-control", "public, max-age=31536000, immutable"),
    ("cf-cache-status", "HIT"),
    ("cf-ray", "98a7b6c5d4e3f2a1-FRA"),
    ("content-encoding", "br"),
    ("date", "Mon, 01 Jun 2026 12:00:00 GMT"),
    ("etag", 'W/"5f3c-19a2b3c4d5e"'),
    ("last-modified", "Tue, 26 May 2026 09:30:00 GMT"),
    ("nel", '{"report_to":"cf-nel","success_fraction":0.0,"max_age":604800}'),
    ("report-to", '{"group":"cf-nel","max_age":604800,"endpoints":[{"url":"https://a.nel.example/report/v4?s=abc"}]}'),
    ("server", "cloudflare"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("vary", "Accept-Encoding"),
    ("x-content-type-options", "nosniff"),
)
_OF_A_DOCUMENT: Final = (
    ("content-security-policy", f"default-src 'self'; script-src 'self' {_CDN}; img-src * data:; connect-src 'self' {API}"),
    ("set-cookie", "sid=abc123; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ("permissions-policy", "camera=(), microphone=()"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-frame-options", "DENY"),
)
_OF_AN_API: Final = (
    ("access-control-allow-origin", PAGE),
    ("vary", "Origin"),
    ("cache-control", "no-store"),
    ("date", "Mon, 01 Jun 2026 12:00:00 GMT"),
    ("server", "nginx"),
    ("strict-transport-security", "max-age=31536000"),
)


def pages(seed: int = 1) -> Iterator[tuple[Exchange, str]]:
    """Yield exchanges and their bodies (20 KB in the mean, an API's 2 KB) without end."""
    random_ = random.Random(seed)
    number = 0
    while True:
        (kind,) = random_.choices(tuple(_SHARES), tuple(_SHARES.values()))
        origin = API if kind == "empty" else _CDN if kind != "document" and random_.random() < 0.4 else PAGE
        body = _BODY[kind]
        yield _exchange(number, kind, origin), body[: random_.randrange(len(body))] if body else ""
        number += 1


def _exchange(number: int, kind: str, origin: str) -> Exchange:
    time = 1_790_000_000.0 + number / 50
    path = {"document": "/", "empty": f"/items/{number % 500}"}.get(kind, f"/static/{kind}/{number % 200}")
    return Exchange(
        id=f"w{number}",
        request=Request(method="GET", url=f"{origin}{path}", headers=HeaderList(_asked(kind, origin, path)), time=time),
        response=Response(status=200, headers=HeaderList(_answered(kind, origin)), time=time + 0.01),
        client="c",
    )


def _asked(kind: str, origin: str, path: str) -> Iterator[HeaderLine]:
    yield from ((":authority", origin.removeprefix("https://")), (":method", "GET"), (":path", path), (":scheme", "https"))
    yield from (
        ("accept", _ACCEPT[kind]),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "en-US,en;q=0.9"),
    )
    if origin == PAGE:
        yield "cookie", "sid=abc123; theme=dark; _ga=GA1.1.123.456"
    if kind == "empty":
        yield "origin", PAGE
    yield from (("priority", "u=1"), ("referer", f"{PAGE}/"), ("sec-ch-ua", '"Chromium";v="156", "Not)A;Brand";v="8"'))
    yield from (("sec-ch-ua-mobile", "?0"), ("sec-ch-ua-platform", '"Linux"'), ("sec-fetch-dest", kind))
    yield "sec-fetch-mode", {"document": "navigate", "empty": "cors"}.get(kind, "no-cors")
    yield "sec-fetch-site", "none" if kind == "document" else "same-origin" if origin == PAGE else "cross-site"
    yield "user-agent", UA


def _answered(kind: str, origin: str) -> Iterator[HeaderLine]:
    yield "content-type", _TYPE[kind]
    yield from _OF_AN_API if kind == "empty" else _OF_A_CDN
    if kind == "document":
        yield from _OF_A_DOCUMENT
    if origin == _CDN:
        yield "access-control-allow-origin", "*"
