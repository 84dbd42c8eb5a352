"""Index: which rules fire on an exchange, so that the cost of linting does not grow with rules that cannot apply.

Exchanges come in few shapes. What a shape leaves of the rules' conditions is worked out once, when it is seen the second time.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from corslens.lint.facts.fact import Fact
from corslens.lint.rules.condition import ALWAYS, Condition, Leaf, compile_condition
from corslens.lint.rules.plan import Plan, plan_of, reduce
from corslens.lint.rules.shape import Shape, is_short, is_steady, shape_of
from corslens.observation.observation import Role

_REMEMBERED = 512


class _OfRole(NamedTuple):
    """Facts of which nothing but the role is known."""

    role: Role


class Index[T]:
    """Items by the conditions under which they are found."""

    __slots__ = ("_items", "_plans", "_roles", "_vocabulary")

    def __init__(self, items: Iterable[tuple[Condition, T]], vocabulary: Mapping[str, Fact[Any]]) -> None:
        self._items = tuple(items)
        self._vocabulary = vocabulary
        self._roles: dict[Role, tuple[tuple[tuple[Condition, T], ...], Plan[T]]] = {}
        """What is left for a role, and the plan of it for shapes that are seen the first time."""
        self._plans: dict[Shape, Plan[T] | None] = {}
        """None at the first sight, when the work may be for nothing."""

    def matching(self, facts: Any) -> list[T]:
        """Return the items whose condition holds of the Facts, in no order."""
        shape = shape_of(facts)
        plans = self._plans
        plan = plans.get(shape)
        if plan is None:
            plan = self._plan(facts, shape)
        found: list[T] = []
        plan.add_matching(facts, found)
        return found

    def prepare(self) -> None:
        """Work out what is left for each role now, so that no exchange has to wait for it."""
        for role in Role:
            self._role(_OfRole(role))[1].prepare()

    def _plan(self, facts: Any, shape: Shape) -> Plan[T]:
        plans = self._plans
        if shape in plans:
            left = self._left(self._role(facts)[0], facts, lambda fact: is_steady(fact, shape))
            plan = plans[shape] = plan_of(left, self._vocabulary)
            return plan
        if is_short(shape):
            if len(plans) >= _REMEMBERED:
                plans.clear()
            plans[shape] = None
        return self._role(facts)[1]

    def _role(self, facts: Any) -> tuple[tuple[tuple[Condition, T], ...], Plan[T]]:
        role = facts.role
        if role not in self._roles:
            left = self._left(self._items, facts, lambda fact: fact.name == "role")
            self._roles[role] = left, plan_of(left, self._vocabulary)
        return self._roles[role]

    def _left(
        self, items: Iterable[tuple[Condition, T]], facts: Any, is_steady: Callable[[Fact[Any]], bool]
    ) -> tuple[tuple[Condition, T], ...]:
        """Return what is left to be asked of exchanges on which these facts' steady ones have the same value."""
        known: dict[Leaf, bool | None] = {}

        def decided(leaf: Leaf) -> bool | None:
            if leaf not in known:
                steady = is_steady(self._vocabulary[leaf.fact])
                known[leaf] = compile_condition(leaf, self._vocabulary)(facts) if steady else None
            return known[leaf]

        left = ((reduce(condition, decided), item) for condition, item in items)
        return tuple((ALWAYS if rest is True else rest, item) for rest, item in left if rest is not False)
