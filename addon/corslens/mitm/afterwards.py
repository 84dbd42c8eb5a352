"""Afterwards: what is done once the browser no longer waits for it, for several exchanges at once.

Between two exchanges the proxy's own code takes the processor's caches: one at a time, ours would take twice as long.
"""

import asyncio
from collections.abc import Callable

SECONDS = 0.02
"""How long an exchange waits for others."""
_TOGETHER = 3
"""Exchanges that wait for no more: one that comes meanwhile waits until they are done, less than a millisecond."""
_WAITING = 1_000
"""What waits at most, where no loop comes by for long."""

type Task = Callable[[], bool | None]
"""Does what waits, and says whether it left some of it for the next time."""


class Afterwards:
    """Takes its steps soon after something came to wait, or at once where there is no loop."""

    def __init__(self) -> None:
        self._steps: list[Task] = []
        self._due: asyncio.Handle | None = None
        self._complete = self._waiting = 0
        self._at_work = False

    def add_step(self, step: Task) -> None:
        """Take this step after the others; what it hands to later ones is done in the same turn."""
        self._steps.append(step)

    def add(self, *, complete: bool) -> None:
        """Take note of something that waits; `complete` when it is all that will come of its exchange for now."""
        if self._at_work:
            return
        self._waiting += 1
        self._complete += complete
        is_due = complete and self._complete == _TOGETHER
        if self._due is not None and not is_due and self._waiting < _WAITING:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.work()
            return
        if self._waiting >= _WAITING:
            self.work()
        elif is_due:
            self._call(loop.call_soon(self.work))
        else:
            self._call(loop.call_later(SECONDS, self.work))

    def work(self) -> None:
        """Take all steps."""
        self._call(None)
        self._complete = self._waiting = 0
        self._at_work = True
        try:
            has_more = [step() for step in self._steps]
        finally:
            self._at_work = False
        if any(has_more):
            self._call(asyncio.get_running_loop().call_soon(self.work))

    def _call(self, due: asyncio.Handle | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = due
