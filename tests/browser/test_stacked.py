"""What is started piece by piece is stopped whatever happens."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.browser.kit.stacked import Stacked, profile


class Pieces(Stacked):
    """A folder, and a second piece that may not start."""

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails
        self.folder = Path()
        self.stopped: list[bool] = []

    async def _start(self, stack: AsyncExitStack) -> None:
        self.folder = profile(stack, "nobody")
        stack.callback(lambda: self.stopped.append(self.folder.exists()))
        if self.fails:
            raise OSError("no second piece")


async def test_stopped_in_the_reverse_order() -> None:
    async with Pieces(fails=False) as pieces:
        assert pieces.folder.is_dir() and not pieces.stopped
    assert pieces.stopped == [True] and not pieces.folder.exists()


async def test_what_was_started_before_a_failure_is_stopped() -> None:
    pieces = Pieces(fails=True)
    with pytest.raises(OSError, match="no second piece"):
        await pieces.__aenter__()
    assert pieces.stopped == [True] and not pieces.folder.exists()
