"""Index: trees over the rules' conditions, so that the cost of linting does not grow with rules that cannot apply.

Conditions that must all hold are sorted into one order for all rules (each fact's `rank`), and rules share the path of what they have in
common. What most exchanges are told apart by (role, outcome, the names of their headers, oddities) comes in few combinations;
of each, what is left to be asked is worked out once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from corslens.bounded_cache import LONGEST
from corslens.fetch.header_names import NameSet
from corslens.lint.facts.fact import Fact
from corslens.lint.rules.condition import Condition, Leaf, Operator, conjuncts, wants_value
from corslens.lint.rules.oddities import Oddity
from corslens.lint.rules.tree import Node, Tree, tree_of
from corslens.observation.observation import Role

_HEADER_SETS = {"response": "response.headers", "request": "request.headers"}
_ROLE = "role"
_ODDITIES = "exchange.oddities"
_COMMON = ("verdict.outcome", "response.headers", "request.headers", _ODDITIES)
"""The facts that tell most exchanges apart."""
_REMEMBERED = 512
_FROM = frozenset({Operator.IS, Operator.IN, Operator.AT_LEAST, Operator.ABOVE})
_REASONS = frozenset({"verdict.reasons", "verdict.reason"})
"""Only a verdict of `blocked` has any."""


class Index[T]:
    """One tree a role, and one for what is left of it by what is common to many exchanges."""

    __slots__ = ("_common", "_narrowed", "_nodes", "_trees")

    def __init__(self, items: Iterable[tuple[Condition, T]], vocabulary: Mapping[str, Fact[Any]]) -> None:
        self._nodes: dict[str, Node[T]] = {role: Node() for role in Role}
        for condition, item in items:
            steps = _steps(condition, vocabulary)
            rest = tuple(step for step in steps if not _fixes_role(step))
            for role in _roles(steps):
                self._nodes[role].add(rest, item, vocabulary)
        self._trees = {role: tree_of([node]) for role, node in self._nodes.items()}
        self._common = tuple(vocabulary[name].attribute for name in _COMMON if name in vocabulary)
        self._narrowed: dict[tuple[Any, ...], Tree[T] | None] = {}
        """By role and the common facts' values; None at the first sight, when the work may be for nothing."""

    def collect(self, facts: Any) -> list[T]:
        """Return the items whose condition holds."""
        found: list[T] = []
        self._tree_for(facts).collect(facts, found)
        return found

    def _tree_for(self, facts: Any) -> Tree[T]:
        role = facts.role
        values = tuple([getattr(facts, attribute) for attribute in self._common])
        key = (role, *values)
        narrowed = self._narrowed
        tree = narrowed.get(key)
        if tree is not None:
            return tree
        if key in narrowed:
            tree = narrowed[key] = tree_of([self._nodes[role]], dict(zip(self._common, values, strict=True)))
            return tree
        if all(_is_short(value) for value in values):
            if len(narrowed) >= _REMEMBERED:
                narrowed.clear()
            narrowed[key] = None
        return self._trees[role]


def _is_short(value: Any) -> bool:
    """Say whether a fact's value is worth remembering: a stranger's header names may be a megabyte."""
    return not isinstance(value, frozenset) or value.__class__ is NameSet or sum(map(len, value)) <= LONGEST


def _fixes_role(step: Condition) -> bool:
    return isinstance(step, Leaf) and step.fact == _ROLE and step.matcher in (Operator.IS, Operator.IN)


def _roles(steps: tuple[Condition, ...]) -> list[str]:
    """Return the roles that the conditions leave."""
    left = [str(role) for role in Role]
    for step in steps:
        if isinstance(step, Leaf) and _fixes_role(step):
            wanted = step.argument if isinstance(step.argument, tuple) else (step.argument,)
            left = [role for role in left if role in wanted]
    return left


def _steps(condition: Condition, vocabulary: Mapping[str, Fact[Any]]) -> tuple[Condition, ...]:
    """Return what must hold, the headers that this implies included, in the order of testing."""
    steps: dict[Condition, int] = {}
    for part in conjuncts(condition):
        if not isinstance(part, Leaf):
            steps[part] = 100
            continue
        steps[part] = vocabulary[part.fact].rank
        for implied in _implied(part, vocabulary):
            steps[implied] = vocabulary[implied.fact].rank
    return tuple(sorted(steps, key=lambda step: (steps[step], repr(step))))


def _implied(leaf: Leaf, vocabulary: Mapping[str, Fact[Any]]) -> Iterator[Leaf]:
    """Yield what must hold for the question to be answered with yes, and is cheaper to ask."""
    fact = vocabulary[leaf.fact]
    if not wants_value(leaf) or (leaf.matcher is Operator.IS and leaf.argument is False):
        return
    names = None if fact.message is None else _HEADER_SETS.get(fact.message)
    if names is not None and fact.header is not None and fact.needs_header:
        yield Leaf(names, Operator.HAS, fact.header)
    asked = leaf.argument if isinstance(leaf.argument, tuple) else (leaf.argument,)
    if fact.only_if is not None and not (fact.usual and (leaf.matcher is Operator.PRESENT or set(asked) & set(fact.usual))):
        yield Leaf(_ODDITIES, Operator.HAS, fact.only_if)
    if (
        leaf.fact == "response.status"
        and leaf.matcher in _FROM
        and all(isinstance(status, int) and status >= 400 for status in asked)
    ):
        yield Leaf(_ODDITIES, Operator.HAS, str(Oddity.ERROR))
    if leaf.fact == "history.jsonp" and leaf.matcher is Operator.ABOVE:
        yield Leaf(_ODDITIES, Operator.HAS, str(Oddity.JSONP))
    if leaf.fact in _REASONS:
        yield Leaf("verdict.outcome", Operator.IS, "blocked")
