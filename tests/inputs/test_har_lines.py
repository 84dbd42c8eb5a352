"""Header lines of a HAR are what was on the wire, whatever their writer made of them."""

import pytest
from corslens.fetch.messages import HeaderLine
from corslens.inputs.har_form import Header
from corslens.inputs.har_lines import NO_LINES, Lines, lines_of, wire_lines

REQUESTS: dict[str, tuple[list[HeaderLine], list[HeaderLine]]] = {
    "nothing": ([], []),
    "ordinary": ([("Accept", "*/*"), ("Origin", "https://a.example")], [("Accept", "*/*"), ("Origin", "https://a.example")]),
    "pseudo-headers first": ([(":authority", "a"), ("accept", "*/*")], [("accept", "*/*")]),
    "pseudo-headers last": ([("accept", "*/*"), (":path", "/")], [("accept", "*/*")]),
    "a value that begins with a colon": ([("x-a", ":b")], [("x-a", ":b")]),
    "twice, in two spellings": ([("Accept", "*/*"), ("accept", "*/*")], [("Accept", "*/*")]),
    "twice, with two values": ([("X-A", "1"), ("x-a", "2")], [("X-A", "1"), ("x-a", "2")]),
    "two origins": ([("Origin", "null"), ("origin", "https://a.example")], [("origin", "https://a.example")]),
    "a request line": ([("GET /t/urn", "x:y HTTP/1.1"), ("accept", "*/*")], [("accept", "*/*")]),
    "a request line without a colon in it": ([("GET / HTTP/1.1", ""), ("accept", "*/*")], [("accept", "*/*")]),
    "joined by line feeds": ([("cookie", "a=1\nb=2")], [("cookie", "a=1"), ("cookie", "b=2")]),
    "a name with a space": ([("x y", "1")], [("x y", "1")]),
    "a status line beside a pseudo-header": ([(":path", "/"), ("HTTP/1.1", "200"), ("a", "b")], [("a", "b")]),
}


@pytest.mark.parametrize(("written", "sent"), REQUESTS.values(), ids=REQUESTS)
def test_request(written: list[HeaderLine], sent: list[HeaderLine]) -> None:
    assert wire_lines(written, request=True) == sent


def _pairs(lines: Lines) -> list[HeaderLine]:
    return list(zip(lines.named.sent, lines.values, strict=True))


def _lines(written: list[HeaderLine], *, request: bool = True) -> Lines:
    return lines_of([Header(name, value) for name, value in written], request=request, decoded=False)


@pytest.mark.parametrize("written", [written for written, _ in REQUESTS.values()], ids=REQUESTS)
@pytest.mark.parametrize("request_", [True, False], ids=["request", "response"])
def test_what_is_remembered_of_names_changes_nothing(written: list[HeaderLine], request_: bool) -> None:
    for _ in range(2):  # the second time by what was remembered
        assert _pairs(_lines(written, request=request_)) == wire_lines(written, request=request_)


def test_text_is_as_it_was_on_the_wire() -> None:
    assert _pairs(_lines([("X-\u20ac", "a"), ("b", "\u20ac")])) == [("X-\xe2\x82\xac", "a"), ("b", "\xe2\x82\xac")]


def test_lines_that_tell_of_cors_are_found_by_their_names() -> None:
    request = _lines([(":path", "/"), ("Accept", "*/*"), ("DNT", "1"), ("Origin", "null")])
    assert request.relevant() == [("Accept", "*/*"), ("Origin", "null")]
    response = _lines([("Vary", "Origin"), ("Acces-Control-Allow-Origin", "*"), ("Origin", "x")], request=False)
    assert response.relevant() == [("Acces-Control-Allow-Origin", "*")]


def test_lines_are_found_by_name() -> None:
    lines = _lines([("Host", "a"), ("Cookie", "b=c")]).with_line("HOST", "d")
    assert "cookie" in lines
    assert "origin" not in lines
    assert (lines.first("host"), lines.first("origin")) == ("a", "")
    assert _pairs(lines)[-1] == ("HOST", "d")
    assert not NO_LINES.relevant()


def test_response() -> None:
    """Repeats of a response are the server's; a status line is no header."""
    written = [
        ("HTTP/1.1 200 OK", ""),
        ("Vary", "Origin\r\nAccept"),
        ("Vary", "Origin"),
        ("vary", "Origin"),
        (":status", "200"),
    ]
    assert wire_lines(written, request=False) == [
        ("Vary", "Origin"),
        ("Vary", "Accept"),
        ("Vary", "Origin"),
        ("vary", "Origin"),
    ]
