"""The index finds exactly the rules whose conditions hold, and asks little on the way."""

import pytest
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.rules.condition import compile_condition
from corslens.lint.rules.loader import load_rules

from tests.each import each
from tests.lint.make import facts, facts_of

RULES = load_rules()
SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in RULES.rules.values() for sample in (*rule.bad, *rule.good)}


@pytest.mark.slow  # every sample of every rule
def test_it_finds_what_asking_every_rule_finds() -> None:
    """When a shape is seen the first time, the second, when its plan is made, and whenever others have the same."""
    conditions = {
        rule.id: compile_condition(condition, VOCABULARY)
        for rule in RULES.rules.values()
        if (condition := rule.condition) is not None
    }

    def check(name: str) -> None:
        sample = SAMPLES[name]
        made = facts_of(sample)
        expected = {id for id, holds in conditions.items() if holds(made) is True}
        for _ in range(2):
            found = [one.rule.id for one in RULES.matching_rules(facts_of(sample))]
            assert (len(found), set(found)) == (len(expected), expected)

    each(SAMPLES, check)


def test_what_is_too_long_is_not_remembered() -> None:
    """The names of one answer may be a megabyte; the index keeps none of those."""
    index = load_rules()._index
    before = len(index._plans)
    for number in range(3):
        long = {f"x-{number}-{part}-" + "a" * 200: "1" for part in range(20)}
        index.matching(facts({**long, "access-control-allow-origin": "*"}))
    assert len(index._plans) == before


def _asked(made: Facts) -> set[str]:
    RULES.matching_rules(made)
    return {one.attribute for one in VOCABULARY.values()} & set(vars(made))


def test_an_ordinary_answer_is_asked_for_few_facts() -> None:
    """Out of more than a hundred: what a rule needs that cannot apply is never computed."""

    def cors() -> Facts:
        return facts({"access-control-allow-origin": "*", "content-type": "text/css"})

    def other() -> Facts:
        return facts({}, url="https://app.example/x", request={"origin": None})

    for made, most in ((cors, 16), (other, 8)):
        _asked(made())
        _asked(made())
        assert len(_asked(made())) <= most
