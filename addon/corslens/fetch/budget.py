"""Budget: the time that the work on one exchange may take, looked at between its stages.

The limits at the door bound each stage; the budget bounds what they come to, whatever was sent and whatever rules a user wrote.
"""

from collections.abc import Callable


class OverBudgetError(Exception):
    """The time is over; what was begun is left as it is."""


def _stands_still() -> float:
    return 0.0


class Budget:
    """The time that one exchange after the other may take.

    Args:
        seconds: for each of them.
        clock: seconds of anything that passes while there is work, CPU time at best. Without one there is no limit.
    """

    __slots__ = ("_clock", "_end", "_seconds")

    def __init__(self, seconds: float = 0.0, clock: Callable[[], float] = _stands_still) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end = seconds

    def start(self) -> None:
        """Begin with the next exchange."""
        self._end = self._clock() + self._seconds

    def check(self) -> None:
        """Go on, as long as there is time.

        Raises: OverBudgetError when it is over.
        """
        if self._clock() > self._end:
            raise OverBudgetError


UNLIMITED = Budget()
"""For work that nobody waits for."""
