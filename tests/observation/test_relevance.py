"""What is passed over, live and in captures, could not have made any rule fire."""

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inputs.relevance import exchange_concerns_cors
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm.fields import glance
from corslens.mitm.relevance import request_concerns_cors, response_concerns_cors
from corslens.observation.exchange import Exchange
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from tests.make import API

RULES = load_rules()
_NAMES = st.sampled_from(
    ["Access-Control-Allow-Origin", "Acces-Control-Allow-Origin", "access_control_allow_origin", "Allow-Origin", "Vary", "Set-Cookie",
     "Timing-Allow-Origin", "Cross-Origin-Resource-Policy", "Content-Type", "Cache-Control", "Location", "WWW-Authenticate", "Server",
     "X-Content-Type-Options", "Strict-Transport-Security", "Allow", "Via", "cf-ray", "x-amzn-errortype"]
)  # fmt: skip
_VALUES = st.sampled_from(
    ["*", "true", API, "null", "a=1; SameSite=None", "Origin", "text/javascript", "max-age=60", "same-site", "Bearer", "nginx"]
)
_SENT = st.lists(
    st.one_of(
        st.tuples(st.just("Sec-Fetch-Site"), st.sampled_from(["none", "same-origin", "same-site", "cross-site"])),
        st.tuples(st.just("Sec-Fetch-Mode"), st.sampled_from(["navigate", "no-cors", "cors", "same-origin"])),
        st.tuples(st.just("Origin"), st.sampled_from([API, "null", "https://other.example"])),
        st.tuples(st.just("Referer"), st.sampled_from([f"{API}/", "https://other.example/"])),
        st.tuples(
            st.sampled_from(["Cookie", "Authorization", "X-Requested-With", "Access-Control-Allow-Origin"]), st.just("a")
        ),
    ),
    max_size=4,
    unique_by=lambda line: line[0],
)


@st.composite
def _exchanges(draw: st.DrawFn) -> Exchange:
    request = Request(
        method=draw(st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "patch"])),
        url=draw(st.sampled_from([f"{API}/me", f"{API}/a?callback=x"])),
        headers=HeaderList([("Host", API.removeprefix("https://")), *draw(_SENT)]),
    )
    lines = draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=4))
    response = Response(status=draw(st.sampled_from([200, 204, 302, 304, 401, 404, 500, 502])), headers=HeaderList(lines))
    return Exchange(id="x", request=request, response=draw(st.sampled_from([response, None])))


@given(_exchanges())
def test_no_rule_fires_on_what_is_passed_over(exchange: Exchange) -> None:
    if not exchange_concerns_cors(exchange):
        assert not [one.findings for one in Inspector(rules=RULES).inspect(exchange) if one.findings]


@given(_exchanges())
def test_live_traffic_is_passed_over_like_captures(exchange: Exchange) -> None:
    sent, got = exchange.request, exchange.response
    lines = [(name.encode(), value.encode()) for name, value in sent.headers.lines]
    request = http.Request.make(sent.method, sent.url, headers=http.Headers(lines))
    fields = request.headers.fields
    concerns = request_concerns_cors(fields, request.data)
    assert glance(fields)[0] in (None, concerns) or request.method == "OPTIONS"
    if got is not None:
        answered = http.Response.make(
            got.status, headers=http.Headers([(n.encode(), v.encode()) for n, v in got.headers.lines])
        )
        concerns = concerns or response_concerns_cors(answered.headers.fields, answered.status_code)
    assert concerns is exchange_concerns_cors(exchange)
