"""Header names: what the names of a header list come to, lower-cased.

Browsers and servers send the same few sequences of names over and over, so each is worked out once.
"""

from msgspec import Struct

from corslens.fetch.bounded_cache import LONGEST, bounded_cache


class NameSet(frozenset[str]):
    """A set of names that is short enough to be remembered by those who look things up by it."""

    __slots__ = ()


class HeaderNames(Struct, frozen=True):
    """The lower-case names of header lines."""

    lowered: tuple[str, ...]
    """One for each line."""
    unique: tuple[str, ...]
    """In order of first appearance."""
    members: frozenset[str]
    """A NameSet, unless a stranger sent more than is worth remembering."""
    repeated: bool
    """Whether two lines have one name."""


@bounded_cache(4096)
def header_names(names: tuple[str, ...]) -> HeaderNames:
    """Return what these names, as they are on the wire, come to."""
    # Within latin-1 no other character lower-cases to an ASCII letter, so this is a byte-lowercase.
    lowered = tuple([name.lower() for name in names])
    unique = tuple(dict.fromkeys(lowered))
    members = NameSet(unique) if sum(map(len, names)) <= LONGEST else frozenset(unique)
    return HeaderNames(lowered, unique, members, len(unique) < len(lowered))


NO_NAMES = header_names(())
