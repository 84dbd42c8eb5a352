"""A progress bar on a terminal, for what takes over a second."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE = 1.0
"""Seconds without a bar."""


class Bar:
    """Show how much of the files was analyzed, on standard error when that is a terminal."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._done = 0
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()

    def within(self, part: float) -> None:
        """Show that this part of the present file is done, from 0 to 1."""
        if not self._shown or time.monotonic() - self._started <= _PATIENCE:
            return
        if self._progress is None:
            from rich.console import Console  # late: most captures are analyzed before there is a bar
            from rich.progress import Progress

            # Rich 13 ends a bar with an empty line even where it is disabled: without a terminal there is no bar.
            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.add_task("analyzing", total=self._files)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], completed=self._done + part)

    def next(self) -> None:
        """Show that the present file is done."""
        self._done += 1
        self.within(0.0)
