"""The vocabulary as a whole."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.lint.facts.vocabulary import VOCABULARY, Facts, hangs_on_actual
from corslens.lint.rules.loader import load_rules
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Followed, Role
from corslens.verdict.decide import decide
from msgspec import structs

from tests.each import each
from tests.lint.make import facts, facts_of, preflight


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


def test_only_what_is_said_to_be_learned_later_changes_with_the_actual_request() -> None:
    """So a preflight that was allowed in any case need not be linted again when its actual request comes."""
    changed: set[str] = set()
    looked_at = 0
    for rule in load_rules().rules.values():
        for sample in (*rule.bad, *rule.good):
            before = facts_of(sample)
            observation = before.observation
            if observation.role is not Role.PREFLIGHT or not all(one.allowed for one in before.verdicts.values()):
                continue
            looked_at += 1
            for mode in CredentialsMode:
                known = Known(mode, ("test",)) if isinstance(observation.credentials, Unknown) else observation.credentials
                followed = structs.replace(observation, followed=Followed.FOLLOWED, actual="a", credentials=known)
                pending = structs.replace(observation, followed=Followed.PENDING)
                verdicts = {engine: decide(followed, engine) for engine in Engine}
                then = Facts(pending, before.verdicts, before.past, products=before.catalog)
                now = Facts(followed, verdicts, before.past, products=before.catalog)
                differs = {
                    one
                    for one in VOCABULARY
                    if getattr(then, VOCABULARY[one].attribute) != getattr(now, VOCABULARY[one].attribute)
                }
                changed |= differs
                for name in differs:
                    asked = Facts(pending, before.verdicts, before.past, products=before.catalog)
                    getattr(asked, VOCABULARY[name].attribute)
                    assert hangs_on_actual(asked, asks_whether_followed=True), name
    assert looked_at > 5
    assert "preflight.followed" in changed


def test_no_bundled_rule_tells_a_followed_preflight_from_a_pending_one() -> None:
    assert not load_rules().asks_whether_followed
