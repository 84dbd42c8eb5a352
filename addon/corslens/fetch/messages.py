"""Header list, request and response heads as they were on the wire.

Text is isomorphic-decoded (latin-1, one character a byte); order, case and repeats are kept.
Structs of msgspec instead of dataclasses: the same frozen records, made in a tenth of the time, which a proxy pays per exchange.
`gc=False`: records know only older ones, so they are in no cycle, and the garbage collector need not walk thousands of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import force_setattr

from corslens.fetch.header_names import HeaderNames, LineNames, header_names

type HeaderLine = tuple[str, str]


class HeaderList(Struct, frozen=True, eq=False, gc=False):
    """An ordered list of header lines, looked up byte-case-insensitively.

    Standard: header list, https://fetch.spec.whatwg.org/#concept-header-list
    """

    lines: tuple[HeaderLine, ...] = ()
    characters: int = -1
    """The length of all names and values."""
    reading: Any = None
    """What a reader of the whole list made of it, for the next one (`keep`); not part of its value."""
    _index: dict[str, str | tuple[str, ...]] | None = None
    _names: HeaderNames | None = None

    if TYPE_CHECKING:

        def __init__(self, lines: Iterable[HeaderLine] = (), *, characters: int = -1) -> None: ...  # any iterable will do

    def __post_init__(self) -> None:
        if self.lines.__class__ is not tuple:
            force_setattr(self, "lines", tuple(self.lines))
        if self.characters < 0:
            force_setattr(self, "characters", len("".join(chain.from_iterable(self.lines))))

    @classmethod
    def of(cls, named: LineNames, values: Sequence[str], characters: int) -> "HeaderList":
        """Return the list of lines of which the names are known.

        Args:
            values: one a name.
            characters: the length of all values.
        """
        made = cls(tuple(zip(named.sent, values, strict=True)), characters=named.characters + characters)
        force_setattr(made, "_names", named.each)
        if len(named.each.ordered) == len(values):  # no name has several lines
            force_setattr(made, "_index", dict(zip(named.lowered, values, strict=True)))
        return made

    def _by_name(self) -> dict[str, str | tuple[str, ...]]:
        """Return the value of each name's line, or the values where it has several."""
        # Within latin-1 no other character lower-cases to an ASCII letter, so this is a byte-lowercase.
        index: dict[str, str | tuple[str, ...]] = {name.lower(): value for name, value in self.lines}
        if len(index) < len(self.lines):
            several: dict[str, list[str]] = {name: [] for name in index}
            for name, value in self.lines:
                several[name.lower()].append(value)
            index.update({name: tuple(values) for name, values in several.items() if len(values) > 1})
        force_setattr(self, "_index", index)
        return index

    def values(self, name: str) -> tuple[str, ...]:
        """Return the value of each line with this (lower-case) name, in order."""
        found = (self._index or self._by_name()).get(name)
        if found is None:
            return ()
        return (found,) if found.__class__ is str else found  # type: ignore[return-value]

    def get(self, name: str) -> str | None:
        """Return the lines' values joined with a comma and a space, or None when there is no such line.

        Standard: get, https://fetch.spec.whatwg.org/#concept-header-list-get
        """
        found = (self._index or self._by_name()).get(name)
        return ", ".join(found) if found.__class__ is tuple else found  # type: ignore[return-value]

    def get_each(self, names: Iterable[str]) -> list[str | None]:
        """Return what `get` returns, for each of the names."""
        found = map((self._index or self._by_name()).get, names)
        return [", ".join(value) if value.__class__ is tuple else value for value in found]  # type: ignore[misc]

    def keep(self, reading: object) -> None:
        """Keep what somebody read off the whole list."""
        force_setattr(self, "reading", reading)

    def keep_all_of(self, equal: "HeaderList") -> None:
        """Keep all that was read off a list of the same lines."""
        force_setattr(self, "reading", equal.reading)
        force_setattr(self, "_index", equal._index)
        force_setattr(self, "_names", equal.names)

    @property
    def names(self) -> HeaderNames:
        """The lower-case names."""
        names = self._names
        if names is None:
            names = header_names(tuple(self._index or self._by_name()))
            force_setattr(self, "_names", names)
        return names

    def with_header(self, name: str, values: Iterable[str]) -> "HeaderList":
        """Return a copy in which exactly these lines have this name, at the first one's place or else at the end."""
        return self.with_headers({name: values})

    def with_headers(self, headers: Mapping[str, Iterable[str]]) -> "HeaderList":
        """Return a copy in which exactly these lines have these names, each at its first one's place or else at the end."""
        new = {name.lower(): [(name, value) for value in values] for name, values in headers.items()}
        lines: list[HeaderLine] = []
        for line in self.lines:
            lowered = line[0].lower()
            if lowered in new:
                lines += new[lowered]
                new[lowered] = []
            else:
                lines.append(line)
        return HeaderList((*lines, *chain.from_iterable(new.values())))

    def __contains__(self, name: object) -> bool:
        return name in (self._index or self._by_name())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HeaderList) and self.lines == other.lines

    def __hash__(self) -> int:
        return hash(self.lines)

    def __repr__(self) -> str:
        return f"HeaderList({self.lines!r})"


NO_HEADERS = HeaderList()


class Cut(Struct, frozen=True, kw_only=True, gc=False):
    """What of a message's head was beyond the limits (`fetch.limits`), and is neither kept nor looked at."""

    lines: int = 0
    """Header lines."""
    values: int = 0
    """Header lines whose value is shorter now."""
    elements: int = 0
    """Elements of lists, in those."""
    url: int = 0
    """Characters of the URL."""
    method: int = 0
    """Characters of the method."""
    names: frozenset[str] = frozenset()
    """Of those lines the names (lower-case) on which a verdict may hang."""

    def __str__(self) -> str:
        counts = (
            (self.lines, "header line"), (self.elements, "list element"), (self.values, "header value"),
            (self.url, "character of the URL"), (self.method, "character of the method"),
        )  # fmt: skip
        return ", ".join(f"{count:,} {_several(what) if count > 1 else what}" for count, what in counts if count)


def _several(what: str) -> str:
    return what.replace("character", "characters") if "character" in what else f"{what}s"


class Request(Struct, frozen=True, kw_only=True, gc=False):
    """A request's head."""

    method: str
    """As on the wire: case is kept, because `patch` is not `PATCH`."""
    url: str
    """Absolute, with the host in ASCII (punycode)."""
    headers: HeaderList = NO_HEADERS
    http_version: str = "HTTP/1.1"
    time: float = 0.0
    """Seconds since the epoch at which the head was seen."""
    cut: Cut | None = None
    """What of it was beyond the limits; None: nothing."""


class Response(Struct, frozen=True, kw_only=True, gc=False):
    """A response's head."""

    status: int
    headers: HeaderList = NO_HEADERS
    http_version: str = "HTTP/1.1"
    time: float = 0.0
    """Seconds since the epoch at which the head was seen."""
    cut: Cut | None = None
    """What of it was beyond the limits; None: nothing."""
