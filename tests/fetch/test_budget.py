"""A budget ends when more than its seconds passed, and each exchange has its own."""

import pytest
from corslens.fetch.budget import UNLIMITED, Budget, OverBudgetError


def test_it_is_over_after_its_seconds() -> None:
    now = 10.0
    budget = Budget(0.5, lambda: now)
    budget.start()
    now = 10.5
    budget.check()
    now = 10.6
    with pytest.raises(OverBudgetError):
        budget.check()
    budget.start()
    budget.check()


def test_without_a_clock_there_is_no_limit() -> None:
    UNLIMITED.start()
    UNLIMITED.check()
