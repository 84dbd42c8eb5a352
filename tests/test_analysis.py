"""Captures through the pipeline: each is a session, and what is filtered out still counts as context."""

import io
import zipfile
from pathlib import Path

import pytest
from corslens.analysis import Settings, collect, prefixes
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rule import RuleSet

from tests.inputs.make_har import at, encoded, entry
from tests.make import PAGE

NO_RULES = RuleSet({})
ASKED = entry(
    "OPTIONS",
    given=[("Origin", PAGE), ("Access-Control-Request-Method", "PUT")],
    status=204,
    answer=[("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Max-Age", "600")],
)
PUT = entry("PUT", started=at(1), answer=[("Access-Control-Allow-Origin", PAGE)])


def collected(path: Path, **settings: object) -> tuple[SessionSummary, dict[str, object]]:
    """What a file holds, and the last inspection of each exchange."""
    found: dict[str, object] = {}
    summary = SessionSummary(everything=True)
    collect(
        str(path),
        "a",
        Settings(rules=NO_RULES, **settings),
        summary,
        [lambda one, _: found.__setitem__(one.id, one)],  # type: ignore[arg-type]
    )
    return summary, found


def test_a_preflight_covers_its_request(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(ASKED, PUT))
    summary, found = collected(tmp_path / "a.har")
    assert list(found) == ["a:0", "a:1"]
    assert (summary.counts["pairs"], summary.inputs[0].exchanges) == (1, 2)


def test_what_is_filtered_out_still_covers(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(ASKED, PUT))
    summary, found = collected(tmp_path / "a.har", exclude=lambda exchange: exchange.request.method == "OPTIONS")
    assert list(found) == ["a:1"] and summary.counts["pairs"] == 1


def test_captures_of_a_zip_are_sessions_of_their_own(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("one.har", encoded(ASKED))
        archive.writestr("two.har", encoded(PUT))
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    summary, found = collected(tmp_path / "a.zip")
    assert list(found) == ["a/one.har:0", "a/two.har:0"]
    assert summary.counts["pairs"] == 0
    assert [one.exchanges for one in summary.inputs] == [1, 1]
    note = summary.inputs[1].notes[0]
    assert note.startswith(f"{tmp_path / 'a.zip'}/two.har holds no preflight at all")


def test_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(*[entry()] * 600))
    seen: list[float] = []
    collect(str(tmp_path / "a.har"), "a", Settings(rules=NO_RULES), SessionSummary(), progress=seen.append)
    assert len(seen) == 3 and seen == sorted(seen) and seen[0] >= 0 and seen[-1] < 1


NAMES = {
    "stems": (["x/a.har", "b.HAR.gz", "c.mitm"], ["a", "b", "c"]),
    "same stem": (["x/a.har", "y/a.har"], ["a", "y/a.har"]),
    "standard input": (["-"], ["stdin"]),
    "another ending": (["capture.json"], ["capture"]),
}


@pytest.mark.parametrize(("names", "expected"), NAMES.values(), ids=NAMES)
def test_prefixes(names: list[str], expected: list[str]) -> None:
    assert list(prefixes(names).values()) == expected
