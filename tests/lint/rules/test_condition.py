"""Conditions compiled to functions: matchers, and three-valued logic."""

from types import SimpleNamespace
from typing import Any

import pytest
from corslens.lint.rules.condition import (
    All,
    AnyOf,
    Condition,
    Leaf,
    Not,
    Operator,
    compile_condition,
    conjuncts,
    leaves,
    wants_value,
)
from corslens.observation.known import Unknown

VOCABULARY = {name: SimpleNamespace(attribute=name) for name in ("a", "b", "unknown", "absent")}


def holds(condition: Condition, **values: Any) -> bool | None:
    facts = SimpleNamespace(**{"unknown": Unknown("why"), "absent": None, **values})
    return compile_condition(condition, VOCABULARY)(facts)


def leaf(matcher: str, argument: Any, fact: str = "a") -> Leaf:
    return Leaf(fact, Operator(matcher), argument)


YES, NO, MAYBE = leaf("is", 1), leaf("is", 2), leaf("is", 1, "unknown")


@pytest.mark.parametrize(
    ("value", "matcher", "argument", "expected"),
    [
        ("x", "is", "x", True),
        ("X", "is", "x", False),
        (5, "is", 5, True),
        (True, "is", False, False),
        ("x", "in", ("y", "x"), True),
        ("x", "in", ("y",), False),
        ("abc", "contains", "b", True),
        ("abc", "starts-with", "ab", True),
        ("abc", "ends-with", "ab", False),
        (5, "at-least", 5, True),
        (5, "above", 5, False),
        (5, "at-most", 5, True),
        (5, "below", 6, True),
        (frozenset("ab"), "has", "a", True),
        (frozenset("ab"), "has-any", ("c", "b"), True),
        (frozenset("ab"), "has-any", ("c",), False),
        (frozenset("ab"), "has-all", ("a", "b"), True),
        (frozenset("a"), "has-all", ("a", "b"), False),
        (frozenset(), "empty", True, True),
        (frozenset("a"), "empty", False, True),
        ({"a": 1}.keys(), "has-all", ("a",), True),
        ("x", "present", True, True),
        ("x", "present", False, False),
    ],
)
def test_matchers(value: Any, matcher: str, argument: Any, expected: bool) -> None:
    assert holds(leaf(matcher, argument), a=value) is expected


@pytest.mark.parametrize(
    ("matcher", "argument", "expected"),
    [
        ("is", "x", False),
        ("above", 1, False),
        ("has", "x", False),
        ("empty", True, True),
        ("empty", False, False),
        ("present", False, True),
        ("present", True, False),
    ],
)
def test_an_absent_value_matches_only_its_absence(matcher: str, argument: Any, expected: bool) -> None:
    condition = leaf(matcher, argument, "absent")
    assert holds(condition) is expected
    assert wants_value(condition) is not expected or expected is False


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (MAYBE, None),
        (Not(MAYBE), None),
        (Not(YES), False),
        (All((YES, MAYBE)), None),
        (All((NO, MAYBE)), False),
        (All((MAYBE, NO)), False),
        (AnyOf((YES, MAYBE)), True),
        (AnyOf((MAYBE, YES)), True),
        (AnyOf((NO, MAYBE)), None),
        (AnyOf((NO, NO)), False),
        (All((YES, YES)), True),
    ],
)
def test_unknown_never_matches(condition: Condition, expected: bool | None) -> None:
    assert holds(condition, a=1) is expected


def test_conjuncts_are_flattened_and_leaves_are_found_everywhere() -> None:
    condition = All((YES, All((NO, Not(MAYBE)))))
    assert (YES, NO, Not(MAYBE)) == conjuncts(condition)
    assert leaves(condition) == (YES, NO, MAYBE)
