"""Header lines of a HAR are what was on the wire, whatever their writer made of them."""

import pytest
from corslens.fetch.messages import HeaderLine
from corslens.inputs.har_lines import wire_lines

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
}


@pytest.mark.parametrize(("written", "sent"), REQUESTS.values(), ids=REQUESTS)
def test_request(written: list[HeaderLine], sent: list[HeaderLine]) -> None:
    assert wire_lines(written, request=True) == sent


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
