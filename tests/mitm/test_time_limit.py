"""Work that does not end is ended, and nothing is left behind."""

import re
import signal
import threading
from collections.abc import Iterator

import pytest
from corslens.mitm.filters import parse_filter
from corslens.mitm.time_limit import TimeLimitError, within

from tests.make import API, exchange, request, response

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no timer of CPU time")


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Leave no handler behind."""
    yield
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def test_what_ends_in_time_has_its_result() -> None:
    """And no timer runs on."""
    assert within(10.0, lambda: 42) == 42
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_an_error_is_passed_on() -> None:
    """The timer is stopped then, too."""
    with pytest.raises(ZeroDivisionError):
        within(10.0, lambda: 1 // 0)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)*b", r"a*a*a*a*a*a*a*a*a*b"])
def test_a_regular_expression_without_end_is_ended(pattern: str) -> None:
    """Within the engine, which looks at signals now and then."""
    with pytest.raises(TimeLimitError):
        within(0.02, lambda: re.search(pattern, "a" * 400 + "!"))


def test_somebody_elses_timer_is_theirs() -> None:
    """Then there is no limit."""
    heard: list[int] = []
    signal.signal(signal.SIGVTALRM, lambda number, frame: heard.append(number))
    assert within(0.0001, lambda: sum(range(300_000))) and not heard


def test_outside_the_main_thread_there_is_no_limit() -> None:
    """A signal's handler runs in that one alone."""
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.append(within(10.0, lambda: 7)))
    thread.start()
    thread.join()
    assert got == [7]


@pytest.mark.parametrize("text", ['~u "(a+)+$"', '!~u "(a|a)*b"', '~d api & ~u "a*a*a*a*a*a*a*a*a*b"'])
def test_a_filter_that_takes_too_long_is_given_up(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """Once, in words; from then on it matches nothing, so that a finding is rather shown than suppressed."""
    matches = parse_filter(text)
    slow = exchange(request(url=f"{API}/{'a' * 2000}!"), response())
    assert not matches(slow) and not matches(slow) and not matches(exchange(request(url=f"{API}/b"), response()))
    assert len(caplog.records) == 1 and "took more than 50 ms of CPU time on one flow" in caplog.text
