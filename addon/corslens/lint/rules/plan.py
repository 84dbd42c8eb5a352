"""Plan: what is left to be asked of an exchange so that each of some rules is known to fire or not.

Where many rules turn on one fact's value, the next step is one look-up however many those are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from corslens.lint.facts.fact import Fact
from corslens.lint.rules.condition import All, AnyOf, Condition, Leaf, Not, Operator, compile_condition, conjuncts
from corslens.observation.known import Unknown

type _Steps[T] = tuple[tuple[Condition, ...], T]
"""What must hold of an item, and the item."""

_LOOKED_UP = frozenset({Operator.IS, Operator.IN, Operator.HAS})


def reduce(condition: Condition, decided: Callable[[Leaf], bool | None]) -> Condition | bool:
    """Return what is left of a condition, or whether it holds.

    Args:
        decided: the result of a question, where it is known; None elsewhere.
    """
    match condition:
        case Leaf():
            known = decided(condition)
            return condition if known is None else known
        case Not(part):
            left = reduce(part, decided)
            return not left if isinstance(left, bool) else Not(left)
        case All(parts):
            return _joined(All, [reduce(part, decided) for part in parts], decides=False)
        case AnyOf(parts):
            return _joined(AnyOf, [reduce(part, decided) for part in parts], decides=True)


def _joined(kind: type[All | AnyOf], parts: list[Condition | bool], *, decides: bool) -> Condition | bool:
    if decides in parts:
        return decides
    left = tuple(part for part in parts if not isinstance(part, bool))
    if not left:
        return not decides
    return left[0] if len(left) == 1 else kind(left)


class Plan[T]:
    """Look-ups and tests, each of which leads to items. Worked out when it is first come to: of its branches most never are."""

    __slots__ = ("_found", "_items", "_looked_up", "_tests", "_vocabulary")

    def __init__(self, items: "list[_Steps[T]]", vocabulary: Mapping[str, Fact[Any]]) -> None:
        """Plan for items and what must hold of each."""
        self._items: list[_Steps[T]] | None = items
        self._vocabulary = vocabulary

    def _work_out(self, items: "list[_Steps[T]]") -> None:
        self._items = None
        vocabulary = self._vocabulary
        self._found = [item for steps, item in items if not steps]
        left = [one for one in items if one[0]]
        self._looked_up: list[tuple[str, bool, dict[Any, Plan[T]]]] = []
        """By attribute, whether it is a set whose elements are looked up, and the plan for each value."""
        for asked in _most_asked(left):
            branches: dict[Any, list[_Steps[T]]] = {}
            others = []
            for steps, item in left:
                place = next((place for place, step in enumerate(steps) if _question(step) == asked), None)
                if place is None:
                    others.append((steps, item))
                    continue
                rest = steps[:place] + steps[place + 1 :]
                for value in _values(steps[place]):
                    branches.setdefault(value, []).append((rest, item))
            if len(left) - len(others) > 1:
                plans = {value: Plan(some, vocabulary) for value, some in branches.items()}
                self._looked_up.append((vocabulary[asked[0]].attribute, asked[1], plans))
                left = others
        self._tests = [
            (compile_condition(All(steps) if len(steps) > 1 else steps[0], vocabulary), item) for steps, item in left
        ]

    def prepare(self) -> None:
        """Work it out now, with all its branches."""
        if self._items is not None:
            self._work_out(self._items)
        for _, _, plans in self._looked_up:
            for plan in plans.values():
                plan.prepare()

    def add_matching(self, facts: Any, into: list[T]) -> None:
        """Add the items of which everything holds."""
        if self._items is not None:
            self._work_out(self._items)
        into += self._found
        for attribute, is_set, plans in self._looked_up:
            value = getattr(facts, attribute)
            if not is_set:
                if value in plans:
                    plans[value].add_matching(facts, into)
            elif value and value.__class__ is not Unknown:
                for element in value:
                    if element in plans:
                        plans[element].add_matching(facts, into)
        for test, item in self._tests:
            if test(facts):
                into.append(item)


def plan_of[T](items: Iterable[tuple[Condition, T]], vocabulary: Mapping[str, Fact[Any]]) -> Plan[T]:
    """Return a plan that leads to the items whose condition holds."""
    return Plan([(conjuncts(condition), item) for condition, item in items], vocabulary)


def _question(step: Condition) -> tuple[str, bool] | None:
    """Return the fact that decides by one look-up of its value whether the step holds, or by one of each of its elements; None of others."""
    if isinstance(step, Leaf) and step.matcher in _LOOKED_UP:
        return step.fact, step.matcher is Operator.HAS
    return None


def _values(step: Condition) -> tuple[Any, ...]:
    assert isinstance(step, Leaf)
    return tuple(dict.fromkeys(step.argument)) if isinstance(step.argument, tuple) else (step.argument,)


def _most_asked[T](items: list[_Steps[T]]) -> list[tuple[str, bool]]:
    """Return the questions that several of the items ask, what most of them ask first."""
    if len(items) < 2:
        return []
    counts = Counter(asked for steps, _ in items for asked in set(map(_question, steps)) if asked is not None)
    return [asked for asked, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if count > 1]
