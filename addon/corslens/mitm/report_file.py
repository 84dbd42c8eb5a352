"""Write a report to a file, in the format that its ending names."""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from corslens.inspection import Inspection
from corslens.report.record import encode


def _jsonl(inspections: Iterable[Inspection]) -> bytes:
    return b"".join(map(encode, inspections))


FORMATS: Mapping[str, Callable[[Iterable[Inspection]], bytes]] = {".jsonl": _jsonl}
ENDINGS = tuple(FORMATS)


def write_report(path: Path, inspections: Iterable[Inspection]) -> None:
    """Write the whole report, or leave the file as it was.

    Raises: OSError when it cannot be written.
    """
    content = FORMATS[path.suffix.lower()](inspections)
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
