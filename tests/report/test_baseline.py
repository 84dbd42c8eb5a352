"""A baseline is written and read back, and anything else is refused in a sentence."""

import pytest
from corslens.report.baseline import parse_baseline, render_baseline

from tests.report.make import summary


def test_round_trip():
    problems = summary().problems()
    known = parse_baseline(render_baseline(problems))
    assert known.keys() == {key.fingerprint for problem in problems for key in problem.named()}
    assert "acao-missing https://api.example/me" in known.values()


def test_the_order_of_findings_changes_nothing():
    problems = summary().problems()
    assert render_baseline(problems) == render_baseline(reversed(problems))


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
