"""Write a report to a file, in the format that its ending names."""

import os
import tempfile
from pathlib import Path

from corslens.report.formats import ENDINGS as FORMATS
from corslens.report.formats import Format

ENDINGS = tuple(FORMATS)


def format_of(path: Path) -> Format:
    """Return the format that the file's ending, one of ENDINGS, names."""
    return FORMATS[path.suffix.lower()]


def write_whole(path: Path, content: bytes) -> None:
    """Write the whole file, or leave it as it was.

    Raises: OSError
    """
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp's file is readable by its owner only; a report is to be as readable as the user's other files.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
