"""What a session remembers is looked through while nobody waits, and Python does so by itself no more."""

import gc
from collections.abc import Iterator

import pytest
from corslens.mitm.garbage import OVERDUE, Garbage

from scripts.bench_suite.chain import Chain


@pytest.fixture
def oldest(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Collections of the oldest generation; it is always due."""
    seen: list[int] = []
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 1_000))
    monkeypatch.setattr(gc, "collect", lambda: seen.append(1))
    yield seen


def test_traffic_is_not_stopped_for_it_before_it_is_overdue(oldest: list[int]) -> None:
    garbage = Garbage()
    before = gc.get_threshold()
    garbage.begin()
    try:
        assert gc.get_threshold()[:2] == before[:2] and gc.get_threshold()[2] > 1_000_000
        oldest.clear()
        garbage.on_tick(quiet=True)
        assert len(oldest) == 1
        for _ in range(OVERDUE - 1):
            garbage.on_tick(quiet=False)
        assert len(oldest) == 1
        garbage.on_tick(quiet=False)
        assert len(oldest) == 2
    finally:
        garbage.end()
    assert gc.get_threshold() == before
    garbage.on_tick(quiet=True)
    assert len(oldest) == 2


async def test_it_is_done_at_a_tick_without_traffic(oldest: list[int]) -> None:
    before = gc.get_threshold()
    async with Chain(odd=False, cors_show="none") as chain:
        oldest.clear()
        chain.addon._passed = True
        chain.addon.on_tick()
        assert not oldest
        chain.addon.on_tick()
        assert oldest
    assert gc.get_threshold() == before
