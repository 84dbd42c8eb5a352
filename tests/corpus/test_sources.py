"""What may be a source, and what is said of what cannot be one."""

import gzip
import json
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from corslens.analysis import collect
from corslens.cli.work import record_writer
from corslens.corpus.judge import judge
from corslens.corpus.shards import SHARD_BYTES, CaptureSource, cut, shard_bytes
from corslens.corpus.sources import SourceError, find
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
        f"line {number} is not a record of cors_log" for number in range(len(lines(log)) - 2, len(lines(log)) + 1)
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
    assert "is not a Parquet file" in summary.inputs[0].damages[0]


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
    made = [CaptureSource(name=f"{number}.har", place="", prefix="", size=1 << 20, tag="1") for number in range(2_000)]
    before = {shard.name for shard in cut(made[1:], WORK)}
    after = {shard.name for shard in cut(made, WORK)}
    assert 15 < len(before) < 60
    assert len(after - before) <= 1
    assert len(cut([*made[1:], CaptureSource(name="0.har", place="", prefix="", size=1 << 20, tag="2")], WORK)) == len(after)


def test_a_small_corpus_has_enough_shards_for_several_machines() -> None:
    made = [CaptureSource(name=f"{number}.har", place="", prefix="", size=1 << 20, tag="1") for number in range(200)]
    assert 16 < len(cut(made, WORK, size=shard_bytes(made))) < 64
    assert shard_bytes(made[:2]) == 1 << 20
    assert shard_bytes(made * 20) == SHARD_BYTES


@pytest.mark.parametrize("name", ["missing.har", "*.nothing", "memory://nothing/"])
def test_a_name_that_stands_for_nothing_is_a_sentence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found, damages = find([name])
    assert not found
    assert [str(one).startswith(f"{name}: ") for one in damages] == [True]


@pytest.fixture
def site(captures: Path) -> Iterator[str]:
    """The URL of a server with captures, which never says yes to `forbidden`."""

    class Captures(SimpleHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._or_refuse(super().do_HEAD)

        def do_GET(self) -> None:
            self._or_refuse(super().do_GET)

        def _or_refuse(self, respond: Callable[[], None]) -> None:
            if "forbidden" in self.path:
                self.send_error(403)
            else:
                respond()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Captures, directory=str(captures))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_captures_of_a_server_are_named_without_what_may_be_secret(site: str, tmp_path: Path) -> None:
    """The query of a URL may be its signature."""
    host = site.removeprefix("http://")
    names = [
        f"{site}/playwright.har?sig=s3cret",
        f"http://me:s3cret@{host}/playwright.har",
        f"{site}/playwright.har?sig=s3cret2",
    ]
    found, damages = find([*names, f"{site}/forbidden.har?s3cret", f"{site}/missing.har?s3cret"])
    assert [one.name.removeprefix("http://") for one in found] == [
        f"{host}/playwright.har", f"me:*@{host}/playwright.har", f"{host}/playwright.har?2"
    ]  # fmt: skip
    assert [str(one).partition(": ")[2] for one in damages] == [
        "cannot be read: 403 Forbidden",
        "cannot be read: 404 File not found",
    ]
    assert "s3cret" not in "".join((*map(str, damages), *(one.name + one.prefix for one in found)))
    shards = cut(found[:1], WORK)
    judge(shards[0], WORK, str(tmp_path / "out"))
    assert merged(shards, tmp_path / "out").exchanges > 0


def test_a_store_that_cannot_be_listed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a corpus without captures, whose results would be removed."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{listening.getsockname()[1]}"  # it is bound, and accepts nothing
        for name in (f"{nobody}/a.har?s3cret", f"{nobody}/*.har", "nosuch://bucket/a.har"):
            with pytest.raises(SourceError, match=": cannot be listed: ") as raised:
                find([name])
            assert "s3cret" not in str(raised.value)


@pytest.mark.skipif(os.name == "nt", reason="has other links")
def test_what_no_attempt_can_read_costs_no_other_capture(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    for name in ("a.har", "b.har"):
        (folder / name).write_bytes(encoded(entry()))
    found, _ = find([folder.as_uri()])
    (shard,) = cut(found, WORK)
    (folder / "a.har").unlink()
    (folder / "a.har").symlink_to("a.har")  # a loop
    judge(shard, WORK, str(tmp_path / "out"))
    summary = merged([shard], tmp_path / "out")
    assert summary.exchanges == 1
    assert [sentence for one in summary.inputs for sentence in one.damages] == [
        f"{folder}/a.har: cannot be read: Too many levels of symbolic links"
    ]


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
