"""The work of `analyze`: file after file, in this process or in several, with the same result in the same order."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from errno import ENOSPC, ENOSYS
from functools import lru_cache, partial
from pathlib import Path
from typing import IO

from msgspec import Struct

from corslens.analysis import GC_THRESHOLDS, AnalysisSettings, Judging, Sink, collect, named, note_damage
from corslens.cli.options import settings
from corslens.cli.progress import Bar
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import HOLD, SessionSummary
from corslens.inputs.damage import Damage
from corslens.inputs.files import STDIN
from corslens.inspection import Inspection
from corslens.observation.redaction import show_values
from corslens.report.formats.jsonl import encode


class FileWork(Struct, frozen=True, kw_only=True):
    """What is to be done with each file, in a form that another process can be given."""

    judging: Judging = Judging()
    hold: int = HOLD
    """Page requests held in detail, for a report that shows exchanges; 0 for one that shows only problems and counts."""
    everything: bool = False
    """Hold every CORS page request in detail, for a report that shows them all."""
    show_values: bool = False
    """Show what is otherwise redacted."""


@lru_cache(maxsize=1)
def settings_of(work: FileWork) -> AnalysisSettings:
    """Return how captures are judged."""
    return settings(work.judging)


def analyze_each(
    files: Mapping[str, str], work: FileWork, into: SessionSummary, records: list[IO[bytes]], *, jobs: int, bar: Bar
) -> None:
    """Analyze files one after another, or several at a time.

    Args:
        files: names, each with what the ids of its exchanges begin with.
        records: where a line of JSONL is written for each exchange.
        jobs: how many processes.
    """
    tune_gc()
    if jobs > 1 and len(files) > 1 and STDIN not in files:  # another process has no standard input
        _in_processes(files, work, into, records, jobs=min(jobs, len(files)), bar=bar)
        return
    sinks = [record_writer(records)] if records else []
    for name, prefix in files.items():
        collect(name, prefix, settings_of(work), into, sinks, bar.within, every=bool(records))
        bar.next()


def analyze_found(
    found: Iterable[str | Damage], work: FileWork, into: SessionSummary, records: list[IO[bytes]], *, jobs: int = 1
) -> None:
    """Analyze what `inputs.files.find` found, behind a progress bar; what it could not find is an input that is damaged."""
    files = named(found, into)
    with Bar(len(files)) as bar:
        analyze_each(files, work, into, records, jobs=jobs, bar=bar)


_SHARE = 4
"""Of the free space a quarter at most: reports and records are to be written, too, often to the same disk."""


class UnnamedFile:
    """A file without a name, for this user alone, that is gone with the process."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._size = self._room = 0

    def __call__(self, content: bytes) -> Callable[[], bytes]:
        """Put bytes into the file, and return what reads them again.

        Raises: OSError
        """
        if not hasattr(os, "pwrite"):  # on Windows
            raise OSError(ENOSYS, os.strerror(ENOSYS))
        file = self._file
        if file is None:
            from tempfile import TemporaryFile  # late, like all that one small capture does without

            file = self._file = TemporaryFile(buffering=0)  # noqa: SIM115  # open as long as anything is in it
            disk = os.fstatvfs(file.fileno())
            self._room = disk.f_bavail * disk.f_frsize // _SHARE
        if self._size + len(content) > self._room:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        begin, left = self._size, content
        while left:
            left = left[os.pwrite(file.fileno(), left, begin + len(content) - len(left)) :]
        self._size += len(content)
        return partial(self._get, len(content), begin)

    def _get(self, size: int, begin: int) -> bytes:
        assert self._file is not None
        return os.pread(self._file.fileno(), size, begin)


def tune_gc() -> None:
    """Let the garbage collector look less often: exchanges hold no cycles and die young, and modules live for ever."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def record_writer(files: Sequence[IO[bytes]]) -> Sink:
    """Return a sink that writes a line of JSONL for each inspection to each of the files."""

    def write(inspection: Inspection, diagnosis: Diagnosis) -> None:
        line = encode(inspection, diagnosis)
        for file in files:
            file.write(line)

    return write


def _in_processes(
    files: Mapping[str, str], work: FileWork, into: SessionSummary, records: list[IO[bytes]], *, jobs: int, bar: Bar
) -> None:
    """Analyze several files at a time; what becomes of one is dropped as soon as it is merged."""
    from corslens.cli.workers import Died, in_order  # late, like all that one small capture does without
    from corslens.launch.profile import fresh_folder, remove_stale

    remove_stale(_PREFIX)
    with _ended_in_order(), fresh_folder(_PREFIX) as folder:
        named = tuple(files.items())
        parts = in_order(
            partial(_one_file, named, work, str(folder) if records else None), len(named), jobs=jobs, start=tune_gc
        )
        with closing(parts):
            for number, part in enumerate(parts):
                if isinstance(part, Died):
                    name = named[number][0]
                    note_damage(Damage(file=name, what=_KILLED.format(part)), into)
                else:
                    into.merge(part)
                    _append(_lines(str(folder), number), records)
                bar.next()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM unwind, as SIGINT does, so that no process and no folder is left."""

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


_PREFIX = "corslens-analyze-"

_KILLED = "was not analyzed: the process that read it was killed ({}); if memory is short, use fewer --jobs"


def _lines(folder: str, number: int) -> Path:
    """Return where a process leaves the records of a file."""
    return Path(folder) / str(number)


def _append(lines: Path, files: list[IO[bytes]]) -> None:
    if not files:
        return
    from shutil import copyfileobj

    for file in files:
        with lines.open("rb") as source:
            copyfileobj(source, file)
    lines.unlink()


def _one_file(files: Sequence[tuple[str, str]], work: FileWork, folder: str | None, number: int) -> SessionSummary:
    name, prefix = files[number]
    show_values(work.show_values)  # in this process
    summary = SessionSummary(hold=work.hold, everything=work.everything)
    if folder is None:
        collect(name, prefix, settings_of(work), summary)
    else:
        with _lines(folder, number).open("wb") as file:
            collect(name, prefix, settings_of(work), summary, [record_writer([file])], every=True)
    return summary
