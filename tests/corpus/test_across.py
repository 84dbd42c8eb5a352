"""What no capture can show and all of them can: the same rules, with what the corpus shows of an endpoint."""

from pathlib import Path

import pytest
from corslens.corpus.across import again, evidence
from corslens.corpus.judge import judge
from corslens.corpus.merge import CorpusSummary, merge
from corslens.corpus.sql import connect
from corslens.corpus.store import Store

from tests.corpus.run import WORK, shards_of
from tests.inputs.make_har import encoded, entry
from tests.make import API

PAGES = ("https://a.test", "https://b.test", "https://c.test", "https://d.test")


def judged_across(folder: Path, out: Path) -> tuple[CorpusSummary, CorpusSummary]:
    """What each capture shows by itself, and what the corpus shows."""
    shards = shards_of(folder, 1)
    for shard in shards:
        judge(shard, WORK, str(out))
    connection = connect(Store(str(out)), [shard.name for shard in shards])
    second = list(again(connection, shards, evidence(connection)))
    for shard, across in second:
        judge(shard, WORK, str(out / "across"), across)
    whole = connect(Store(str(out / "across")), [shard.name for shard, _ in second])
    return merge(connection), merge(whole)


def capture(folder: Path, name: str, origin: str, *, allowed: bool) -> None:
    """A capture of one request with a cookie, whose response allows the page or no page."""
    answer = [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")] if allowed else []
    given = [("Origin", origin), ("Cookie", "a=1")]
    made = entry("GET", f"{API}/me", given, answer=[*answer, ("Vary", "Origin"), ("Content-Type", "application/json")])
    (folder / name).write_bytes(encoded(made))


def rules(summary: CorpusSummary) -> set[str]:
    """The rules of the causes, and of what else is wrong."""
    return {key.rule for problem in summary.problems() for key in problem.named()}


@pytest.mark.slow  # judges a corpus twice
def test_a_server_that_reflects_whoever_requests_is_found_over_captures_that_show_one_origin_each(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    for place, page in enumerate(PAGES[:3]):
        capture(folder, f"{place}.har", page, allowed=True)
    alone, whole = judged_across(folder, tmp_path / "out")
    assert "any-origin-reflected-with-credentials" not in rules(alone)
    assert "any-origin-reflected-with-credentials" in rules(whole)
    messages = [problem.message for problem in whole.problems() if "reflected" in problem.key.rule]
    assert [message.partition(" (")[2] for message in messages] == ["in this corpus: requests from 3 origins in 3 captures)"]
    capture(folder, "3.har", PAGES[3], allowed=False)  # one that it refuses: a list
    _, whole = judged_across(folder, tmp_path / "out2")
    assert "any-origin-reflected-with-credentials" not in rules(whole)


@pytest.mark.slow  # judges a corpus twice
def test_what_a_capture_is_judged_with_names_its_shard(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    for place, page in enumerate(PAGES[:2]):
        capture(folder, f"{place}.har", page, allowed=True)
    names = []
    for out in ("one", "two"):
        judged_across(folder, tmp_path / out)
        names.append({path.name for path in (tmp_path / out / "across" / "captures").iterdir()})
        capture(folder, "2.har", PAGES[2], allowed=True)
    assert (len(names[0]), len(names[1])) == (2, 3)
    assert not names[0] & names[1]
