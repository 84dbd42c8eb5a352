"""The corpus that is measured on: what is said to be true of it is, and it is the same each time."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from corslens.analysis import AnalysisSettings, collect
from corslens.diagnosis.summary import SessionSummary

from scripts.corpus_suite.bench import bench
from scripts.corpus_suite.generator import generate, multiply, truth_of
from scripts.corpus_suite.servers import Manner, World
from tests.report.make import NO_RULES


def test_what_is_said_of_a_corpus_is_true_of_what_is_read(tmp_path: Path) -> None:
    truth = generate(tmp_path / "a", 10, 30, apis=20, sites=10)
    assert truth_of(tmp_path / "a") == truth and (truth.captures, truth.exchanges) == (10, 300)
    generate(tmp_path / "b", 10, 30, apis=20, sites=10)
    files = sorted((tmp_path / "a").iterdir())
    assert all((tmp_path / "b" / file.name).read_bytes() == file.read_bytes() for file in files)
    assert {file.name.partition(".")[2] for file in files} == {"har", "har.gz", "mitm", "json"}
    larger = multiply(tmp_path / "a", tmp_path / "b", 2)
    assert (larger.captures, larger.exchanges, len(larger.servers)) == (20, 600, 2 * len(truth.servers))
    assert check(sorted((tmp_path / "b").glob("*-2.*"))) == (truth.exchanges, truth.cors, len(truth.servers))
    assert check(files) == (truth.exchanges, truth.cors, len(truth.servers))


def check(files: list[Path]) -> tuple[int, int, int]:
    """How many exchanges, and with CORS, and servers are read of captures."""
    summary = SessionSummary()
    for file in files:
        if file.name != "truth.json":
            collect(str(file), file.stem, AnalysisSettings(rules=NO_RULES), summary)
    assert not any(one.damages for one in summary.inputs)
    return summary.exchanges, summary.cors, len({api for _, api in summary.cells()})


def test_servers_do_as_their_manner_is() -> None:
    world = World(1, apis=300)
    assert {server.manner for server in world.servers} == set(Manner)
    for server in world.servers:
        allowed = sum(map(server.allows, world.pages))
        named = {Manner.REFLECTS, Manner.REFLECTS_CREDENTIALS}
        expected = 200 if server.manner in {*named, Manner.ANY} else 0 if server.manner is Manner.NONE else None
        assert allowed == expected if expected is not None else 0 < allowed < 200
        shown = {value for name, value in server.headers(world.pages[0], 500) if name == "Access-Control-Allow-Origin"}
        by_name = server.allows(world.pages[0]) and server.manner not in {Manner.ANY, Manner.LIST_LOST_ON_ERROR}
        assert shown == ({world.pages[0]} if by_name else {"*"} if server.manner is Manner.ANY else set())


@pytest.mark.slow  # runs the command line three times
@pytest.mark.skipif(find_spec("duckdb") is None, reason="needs the extra corpus")
def test_the_bench_compares_what_each_way_finds(tmp_path: Path) -> None:
    made, alone, *_, corpus = bench(tmp_path, 2, 60, ["analyze-1", "corpus-1"])
    assert made.startswith("2 captures with 120 exchanges")
    assert alone.startswith("analyze-1: ") and corpus.startswith("corpus-1: ")
    assert "; exit 3; 0 differences" in alone and "; exit 3; 0 differences" in corpus
