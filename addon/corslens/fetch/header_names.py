"""Header names: the names of header lines, as they were sent, in order and as a set.

Browsers and servers send the same few sequences of names over and over, so that what follows from the names alone is found once.
"""

from msgspec import Struct

from corslens.bounded_cache import MAX_ARGUMENT_CHARACTERS, bounded_cache


class NameSet(frozenset[str]):
    """A set of names that is short enough to be remembered by those who look things up by it."""

    __slots__ = ()


class HeaderNames(Struct, frozen=True, gc=False):
    """The names of a header list, lower-case, each of them once."""

    ordered: tuple[str, ...]
    """In order of first appearance."""
    members: frozenset[str]
    """A NameSet, unless a stranger sent more than is worth remembering."""


class LineNames(Struct, frozen=True, gc=False):
    """The names of header lines, one a line."""

    sent: tuple[str, ...]
    lowered: tuple[str, ...]
    each: HeaderNames
    characters: int
    longest: int
    """Characters of the longest one."""


@bounded_cache(4096)
def header_names(names: tuple[str, ...]) -> HeaderNames:
    """Return these names, equal ones as one object."""
    return HeaderNames(names, NameSet(names) if sum(map(len, names)) <= MAX_ARGUMENT_CHARACTERS else frozenset(names))


@bounded_cache(4096)
def line_names(sent: tuple[str, ...]) -> LineNames:
    """Return the names of lines that are named so."""
    # Within latin-1 no other character lower-cases to an ASCII letter, so this is a byte-lowercase.
    lowered = tuple([name.lower() for name in sent])
    lengths = [len(name) for name in sent]
    return LineNames(sent, lowered, header_names(tuple(dict.fromkeys(lowered))), sum(lengths), max(lengths, default=0))
