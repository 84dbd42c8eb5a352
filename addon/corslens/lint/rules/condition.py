"""Condition: the `when` of a rule, as parsed, and compiled to a function of Facts.

The logic has three values: a test of an Unknown fact is None, and so is every combination that would turn on it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from corslens.lint.facts.fact import Fact, FactKind
from corslens.observation.known import Unknown

type Test = Callable[[Any], bool | None]
"""Of Facts; None when it turns on an Unknown."""


class Operator(StrEnum):
    """What may be asked of a fact."""

    IS = "is"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "starts-with"
    ENDS_WITH = "ends-with"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    ABOVE = "above"
    BELOW = "below"
    HAS = "has"
    HAS_ANY = "has-any"
    HAS_ALL = "has-all"
    EMPTY = "empty"
    PRESENT = "present"


class Argument(StrEnum):
    """What a matcher is given."""

    VALUE = "value"
    """One value of the fact's type."""
    VALUES = "values"
    """A list of them."""
    FLAG = "flag"
    """`true` or `false`."""


class OperatorSpec(Struct, frozen=True):
    """A matcher's documentation: the kinds of facts it takes, its argument, and its meaning."""

    kinds: frozenset[FactKind]
    argument: Argument
    meaning: str


_SCALAR = frozenset({FactKind.FLAG, FactKind.NUMBER, FactKind.TEXT, FactKind.CHOICE})
_NUMBER, _TEXT, _SET = frozenset({FactKind.NUMBER}), frozenset({FactKind.TEXT}), frozenset({FactKind.SET})

MATCHERS: dict[Operator, OperatorSpec] = {
    Operator.IS: OperatorSpec(
        _SCALAR, Argument.VALUE, "equals it, case included; `fact: value` is short for `fact: {is: value}`"
    ),
    Operator.IN: OperatorSpec(_SCALAR - {FactKind.FLAG}, Argument.VALUES, "equals one of them"),
    Operator.CONTAINS: OperatorSpec(_TEXT, Argument.VALUE, "holds this text"),
    Operator.STARTS_WITH: OperatorSpec(_TEXT, Argument.VALUE, "begins with this text"),
    Operator.ENDS_WITH: OperatorSpec(_TEXT, Argument.VALUE, "ends with this text"),
    Operator.AT_LEAST: OperatorSpec(_NUMBER, Argument.VALUE, "is this or more"),
    Operator.AT_MOST: OperatorSpec(_NUMBER, Argument.VALUE, "is this or less"),
    Operator.ABOVE: OperatorSpec(_NUMBER, Argument.VALUE, "is more"),
    Operator.BELOW: OperatorSpec(_NUMBER, Argument.VALUE, "is less"),
    Operator.HAS: OperatorSpec(_SET, Argument.VALUE, "holds this element; `fact: element` is short for `fact: {has: element}`"),
    Operator.HAS_ANY: OperatorSpec(_SET, Argument.VALUES, "holds at least one of them"),
    Operator.HAS_ALL: OperatorSpec(_SET, Argument.VALUES, "holds all of them"),
    Operator.EMPTY: OperatorSpec(_SET, Argument.FLAG, "`true`: holds nothing (or is not there); `false`: holds something"),
    Operator.PRESENT: OperatorSpec(
        frozenset(FactKind), Argument.FLAG, "`true`: is there; `false`: is not (only for facts that may be absent)"
    ),
}
"""There are no regular expressions: what needs one is a fact, with a name and a test, and cannot hang."""


type Scalar = str | bool | int | float


class Leaf(Struct, frozen=True, tag="leaf"):
    """One question to one fact."""

    fact: str
    matcher: Operator
    argument: Scalar | tuple[Scalar, ...]
    """A value, or a tuple of values."""


class All(Struct, frozen=True, tag="all"):
    """Every part holds."""

    parts: tuple["Condition", ...]


class AnyOf(Struct, frozen=True, tag="any"):
    """At least one part holds."""

    parts: tuple["Condition", ...]


class Not(Struct, frozen=True, tag="not"):
    """The part does not hold (and is not unknown)."""

    part: "Condition"


type Condition = Leaf | All | AnyOf | Not

ALWAYS = All(())


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """Return the parts that must all hold, nested ones too."""
    if isinstance(condition, All):
        return tuple(leaf for part in condition.parts for leaf in conjuncts(part))
    return (condition,)


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Return every question in the condition, in order."""
    match condition:
        case Leaf():
            return (condition,)
        case Not(part):
            return leaves(part)
        case All(parts) | AnyOf(parts):
            return tuple(leaf for part in parts for leaf in leaves(part))


def wants_value(leaf: Leaf) -> bool:
    """Say whether the question can only hold of a fact that is there."""
    return not (leaf.matcher in (Operator.PRESENT, Operator.EMPTY) and leaf.argument is (leaf.matcher is Operator.EMPTY))


def compile_condition(condition: Condition, vocabulary: Any) -> Test:
    """Turn a condition into a function of Facts."""
    match condition:
        case Leaf():
            return _compile_leaf(condition, vocabulary[condition.fact])
        case Not(part):
            test = compile_condition(part, vocabulary)

            def negated(facts: Any) -> bool | None:
                holds = test(facts)
                return None if holds is None else not holds

            return negated
        case All(parts):
            return _combined(tuple(compile_condition(part, vocabulary) for part in parts), decides=False)
        case AnyOf(parts):
            return _combined(tuple(compile_condition(part, vocabulary) for part in parts), decides=True)


def _combined(tests: tuple[Test, ...], *, decides: bool) -> Test:
    def combined(facts: Any) -> bool | None:
        unknown = False
        for test in tests:
            holds = test(facts)
            if holds is decides:
                return decides
            if holds is None:
                unknown = True
        return None if unknown else not decides

    return combined


def _compile_leaf(leaf: Leaf, fact: Fact[Any]) -> Test:
    attribute, compare = fact.attribute, _COMPARES[leaf.matcher](leaf.argument)
    absent = not wants_value(leaf)

    def test(facts: Any) -> bool | None:
        value = getattr(facts, attribute)
        if value is None:
            return absent
        if value.__class__ is Unknown:
            return None
        return compare(value)

    return test


def _present(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: wanted is True


def _empty(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: (not value) is wanted


_COMPARES: dict[Operator, Callable[[Any], Callable[[Any], bool]]] = {
    Operator.IS: lambda wanted: lambda value: bool(value == wanted),
    Operator.IN: lambda wanted: lambda value: value in wanted,
    Operator.CONTAINS: lambda wanted: lambda value: wanted in value,
    Operator.STARTS_WITH: lambda wanted: lambda value: bool(value.startswith(wanted)),
    Operator.ENDS_WITH: lambda wanted: lambda value: bool(value.endswith(wanted)),
    Operator.AT_LEAST: lambda wanted: lambda value: bool(value >= wanted),
    Operator.AT_MOST: lambda wanted: lambda value: bool(value <= wanted),
    Operator.ABOVE: lambda wanted: lambda value: bool(value > wanted),
    Operator.BELOW: lambda wanted: lambda value: bool(value < wanted),
    Operator.HAS: lambda wanted: lambda value: wanted in value,
    Operator.HAS_ANY: lambda wanted: lambda value: any(element in value for element in wanted),
    Operator.HAS_ALL: lambda wanted: lambda value: all(element in value for element in wanted),
    Operator.EMPTY: _empty,
    Operator.PRESENT: _present,
}
