"""A limit on the CPU time of code that cannot be asked to stop, such as a regular expression that somebody else wrote."""

import signal
import threading
from collections.abc import Callable
from types import FrameType


class TimeLimitError(Exception):
    """The time is over."""


def within[R](seconds: float, work: Callable[[], R]) -> R:
    """Do the work and return its result.

    Where the system has no timer of CPU time (Windows), outside the main thread, and when somebody else uses that timer, there is no limit.

    Raises: TimeLimitError after so much CPU time.
    """
    if not _is_ready():
        return work()
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TimeLimitError:
        raise TimeLimitError from None  # one traceback less, which may hold what the work was on


def _is_ready() -> bool:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return False
    handler = signal.getsignal(signal.SIGVTALRM)
    if handler is signal.SIG_DFL:
        signal.signal(signal.SIGVTALRM, _over)
        return True
    return handler is _over


def _over(_number: int, _frame: FrameType | None) -> None:
    raise TimeLimitError
