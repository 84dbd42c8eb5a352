"""Rows of a corpus that was judged, many times over with servers and captures of other names: what merging is measured on."""

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from shutil import rmtree

import duckdb

from scripts.bench_suite.processes import Run, run
from scripts.corpus_suite.servers import DOMAIN

_TIMES_A_FILE = 20
_RENAMED = f"replace({{}}, '{DOMAIN}', '.' || again || '.example')"
_COLUMNS = {
    "exchanges": {"api": _RENAMED.format("api"), "url": _RENAMED.format("url"), "capture": "again || '-' || capture"},
    "problems": {"api": _RENAMED.format("api")},
    "counts": {
        "a": f"CASE kind WHEN 'endpoint' THEN {_RENAMED.format('a')} ELSE a END",
        "b": f"CASE kind WHEN 'pair' THEN {_RENAMED.format('b')} ELSE b END",
        "c": f"CASE kind WHEN 'suppressed' THEN {_RENAMED.format('c')} ELSE c END",
    },
    "captures": {"capture": "again || '-' || capture"},
}
_ENDPOINTS = "SELECT count(*), sum(exchanges), max(captures) FROM endpoints"


def many_rows(store: Path, out: Path, times: int, memory: str, *, exchanges: bool = True) -> Iterator[str]:
    """Make a store with the tables of another so many times, merge it, and yield what that takes.

    Args:
        store: of `corslens corpus`.
        memory: that DuckDB may take.
        exchanges: make that table, too, which merging does not read and SQL does.
    """
    _multiply(store, out, times, empty=() if exchanges else ("exchanges",))
    rows = {table: times * _count(store, table) for table in _COLUMNS}
    yield ", ".join(f"{number:,} {table}" for table, number in rows.items()) + f": those of {store} {times:,} times"
    command = [sys.executable, "-m", "corslens", "corpus", "--out", str(out), "--memory", memory, "--fail-on", "never"]
    yield f"merge, HTML, JSON and SARIF, --memory {memory}: {_figures(run([*command, *_reports(out)]))}"
    if exchanges:
        yield f"--sql over all exchanges, --memory {memory}: {_figures(run([*command, '--sql', _ENDPOINTS]))}"


def _reports(out: Path) -> list[str]:
    return [part for ending in ("html", "json", "sarif") for part in ("-o", str(out / f"all.{ending}"))]


def _figures(taken: Run) -> str:
    return f"{taken.wall:.1f} s, {taken.cpu:.1f} s of CPU, {taken.peak_mb:,.0f} MB; exit {taken.code}"


def _multiply(store: Path, out: Path, times: int, *, empty: Collection[str] = ()) -> None:
    rmtree(out, ignore_errors=True)
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    shards = []
    for first in range(0, times, _TIMES_A_FILE):
        shard = f"{first:032x}"
        shards.append({"name": shard, "sources": []})
        for table, columns in _COLUMNS.items():
            (out / table).mkdir(parents=True, exist_ok=True)
            replaced = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
            last = first if table in empty else min(first + _TIMES_A_FILE, times)
            connection.execute(
                f"COPY (SELECT * EXCLUDE (again) REPLACE ({replaced}) FROM read_parquet('{store}/{table}/*.parquet'), "
                f"(SELECT range AS again FROM range({first}, {last}))) TO '{out}/{table}/{shard}.parquet' (COMPRESSION zstd)"
            )
    listing = json.loads((store / "corpus.json").read_bytes())
    (out / "corpus.json").write_text(json.dumps(listing | {"shards": shards}))


def _count(out: Path, table: str) -> int:
    found = duckdb.connect().execute(f"SELECT count(*) FROM read_parquet('{out}/{table}/*.parquet')").fetchone()
    assert found is not None
    return int(found[0])
