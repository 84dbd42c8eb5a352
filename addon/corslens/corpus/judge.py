"""judge: one shard's captures in, its tables out. Whoever calls it twice, or on two machines at once, gets the same tables once."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import IO

from msgspec import Struct

from corslens.analysis import AnalysisSettings, collect
from corslens.corpus import rows
from corslens.corpus.extra import need
from corslens.corpus.shards import Shard, Source, Work
from corslens.corpus.sources import opened
from corslens.corpus.store import RECEIPTS, Store, scratch
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.inputs.damage import Damage
from corslens.inputs.files import Capture, captures_in
from corslens.inspection import Inspection
from corslens.lint.rules.loader import load_rules, rule_files
from corslens.mitm.filters import parse_filter
from corslens.verdict.headline import HeadlinePolicy

_WAITING = 8_192
"""Exchanges whose rows wait for what becomes known of them later."""


class RulesDifferError(Exception):
    """A machine reads other rule files than the one that planned: a sentence that names them."""


class Judged(Struct, frozen=True):
    """What became of a shard; everything else is in its tables."""

    shard: str
    exchanges: int
    damages: tuple[str, ...] = ()


def judge(shard: Shard, work: Work, out: str) -> Judged:
    """Judge the captures of a shard, and write its tables into the store.

    Args:
        out: path or URL of the store.
    Raises: OSError when a capture that is there cannot be read now, or the store cannot be written: to be tried again.
        RulesDifferError
    """
    settings = settings_of(work)
    store = Store(out)
    store.prepare()
    summary = SessionSummary(hold=0)
    sizes: dict[str, Source] = {}
    with scratch() as folder:
        exchanges = _Exchanges(Path(folder, "exchanges"))
        with exchanges:
            for source in shard.sources:
                part = SessionSummary(hold=0)
                with opened(source) as file:
                    if isinstance(file, Damage):
                        part.begin(source.name).damages.append(str(file))
                    else:
                        collect(
                            source.name,
                            source.prefix,
                            settings,
                            part,
                            [exchanges.add],
                            read=partial(_captures_in, file),
                        )
                exchanges.flush()
                for one in part.inputs:
                    sizes[one.name] = source
                summary.merge(part)
        store.write("exchanges", shard.name, exchanges.path)
        content = {
            "problems": map(rows.problem_row, summary.changed_problems().values()),
            "counts": rows.count_rows(summary),
            RECEIPTS: (
                {
                    "capture": one.name,
                    "source": sizes[one.name].name,
                    "bytes": sizes[one.name].size,
                    "exchanges": one.exchanges,
                    "filtered_out": one.filtered_out,
                    "damages": one.damages,
                    "notes": one.notes,
                }
                for one in summary.inputs
            ),
        }
        for table, found in content.items():
            path = Path(folder, table)
            need("pyarrow.parquet").write_table(rows.table(table, found), path, compression="zstd")
            store.write(table, shard.name, path)
    damages = tuple(sentence for one in summary.inputs for sentence in one.damages)
    return Judged(shard.name, summary.exchanges, damages)


def _captures_in(file: IO[bytes], name: str) -> Iterator[Capture | Damage]:
    return captures_in(name, file)


class _Exchanges:
    """The table of exchanges as it is written, of each id the last row that was known while it waited."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: dict[str, tuple[Inspection, Diagnosis]] = {}
        self._seq = 0

    def __enter__(self) -> "_Exchanges":
        parquet = need("pyarrow.parquet")
        self._writer = parquet.ParquetWriter(self.path, rows.schemas()["exchanges"], compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, inspection: Inspection, diagnosis: Diagnosis) -> None:
        """Take an inspection, in place of an earlier one of the same id."""
        self._waiting[inspection.id] = inspection, diagnosis
        if len(self._waiting) > _WAITING:
            self.flush(_WAITING // 2)

    def flush(self, most: int | None = None) -> None:
        """Write what waits, the oldest first."""
        ids = list(self._waiting)[:most]
        made = []
        for id in ids:
            self._seq += 1
            made.append(rows.exchange_row(*self._waiting.pop(id), self._seq))
        if made:
            self._writer.write_table(rows.table("exchanges", made))


@lru_cache(maxsize=4)
def settings_of(work: Work) -> AnalysisSettings:
    """Return how captures are judged, as this machine reads it.

    Raises: RulesDifferError; RuleErrors; ValueError for a filter that is none
    """
    if work.rules != hash_rules(work.rule_paths):
        raise RulesDifferError(
            f"{', '.join(work.rule_paths)}: this machine reads other rules than the one that planned the work"
        )

    def filter_of(text: str | None) -> Callable[..., bool] | None:
        return None if text is None else parse_filter(text)

    return AnalysisSettings(
        rules=load_rules(work.rule_paths, parse_filter=parse_filter),
        headline=HeadlinePolicy.parse(work.engine),
        include=filter_of(work.include),
        exclude=filter_of(work.exclude),
    )


def hash_rules(paths: tuple[str, ...]) -> str:
    """Return a hash of what the user's rule files hold, empty without any."""
    if not paths:
        return ""
    hashed = blake2b(digest_size=16)
    for file in rule_files(paths):
        content = file.read_bytes()
        hashed.update(len(content).to_bytes(8) + content)
    return hashed.hexdigest()
