"""What the shards of a corpus come to is what one machine finds on the same captures: byte for byte, in every report."""

from pathlib import Path

import msgspec
import pytest
from corslens.corpus.merge import _block_of
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


def test_problems_are_filled_in_by_blocks_that_follow_each_other() -> None:
    places = range(30_000)
    found = [_block_of(place) for place in places]
    assert all(one.start <= place < one.stop for place, one in zip(places, found, strict=True))
    blocks = list(dict.fromkeys((one.start, one.stop) for one in found))
    assert [stop for _, stop in blocks[:-1]] == [start for start, _ in blocks[1:]]
    assert len(blocks) < 12 and max(stop - start for start, stop in blocks) <= 4_000
