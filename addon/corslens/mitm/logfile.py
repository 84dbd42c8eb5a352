"""The `cors_log` file: one record a line, appended whole, so that a reader never meets half a line that is not the last."""

import contextlib
import logging
import os
from pathlib import Path

from corslens.report.escape import escape

logger = logging.getLogger(__name__)


class LogFile:
    """Append lines to a file; when that fails, say so once and go on without it.

    Raises: OSError when the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        self._broken_line = False
        self._told: set[str] = set()

    def write(self, line: bytes) -> None:
        """Append a line (with its newline) in one write, and never raise."""
        try:
            if os.fstat(self._file).st_nlink == 0:
                self._tell("it was removed, so it is begun anew")
                self._reopen()
            if self._broken_line:
                line = b"\n" + line
            written = os.write(self._file, line)
            self._broken_line = written < len(line)
            if self._broken_line:
                self._tell("only part of a line could be written (is the disk full?); records are being lost")
        except OSError as error:
            self._tell(f"{error.strerror or error}; records are being lost")

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _reopen(self) -> None:
        file = _open(self.path)
        os.close(self._file)
        self._file, self._broken_line = file, False

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            logger.error("cors_log: %s: %s", escape(str(self.path)), what)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
