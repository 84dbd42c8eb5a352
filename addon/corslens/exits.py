"""Exit codes: the one table."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended. Where several apply, the highest."""

    OK = 0
    """Nothing at or over `--fail-on`."""
    FOUND = 1
    """Something at or over `--fail-on`."""
    USAGE = 2
    """Wrong usage."""
    UNREADABLE = 3
    """An input could not be read, or not to its end; what could be read is still analyzed."""
