"""What is started piece by piece and stopped in the reverse order, whatever happens."""

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self


class Stacked:
    """`async with` starts it and stops it again: also when starting fails half-way, or is cancelled."""

    _stack: AsyncExitStack

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        """Start everything, and leave with the stack how each piece is stopped."""
        raise NotImplementedError


def profile(stack: AsyncExitStack, browser: str) -> Path:
    """Return a new folder for a browser's profile, which goes away with the stack."""
    # Its helpers may still write while the folder goes away.
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"corslens-{browser}-", ignore_cleanup_errors=True)))
