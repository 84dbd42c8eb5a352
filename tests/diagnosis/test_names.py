"""Names are counted, bounded, and free of order."""

import pytest
from corslens.diagnosis.names import NameCounts
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.slow


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=2)), st.randoms())
def test_any_order_and_any_cut_gives_the_same(names: list[str], random) -> None:  # type: ignore[no-untyped-def]  # hypothesis' own
    whole = NameCounts(5)
    for name in names:
        whole.add(name)
    shuffled = random.sample(names, len(names))
    parts = [NameCounts(5) for _ in range(3)]
    for name in shuffled:
        random.choice(parts).add(name)
    merged = NameCounts(5)
    for part in random.sample(parts, 3):
        merged.absorb(part)
    assert list(merged) == list(whole) == sorted(set(names))[:5]
    assert merged.more is whole.more is (len(set(names)) > 5)


def test_what_is_taken_back_is_gone() -> None:
    names = NameCounts(3)
    for name in "aab":
        names.add(name)
    for name in "abx":
        names.take_back(name)
    assert list(names) == ["a"]
