"""Header lines of a HAR are what was on the wire, whatever their writer made of them."""

import pytest
from corslens.fetch.messages import HeaderLine
from corslens.inputs.har_lines import as_sent, wire_lines

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


@pytest.mark.parametrize("written", [written for written, _ in REQUESTS.values()], ids=REQUESTS)
@pytest.mark.parametrize("request_", [True, False], ids=["request", "response"])
def test_what_is_quickly_said_is_the_same(written: list[HeaderLine], request_: bool) -> None:
    for _ in range(2):  # the second time by what was remembered
        quick = as_sent(written, "".join(map("".join, written)), request=request_)
        assert quick is None or quick == wire_lines(written, request=request_)


def test_a_browsers_own_lines_are_quickly_said() -> None:
    assert as_sent([(":authority", "a"), (":path", "/"), ("accept", "*/*")], "", request=True) == [("accept", "*/*")]


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
