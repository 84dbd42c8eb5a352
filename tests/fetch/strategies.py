"""What hypothesis makes messages of: names and values that matter, and hostile ones."""

from corslens.fetch.messages import HeaderLine, Request, Response
from corslens.observation.exchange import Exchange
from hypothesis import strategies as st

from tests.make import API, PAGE, headers
from tests.observation.observe import CHROMIUM, FIREFOX, WEBKIT

BYTES = st.characters(min_codepoint=0, max_codepoint=255)
"""One character a byte, as everywhere."""

_REQUEST_NAMES = [
    "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Cookie", "Authorization", "Content-Type", "Accept",
    "Range", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-Dest", "Sec-Fetch-Storage-Access", "Referer", "Upgrade", "X-A", "X-HTTP-Method",
    "If-None-Match", "Sec-CH-UA", "User-Agent",
]  # fmt: skip
_RESPONSE_NAMES = [
    "Access-Control-Allow-Origin", "access-control-allow-origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers", "Access-Control-Max-Age", "Access-Control-Expose-Headers", "Location", "Vary", "Timing-Allow-Origin",
    "Cross-Origin-Resource-Policy", "Set-Cookie", "Content-Type", "Cache-Control",
]  # fmt: skip
_VALUES = st.sampled_from([
    PAGE, API, "https://other.example", "*", "null", "true", "false", "", "PUT", "put", "PUT, DELETE", "content-type", "x-a, authorization",
    "*, authorization", "600", "-1", "abc", "/next", "data:,x", "https://u:p@other.example/", "http://", "cors", "no-cors", "navigate",
    "cross-site", "same-site", "include", "empty", "font", "bytes=0-9", "application/json", "text/plain", "same-origin", "websocket",
    "a b", "x y, z", "\xff\xfe", "a\x00b", "a" * 3000,
])  # fmt: skip

values = st.one_of(_VALUES, st.text(BYTES, max_size=20))


def _lines(names: list[str]) -> st.SearchStrategy[list[HeaderLine]]:
    name = st.one_of(st.sampled_from(names), st.text(BYTES, max_size=8))
    return st.lists(st.tuples(name, values), max_size=8)


request_lines = _lines(_REQUEST_NAMES)
response_lines = _lines(_RESPONSE_NAMES)
methods = st.one_of(st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "patch", "DELETE"]), st.text(BYTES, max_size=6))
urls = st.sampled_from(
    [
        f"{API}/me",
        f"{API}/next",
        f"{PAGE}/x",
        "https://other.example/next",
        "http://api.example/x",
        f"{API}/me#f",
        "about:blank",
        "x",
    ]
)
agents = st.sampled_from([CHROMIUM, FIREFOX, WEBKIT, "curl/8", ""])


@st.composite
def requests(draw: st.DrawFn, time: float = 0.0) -> Request:
    """Any request; most are cross-origin ones of a known page."""
    lines = draw(request_lines)
    if draw(st.booleans()):
        lines = [("Origin", PAGE), *lines]
    lines.append(("User-Agent", draw(agents)))
    return Request(
        method=draw(methods),
        url=draw(urls),
        headers=headers(lines),
        http_version=draw(st.sampled_from(["HTTP/1.1", "HTTP/2.0"])),
        time=time,
    )


@st.composite
def responses(draw: st.DrawFn, time: float = 0.0) -> Response:
    """Any response."""
    status = draw(st.sampled_from([200, 204, 206, 301, 302, 303, 304, 307, 401, 403, 404, 405, 407, 500, 502, 999, 100]))
    return Response(status=status, headers=headers(draw(response_lines)), http_version="HTTP/1.1", time=time)


@st.composite
def exchanges(draw: st.DrawFn, id: str = "x", time: float = 0.0) -> Exchange:
    """Any exchange, answered or not."""
    answer = draw(st.one_of(st.none(), responses(time + draw(st.floats(-0.1, 1.0)))))
    return Exchange(
        id=id,
        request=draw(requests(time)),
        response=answer,
        error=None if answer is not None else draw(st.sampled_from(["reset", None])),
        got_proxy_error_page=draw(st.booleans()),
        client=draw(st.sampled_from(["", "me", "you"])),
        connection=draw(st.sampled_from([None, "1", "2"])),
    )


@st.composite
def preflights(draw: st.DrawFn, id: str = "x") -> Exchange:
    """A preflight with any answer, about which everything matters."""
    asked = [
        ("Origin", draw(st.sampled_from([PAGE, "null"]))),
        ("Access-Control-Request-Method", draw(st.sampled_from(["GET", "POST", "PUT", "patch", "*"]))),
        ("User-Agent", draw(agents)),
    ]
    names = draw(st.sampled_from(["", "content-type", "authorization", "x-a,x-b", "*"]))
    if names:
        asked.append(("Access-Control-Request-Headers", names))
    return Exchange(
        id=id, request=Request(method="OPTIONS", url=f"{API}/me", headers=headers(asked)), response=draw(responses())
    )
