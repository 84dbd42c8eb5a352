"""Fact: one word of the vocabulary that rules are written in: a lazily computed, typed, documented property of Facts.

The documentation, the type checks of the loader, the JSON Schema and the pages are all generated from these declarations.
"""

from collections.abc import Callable, Set
from enum import StrEnum
from functools import cached_property
from types import UnionType
from typing import Any, Self, TypeAliasType, Union, get_args, get_origin, get_type_hints, overload

from corslens.observation.known import Unknown

type Steadiness = bool | Callable[[Set[str], Set[str]], bool]


class FactKind(StrEnum):
    """The type of a fact's value, which decides the matchers that it takes."""

    FLAG = "flag"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    SET = "set"


class Fact[T]:
    """A documented, typed property, computed at most once for each exchange, and only when a rule asks.

    A plain `functools.cached_property` with less ado: the value goes into the instance's dictionary, where Python finds it first.
    """

    def __init__(
        self,
        compute: Callable[[Any], T],
        *,
        name: str,
        message: str | None,
        header: str | None,
        alone: bool,
        steady: Steadiness,
        rare: bool,
    ) -> None:
        self.compute = compute
        self.attribute = ""
        """The attribute of Facts that computes it."""
        self.name = name
        self.message = message
        """Where the header that it stands on is: `request`, `response` or `preflight.response`."""
        self.header = header
        """That header, lower-case: it becomes the finding's evidence."""
        self.alone = alone and header is not None
        """It stands on that header alone: without it the value is always the same (absent, false, empty)."""
        self.steady = steady
        """It follows from the exchange's shape (`lint.rules.shape`): its role, verdict, status, header names, and grant; or whether it
        does where those are the names of the request's and of the response's headers."""
        self.rare = rare
        """But on an unusual exchange (`lint.rules.shape`) the value is always the same (absent, false, empty)."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        value = instance.__dict__[self.attribute] = self.compute(instance)
        return value

    @cached_property
    def doc(self) -> str:
        """The documentation, on one line."""
        return " ".join((self.compute.__doc__ or "").split())

    @property
    def kind(self) -> FactKind:
        """The type of its value."""
        return self._type[0]

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that there are, of a choice or a set of those."""
        return self._type[1]

    @property
    def optional(self) -> bool:
        """The value may be None: the header, the preflight… is not there."""
        return type(None) in self._alternatives

    @property
    def may_be_unknown(self) -> bool:
        """The value may be Unknown, which no condition matches, not even a negated one."""
        return Unknown in self._alternatives

    @cached_property
    def _alternatives(self) -> tuple[Any, ...]:
        hint = get_type_hints(self.compute)["return"]  # late: who lints needs to know it of a few
        return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)

    @cached_property
    def _type(self) -> tuple[FactKind, tuple[str, ...]]:
        (value,) = (part for part in self._alternatives if part is not type(None) and part is not Unknown)
        if isinstance(value, TypeAliasType):
            value = value.__value__
        if get_origin(value) in (frozenset, Set):
            (element,) = get_args(value)
            return FactKind.SET, tuple(element) if issubclass(element, StrEnum) else ()
        if issubclass(value, StrEnum):
            return FactKind.CHOICE, tuple(value)
        if issubclass(value, bool):
            return FactKind.FLAG, ()
        if issubclass(value, int | float):
            return FactKind.NUMBER, ()
        return FactKind.TEXT, ()


def fact[T](
    name: str,
    *,
    message: str | None = None,
    header: str | None = None,
    alone: bool = True,
    steady: Steadiness = False,
    rare: bool = False,
) -> Callable[[Callable[[Any], T]], Fact[T]]:
    """Declare the decorated method to be the fact of this name; its docstring is the documentation, its return type the type."""

    def declare(compute: Callable[[Any], T]) -> Fact[T]:
        return Fact(compute, name=name, message=message, header=header, alone=alone, steady=steady, rare=rare)

    return declare


def facts_of(kind: type) -> dict[str, Fact[Any]]:
    """Return the facts that a class declares or inherits, by name, in order of declaration."""
    found: dict[str, Fact[Any]] = {}
    for base in reversed(kind.__mro__):
        for value in vars(base).values():
            if isinstance(value, Fact):
                found[value.name] = value
    return found
