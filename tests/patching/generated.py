"""Generated observations: whatever a browser may ask and a server may answer, paired as the live addon would pair it."""

from itertools import count

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing
from hypothesis import strategies as st

USER_AGENTS = (
    "",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
)
PAGES = ("http://localhost:3000", "https://app.test", "null")
API, OTHER_API = "https://api.test", "https://api.other.test"

_ids = count(1)

_unrelated = st.sampled_from([
    ("Content-Type", "text/plain"), ("Cache-Control", "no-store"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Total", "7"),
    ("ETag", '"1"'), ("x-total", "8"), ("Server", "x"), ("Access-Control-Max-Age", "600"), ("Access-Control-Max-Age", "0"),
    ("Vary", "Accept-Encoding"), ("vary", "origin"), ("Vary", "*"), ("Vary", ""), ("Vary", "Origin, Accept"),
    ("Access-Control-Expose-Headers", "*"), ("Access-Control-Expose-Headers", "X-A, x-total"), ("Timing-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "b@d"), ("X-Broken", "a\x01b"), ("Access-Control-Max-Age", "6\x010"), ("Vary", "Acc\x01ept"),
])  # fmt: skip
_allow_origin = st.sampled_from([
    "*", "null", "", "https://app.test", "http://localhost:3000", "https://evil.example", "https://app.test/", "app.test", "*, *",
    "https://app.test, https://app.test", "https://APP.test", "http://localhost:3000 https://app.test", "a\x01b", "*.test",
]).map(lambda value: ("Access-Control-Allow-Origin", value))  # fmt: skip
_allow_credentials = st.sampled_from(["true", "True", "false", "", "true, true", "1", "tr\x7fue"]).map(
    lambda value: ("Access-Control-Allow-Credentials", value)
)
_allow_methods = st.sampled_from([
    "*", "GET", "PUT", "put, PATCH", "GET PUT", "PUT, DELETE", "b@d", "b@d, PUT", "", ", ,", '"PUT"', "GET,,PUT", "P\x01UT",
]).map(lambda value: ("Access-Control-Allow-Methods", value))  # fmt: skip
_allow_headers = st.sampled_from([
    "*", "content-type", "Content-Type, X-A", "X-A X-B", "authorization", "b@d", "Authorization, b@d,", "", "x-a,x-a", "X-\x01A",
]).map(lambda value: ("Access-Control-Allow-Headers", value))  # fmt: skip
_lines = st.lists(st.one_of(_unrelated, _allow_origin, _allow_credentials, _allow_methods, _allow_headers), max_size=9)
_statuses = st.sampled_from([200, 201, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 407, 500, 502, 503])
_locations = st.sampled_from([
    (), (), ((f"{OTHER_API}/next"),), ("/next",), ("https://user:pass@api.test/",), ("ftp://api.test/",), ("",), ("http://[",),
    ("https://user@app.test/",), (f"{API}/next", "/other"), ("https://app.test/home",), ("http://localhost:3000/home",),
])  # fmt: skip
_asked_headers = st.sampled_from(["", "content-type", "authorization", "content-type,x-a", "x-a,x-b,x-c"])
_asked_methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "patch", "DELETE"])
_proof = st.sampled_from(["none", "cookie", "storage-access"])


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """Any answer's head, with what servers get wrong in it."""
    lines = draw(_lines)
    status = draw(_statuses)
    if 300 <= status < 400:
        lines = [*lines, *(("Location", location) for location in draw(_locations))]
    return Response(status=status, headers=HeaderList(lines), time=draw(st.sampled_from([0.0, 1.5])))


@st.composite
def requests(draw: st.DrawFn, page: str, url: str, user_agent: str, proof: str, http_version: str) -> Request:
    """A cross-origin CORS request, or the preflight of one."""
    lines = [("Host", "api"), ("Origin", page), ("User-Agent", user_agent), ("Sec-Fetch-Mode", "cors")]
    lines.append(("Sec-Fetch-Site", draw(st.sampled_from(["cross-site", "same-site"]))))
    if proof == "storage-access":
        lines.append(("Sec-Fetch-Storage-Access", "active"))
    preflight = draw(st.booleans())
    if preflight:
        method = "OPTIONS"
        lines.append(("Access-Control-Request-Method", draw(_asked_methods)))
        asked = draw(_asked_headers)
        if asked:
            lines.append(("Access-Control-Request-Headers", asked))
    else:
        method = draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "patch"]))
        if proof == "cookie":
            lines.append(("Cookie", "sid=1"))
    return Request(method=method, url=url, headers=HeaderList(lines), http_version=http_version, time=1.0)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """One exchange in its context; half of them behind redirects."""
    pairing = Pairing()
    page = draw(st.sampled_from(PAGES))
    user_agent = draw(st.sampled_from(USER_AGENTS))
    proof = draw(_proof)
    http_version = draw(st.sampled_from(["HTTP/1.1", "HTTP/2.0"]))
    hops = draw(st.sampled_from([[], [], [API], [API, OTHER_API], [page, API], [page, API, OTHER_API], [API, API]]))
    if page == "null":
        hops = [hop for hop in hops if hop != page]
    places = [*hops, API]
    origin = page
    for number, place in enumerate(hops):
        own = place == page
        request = Request(
            method="GET",
            url=f"{place}/{number}",
            headers=HeaderList(
                [
                    ("User-Agent", user_agent),
                    ("Sec-Fetch-Mode", "cors"),
                    *([("Sec-Fetch-Site", "same-origin")] if own else [("Sec-Fetch-Site", "cross-site"), ("Origin", origin)]),
                ]
            ),
            http_version=http_version,
            time=0.1 * number,
        )
        allow = [] if own else [("Access-Control-Allow-Origin", origin)]
        target = f"{places[number + 1]}/{number + 1}"
        exchange = Exchange(id=f"h{next(_ids)}", request=request)
        pairing.begin(exchange)
        pairing.complete(exchange.with_response(Response(status=302, headers=HeaderList([("Location", target), *allow]))))
        if not own and places[number + 1] != place:
            origin = "null"
    url = f"{API}/{len(hops)}"
    request = draw(requests(origin, url, user_agent, proof, http_version))
    exchange = Exchange(id=f"x{next(_ids)}", request=request, response=draw(responses()))
    pairing.begin(exchange)
    return pairing.complete(exchange)
