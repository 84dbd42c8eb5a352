"""A session takes any exchanges in any order, says something of each, and does not grow past its history."""

import pytest
from corslens.engines.engine import Engine
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fetch.strategies import exchanges

pytestmark = pytest.mark.slow  # hundreds of generated sessions

NO_RULES = RuleSet({})
HISTORY = 5


@st.composite
def sessions(draw: st.DrawFn) -> list[Exchange]:
    """Exchanges with times that mostly go forward, some with an id that was there before."""
    time, session = 0.0, []
    for number in range(draw(st.integers(1, 12))):
        time += draw(st.sampled_from([0.0, 0.01, 0.2, 6.0, 700.0, -1.0]))
        id = f"x{draw(st.integers(0, number))}" if draw(st.integers(0, 9)) == 0 else f"x{number}"
        session.append(draw(exchanges(id, time)))
    return session


@given(sessions())
@settings(max_examples=150)
def test_any_session_is_inspected_and_bounded(session: list[Exchange]) -> None:
    inspector = Inspector(rules=NO_RULES, history=HISTORY)
    for exchange in session:
        own, *others = inspector.inspect(exchange)
        assert own.id == exchange.id
        for inspection in (own, *others):
            assert set(inspection.verdicts) == set(Engine)
        known = list(inspector.recent())
        assert len(known) <= HISTORY
        assert len({inspection.id for inspection in known}) == len(known)
    inspector.finish()
    assert inspector.finish() == ()


@given(sessions())
@settings(max_examples=50)
def test_a_session_repeated_says_the_same(session: list[Exchange]) -> None:
    def verdicts() -> list[object]:
        inspector = Inspector(rules=NO_RULES, history=HISTORY)
        return [[(one.id, one.verdicts) for one in inspector.inspect(exchange)] for exchange in session]

    assert verdicts() == verdicts()


@given(sessions())
@settings(max_examples=50)
def test_begun_exchanges_may_be_completed_in_any_order_or_never(session: list[Exchange]) -> None:
    inspector = Inspector(rules=NO_RULES, history=HISTORY)
    for exchange in session:
        inspector.begin(exchange.with_response(None))
    for exchange in reversed(session[1:]):
        inspector.complete(exchange)
    inspector.settle(1e9)
    inspector.finish()
