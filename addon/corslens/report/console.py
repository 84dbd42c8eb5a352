"""The terminal as reports are printed on it: colours only where they belong, no line broken but by us."""

import os
import sys
from typing import IO, TYPE_CHECKING

from corslens.report.styled_text import StyledText

if TYPE_CHECKING:
    from rich.console import Console


class ReportConsole:
    """Prints text as it is, in plain characters unless `file` (standard output) is a terminal and NO_COLOR is not set.

    Standard: https://no-color.org
    """

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = sys.stdout if file is None else file
        self._console = _terminal(self._file)

    @property
    def width(self) -> int | None:
        """How wide the terminal is, None when it is none."""
        return self._console.width if self._console is not None and self._console.is_terminal else None

    def print(self, text: StyledText) -> None:
        """Print a text and end its line; into a pipe as soon as onto a terminal."""
        if self._console is None:
            self._file.write(text.plain + "\n")
            self._file.flush()
        else:
            from rich.text import Span, Text

            self._console.print(Text(text.plain, text.style, spans=[Span(*span) for span in text.spans]))


def _terminal(file: IO[str]) -> "Console | None":
    """Return the file as rich sees it, None where that can be no terminal and takes no import of rich's."""
    # A process whose standard output is closed has none; rich knows what to do then.
    if file and not (file.isatty() or os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE")):
        return None
    from rich.console import Console

    # rich's own reading of NO_COLOR leaves bold on.
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file, highlight=False, markup=False, emoji=False, soft_wrap=True, color_system=None if plain else "auto"
    )
