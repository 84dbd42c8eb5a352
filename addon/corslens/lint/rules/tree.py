"""Tree: conditions that rules share, as paths that they share.

Where a condition fixes a fact's value, the next step is one look-up however many rules hang there; every other condition
is tested once for all the rules below it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from corslens.lint.facts.fact import Fact
from corslens.lint.rules.condition import Condition, Leaf, Operator, Test, compile_condition


class Node[T]:
    """A place in the tree while it is built: what holds for everything below has been tested on the way."""

    __slots__ = ("_by_test", "found", "sets", "tests", "values")

    def __init__(self) -> None:
        self.found: list[T] = []
        self.values: dict[str, dict[Any, Node[T]]] = {}
        """By attribute: the node for each value."""
        self.sets: dict[str, dict[Any, Node[T]]] = {}
        """By attribute: the node for each element."""
        self.tests: list[tuple[Test, Node[T]]] = []
        self._by_test: dict[Condition, Node[T]] = {}

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
                case Operator.IS:
                    return (self.values.setdefault(attribute, {}).setdefault(step.argument, Node()),)
                case Operator.IN if isinstance(step.argument, tuple):
                    branches = self.values.setdefault(attribute, {})
                    return [branches.setdefault(value, Node()) for value in dict.fromkeys(step.argument)]
                case Operator.HAS:
                    return (self.sets.setdefault(attribute, {}).setdefault(step.argument, Node()),)
        node = self._by_test.get(step)
        if node is None:
            node = self._by_test[step] = Node()
            self.tests.append((compile_condition(step, vocabulary), node))
        return (node,)


type _Branches[T] = tuple[tuple[str, dict[Any, Tree[T]]], ...]


class Tree[T]:
    """A tree as it is walked."""

    __slots__ = ("_found", "_sets", "_tests", "_values")

    def __init__(
        self,
        found: tuple[T, ...],
        values: _Branches[T],
        sets: _Branches[T],
        tests: "tuple[tuple[Test, Tree[T]], ...]",
    ) -> None:
        self._found = found
        self._values = values
        self._sets = sets
        self._tests = tests

    def collect(self, facts: Any, into: list[T]) -> None:
        """Add the items all of whose conditions hold."""
        if self._found:
            into += self._found
        for attribute, branches in self._values:
            value = getattr(facts, attribute)
            if value in branches:
                branches[value].collect(facts, into)
        for attribute, branches in self._sets:
            for element in getattr(facts, attribute) or ():
                if element in branches:
                    branches[element].collect(facts, into)
        for test, tree in self._tests:
            if test(facts):
                tree.collect(facts, into)

    @property
    def empty(self) -> bool:
        """Whether nothing can be found in it."""
        return not (self._found or self._values or self._sets or self._tests)


NOTHING: Mapping[str, Any] = {}


def tree_of[T](nodes: Iterable[Node[T]], known: Mapping[str, Any] = NOTHING) -> Tree[T]:
    """Return what is left to be asked below all of these nodes.

    Args:
        known: facts' values by attribute. What they decide is not asked again: it is followed, or left out.
    """
    found: list[T] = []
    values: dict[str, dict[Any, list[Node[T]]]] = {}
    sets: dict[str, dict[Any, list[Node[T]]]] = {}
    tests: list[tuple[Test, Node[T]]] = []
    open_nodes = list(nodes)
    while open_nodes:
        node = open_nodes.pop()
        found += node.found
        tests += node.tests
        for attribute, branches in node.values.items():
            if attribute not in known:
                _join(values.setdefault(attribute, {}), branches)
            elif known[attribute] in branches:
                open_nodes.append(branches[known[attribute]])
        for attribute, branches in node.sets.items():
            if attribute not in known:
                _join(sets.setdefault(attribute, {}), branches)
            else:
                open_nodes += [branches[element] for element in known[attribute] if element in branches]
    below = [(test, tree_of([node], known)) for test, node in tests]
    return Tree(
        tuple(found),
        _branches(values, known),
        _branches(sets, known),
        tuple((test, tree) for test, tree in below if not tree.empty),
    )


def _join[T](joined: dict[Any, list[Node[T]]], branches: Mapping[Any, Node[T]]) -> None:
    for key, node in branches.items():
        joined.setdefault(key, []).append(node)


def _branches[T](by_attribute: Mapping[str, Mapping[Any, list[Node[T]]]], known: Mapping[str, Any]) -> _Branches[T]:
    made = []
    for attribute, branches in by_attribute.items():
        trees = {key: tree_of(nodes, known) for key, nodes in branches.items()}
        left = {key: tree for key, tree in trees.items() if not tree.empty}
        if left:
            made.append((attribute, left))
    return tuple(made)
