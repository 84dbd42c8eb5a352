"""The vocabulary as a whole."""

import pytest
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.observation.known import Unknown

from tests.each import each
from tests.lint.make import facts, preflight


def test_a_fact_is_documented_in_a_sentence() -> None:
    assert [one.name for one in VOCABULARY.values() if not one.doc.endswith((".", "…", "?"))] == []
    assert [name for name in VOCABULARY if name != name.lower()] == []


EXCHANGES = {
    "simple": lambda: facts({"access-control-allow-origin": "*"}),
    "preflight": lambda: preflight({"access-control-allow-origin": "*"}),
    "unanswered": lambda: facts(error="connection refused"),
    "without origin": lambda: facts({}, request={"origin": None}),
}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_fact_has_a_value_on_every_kind_of_exchange(exchange: str) -> None:
    """And one of the type that it declares."""

    def check(name: str) -> None:
        one = VOCABULARY[name]
        value = getattr(EXCHANGES[exchange](), one.attribute)
        if value is None:
            assert one.optional
        elif isinstance(value, Unknown):
            assert one.may_be_unknown
        elif one.choices:
            assert set([value] if isinstance(value, str) else value) <= set(one.choices)

    each(VOCABULARY, check)


def test_nothing_is_computed_before_it_is_asked() -> None:
    made = facts({"access-control-allow-origin": "*"})
    assert not {one.attribute for one in VOCABULARY.values()} & set(vars(made))


def test_every_fact_is_an_attribute() -> None:
    assert all(getattr(Facts, one.attribute) is one for one in VOCABULARY.values())
