"""The `cors_log` file: one record a line, appended whole, so that a reader never meets half a line that is not the last."""

import contextlib
import logging
import os
from pathlib import Path

from corslens.mitm.private_files import open_private
from corslens.report.escape import escape

logger = logging.getLogger(__name__)


class LogFile:
    """Append lines to a file; when that fails, say so once and go on without it.

    Raises: OSError when the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        self._rest = b""
        """What of the last line found no room."""
        self._size = 0
        """The file's size when that happened."""
        self._on_half_a_line = _ends_in_half_a_line(path)
        self._reported: set[str] = set()
        self.lost = 0
        """Lines that were not written."""

    def write(self, line: bytes) -> None:
        """Append a line (with its newline) in one write, and never raise."""
        try:
            status = os.fstat(self._file)
            if status.st_nlink == 0:
                self._tell("it was removed, so a new file was started")
                self._reopen()
                status = os.fstat(self._file)
            if self._rest and status.st_size != self._size:
                self._give_up_rest()  # somebody else has written behind it
            before = self._rest or (b"\n" if self._on_half_a_line else b"")
            data = before + line
            written = os.write(self._file, data)
        except OSError as error:
            self.lost += 1
            self._tell(f"{error.strerror or error}; records are being lost")
            return
        self._rest, self._on_half_a_line = b"", False
        if written < len(data):
            self._keep_rest(data, written, len(before))

    def _keep_rest(self, data: bytes, written: int, before: int) -> None:
        self._tell("only part of a line could be written (is the disk full?); records are being lost")
        if written <= before:  # nothing of the new line
            self.lost += 1
            data = data[:before]
        self._rest = data[written:]
        with contextlib.suppress(OSError):
            self._size = os.fstat(self._file).st_size

    def _give_up_rest(self) -> None:
        self._rest, self._on_half_a_line = b"", True
        self.lost += 1

    def close(self) -> None:
        """Close the file, and say how much was lost."""
        if self._rest:
            self._give_up_rest()
        if self.lost:
            lost = "1 record was" if self.lost == 1 else f"{self.lost} records were"
            logger.error("cors_log: %s: %s lost in all.", escape(str(self.path)), lost)
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _reopen(self) -> None:
        file = _open(self.path)
        os.close(self._file)
        if self._rest:
            self._give_up_rest()
        self._file, self._on_half_a_line = file, _ends_in_half_a_line(self.path)

    def _tell(self, what: str) -> None:
        if what not in self._reported:
            self._reported.add(what)
            logger.error("cors_log: %s: %s", escape(str(self.path)), what)


def _open(path: Path) -> int:
    return open_private(str(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _ends_in_half_a_line(path: Path) -> bool:
    """Say whether whoever wrote the file was stopped in the middle of a line."""
    try:
        if not path.is_file():
            return False  # a pipe or device has no end
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
            return bool(size) and file.read(1) != b"\n"
    except OSError:
        return False
