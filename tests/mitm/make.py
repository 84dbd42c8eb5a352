"""Flows with honest defaults: a page on https://app.example asks https://api.example."""

from collections.abc import Iterable

from mitmproxy import connection, http
from mitmproxy.proxy.mode_specs import ProxyMode

from tests.make import PAGE

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

type Lines = Iterable[tuple[str, str]]


def standing_still() -> float:
    """A clock of CPU time that stands still, where the time of an exchange is not the subject."""
    return 0.0


def flow(
    method: str = "GET",
    path: str = "/me",
    lines: Lines = (),
    *,
    scheme: str = "https",
    host: str = "api.example",
    port: int | None = None,
    authority: str | None = None,
    version: str = "HTTP/1.1",
    mode: str = "regular",
    origin: str | None = PAGE,
    client: str = "127.0.0.1",
    time: float = 1_700_000_000.0,
) -> http.HTTPFlow:
    """A live flow without a response; with the page's Origin unless `origin` says otherwise."""
    port = port or {"http": 80, "https": 443}[scheme]
    browser = connection.Client(peername=(client, 50_000), sockname=("127.0.0.1", 8080), timestamp_start=time)
    browser.proxy_mode = ProxyMode.parse(mode)
    server = connection.Server(address=(host, port))
    made = http.HTTPFlow(browser, server, live=True)
    fields = [("Host", authority or host), ("User-Agent", CHROMIUM)]
    if origin is not None:
        fields.append(("Origin", origin))
    fields += lines
    made.request = http.Request(
        host, port, method.encode(), scheme.encode(), b"", path.encode("utf-8", "surrogateescape"), version.encode(),
        http.Headers(encoded(fields)), b"", None, time, time + 0.001,
    )  # fmt: skip
    return made


def answered(made: http.HTTPFlow, status: int = 200, lines: Lines = (), *, allow_origin: str | None = None) -> http.HTTPFlow:
    """The flow with a response; with that Access-Control-Allow-Origin unless None."""
    fields = list(lines)
    if allow_origin is not None:
        fields.insert(0, ("Access-Control-Allow-Origin", allow_origin))
    start = made.request.timestamp_start + 0.01
    made.response = http.Response(
        made.request.data.http_version, status, b"", http.Headers(encoded(fields)), b"", None, start, start + 0.001
    )
    return made


def preflight(method: str = "PUT", unsafe: str | None = None, path: str = "/me", **fields: object) -> http.HTTPFlow:
    """A CORS-preflight request that asks for this method and these comma-separated header names."""
    asked = [("Access-Control-Request-Method", method)]
    if unsafe:
        asked.append(("Access-Control-Request-Headers", unsafe))
    return flow("OPTIONS", path, asked, **fields)  # type: ignore[arg-type]  # fields are the caller's


def encoded(lines: Lines) -> list[tuple[bytes, bytes]]:
    """Header lines as mitmproxy holds them; characters up to U+00FF are one byte each."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
