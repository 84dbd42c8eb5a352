"""A baseline is written and read back, and anything else is refused in a sentence."""

import pytest
from corslens.report.baseline import parse_baseline, render_baseline

from tests.report.make import collection


def test_round_trip():
    groups = collection().groups()
    known = parse_baseline(render_baseline(groups))
    assert known.keys() == {group.key.fingerprint for group in groups}
    assert "acao-missing https://api.example/me" in known.values()


def test_the_order_of_findings_changes_nothing():
    groups = collection().groups()
    assert render_baseline(groups) == render_baseline(reversed(groups))


REFUSED = {
    "no JSON": b"hello",
    "another document": b'{"findings": []}',
    "another version": b'{"schema": "corslens-baseline/9", "findings": []}',
    "no UTF-8": b'{"schema": "\xff"}',
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused(text):
    with pytest.raises(ValueError, match="baseline"):
        parse_baseline(text)
