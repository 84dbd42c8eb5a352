"""What a request's header lines say is read once."""

import pytest
from corslens.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES
from corslens.mitm import fields
from corslens.mitm.fields import MAX_REMEMBERED_BYTES, REMEMBERED, Fields, glance, request_fields

PAGE = "https://app.example"


def _lines(*more: tuple[bytes, bytes]) -> Fields:
    return ((b"Host", b"api.example"), (b"origin", PAGE.encode()), (b"Referer", b"https://app.example/a"), *more)


def test_what_is_read() -> None:
    read = request_fields(_lines((b":authority", b"x"), (b"referer", b"b"), (b"host", b"second.example")))
    assert (read.host, read.asker.origin) == (b"api.example", PAGE)
    headers, cut = read.limited
    assert headers.values("referer") == ("https://app.example/a", "b")
    assert ":authority" not in headers
    assert cut is None


def test_equal_lines_are_read_once_unless_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # An empty memory: one that is full is emptied, perhaps between two of these.
    monkeypatch.setattr(fields, "_remembered", bounded_cache(REMEMBERED, MAX_REMEMBERED_BYTES)(fields._read))
    first = request_fields(_lines((b"X-Read", b"once")))
    request_fields(_lines())
    assert request_fields(_lines((b"X-Read", b"once"))) is first
    assert request_fields(_lines((b"X-Read", b"once"))).limited is first.limited
    long = request_fields(_lines((b"X-Read", b"x" * MAX_REMEMBERED_BYTES)))
    request_fields(_lines((b"X-Read", b"y" * MAX_REMEMBERED_BYTES)))
    assert request_fields(_lines((b"X-Read", b"x" * MAX_REMEMBERED_BYTES))) is not long


def test_the_lines_of_a_request_are_looked_up_once() -> None:
    lines = _lines((b"X-Long", b"x" * MAX_REMEMBERED_BYTES))
    assert request_fields(lines) is request_fields(lines)


@pytest.mark.parametrize("place", [0, HEADER_LINES + 5])
def test_a_referer_is_found_beyond_the_limit(place: int) -> None:
    many = [(b"x", b"1")] * (HEADER_LINES + 10)
    many.insert(place, (b"REFERER", b"https://marked.example/"))
    fields = tuple(many)
    assert glance(fields) == (None, b"https://marked.example/")
    assert request_fields(fields).limited[1] is not None


OWN = ((b"Sec-Fetch-Site", b"same-origin"), (b"Sec-Fetch-Mode", b"no-cors"))


@pytest.mark.parametrize(
    ("lines", "concerns"),
    [
        (OWN, False),
        ((*OWN, (b"accept", b"image/png")), False),
        (((b"sec-fetch-site", b"same-origin"), (b"sec-fetch-mode", b"cors")), False),
        ((*OWN, (b"ORIGIN", PAGE.encode())), None),
        ((*OWN, (b"Accept", b"text/html,*/*")), None),
        ((*OWN, (b"Sec-Fetch-Site", b"cross-site")), None),
        ((*OWN, (b"Sec-Fetch-Mode", b"navigate")), None),
        (((b"Sec-Fetch-Mode", b"no-cors"),), None),
        (((b"Sec-Fetch-Site", b"none"),), None),
        (((b"Sec-Fetch-Site", b"cross-site"),), True),
        (((b"Sec-Fetch-Site", b"same-site"), (b"Origin", PAGE.encode())), True),
        ((*OWN, *[(b"x", b"1")] * HEADER_LINES), None),
        ((), None),
    ],
)
def test_a_glance_shows_whether_most_requests_concern_cors(lines: Fields, concerns: bool | None) -> None:
    assert glance(lines) == (concerns, b"")


def test_a_glance_shows_all_referers() -> None:
    assert glance(((b"Referer", b"a"), *OWN, (b"referer", b"b"))) == (False, b"a b")
