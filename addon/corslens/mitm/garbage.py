"""Garbage: when Python looks through everything that is remembered for what nothing holds any more.

What a session remembers is in no cycle and goes when it is dropped, so there is little to find; but 10,000 problems take Python some 200 ms
to look through, and by itself it does so in the middle of whatever hook comes along. Here it does so while no traffic passes.
"""

import gc

_NEVER = 2**31 - 1
OVERDUE = 600
"""Ticks after which it is done even though traffic passes."""


def keep_what_is_there() -> None:
    """Look through what is there for the last time: rules and modules stay to the end."""
    gc.collect()
    gc.freeze()


class Garbage:
    """Collects the oldest generation at ticks; younger ones, which take a few milliseconds, are Python's own business."""

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None
        """Python's thresholds, while they are not in force."""
        self._due_for = 0

    def begin(self) -> None:
        """From here on, collect at ticks only."""
        if self._before is None:
            self._before = gc.get_threshold()
        keep_what_is_there()
        young, middle, _ = self._before
        gc.set_threshold(young, middle, _NEVER)

    def end(self) -> None:
        """Leave everything to Python again."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            self._before = None
            gc.unfreeze()

    def on_tick(self, *, quiet: bool) -> None:
        """Collect if Python would have, by now, and nobody waits (`quiet`)."""
        if self._before is None or gc.get_count()[2] <= self._before[2]:
            return
        self._due_for += 1
        if quiet or self._due_for >= OVERDUE:
            self._due_for = 0
            gc.collect()
