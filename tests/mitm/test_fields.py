"""What a request's header lines say is read once."""

import pytest
from corslens.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES
from corslens.mitm import fields
from corslens.mitm.fields import LONGEST, REMEMBERED, Fields, request_fields

PAGE = "https://app.example"


def _lines(*more: tuple[bytes, bytes]) -> Fields:
    return ((b"Host", b"api.example"), (b"origin", PAGE.encode()), (b"Referer", b"https://app.example/a"), *more)


def test_what_is_read() -> None:
    read = request_fields(_lines((b":authority", b"x"), (b"referer", b"b"), (b"host", b"second.example")))
    assert (read.host, read.referers, read.asker.origin) == (b"api.example", b"https://app.example/a b", PAGE)
    headers, cut = read.limited
    assert headers.values("referer") == ("https://app.example/a", "b")
    assert ":authority" not in headers
    assert cut is None


def test_equal_lines_are_read_once_unless_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # An empty memory: one that is full is emptied, perhaps between two of these.
    monkeypatch.setattr(fields, "_remembered", bounded_cache(REMEMBERED, LONGEST)(fields._read))
    first = request_fields(_lines((b"X-Read", b"once")))
    request_fields(_lines())
    assert request_fields(_lines((b"X-Read", b"once"))) is first
    assert request_fields(_lines((b"X-Read", b"once"))).limited is first.limited
    long = request_fields(_lines((b"X-Read", b"x" * LONGEST)))
    request_fields(_lines((b"X-Read", b"y" * LONGEST)))
    assert request_fields(_lines((b"X-Read", b"x" * LONGEST))) is not long


def test_the_lines_of_a_request_are_looked_up_once() -> None:
    lines = _lines((b"X-Long", b"x" * LONGEST))
    assert request_fields(lines) is request_fields(lines)


@pytest.mark.parametrize("place", [0, HEADER_LINES + 5])
def test_a_referer_is_found_beyond_the_limit(place: int) -> None:
    many = [(b"x", b"1")] * (HEADER_LINES + 10)
    many.insert(place, (b"REFERER", b"https://marked.example/"))
    read = request_fields(tuple(many))
    assert read.referers == b"https://marked.example/"
    assert read.limited[1] is not None
