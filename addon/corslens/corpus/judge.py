"""judge: one shard's captures in, its tables out. Whoever calls it twice, or on two machines at once, gets the same tables once."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from hashlib import blake2b
from tempfile import TemporaryFile
from typing import IO

from msgspec import Struct, structs

from corslens.analysis import GC_THRESHOLDS, AnalysisSettings, collect
from corslens.corpus import rows
from corslens.corpus.across import Across, CorpusSupport
from corslens.corpus.extra import need
from corslens.corpus.httparchive import captures_in_table
from corslens.corpus.logs import LogReader, records
from corslens.corpus.shards import CaptureSource, Shard, Work, build
from corslens.corpus.sources import LOGS, TABLES, expanded, opened
from corslens.corpus.store import RECEIPTS, Store
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.inputs.damage import Damage
from corslens.inputs.files import captures_in
from corslens.inspection import Inspection
from corslens.lint.rules.loader import rule_files
from corslens.report.records import Record

_WAITING = 8_192
"""Exchanges whose rows wait for what becomes known of them later."""
_TOGETHER = 2_000
"""Rows that are written together: a group of rows costs as much as some hundred rows in it, to write and to read."""


class PlanDiffersError(Exception):
    """A machine has another corslens, or reads other rule files, than the one that planned: a sentence that says so."""


class Judged(Struct, frozen=True):
    """What became of a shard; everything else is in its tables."""

    shard: str
    exchanges: int
    unopened: int = 0
    """Captures that were there when the work was planned, and could not be opened."""


def judge(shard: Shard, work: Work, out: str, across: Across | None = None) -> Judged:
    """Judge the captures of a shard, and write its tables into the store.

    Args:
        out: path or URL of the store.
        across: what the whole corpus shows of the endpoints in the shard.
    Raises: OSError when a capture that is there cannot be read now, or the store cannot be written: to be tried again.
        PlanDiffersError
    """
    settings = settings_of(work)
    if across is not None:
        settings = structs.replace(settings, prior=across.prior, amend=CorpusSupport(across, settings.rules).amend)
    store = Store(out)
    store.prepare()
    summary = SessionSummary(hold=0)
    origin: dict[str, CaptureSource] = {}
    unopened = 0
    # Files without a name: nothing is left of them when this process is killed.
    with TemporaryFile() as written, _rare_gc():
        with _Exchanges(written) as exchanges:
            for source in shard.sources:
                part = SessionSummary(hold=0)
                with opened(source) as file:
                    unopened += isinstance(file, Damage)
                    _add(source, file, settings, part, exchanges)
                exchanges.flush()
                origin |= {one.name: source for one in part.inputs}
                summary.merge(part)
        store.write("exchanges", shard.name, written)
        content = {
            "problems": map(rows.problem_row, summary.changed_problems().values()),
            "counts": rows.count_rows(summary),
            RECEIPTS: (rows.capture_row(one, origin[one.name].name, origin[one.name].size) for one in summary.inputs),
        }
        for table, found in content.items():
            with TemporaryFile() as file:
                need("pyarrow.parquet").write_table(rows.table(table, found), file, compression="zstd")
                store.write(table, shard.name, file)
    return Judged(shard.name, summary.exchanges, unopened)


@contextmanager
def _rare_gc() -> Iterator[None]:
    """Let the garbage collector look less often meanwhile, whoever's process this is."""
    usual = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _add(
    source: CaptureSource, file: IO[bytes] | Damage, settings: AnalysisSettings, part: SessionSummary, exchanges: "_Exchanges"
) -> None:
    """Add what a source holds."""
    name = source.name
    if isinstance(file, Damage):
        part.begin(name).damages.append(str(file))
    elif name.lower().endswith(LOGS):
        _add_log(name, file, settings, part, exchanges)
    else:
        of_kind = captures_in_table if name.lower().endswith(TABLES) else captures_in
        collect(name, source.prefix, settings, part, [exchanges.add], read=lambda one: of_kind(one, file))


def _add_log(name: str, file: IO[bytes], settings: AnalysisSettings, part: SessionSummary, exchanges: "_Exchanges") -> None:
    entry = part.begin(name)
    reader = LogReader(name, settings.rules)
    for kept in records(expanded(name, file), name):
        if isinstance(kept, Damage):
            entry.damages.append(str(kept))
            continue
        inspection = reader.inspection(kept)
        if not settings.wants(inspection.observation.exchange):
            entry.filtered_out += 1
            continue
        part.add(inspection)
        exchanges.add_record(kept, name)
    entry.exchanges = part.exchanges


class _Exchanges:
    """The table of exchanges as it is written, of each id the last row that was known while it waited."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._waiting: dict[str, Callable[[int], rows.Row]] = {}
        self._made: list[rows.Row] = []
        self._seq = 0

    def __enter__(self) -> "_Exchanges":
        parquet = need("pyarrow.parquet")
        self._writer = parquet.ParquetWriter(self._file, rows.schemas()["exchanges"], compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._write()
        self._writer.close()

    def add(self, inspection: Inspection, diagnosis: Diagnosis) -> None:
        """Take an inspection, in place of an earlier one of the same id."""
        self._take(inspection.id, partial(rows.exchange_row, inspection, diagnosis))

    def add_record(self, kept: Record, capture: str) -> None:
        """Take a record."""
        self._take(kept.id, partial(rows.record_row, kept, capture=capture))

    def _take(self, id: str, row: Callable[[int], rows.Row]) -> None:
        self._waiting[id] = row
        if len(self._waiting) > _WAITING:
            self.flush(_WAITING // 2)

    def flush(self, most: int | None = None) -> None:
        """Take what waits as it is now known, the oldest first."""
        for id in list(self._waiting)[:most]:
            self._seq += 1
            self._made.append(self._waiting.pop(id)(self._seq))
            if len(self._made) >= _TOGETHER:
                self._write()

    def _write(self) -> None:
        if self._made:
            self._writer.write_table(rows.table("exchanges", self._made))
            self._made = []


@lru_cache(maxsize=4)
def settings_of(work: Work) -> AnalysisSettings:
    """Return how captures are judged, as this machine reads it.

    Raises: PlanDiffersError; RuleErrors; ValueError for a filter that is none
    """
    if work.version not in ("", build()):
        raise PlanDiffersError(f"this machine has corslens {build()}, and the one that planned the work {work.version}")
    if work.rules != hash_rules(work.rule_paths):
        raise PlanDiffersError(
            f"{', '.join(work.rule_paths)}: this machine reads other rules than the one that planned the work"
        )
    return work.settings()


def hash_rules(paths: tuple[str, ...]) -> str:
    """Return a hash of what the user's rule files hold, empty without any."""
    if not paths:
        return ""
    hashed = blake2b(digest_size=16)
    for file in rule_files(paths):
        content = file.read_bytes()
        hashed.update(len(content).to_bytes(8) + content)
    return hashed.hexdigest()
