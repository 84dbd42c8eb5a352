"""The work of `analyze`: file after file, in this process or in several, with the same result in the same order."""

import copyreg
import gc
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from msgspec import Struct

from corslens.analysis import Settings, Sink, collect
from corslens.cli.options import settings
from corslens.cli.progress import Bar
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.observation.redaction import show_values
from corslens.report.record import encode


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


# What other processes find travels back: an Inspection's read-only mappings, too, which pickle does not know.
copyreg.pickle(MappingProxyType, lambda mapping: (_read_only, (dict(mapping),)))


class Work(Struct, frozen=True, kw_only=True):
    """What is to be done with each file, in a form that another process can be given."""

    engine: str = "auto"
    include: str | None = None
    exclude: str | None = None
    rule_paths: tuple[str, ...] = ()
    everything: bool = False
    """Hold every CORS page request in detail, for a report that shows them all."""
    show_values: bool = False
    """Show what is otherwise redacted."""


@lru_cache(maxsize=1)
def settings_of(work: Work) -> Settings:
    """Return how captures are judged."""
    return settings(work.engine, work.include, work.exclude, work.rule_paths)


def analyse(
    files: Mapping[str, str], work: Work, into: SessionSummary, records: list[IO[bytes]], *, jobs: int, bar: Bar
) -> None:
    """Analyse files one after another, or several at a time.

    Args:
        files: names, each with what the ids of its exchanges begin with.
        records: where a line of JSONL is written for each exchange.
        jobs: how many processes.
    """
    tune_gc()
    if jobs > 1 and len(files) > 1:
        _in_processes(files, work, into, records, jobs=min(jobs, len(files)), bar=bar)
        return
    sinks = [_writer(records)] if records else []
    for name, prefix in files.items():
        collect(name, prefix, settings_of(work), into, sinks, bar.within)
        bar.next()


def tune_gc() -> None:
    """Let the garbage collector look less often: exchanges hold no cycles and die young, and modules live for ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _writer(files: list[IO[bytes]]) -> Sink:
    def write(inspection: Inspection, diagnosis: Diagnosis) -> None:
        line = encode(inspection, diagnosis)
        for file in files:
            file.write(line)

    return write


def _in_processes(
    files: Mapping[str, str], work: Work, into: SessionSummary, records: list[IO[bytes]], *, jobs: int, bar: Bar
) -> None:
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs, initializer=tune_gc) as pool:
        parts = [
            (path, pool.submit(_one_file, name, prefix, work, str(path) if records else None))
            for number, (name, prefix) in enumerate(files.items())
            for path in (Path(folder) / str(number),)
        ]
        for path, part in parts:
            into.merge(part.result())
            for file in records:
                with path.open("rb") as lines:
                    shutil.copyfileobj(lines, file)
            bar.next()


def _one_file(name: str, prefix: str, work: Work, records: str | None) -> SessionSummary:
    show_values(work.show_values)  # in this process
    summary = SessionSummary(everything=work.everything)
    if records is None:
        collect(name, prefix, settings_of(work), summary)
    else:
        with Path(records).open("wb") as file:
            collect(name, prefix, settings_of(work), summary, [_writer([file])])
    return summary
