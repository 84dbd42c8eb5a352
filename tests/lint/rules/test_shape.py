"""Shapes: what exchanges of one shape have in common, and what makes an exchange unusual."""

from collections.abc import Callable
from typing import Any

import pytest
from corslens.lint.facts.fact import Fact
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.sample import Step
from corslens.lint.rules.shape import Shape, is_steady, shape_of
from corslens.observation.known import Unknown

from tests.each import each
from tests.lint.make import facts, facts_of, preflight

STAR = {"access-control-allow-origin": "*"}
NAMED = {"access-control-allow-origin": "https://app.example", "vary": "Origin"}

UNUSUAL: dict[str, Callable[[], Facts]] = {
    "no response": lambda: facts(error="connection refused"),
    "a preflight was missed": lambda: facts(
        STAR,
        method="DELETE",
        before=(Step(method="PUT", url="https://api.example/other", preflight=(204, STAR), response=STAR),),
    ),
    "lists with what does nothing there": lambda: preflight({**STAR, "access-control-allow-methods": "put"}),
    "engines disagree": lambda: facts({"access-control-allow-origin": ("", "*")}, version="HTTP/2.0"),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual(what: str) -> None:
    assert shape_of(UNUSUAL[what]())[-1]


@pytest.mark.parametrize(
    "headers", [{}, STAR, NAMED, {**STAR, "content-type": "text/css", "cache-control": "max-age=5"}, {**STAR, "etag": "x"}]
)
def test_an_ordinary_exchange_is_not(headers: dict[str, str]) -> None:
    assert not shape_of(facts(headers))[-1]


SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in load_rules().rules.values() for sample in (*rule.bad, *rule.good)}


def test_steady_facts_are_the_same_on_all_exchanges_of_a_shape() -> None:
    """On every sample there is: this is what lets the index ask for them once a shape."""
    seen: dict[tuple[Shape, str], Any] = {}

    def check(name: str) -> None:
        made = facts_of(SAMPLES[name])
        shape = shape_of(made)
        differing = []
        for one in VOCABULARY.values():
            if is_steady(one, shape):
                value = getattr(made, one.attribute)
                if value != seen.setdefault((shape, one.name), value):
                    differing.append(one.name)
                if not one.steady and not _is_nothing(one, value):
                    differing.append(f"{one.name} is something")
        assert differing == []

    each(SAMPLES, check)


def _is_nothing(one: Fact[Any], value: Any) -> bool:
    return value is None or isinstance(value, Unknown) or not value
