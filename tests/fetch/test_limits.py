"""The door: what is within the limits passes untouched, what is beyond is cut, counted and said."""

import pytest
from corslens.fetch import limits
from corslens.fetch.limits import (
    HEAD_CHARACTERS,
    HEADER_LINES,
    LIST_ELEMENTS,
    METHOD_CHARACTERS,
    NAME_CHARACTERS,
    URL_CHARACTERS,
    VALUE_CHARACTERS,
    limited_headers,
    limited_request,
    limited_response,
    limited_text,
    received_request,
)
from corslens.fetch.messages import Cut, HeaderList, Request, Response

ORIGIN = ("Access-Control-Allow-Origin", "*")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [("A", "1"), ("a", "2")],
        [(f"X-{number}", "1") for number in range(HEADER_LINES)],
        [("A", "a" * VALUE_CHARACTERS)],
        [("a" * NAME_CHARACTERS, "1")],
        [("Access-Control-Allow-Headers", ",".join(["a"] * LIST_ELEMENTS))],
        [("Cookie", "," * VALUE_CHARACTERS)],
        [(f"X-{number}", "a" * (VALUE_CHARACTERS - 3)) for number in range(4)],
    ],
)
def test_what_is_within_the_limits_passes_untouched(lines: list[tuple[str, str]]) -> None:
    headers, cut = limited_headers(lines)
    assert headers.lines == tuple(lines)
    assert cut is None or cut == Cut()


@pytest.mark.parametrize(
    ("lines", "cut", "said"),
    [
        ([("X", "1")] * HEADER_LINES + [ORIGIN] * 2, {"lines": 2, "names": {"access-control-allow-origin"}}, "2 header lines"),
        ([ORIGIN] + [("X", "1")] * HEADER_LINES, {"lines": 1}, "1 header line"),
        ([("Location", "a" * VALUE_CHARACTERS + "b")], {"values": 1, "names": {"location"}}, "1 header value"),
        ([("X", "a" * VALUE_CHARACTERS + "b")], {"values": 1}, "1 header value"),
        (
            [("vary", ",".join(["a"] * LIST_ELEMENTS)), ("Vary", "b,c")],
            {"values": 1, "elements": 2, "names": {"vary"}},
            "2 list elements, 1 header value",
        ),
    ],
)
def test_what_is_beyond_is_cut_counted_and_said(lines: list[tuple[str, str]], cut: dict[str, object], said: str) -> None:
    kept, found = limited_headers(lines)
    assert found == Cut(**cut)  # type: ignore[arg-type]
    assert str(found) == said
    assert len(kept.lines) <= HEADER_LINES


def test_the_whole_head_has_a_limit() -> None:
    lines = [(f"X-{number}", "a" * 1_000) for number in range(HEADER_LINES)]
    kept, cut = limited_headers(lines)
    assert sum(len(name) + len(value) for name, value in kept.lines) <= HEAD_CHARACTERS
    assert cut is not None
    assert cut.lines + len(kept.lines) == HEADER_LINES


def test_of_lines_beyond_counting_any_header_may_have_been_one() -> None:
    beyond = [(b"x", b"1")] * (limits._LOOKED_THROUGH + 1)
    cut = limited_headers([("x", "1")], beyond)[1]
    assert cut is not None
    assert {"origin", "access-control-allow-origin", "location"} <= cut.names
    cut = limited_headers([("x", "1")], [(b"ORIGIN", b"https://a.example")])[1]
    assert cut is not None
    assert cut.names == {"origin"}


def test_method_and_url_have_limits() -> None:
    url = "https://a.example/" + "a" * URL_CHARACTERS
    request = received_request(method="A" * 300, url=url, headers=limited_headers([]))
    assert (request.method, request.url) == ("A" * METHOD_CHARACTERS, url[:URL_CHARACTERS])
    assert request.cut == Cut(url=18, method=44)
    assert str(request.cut) == "18 characters of the URL, 44 characters of the method"


def test_heads_that_somebody_else_made() -> None:
    lines = HeaderList([("x", "1")] * (HEADER_LINES + 1))
    request = limited_request(Request(method="GET", url="https://a.example/", headers=lines, http_version="HTTP/3", time=3.0))
    response = limited_response(Response(status=201, headers=lines, http_version="HTTP/3", time=4.0))
    assert (request.http_version, request.time, request.cut) == ("HTTP/3", 3.0, Cut(lines=1))
    assert (response.status, response.http_version, response.time, response.cut) == (201, "HTTP/3", 4.0, Cut(lines=1))
    assert limited_request(request) is request
    assert limited_response(response) is response


def test_text_beside_the_heads_is_cut() -> None:
    assert limited_text("e" * 5_000) == "e" * 1_024
    assert limited_text("net::ERR_FAILED") == "net::ERR_FAILED"
    assert limited_text("") is None
    assert limited_text(None) is None
