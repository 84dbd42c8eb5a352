"""Origins' pairs and endpoints: their limits, and what a snapshot keeps."""

from typing import Any

import pytest
from corslens.diagnosis.matrix import Endpoints, Matrix

from tests.make import API, PAGE


class _Counted(tuple):
    """An endpoint that counts how often it is compared with another."""

    compared = 0

    def __gt__(self, other: Any) -> bool:
        _Counted.compared += 1
        return super().__gt__(other)

    def __lt__(self, other: Any) -> bool:
        _Counted.compared += 1
        return super().__lt__(other)


@pytest.mark.parametrize("order", [1, -1])
def test_an_endpoint_beyond_the_limit_is_compared_with_few_others(order: int) -> None:
    """Whoever asks for ever new paths slows nobody down: looking at all of them took 4 ms a request."""
    limit, more = 512, 200
    names = [f"/{number:05}" for number in range(limit + more)][::order]
    endpoints = Endpoints(limit)
    for name in names[:limit]:
        endpoints.add(_Counted((API, name)))
    _Counted.compared = 0
    for name in names[limit:]:
        endpoints.add(_Counted((API, name)))
    assert _Counted.compared < 30 * more
    assert endpoints.dropped == more
    assert sorted(endpoints) == [(API, name) for name in sorted(names)[:limit]]


def test_the_pair_that_changed_first_makes_room() -> None:
    matrix = Matrix(2)
    for version, place in enumerate([("a", API), ("b", API), ("a", API), ("c", API)]):
        matrix.count(place, "BLOCKED", version)
    assert list(matrix.cells()) == [("a", API), ("c", API)]
    assert matrix.dropped == 1


def test_a_snapshot_stays_as_it_was() -> None:
    matrix = Matrix(None)
    matrix.count((PAGE, API), "BLOCKED", 1)
    before = matrix.snapshot()
    matrix.take_back((PAGE, API), "BLOCKED")
    matrix.count((PAGE, API), "ALLOWED", 2)
    assert before.cells()[PAGE, API].words == {"BLOCKED": 1}
    assert matrix.cells()[PAGE, API].words == {"BLOCKED": 0, "ALLOWED": 1}


def test_what_is_no_more_known_is_not_taken_back() -> None:
    matrix = Matrix(None)
    matrix.take_back((PAGE, API), "BLOCKED")
    assert not matrix.cells()
