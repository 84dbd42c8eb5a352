"""Samples written out as exchanges."""

from corslens.engines.engine import Engine
from corslens.lint.rules.sample import Sample, Step


def test_a_request_looks_like_a_browser_s() -> None:
    (exchange,) = Sample(name="x", steps=(Step(credentials=True),)).exchanges()
    headers = exchange.request.headers
    assert tuple(headers.get(name) for name in ("origin", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-storage-access")) == (
        "https://app.example",
        "cors",
        "cross-site",
        "active",
    )
    (plain,) = Sample(name="x", steps=(Step(url="http://api.example/"),)).exchanges()
    assert "sec-fetch-mode" not in plain.request.headers
    (webkit,) = Sample(name="x", engine=Engine.WEBKIT, steps=(Step(credentials=True),)).exchanges()
    assert "sec-fetch-storage-access" not in webkit.request.headers


def test_a_preflight_asks_for_what_the_request_holds() -> None:
    step = Step(
        method="PUT",
        request={"content-type": "application/json", "x-b": "1", "cookie": "a=b"},
        preflight=(204, {"vary": "Origin"}),
    )
    sample = Sample(name="x", steps=(Step(), step))
    _, asked, request = sample.exchanges()
    headers = asked.request.headers
    assert (
        asked.request.method,
        headers.get("access-control-request-method"),
        headers.get("access-control-request-headers"),
    ) == ("OPTIONS", "PUT", "content-type,x-b")
    assert "cookie" not in headers and asked.request.time < request.request.time
    assert sample.looked_at == (asked.id, request.id)


def test_headers_can_be_taken_away_repeated_and_errors_answered_by_the_proxy() -> None:
    step = Step(request={"origin": None}, response={"x-a": ("1", "2")})
    failed = Step(error="reset")
    first, second = Sample(name="x", steps=(step, failed)).exchanges()
    assert "origin" not in first.request.headers
    assert first.response is not None and first.response.headers.values("x-a") == ("1", "2")
    assert second.response is None and second.got_proxy_error_page and second.error == "reset"
