"""What has nothing to do with CORS is told from raw header lines."""

import pytest
from corslens.mitm.fields import glance
from corslens.mitm.relevance import request_concerns_cors, response_concerns_cors

from tests.mitm.make import answered, flow

SAME = ("Sec-Fetch-Site", "same-origin")

REQUESTS = {
    "no Origin": (flow(origin=None), False),
    "another origin": (flow(), True),
    "the null origin": (flow(origin="null"), True),
    "its own origin, told by fetch metadata": (flow(lines=[SAME], origin="https://api.example"), False),
    "its own origin, without fetch metadata": (flow(scheme="http", origin="http://api.example"), False),
    "its own host under another scheme": (flow(origin="http://api.example"), True),
    "its own host on another port": (flow(origin="https://api.example:8443"), True),
    "a redirect back to its own origin": (flow(lines=[("Sec-Fetch-Site", "cross-site")], origin="null"), True),
    "a WebSocket from elsewhere": (flow(lines=[("Upgrade", "websocket")]), True),
    "a WebSocket of its own origin": (flow(lines=[("Upgrade", "websocket"), SAME], origin="https://api.example"), False),
    "a script from elsewhere": (
        flow(lines=[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], origin=None),
        True,
    ),
    "a script of its own origin": (flow(lines=[SAME, ("Sec-Fetch-Mode", "no-cors")], origin=None), False),
    "a link from elsewhere": (
        flow(lines=[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], origin=None),
        True,
    ),
    "an upgrade to HTTP/2": (flow(lines=[("Upgrade", "h2c")]), True),
    "odd case": (flow(lines=[("oRIGIN", "https://a.example")], origin=None), True),
    "a preflight": (flow("OPTIONS"), True),
}


@pytest.mark.parametrize(("made", "concerns"), REQUESTS.values(), ids=REQUESTS)
def test_request(made, concerns):
    data = made.request.data
    assert concerns is request_concerns_cors(data.headers.fields, data)
    assert glance(data.headers.fields)[0] in (None, concerns) or data.method == b"OPTIONS"


RESPONSES = {
    "nothing": (answered(flow()), False),
    "ordinary headers": (answered(flow(), lines=[("Content-Type", "x"), ("Accept-Ranges", "bytes")]), False),
    "a redirect": (answered(flow(), 302), True),
    "not modified": (answered(flow(), 304), False),
    "a grant": (answered(flow(), allow_origin="*"), True),
    "a grant in lower case": (answered(flow(), lines=[("access-control-allow-methods", "x")]), True),
    "a resource policy": (answered(flow(), lines=[("cross-origin-resource-policy", "same-origin")]), True),
    "timing": (answered(flow(), lines=[("Timing-Allow-Origin", "*")]), True),
}


@pytest.mark.parametrize(("made", "concerns"), RESPONSES.values(), ids=RESPONSES)
def test_response(made, concerns):
    assert concerns is response_concerns_cors(made.response.data.headers.fields, made.response.status_code)
