"""Write a report to a file, in the format that its ending names."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from corslens.report.formats import ENDINGS as FORMATS
from corslens.report.formats import Format

ENDINGS = tuple(FORMATS)


def format_of(path: Path) -> Format:
    """Return the format that the file's ending, one of ENDINGS, names."""
    return FORMATS[path.suffix.lower()]


def private(path: str, flags: int) -> int:
    """Open a file for `open`; a new one is its owner's alone."""
    return os.open(path, flags, 0o600)


def write_whole(path: Path, content: bytes) -> None:
    """Write the whole file, or leave it as it was. A new one is its owner's alone, one that is there keeps its mode.

    Raises: OSError
    """
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp's file is its owner's alone, which fits what holds URLs and headers; whoever shares a file once, goes on to.
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
