"""Whatever is on the wire, linting says something or nothing, and does not fail."""

import pytest
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange
from hypothesis import given, settings
from hypothesis import strategies as st

RULES = load_rules()

WIRE = st.text(alphabet=st.characters(max_codepoint=255), max_size=40)
VALUES = (
    st.sampled_from(
        ["*", "null", "true", "https://app.example", "https://app.example/", "GET, put", "-1", "", "Origin", "max-age=1"]
    )
    | WIRE
)
NAMES = st.sampled_from([
    "Access-Control-Allow-Origin", "access-control-allow-credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
    "Access-Control-Max-Age", "Access-Control-Expose-Headers", "Access-Control-Allow-Method", "Access-Control-Request-Method",
    "Access-Control-Request-Headers", "Vary", "Cache-Control", "Set-Cookie", "Location", "Age", "Server", "Content-Type", "Origin", "Cookie",
    "Timing-Allow-Origin", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Referer", "User-Agent", "X-Cache", "Authorization",
]) | st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)  # fmt: skip
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=12).map(HeaderList)
URLS = st.sampled_from(["https://api.example/a?callback=x", "http://10.0.0.1/", "https://api.example", "wss://api.example/s"])
EXCHANGES = st.builds(
    lambda method, url, sent, got, status, answered: (method, url, sent, got, status, answered),
    st.sampled_from(["GET", "OPTIONS", "patch", "POST"]),
    URLS,
    HEADERS,
    HEADERS,
    st.integers(0, 999),
    st.booleans(),
)


@pytest.mark.slow  # hundreds of generated sessions
@settings(max_examples=300)
@given(st.lists(EXCHANGES, min_size=1, max_size=4))
def test_no_exchange_makes_it_fail(drawn: list[tuple[str, str, HeaderList, HeaderList, int, bool]]) -> None:
    inspector = Inspector(rules=RULES)
    for number, (method, url, sent, got, status, answered) in enumerate(drawn):
        request = Request(method=method, url=url, headers=sent, time=float(number))
        response = Response(status=status, headers=got, time=float(number)) if answered else None
        error = None if answered else "connection refused"
        exchange = Exchange(id=str(number), request=request, response=response, error=error, got_proxy_error_page=not answered)
        for inspection in inspector.inspect(exchange):
            assert all(finding.message and finding.rule in RULES.rules for finding in inspection.findings)
    inspector.finish()


def test_long_values_are_not_kept_in_memory() -> None:
    """A megabyte in a header does not become a megabyte in every finding."""
    inspector = Inspector(rules=RULES)
    value = "https://a.example, " * 50_000
    headers = HeaderList([("Access-Control-Allow-Origin", value), ("Access-Control-Allow-Headers", value), ("Vary", value)])
    request = Request(method="GET", url="https://api.example/", headers=HeaderList([("Origin", "https://app.example")]))
    (inspection, *_) = inspector.inspect(Exchange(id="x", request=request, response=Response(status=200, headers=headers)))
    assert inspection.findings
    assert all(
        len(finding.message) + sum(len(line) for fix in finding.fixes for line in fix.lines) < 2_000
        for finding in inspection.findings
    )
    assert all(len(line.value or "") <= 500 for finding in inspection.findings for line in finding.evidence)
