"""Field by field, a corpus says of its captures what `analyze` says, in reports and in records, of traffic in which much comes late:
problems placed on a preflight of which more becomes known, and page requests that wait for one preflight or share it.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from corslens.cli import corpus as command
from corslens.cli import main
from corslens.corpus.shards import CaptureSource, Shard, Work, cut
from corslens.corpus.sql import connect
from corslens.corpus.store import Store

from tests.inputs.make_har import Lines, at, encoded, entry
from tests.make import API, PAGE

PAGES = (PAGE, "https://b.test")
JSON = ("Content-Type", "application/json")
SAMPLES = {"exchanges", "left_out"}
"""Fields of a report that hold the exchanges of all page requests, or of a corpus those of the examples."""


def session(drawn: random.Random) -> Iterator[dict[str, Any]]:
    """What pages request of one server: preflights before their requests, after them, for several of them, for none."""
    begin = 0.0
    for _ in range(10):
        begin += drawn.uniform(0.5, 4)
        page = drawn.choice(PAGES)
        url = f"{API}/{drawn.choice('ab')}"
        common: Lines = [("Origin", page), ("Sec-Fetch-Mode", "cors")]
        given = [*common, JSON, *([("Cookie", "a=1")] if drawn.random() < 0.3 else [])]
        allowed = [("Access-Control-Allow-Origin", drawn.choice((page, page, "*")))] if drawn.random() < 0.9 else []
        asked = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type")]
        more = [("Access-Control-Allow-Methods", "GET, PUT")] if drawn.random() < 0.8 else []
        more += [("Access-Control-Allow-Headers", drawn.choice(("content-type", "*", "Content-Type, x")))]
        more += [("Access-Control-Max-Age", "600")] if drawn.random() < 0.8 else []
        status = drawn.choice((*(204,) * 5, 404))
        if drawn.random() < 0.8:
            yield entry("OPTIONS", url, [*common, *asked], status=status, answer=[*allowed, *more], started=at(begin))
        for number in range(drawn.choice((0, 1, 1, 6, 6))):
            when = at(max(begin + drawn.choice((-0.2, 0.01, 0.05, 0.1, 0.3)) + number / 100, 0))
            method, status = drawn.choice((*(("PUT", 200),) * 4, ("PUT", 500), ("GET", 200), ("PUT", 408)))
            yield entry(method, url, given, status=status, answer=drawn.choice((allowed, allowed, [])), started=when)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with sessions of a few dozen exchanges each."""
    found = tmp_path / "captures"
    found.mkdir()
    for number in range(4):
        (found / f"{number}.har").write_bytes(encoded(*session(random.Random(number))))
    return found


def report(*arguments: object) -> dict[str, Any]:
    """The JSON report that a command prints."""
    result = CliRunner().invoke(main, [*map(str, arguments), "--format", "json"])
    assert result.exit_code == 1, result.output
    return dict(json.loads(result.stdout))


@pytest.mark.parametrize("size", [1, 1 << 30], ids=["a shard each", "one shard"])
def test_reports_and_records_are_the_same_in_every_field(
    size: int, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_so(sources: Sequence[CaptureSource], work: Work, **_: object) -> list[Shard]:
        return cut(sources, work, size=size)

    monkeypatch.setattr(command, "cut", cut_so)
    out, lines = tmp_path / "out", tmp_path / "all.jsonl"
    alone = report("analyze", folder)
    with_records = report("analyze", folder, "-o", lines)
    assert with_records == alone
    corpus = report("corpus", folder, "--out", out)
    assert list(corpus) == list(alone)
    for name in alone.keys() - SAMPLES:
        assert corpus[name] == alone[name], name
    listed = {one["id"]: one for one in alone["exchanges"]}
    assert all(listed[one["id"]] == one for one in corpus["exchanges"]) and corpus["exchanges"]

    shards = [path.stem for path in (out / "captures").iterdir()]
    connection = connect(Store(str(out)), shards)
    records = {one["id"]: one for one in map(json.loads, lines.read_text().splitlines())}
    rows = {id: json.loads(record) for id, record in connection.execute("SELECT id, record FROM latest").fetchall()}
    assert rows == records
    stored = connection.execute(
        "SELECT rule, severity, outcome, CAST(state AS VARCHAR), api || path, page_requests, first, last FROM problems"
    ).fetchall()
    names = ("rule", "severity", "outcome", "state", "endpoint", "count")
    assert {
        (*row[:6], *(time.replace(tzinfo=UTC).isoformat(timespec="milliseconds") for time in row[6:])) for row in stored
    } == {
        (*(one[name] for name in names), *(one[name].replace("Z", "+00:00") for name in ("first", "last")))
        for one in alone["problems"]
    }

    assert alone["summary"]["exchanges"] == len(records)

    # The records by themselves come to the same counts, and the times of a problem are those of its page requests.
    requests = {one["page_request"]["id"]: one["page_request"] for one in records.values()}
    causes = Counter(one["cause"] for one in requests.values() if one["cause"] is not None)
    counts: Counter[str] = Counter()
    for problem in alone["problems"]:
        counts[problem["rule"]] += problem["count"]
        own = [one["time"] for one in records.values() if one["page_request"]["cause"] == problem["rule"]]
        assert {problem["first"], problem["last"]} <= set(own), problem
    assert counts == causes

    # And these captures hold what they are for.
    followed = Counter(one["preflight"]["id"] for one in records.values() if one["preflight"] is not None)
    assert max(followed.values()) > 3
    placed = {one["id"] for problem in alone["problems"] for one in problem["examples"]}
    assert any(records[id]["role"] == "preflight" and records[id]["actual"] is not None for id in placed)
