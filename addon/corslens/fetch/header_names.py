"""Header names: the names of a header list, in order and as a set.

Browsers and servers send the same few sequences of names over and over, so that what follows from the names alone is found once.
"""

from msgspec import Struct

from corslens.bounded_cache import LONGEST, bounded_cache


class NameSet(frozenset[str]):
    """A set of names that is short enough to be remembered by those who look things up by it."""

    __slots__ = ()


class HeaderNames(Struct, frozen=True, gc=False):
    """The names of a header list, lower-case, each of them once."""

    ordered: tuple[str, ...]
    """In order of first appearance."""
    members: frozenset[str]
    """A NameSet, unless a stranger sent more than is worth remembering."""


@bounded_cache(4096)
def header_names(names: tuple[str, ...]) -> HeaderNames:
    """Return these names, equal ones as one object."""
    return HeaderNames(names, NameSet(names) if sum(map(len, names)) <= LONGEST else frozenset(names))
