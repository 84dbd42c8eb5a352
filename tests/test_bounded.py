"""A bounded mapping keeps the newest entries and counts the others."""

from corslens.bounded import Bounded


def test_the_oldest_entry_goes_and_is_counted() -> None:
    store: Bounded[int, str] = Bounded(2)
    for number in range(4):
        store[number] = "x"
    assert (list(store), store.dropped) == ([2, 3], 2)


def test_setting_an_entry_again_drops_none() -> None:
    store: Bounded[int, int] = Bounded(1)
    store[1] = store[1] = 2
    assert (dict(store), store.dropped) == ({1: 2}, 0)


def test_what_weighs_too_much_makes_way() -> None:
    dropped: list[int] = []
    store: Bounded[int, str] = Bounded(10, weigh=len, budget=10, too_heavy=dropped.append)
    for number in range(4):
        store[number] = "xxxx"
    assert (list(store), store.weight, store.dropped, dropped) == ([2, 3], 8, 2, [0, 1])
    store[2] = "xxxxxx"
    assert (list(store), store.weight) == ([2, 3], 10)
    store[3] = "x" * 100  # the newest stays, whatever its weight
    assert (list(store), store.weight) == ([3], 100)


def test_the_weight_is_that_of_what_is_there() -> None:
    store: Bounded[int, str] = Bounded(3, weigh=len, budget=100)
    for number in range(5):
        store[number] = "x" * number
    assert (store.weight, store.dropped) == (9, 2)
    del store[2]
    assert store.weight == 7
    assert store.pop(3) == "xxx"
    assert store.pop(3, None) is None
    assert store.weight == 4
    assert store.popitem(last=False) == (4, "xxxx")
    assert store.weight == 0
    store[1] = "x"
    store.clear()
    assert (store.weight, len(store)) == (0, 0)
