"""What is sent, held against what was recorded from real browsers over HTTP/1.1."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from corslens.engines.engine import Engine
from corslens.engines.sending import PageFetch, fetch_metadata, preflight_lines, request_lines
from corslens.fetch.request_headers import SAFELISTED_NAMES

from tests.truth.recorded import scenarios

PAGE = "https://app.example"
API = "https://api.example.com/me"
_VARIABLE = frozenset({"sec-fetch-storage-access", "cookie"})


def _recorded(engine: Engine, method: str, scheme: str) -> Iterator[list[tuple[str, str]]]:
    """The heads of requests with this method and only headers that browsers set, on connections that name themselves as without a proxy."""
    for scenario in scenarios(engine):
        for flow in scenario["flows"]:
            lines: list[Any] = flow["request_headers"]
            names = {name.lower() for name, _ in lines}
            if (
                flow["version"] == "HTTP/1.1"
                and flow["method"] == method
                and flow["url"].startswith(f"{scheme}:")
                and {"origin", "referer", "connection"} <= names
                and not any(
                    name.startswith("x-") or name in (SAFELISTED_NAMES - {"accept", "accept-language"}) for name in names
                )
                and "authorization" not in names
            ):
                yield [(name, value) for name, value in lines if name.lower() not in _VARIABLE]


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_the_lines_are_those_of_the_browser_in_its_order(engine: Engine, method: str) -> None:
    """Names, case and order are the most common ones that were recorded."""
    recorded = Counter(
        tuple(name for name, _ in lines if name.lower() != "access-control-request-headers")
        for lines in _recorded(engine, method, "https")
    )
    fetch = PageFetch(url=API, origin=PAGE, method="PUT" if method == "OPTIONS" else "GET")
    ours = (preflight_lines if method == "OPTIONS" else request_lines)(fetch, engine)
    ((most, _),) = recorded.most_common(1)
    assert tuple(name for name, _ in ours) == most


@pytest.mark.parametrize("engine", Engine)
def test_a_preflight_lists_what_is_unsafe_and_carries_no_credentials(engine: Engine) -> None:
    fetch = PageFetch(
        url=API,
        origin=PAGE,
        method="POST",
        headers=(("X-B", "1"), ("Content-Type", "application/json"), ("Accept", "text/html")),
        credentialed=True,
        cookie="a=1",
    )
    assert fetch.needs_preflight
    preflight = dict(preflight_lines(fetch, engine))
    assert preflight["Access-Control-Request-Headers"] == "content-type,x-b"
    assert preflight["Access-Control-Request-Method"] == "POST"
    assert "Cookie" not in preflight and "X-B" not in preflight
    request = request_lines(fetch, engine)
    assert dict(request)["Cookie"] == "a=1" and ("X-B", "1") in request
    assert [value for name, value in request if name == "Accept"] == ["text/html"]


def test_a_simple_request_and_one_of_the_page_s_own_origin_need_no_preflight() -> None:
    assert not PageFetch(url=API, origin=PAGE).needs_preflight
    assert not PageFetch(url=API, origin=PAGE, method="POST", headers=(("Content-Type", "text/plain"),)).needs_preflight
    assert not PageFetch(url=API, origin="https://api.example.com", method="PUT").needs_preflight
    assert PageFetch(url=API, origin="null", method="DELETE").needs_preflight


def test_an_opaque_origin_and_a_downgrade_have_no_referer() -> None:
    names = {name for name, _ in request_lines(PageFetch(url=API, origin="null"), Engine.FIREFOX)}
    assert "Referer" not in names and "Origin" in names
    assert "Referer" not in dict(request_lines(PageFetch(url="http://api.example/", origin=PAGE), Engine.CHROMIUM))


def test_whoever_asks_names_itself_without_client_hints() -> None:
    lines = dict(request_lines(PageFetch(url=API, origin=PAGE), Engine.CHROMIUM, user_agent="corslens/1"))
    assert lines["User-Agent"] == "corslens/1" and not any(name.startswith("sec-ch") for name in lines)


def test_fetch_metadata_goes_to_trustworthy_urls_only() -> None:
    assert fetch_metadata("http://api.example/", PAGE) == {}
    assert fetch_metadata("http://127.0.0.1:8000/", PAGE)["sec-fetch-site"] == "cross-site"
    assert fetch_metadata(API, "https://www.example.com")["sec-fetch-site"] == "same-site"
