"""Matching: exact where both sides show the messages, and never a guess."""

from itertools import count

from corslens.witness.matching import APART_SECONDS, Matcher, Passed, joined
from corslens.witness.sighting import Sighting
from corslens.witness.witness import Witness, WitnessOutcome
from msgspec import structs

URL = "https://api.example/me"
_ids = count()


def passed(id: str, *, origin: str = "https://app.example", date: str = "1", status: int = 200, time: float = 10.0) -> Passed:
    lines = {"origin": origin, "host": "api.example", "connection": "keep-alive"}
    return Passed(
        id=id, method="GET", url=URL, time=time, request_lines=lines, status=status, response_lines={"date": date, "via": "x"}
    )


def sighted(*, origin: str = "https://app.example", date: str | None = "1", status: int = 200, time: float = 10.0) -> Sighting:
    answered = {} if date is None else {"date": date, "via": "x", "transfer-encoding": "chunked"}
    return Sighting(
        id=str(next(_ids)), method="GET", url=URL + "#part", time=time, sent=True, status=status,
        request_lines={"origin": origin}, response_lines=answered, witness=Witness(outcome=WitnessOutcome.READ),
    )  # fmt: skip


def test_in_any_order() -> None:
    matcher = Matcher()
    assert matcher.passed(passed("a"), 10) is None
    match = matcher.sighted(sighted(), 10)
    assert match is not None
    assert match.exchange == "a"
    assert matcher.sighted(sighted(date="2"), 10) is None
    match = matcher.passed(passed("b", date="2"), 10)
    assert match is not None
    assert match.exchange == "b"
    assert matcher.matched == 2


def test_lines_as_firefox_shows_them() -> None:
    """It adds one over HTTP/2, joins those of a name, and leaves out empty ones; twice, so that nothing but the lines can tell."""
    matcher = Matcher()
    for id in "ab":
        came, told = passed(id), sighted()
        matcher.passed(structs.replace(came, response_lines={**came.response_lines, "via": "x\ny", "vary": "\n*"}), 10)
        shown = {**told.response_lines, "via": "x, y", "vary": "*", "x-firefox-spdy": "h2"}
        match = matcher.sighted(structs.replace(told, response_lines=shown), 10)
        assert match is not None
        assert match.exchange == id


def test_a_server_that_did_not_respond() -> None:
    """The browser gets a page of mitmproxy's own; twice, so that nothing but the lines can tell."""
    matcher = Matcher()
    for id in "ab":
        matcher.passed(structs.replace(passed(id, status=502), response_lines={}), 10)
        shown = {"server": "mitmproxy 12.3.1", "connection": "close", "content-type": "text/html"}
        match = matcher.sighted(structs.replace(sighted(status=502), response_lines=shown), 10)
        assert match is not None
        assert match.exchange == id
    matcher.passed(structs.replace(passed("c", status=502), response_lines={}), 10)
    assert matcher.sighted(structs.replace(sighted(status=502), response_lines={"server": "nginx"}), 10) is None


def test_another_page_s_request_is_another_one() -> None:
    matcher = Matcher()
    matcher.passed(passed("a", origin="https://evil.example"), 10)
    matcher.passed(passed("b"), 10)
    match = matcher.sighted(sighted(), 10)
    assert match is not None
    assert match.exchange == "b"


def test_what_is_the_same_in_everything_goes_by_time() -> None:
    matcher = Matcher()
    for id in "abc":
        matcher.passed(passed(id), 10)
    assert [match.exchange for match in (matcher.sighted(sighted(), 10) for _ in range(3)) if match] == ["a", "b", "c"]


def test_an_exchange_is_none_that_the_page_made_later() -> None:
    """The browser may tell of the second first: a failed preflight before one whose last message is late."""
    matcher = Matcher()
    matcher.passed(passed("a", time=10.1), 11)
    matcher.passed(passed("b", time=10.5), 11)
    told = [matcher.sighted(sighted(time=time), 11) for time in (10.4, 10.0)]
    assert [match and match.exchange for match in told] == ["b", "a"]
    matcher.sighted(sighted(time=20.0), 21)
    matcher.sighted(sighted(time=20.4), 21)
    first = matcher.passed(passed("c", time=20.1), 21)
    assert first is not None and first.sighting.time == 20.0


def test_a_browser_whose_clock_is_ahead_is_matched_in_order() -> None:
    matcher = Matcher()
    for id in "ab":
        matcher.passed(passed(id), 10)
    assert [match and match.exchange for match in (matcher.sighted(sighted(time=15), 10) for _ in range(2))] == ["a", "b"]


def test_what_is_left_over_once_on_each_side() -> None:
    matcher = Matcher()
    matcher.passed(passed("a"), 10)
    matcher.sighted(sighted(date=None), 10)
    assert list(matcher.settle(10.5)) == []
    assert [match.exchange for match in matcher.settle(12)] == ["a"]


def test_no_guess() -> None:
    """Two are there: which of them it is nothing tells; nor where the status is another one, or the time."""
    matcher = Matcher()
    matcher.passed(passed("a"), 10), matcher.passed(passed("b"), 10)
    matcher.sighted(sighted(date=None), 10)
    assert list(matcher.settle(12)) == []
    other = Matcher()
    other.passed(passed("a", status=500), 10)
    other.sighted(sighted(date=None), 10)
    assert list(other.settle(12)) == []
    late = Matcher()
    late.passed(passed("a", time=10), 10)
    assert late.sighted(sighted(time=10 + 2 * APART_SECONDS), 10) is None
    assert list(late.settle(12)) == []


def test_a_request_that_waited_in_the_browser() -> None:
    """A page made it a minute ago, in a burst; when it went out is what counts."""
    matcher = Matcher()
    matcher.passed(passed("a", time=100), 100)
    late = structs.replace(sighted(time=10), sent_at=100.0)
    match = matcher.sighted(late, 100)
    assert match is not None
    assert match.exchange == "a"


def test_unmatched_is_counted() -> None:
    matcher = Matcher()
    matcher.sighted(sighted(), 10)
    list(matcher.settle(10 + 2 * APART_SECONDS))
    assert (matcher.unmatched, matcher.matched) == (1, 0)


def test_bounded() -> None:
    matcher = Matcher(limit=100)
    for number in range(1000):
        matcher.sighted(sighted(date=str(number)), 10)
        matcher.passed(passed(str(number), date=f"other {number}"), 10)
    assert matcher.dropped == 1800


def test_header_lines_as_a_browser_reports_them() -> None:
    lines = (("Vary", "Origin"), ("vary", "Accept"), ("Cookie", "a=1"), ("cookie", "b=2"))
    assert joined(lines) == {"vary": "Origin\nAccept", "cookie": "a=1; b=2"}
