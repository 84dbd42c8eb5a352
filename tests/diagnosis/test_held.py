"""What is held in detail: of one session the latest, of merged ones the first, and nothing of which nothing is to be said."""

from corslens.diagnosis.diagnose import Diagnosis, diagnose
from corslens.diagnosis.held import Held
from corslens.diagnosis.page_request import PageRequest
from corslens.inspection import Inspection

from tests.diagnosis.make import finding, inspection


def settle(held: Held, *numbers: int) -> int:
    """Let it settle these page requests, in this order; return how many it leaves out."""
    return sum(held.settle(*_settled(inspection(f"x{number}", finding(), at=number))) for number in numbers)


def _settled(one: Inspection) -> tuple[str, Diagnosis, tuple[Inspection, ...]]:
    id = one.observation.id
    return id, diagnose(PageRequest(id=id, members=(one,))), (one,)


def test_of_one_session_the_latest_are_held() -> None:
    held = Held(2, everything=False)
    assert settle(held, 1, 2, 3) == 1
    assert list(held.diagnoses()) == ["x2", "x3"]
    assert held.get("x1") is None


def test_of_merged_ones_the_first_are_held() -> None:
    held, earlier, later = (Held(2, everything=False) for _ in range(3))
    assert settle(held, 3, 4) == settle(earlier, 1, 2) == settle(later, 5) == 0
    assert held.absorb(earlier) == 2
    assert held.absorb(later) == 1
    assert sorted(held.diagnoses()) == ["x1", "x2"]


def test_who_holds_nothing_counts_what_had_something_wrong() -> None:
    held = Held(0, everything=False)
    assert settle(held, 1, 2) == 2
    assert not held.diagnoses()


def test_what_went_well_is_held_only_where_everything_is() -> None:
    well = inspection("well", well=True)
    for everything in (True, False):
        held = Held(2, everything=everything)
        assert held.settle("well", None, (well,)) == 0
        assert ("well" in held.diagnoses()) is everything


def test_a_snapshot_stays_as_it_was() -> None:
    held = Held(1, everything=False)
    settle(held, 1)
    taken = held.snapshot()
    settle(held, 2)
    assert (list(taken.diagnoses()), list(held.diagnoses())) == (["x1"], ["x2"])
