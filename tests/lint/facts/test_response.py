"""Facts about the answer apart from its CORS headers."""

import pytest
from corslens.lint.classify.redirects import Redirection
from corslens.lint.rules.sample import Headers
from corslens.observation.known import Unknown
from corslens.observation.network_error import NetworkError

from tests.lint.make import facts


def test_an_exchange_without_answer() -> None:
    made = facts(error="[Errno 111] Connection refused")
    assert not made.response_received and isinstance(made.response_status, Unknown)
    assert (made.exchange_error_kind, made.exchange_proxy_error_page) == (NetworkError.REFUSED, True)


def test_status_and_type() -> None:
    made = facts({"content-type": "Text/HTML; charset=utf-8"}, status=404)
    assert (made.response_status, made.response_content_type) == (404, "text/html")


def test_gateways_and_redirects() -> None:
    page = {"server": "nginx", "content-type": "text/html"}
    assert facts(page, status=502).response_made_by == {"nginx-upstream-failed"}
    assert facts({"location": "/me/"}, status=301).response_redirection is Redirection.TRAILING_SLASH
    assert facts({"location": "/me/"}, status=200).response_redirection is None


@pytest.mark.parametrize(("vary", "found"), [("Origin", True), ("accept, ORIGIN", True), ("*", True), ("Original", False)])
def test_vary(vary: str, found: bool) -> None:
    assert facts({"vary": vary}).response_vary_origin is found


@pytest.mark.parametrize(
    ("headers", "private"),
    [
        ({"cache-control": "private, max-age=5"}, True),
        ({"set-cookie": "a=b"}, True),
        ({"cache-control": "public"}, False),
        ({}, False),
    ],
)
def test_private_answers(headers: Headers, private: bool) -> None:
    assert facts(headers).response_private is private


def test_headers_that_the_page_wants_and_cannot_read() -> None:
    allowed: Headers = {"access-control-allow-origin": "*", "etag": "x", "x-total-count": "1", "server": "x"}
    assert facts(allowed).response_unreadable_headers == {"Etag", "X-Total-Count"}
    assert facts({**allowed, "access-control-expose-headers": "*"}).response_unreadable_headers == frozenset()
    assert facts({**allowed, "access-control-expose-headers": "ETag"}).response_unreadable_headers == {"X-Total-Count"}


def test_insecure_redirects_timing_and_nosniff() -> None:
    assert facts({"location": "http://api.example/"}, status=302).response_location_insecure
    assert not facts({"location": "http://localhost/"}, status=302).response_location_insecure
    assert facts({"timing-allow-origin": "https://other.example"}).response_timing_refused
    assert not facts({"timing-allow-origin": "*"}).response_timing_refused
    assert facts({"x-content-type-options": "NoSniff"}).response_nosniff


def test_mixed_content_is_http_from_https() -> None:
    assert facts({}, url="http://api.example/").exchange_mixed_content
    assert not facts({}, url="http://localhost:8080/").exchange_mixed_content
    assert not facts({}).exchange_mixed_content
