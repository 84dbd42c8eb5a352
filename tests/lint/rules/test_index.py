"""The index finds exactly the rules whose conditions hold, and asks little on the way."""

from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.rules.condition import compile_condition
from corslens.lint.rules.loader import load_rules

from tests.each import each
from tests.lint.make import facts, facts_of

RULES = load_rules()
SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in RULES.rules.values() for sample in (*rule.bad, *rule.good)}


def test_it_finds_what_asking_every_rule_finds() -> None:
    conditions = {
        rule.id: compile_condition(condition, VOCABULARY)
        for rule in RULES.rules.values()
        if (condition := rule.condition) is not None
    }

    def check(name: str) -> None:
        sample = SAMPLES[name]
        made = facts_of(sample)
        expected = {id for id, holds in conditions.items() if holds(made) is True}
        for _ in ("as it comes", "narrowed to what is common", "remembered"):
            assert {fireable.rule.id for fireable in RULES.index.collect(facts_of(sample))} == expected

    each(SAMPLES, check)


def test_what_is_too_long_is_not_remembered() -> None:
    """The names of one answer may be a megabyte; the index keeps none of those."""
    index = load_rules().index
    before = len(index._narrowed)
    for number in range(3):
        long = {f"x-{number}-{part}-" + "a" * 200: "1" for part in range(20)}
        index.collect(facts({**long, "access-control-allow-origin": "*"}))
    assert len(index._narrowed) == before


def _asked(made: Facts) -> set[str]:
    RULES.index.collect(made)
    return {one.attribute for one in VOCABULARY.values()} & set(vars(made))


def test_an_ordinary_answer_is_asked_for_few_facts() -> None:
    """Out of more than a hundred: what a rule needs that cannot apply is never computed."""
    allowed = facts({"access-control-allow-origin": "*", "content-type": "text/css"})
    assert len(_asked(allowed)) <= 16
    assert len(_asked(facts({}, url="https://app.example/x", request={"origin": None}))) <= 8
