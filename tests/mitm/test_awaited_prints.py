"""What waits for the browser's word is printed all the same, soon."""

from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm.awaited_prints import SECONDS, AwaitedPrints

from tests import make

INSPECTION, *_ = Inspector(rules=load_rules()).inspect(make.exchange(make.request(), make.response()))


def test_released_when_it_came() -> None:
    prints = AwaitedPrints()
    assert prints.hold(INSPECTION, None, 1.0) is None
    assert prints.release(INSPECTION.id) == (INSPECTION, None)
    assert prints.release(INSPECTION.id) is None


def test_ripe_after_a_second() -> None:
    prints = AwaitedPrints()
    prints.hold(INSPECTION, None, 1.0)
    prints.hold(INSPECTION, None, 1.0 + SECONDS / 2)  # known better: it still waits since then
    assert prints.ripe(1.0 + SECONDS / 2) == []
    assert prints.ripe(1.0 + SECONDS) == [(INSPECTION, None)]
    prints.hold(INSPECTION, None, 5.0)
    assert len(prints.ripe()) == 1
