"""A bounded mapping keeps the newest entries and counts the others."""

from corslens.observation.bounded import Bounded


def test_the_oldest_entry_goes_and_is_counted() -> None:
    store: Bounded[int, str] = Bounded(2)
    for number in range(4):
        store[number] = "x"
    assert (list(store), store.dropped) == ([2, 3], 2)


def test_setting_an_entry_again_drops_none() -> None:
    store: Bounded[int, int] = Bounded(1)
    store[1] = store[1] = 2
    assert (dict(store), store.dropped) == ({1: 2}, 0)
