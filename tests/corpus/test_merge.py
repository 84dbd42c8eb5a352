"""What the shards of a corpus come to is what one machine finds on the same captures: byte for byte, in every report."""

import weakref
from pathlib import Path

import msgspec
import pytest
from corslens.report.baseline import Gate, keys_of, render_baseline
from corslens.report.formats.json_report import document

from tests.corpus.run import corpus_of, on_one_machine, reports


@pytest.mark.slow  # a corpus, cut in three ways
def test_reports_are_those_of_one_machine_however_the_captures_are_cut(captures: Path, tmp_path: Path) -> None:
    alone = on_one_machine(captures)
    assert len(alone.problems()) > 15
    expected = reports(alone)
    listed = msgspec.structs.asdict(document(alone, Gate()))
    for size in (1, 20_000, 1 << 30):
        found = corpus_of(captures, tmp_path / str(size), size)
        assert reports(found) == expected, size
        made = msgspec.structs.asdict(document(found, Gate()))
        differing = {name for name, value in made.items() if value != listed[name]}
        assert differing <= {"exchanges", "left_out"}, size
        assert render_baseline(found.problems()) == render_baseline(alone.problems()), size
        assert keys_of(found.problems()) == keys_of(alone.problems()), size


@pytest.mark.slow  # judges a corpus
def test_problems_are_read_as_they_are_listed_and_kept_no_longer(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = reports(on_one_machine(captures))
    monkeypatch.setattr("corslens.corpus.ranking._BLOCK", 3)
    monkeypatch.setattr("corslens.corpus.ranking._GATHERED", 6)
    found = corpus_of(captures, tmp_path, 20_000)
    assert reports(found) == expected
    problems = found.problems()
    assert [one.key for one in problems[4:9]] == [one.key for one in problems][4:9]
    assert problems[-1].message == list(problems)[-1].message
    first = weakref.ref(problems[0])
    assert first() is None
