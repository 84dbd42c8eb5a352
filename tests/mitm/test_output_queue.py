"""What waits for the browser's word is put out all the same, soon, and in its order."""

from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm import output_queue
from corslens.mitm.output_queue import SECONDS, OutputQueue
from msgspec import structs

from tests import make

INSPECTOR = Inspector(rules=load_rules())
FIRST, SECOND, THIRD = (
    INSPECTOR.inspect(structs.replace(make.exchange(make.request(), make.response()), id=id))[0] for id in "abc"
)


def due(queue: OutputQueue, now: float, *awaited: Inspection) -> list[tuple[str, bool]]:
    ids = {one.id for one in awaited}
    return [(one.id, final) for one, final in queue.due(now, lambda inspection: inspection.id in ids)]


def test_the_order_of_the_exchanges() -> None:
    queue = OutputQueue()
    for one in (FIRST, SECOND, THIRD):
        queue.add(one, 1.0, final=True)
    assert due(queue, 1.0, SECOND) == [("a", True)]
    assert due(queue, 1.0) == [("b", True), ("c", True)]


def test_the_newest_of_each_in_the_place_of_the_first() -> None:
    queue = OutputQueue()
    queue.add(FIRST, 1.0, final=True)
    queue.add(SECOND, 1.0, final=False)
    better = structs.replace(FIRST, confirmed=True)
    queue.add(better, 1.5, final=False)
    (one, final), other = queue.due(1.5, lambda _: False)
    assert one is better
    assert final
    assert other == (SECOND, False)


def test_for_a_second_at_most() -> None:
    queue = OutputQueue()
    queue.add(FIRST, 1.0, final=True)
    queue.add(FIRST, 1.0 + SECONDS / 2, final=True)  # known better: it waits since then
    assert due(queue, 1.0 + SECONDS / 2, FIRST) == []
    assert due(queue, 1.0 + SECONDS, FIRST) == [("a", True)]


def test_bounded(monkeypatch) -> None:
    monkeypatch.setattr(output_queue, "_MAX_WAITING", 2)
    queue = OutputQueue()
    for one in (FIRST, SECOND, THIRD):
        queue.add(one, 1.0, final=True)
    assert due(queue, 1.0, FIRST, SECOND, THIRD) == [("a", True)]
