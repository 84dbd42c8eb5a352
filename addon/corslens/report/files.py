"""The format of a report that is written to a file: its ending names it."""

from pathlib import Path

from corslens.report.formats.registry import ENDINGS as FORMATS
from corslens.report.formats.registry import Format

ENDINGS = tuple(FORMATS)


def format_of(path: Path) -> Format:
    """Return the format that the file's ending, one of ENDINGS, names."""
    return FORMATS[path.suffix.lower()]
