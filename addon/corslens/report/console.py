"""The terminal as reports are printed on it: colours only where they belong, no line broken but by us."""

import os
from typing import IO

from rich.console import Console


def report_console(file: IO[str] | None = None, *, stderr: bool = False) -> Console:
    """Return a console that prints text as it is, in plain characters unless it is a terminal and NO_COLOR is not set.

    Standard: https://no-color.org
    """
    # rich's own reading of NO_COLOR leaves bold on.
    plain = bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file,
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        color_system=None if plain else "auto",
    )


def width_of(console: Console) -> int | None:
    """Return how wide the terminal is, None when it is none."""
    return console.width if console.is_terminal else None
