"""HTTP/1 heads in bytes."""

import pytest
from corslens.inputs.http_head import request_head, request_url, response_head


def test_request() -> None:
    head = request_head(
        b"GET /a?b=c d HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\n  2\r\nCaf\xe9: \xe9\r\nno colon\r\n\r\nX-Body: 1\r\n"
    )
    assert head is not None
    assert (head.method, head.target, head.version) == ("GET", "/a?b=c d", "HTTP/1.1")
    assert head.lines == [("Host", "a.example"), ("X-A", "1 2"), ("Caf\xe9", "\xe9")]
    assert request_url(head, "https") == "https://a.example/a?b=c d"


def test_an_absolute_target_is_the_url() -> None:
    head = request_head(b"GET http://b.example/x HTTP/1.1\nHost: a.example\n\n")
    assert head is not None and request_url(head, "https") == "http://b.example/x"


def test_response() -> None:
    head = response_head(b"HTTP/2 204 No Content\r\nVary: Origin\r\nvary: Accept\r\n\r\n")
    assert head is not None
    assert (head.status, head.version, head.lines) == (204, "HTTP/2.0", [("Vary", "Origin"), ("vary", "Accept")])


@pytest.mark.parametrize("data", [b"", b"hello", b"\x16\x03\x01", b"HTTP/1.1", b"HTTP/1.1 OK\r\n"])
def test_no_head(data: bytes) -> None:
    assert response_head(data) is None
    assert request_head(data) is None or data.startswith(b"HTTP/1.1 ")
