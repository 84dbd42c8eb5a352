"""A plan finds the items whose conditions hold, and what is known beforehand makes it smaller, not different."""

from itertools import product
from types import SimpleNamespace

from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Not, Operator, compile_condition
from corslens.lint.rules.plan import plan_of, reduce
from corslens.observation.known import Unknown

METHOD, STATUS, NAMES = "request.method", "response.status", "response.headers"
PUT, VARY, SERVER = (
    Leaf(METHOD, Operator.IS, "PUT"),
    Leaf(NAMES, Operator.HAS, "vary"),
    Leaf(NAMES, Operator.HAS, "server"),
)
CONDITIONS: dict[str, Condition] = {
    "always": All(()),
    "put": PUT,
    "put or get": Leaf(METHOD, Operator.IN, ("PUT", "GET")),
    "put 500": All((PUT, Leaf(STATUS, Operator.IS, 500))),
    "vary": VARY,
    "vary, not put": All((VARY, Not(PUT))),
    "vary and server": All((VARY, SERVER)),
    "vary or high": AnyOf((VARY, Leaf(STATUS, Operator.AT_LEAST, 400))),
    "not both": Not(All((VARY, PUT))),
}
FACTS = [
    SimpleNamespace(request_method=method, response_status=status, response_headers=frozenset(names))
    for method, status, names in product(
        ("PUT", "GET", "POST"), (200, 404, 500, Unknown("none")), ((), ("vary",), ("vary", "server"))
    )
]


def _found(conditions: dict[str, Condition], facts: SimpleNamespace) -> list[str]:
    found: list[str] = []
    plan_of([(condition, name) for name, condition in conditions.items()], VOCABULARY).add_matching(facts, found)
    return sorted(found)


def test_a_plan_finds_what_holds_whatever_was_known_before() -> None:
    tests = {name: compile_condition(condition, VOCABULARY) for name, condition in CONDITIONS.items()}
    for facts, known in product(FACTS, ((), (METHOD,), (NAMES,), (METHOD, NAMES), (METHOD, NAMES, STATUS))):

        def decided(leaf: Leaf, facts: SimpleNamespace = facts, known: tuple[str, ...] = known) -> bool | None:
            return compile_condition(leaf, VOCABULARY)(facts) if leaf.fact in known else None

        left = {name: reduce(condition, decided) for name, condition in CONDITIONS.items()}
        kept: dict[str, Condition] = {
            name: All(()) if rest is True else rest for name, rest in left.items() if not isinstance(rest, bool) or rest
        }
        expected = sorted(name for name, holds in tests.items() if holds(facts))
        assert _found(kept, facts) == expected, (facts, known)


def test_what_is_known_is_not_asked_again() -> None:
    known = {METHOD: False, NAMES: True}
    assert reduce(All((PUT, Leaf(STATUS, Operator.IS, 500))), lambda leaf: known.get(leaf.fact)) is False
    assert reduce(All((VARY, Leaf(STATUS, Operator.IS, 500))), lambda leaf: known.get(leaf.fact)) == Leaf(
        STATUS, Operator.IS, 500
    )
    assert reduce(Not(VARY), lambda leaf: known.get(leaf.fact)) is False
