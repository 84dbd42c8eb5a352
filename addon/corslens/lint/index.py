"""Index: a tree over the rules' conditions, so that the cost of linting does not grow with rules that cannot apply.

Conditions that must all hold are sorted into one order for all rules (each fact's `rank`), and rules share the path of what they have in
common. Where a condition fixes a fact's value, the next step is one look-up however many rules hang there; every other condition
is tested once for all the rules below it.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from corslens.fetch.header_names import NameSet
from corslens.lint.condition import Condition, Leaf, Matcher, Test, compile_condition, conjuncts, wants_value
from corslens.lint.fact import Fact
from corslens.lint.oddities import Oddity
from corslens.observation.observation import Role

_HEADER_SETS = {"response": "response.headers", "request": "request.headers"}
_REMEMBERED = 256
"""Sets of header names, at each node that asks for some."""
_ROLE = "role"
_ODDITIES = "exchange.oddities"
_FROM = frozenset({Matcher.IS, Matcher.IN, Matcher.AT_LEAST, Matcher.ABOVE})
_REASONS = frozenset({"verdict.reasons", "verdict.reason"})
"""Only a verdict of `blocked` has any."""


class Node[T]:
    """A place in the tree: what holds for everything below has been tested on the way."""

    __slots__ = ("_by_test", "_frozen", "found", "sets", "tests", "values")

    def __init__(self) -> None:
        self.found: list[T] = []
        self.values: dict[str, dict[Any, Node[T]]] = {}
        """By attribute: the node for each value."""
        self.sets: dict[str, dict[Any, Node[T]]] = {}
        """By attribute: the node for each element."""
        self.tests: list[tuple[Test, Node[T]]] = []
        self._by_test: dict[Condition, Node[T]] = {}
        self._frozen: _Frozen[T] | None = None

    def add(self, steps: tuple[Condition, ...], item: T, vocabulary: Mapping[str, Fact[Any]]) -> None:
        """Hang an item below the nodes that its conditions lead to."""
        if not steps:
            self.found.append(item)
            return
        step, rest = steps[0], steps[1:]
        for node in self._nodes_of(step, vocabulary):
            node.add(rest, item, vocabulary)

    def _nodes_of(self, step: Condition, vocabulary: Mapping[str, Fact[Any]]) -> "Iterable[Node[T]]":
        if isinstance(step, Leaf):
            attribute = vocabulary[step.fact].attribute
            match step.matcher:
                case Matcher.IS:
                    return (self.values.setdefault(attribute, {}).setdefault(step.argument, Node()),)
                case Matcher.IN if isinstance(step.argument, tuple):
                    branches = self.values.setdefault(attribute, {})
                    return [branches.setdefault(value, Node()) for value in dict.fromkeys(step.argument)]
                case Matcher.HAS:
                    return (self.sets.setdefault(attribute, {}).setdefault(step.argument, Node()),)
        node = self._by_test.get(step)
        if node is None:
            node = self._by_test[step] = Node()
            self.tests.append((compile_condition(step, vocabulary), node))
        return (node,)

    def frozen(self) -> "_Frozen[T]":
        """Return the node as it is walked: tuples instead of dictionaries of dictionaries."""
        if self._frozen is None:
            self._frozen = _Frozen(
                tuple(self.found),
                tuple((name, {key: node.frozen() for key, node in nodes.items()}) for name, nodes in self.values.items()),
                tuple(
                    (name, _Branches({key: node.frozen() for key, node in nodes.items()})) for name, nodes in self.sets.items()
                ),
                tuple((test, node.frozen()) for test, node in self.tests),
            )
        return self._frozen


class _Frozen[T]:
    __slots__ = ("found", "sets", "tests", "values")

    def __init__(
        self,
        found: "tuple[T, ...]",
        values: "tuple[tuple[str, dict[Any, _Frozen[T]]], ...]",
        sets: "tuple[tuple[str, _Branches[T]], ...]",
        tests: "tuple[tuple[Test, _Frozen[T]], ...]",
    ) -> None:
        self.found = found
        self.values = values
        self.sets = sets
        self.tests = tests

    def collect(self, facts: Any, into: list[T]) -> None:
        """Add the items all of whose conditions hold."""
        if self.found:
            into += self.found
        for attribute, by_value in self.values:
            value = getattr(facts, attribute)
            if value in by_value:
                by_value[value].collect(facts, into)
        for attribute, branches in self.sets:
            elements = getattr(facts, attribute)
            if elements:
                for node in branches.of(elements):
                    node.collect(facts, into)
        for test, node in self.tests:
            if test(facts):
                node.collect(facts, into)


class _Branches[T]:
    """The nodes for the elements of a set; which of them a set of header names leads to is remembered."""

    __slots__ = ("_by_element", "_by_names")

    def __init__(self, by_element: dict[Any, _Frozen[T]]) -> None:
        self._by_element = by_element
        self._by_names: dict[NameSet, tuple[_Frozen[T], ...]] = {}

    def of(self, elements: Set[Any]) -> Iterable[_Frozen[T]]:
        """Return the nodes of the elements."""
        if elements.__class__ is not NameSet:
            return self._chosen(elements)
        nodes = self._by_names.get(elements)
        if nodes is None:
            if len(self._by_names) >= _REMEMBERED:
                self._by_names.clear()
            nodes = self._by_names[elements] = self._chosen(elements)
        return nodes

    def _chosen(self, elements: Set[Any]) -> tuple[_Frozen[T], ...]:
        branches = self._by_element
        return tuple([branches[element] for element in elements if element in branches])


class Index[T]:
    """One tree a role."""

    __slots__ = ("_trees",)

    def __init__(self, items: Iterable[tuple[Condition, T]], vocabulary: Mapping[str, Fact[Any]]) -> None:
        trees: dict[str, Node[T]] = {role: Node() for role in Role}
        for condition, item in items:
            steps = _steps(condition, vocabulary)
            rest = tuple(step for step in steps if not _fixes_role(step))
            for role in _roles(steps):
                trees[role].add(rest, item, vocabulary)
        self._trees = {role: tree.frozen() for role, tree in trees.items()}

    def collect(self, facts: Any) -> list[T]:
        """Return the items whose condition holds."""
        found: list[T] = []
        self._trees[facts.role].collect(facts, found)
        return found


def _fixes_role(step: Condition) -> bool:
    return isinstance(step, Leaf) and step.fact == _ROLE and step.matcher in (Matcher.IS, Matcher.IN)


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
    if not wants_value(leaf) or (leaf.matcher is Matcher.IS and leaf.argument is False):
        return
    names = None if fact.message is None else _HEADER_SETS.get(fact.message)
    if names is not None and fact.header is not None and fact.needs_header:
        yield Leaf(names, Matcher.HAS, fact.header)
    asked = leaf.argument if isinstance(leaf.argument, tuple) else (leaf.argument,)
    if fact.only_if is not None and not (fact.usual and (leaf.matcher is Matcher.PRESENT or set(asked) & set(fact.usual))):
        yield Leaf(_ODDITIES, Matcher.HAS, fact.only_if)
    if leaf.fact == "response.status" and leaf.matcher in _FROM and all(status >= 400 for status in asked):
        yield Leaf(_ODDITIES, Matcher.HAS, str(Oddity.ERROR))
    if leaf.fact == "history.jsonp" and leaf.matcher is Matcher.ABOVE:
        yield Leaf(_ODDITIES, Matcher.HAS, str(Oddity.JSONP))
    if leaf.fact in _REASONS:
        yield Leaf("verdict.outcome", Matcher.IS, "blocked")
