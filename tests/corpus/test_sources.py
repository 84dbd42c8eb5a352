"""What may be a source, and what is said of what cannot be one."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from corslens.analysis import collect
from corslens.cli.work import record_writer
from corslens.corpus.judge import judge
from corslens.corpus.shards import SHARD_BYTES, Source, cut, shard_bytes
from corslens.corpus.sources import find
from corslens.diagnosis.summary import SessionSummary
from corslens.inputs import files
from corslens.observation.observation import CORS_ROLES, Role

from tests.corpus.run import SETTINGS, WORK, merged, on_one_machine
from tests.inputs.make_har import at, encoded, entry
from tests.make import API, PAGE


def numbers(summary: SessionSummary) -> dict[str, object]:
    """What is found of a corpus, whatever its captures are called; a capture's exchanges without CORS have no role, a log's do."""
    return {
        "counts": {name: count for name, count in summary.counts.items() if count and name not in set(Role) - CORS_ROLES},
        "problems": [(one.key, one.count, one.word, one.severity, one.state, one.message) for one in summary.problems()],
    }


def test_a_log_stands_for_the_captures_whose_exchanges_it_holds(captures: Path, tmp_path: Path) -> None:
    """Each preflight is written twice, and counts once; what is no record is named."""
    log = tmp_path / "cors.jsonl.gz"
    with gzip.open(log, "wb") as file:
        for path in files.find([str(captures)]):
            collect(str(path), str(path), SETTINGS, SessionSummary(hold=0), [record_writer([file])], every=True)  # type: ignore[list-item]
        file.write(b"{}\n\xff\n" + b'{"schema": "corslens/1", "id": "a"}\n')
    found, _ = find([str(tmp_path / "*.gz")])
    shards = cut(found, WORK)
    for shard in shards:
        judge(shard, WORK, str(tmp_path / "out"))
    summary = merged(shards, tmp_path / "out")
    assert numbers(summary) == numbers(on_one_machine(captures))
    assert [sentence.partition(": ")[2].split(":")[0] for sentence in summary.inputs[0].damages] == [
        f"line {number} is no record of cors_log" for number in range(len(lines(log)) - 2, len(lines(log)) + 1)
    ]


def lines(log: Path) -> list[bytes]:
    """The lines of a compressed file."""
    return gzip.decompress(log.read_bytes()).splitlines()


def test_http_archives_rows_of_a_page_are_a_session(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    entries = [entry(started=at(place), answer=[("Access-Control-Allow-Origin", "*")] if place else []) for place in range(2)]
    rows = [row(one, page, place) for page in ("https://b.test/", "https://a.test/") for place, one in enumerate(entries)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows[::-1]), tmp_path / "requests.parquet")
    (tmp_path / "other.parquet").write_bytes(b"PAR1 no table")
    hars = tmp_path / "hars"
    hars.mkdir()
    for page in "ab":
        (hars / f"{page}.har").write_bytes(encoded(*entries))
    found, damages = find([str(tmp_path / "requests.parquet"), str(tmp_path / "other.parquet")])
    assert not damages
    shards = cut(found, WORK)
    for shard in shards:
        judge(shard, WORK, str(tmp_path / "out"))
    summary = merged(shards, tmp_path / "out")
    assert numbers(summary) == numbers(on_one_machine(hars))
    assert summary.exchanges == 4
    assert [one.name.rpartition("/")[2] for one in summary.inputs] == ["other.parquet", "0-https-a.test", "1-https-b.test"]
    assert "is no Parquet file" in summary.inputs[0].damages[0]


def row(one: dict[str, Any], page: str, index: int) -> dict[str, Any]:
    """A row of the table, as HTTP Archive has it."""
    payload = {"startedDateTime": one["startedDateTime"], "request": {"method": one["request"]["method"]}, "response": {}}
    payload["response"] = {"status": one["response"]["status"]}
    return {
        "page": page,
        "url": one["request"]["url"],
        "index": index,
        "payload": json.dumps(payload),
        "request_headers": one["request"]["headers"],
        "response_headers": one["response"]["headers"],
    }


def test_a_capture_that_is_added_changes_one_shard() -> None:
    made = [Source(name=f"{number}.har", place="", prefix="", size=1 << 20, tag="1") for number in range(2_000)]
    before = {shard.name for shard in cut(made[1:], WORK)}
    after = {shard.name for shard in cut(made, WORK)}
    assert 15 < len(before) < 60
    assert len(after - before) <= 1
    assert len(cut([*made[1:], Source(name="0.har", place="", prefix="", size=1 << 20, tag="2")], WORK)) == len(after)


def test_a_small_corpus_has_enough_shards_for_several_machines() -> None:
    made = [Source(name=f"{number}.har", place="", prefix="", size=1 << 20, tag="1") for number in range(200)]
    assert 16 < len(cut(made, WORK, size=shard_bytes(made))) < 64
    assert shard_bytes(made[:2]) == 1 << 20
    assert shard_bytes(made * 20) == SHARD_BYTES


@pytest.mark.parametrize("name", ["missing.har", "*.nothing", "nosuch://bucket/a.har", "memory://nothing/"])
def test_a_name_that_stands_for_nothing_is_a_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found, damages = find([name])
    assert not found
    assert [str(one).startswith(f"{name}: ") for one in damages] == [True]


def test_captures_of_an_object_store_are_read(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe_file("/captures/b.har", encoded(entry()))
    memory.pipe_file("/captures/deeper/a.har", encoded(entry()))
    memory.pipe_file("/captures/notes.txt", b"none")
    found, damages = find(["memory://captures"])
    assert not damages
    shards = cut(found, WORK)
    for shard in shards:
        judge(shard, WORK, "memory://results")
        judge(shard, WORK, str(tmp_path / "out"))
    summary = merged(shards, tmp_path / "out")
    assert (summary.exchanges, len(summary.problems())) == (2, 1)
    assert [summary.problems()[0].key.api_origin, *summary.problems()[0].pages] == [API, PAGE]
    assert len(memory.find("/results")) == 4 * len(shards)
