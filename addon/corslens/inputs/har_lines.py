"""Header lines as HAR writers list them, back to what was on the wire: one table of quirks.

| writer | what it writes | what is made of it |
|---|---|---|
| Chrome, for what CORS failed (`httpVersion` is empty); every writer over HTTP/2 | `:authority`, `:path`… | pseudo-headers are no lines |
| tools on the DevTools protocol (chrome-har, sitespeed.io, chrome-har-capturer), PhantomJS | repeated headers in one value, joined by line feeds | a line each |
| chrome-har 1.1 | each request header twice, provisional and real, in two spellings | exact repeats count once |
| the same, where both differ | two `Origin`s | the later one, which is the one sent |
| WebPageTest, PhantomJS | the request or status line among the headers | it is none |
| Polly.JS | values as lists, numbers, null | lines, text, no line |
| HttpArchive's older exports | headers as one mapping | lines |

Sources: the writers' own code (DevTools protocol: headers are a mapping whose values are joined by line feeds,
https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-Headers), and captures of each kind in tests/inputs/captures.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.header_names import LineNames, line_names
from corslens.fetch.messages import HeaderLine
from corslens.inputs.har_form import Header
from corslens.inputs.wire import isomorphic
from corslens.observation.relevance import relevant_places

_START_LINE = re.compile(r"[A-Z]+ \S|HTTP/[0-9.]+ [0-9]|HTTP/[0-9.]+$")
"""A request line or status line that was taken for a header, up to its first colon."""


class Lines(Struct, frozen=True, gc=False):
    """The header lines of a message, as they were on the wire."""

    named: LineNames
    values: list[str]
    relevant_places: tuple[int, ...]
    """The places of those that show whether it can have to do with CORS (`observation.relevance`)."""

    def relevant(self) -> list[HeaderLine]:
        """Return those that show whether it can have to do with CORS."""
        sent, values = self.named.sent, self.values
        return [(sent[place], values[place]) for place in self.relevant_places]

    def with_line(self, name: str, value: str) -> "Lines":
        """Return a response's lines with one more."""
        return _of_pairs([*zip(self.named.sent, self.values, strict=True), (name, value)], request=False)

    def __contains__(self, name: object) -> bool:
        return name in self.named.each.members

    def first(self, name: str) -> str:
        """Return the first value of this (lower-case) name, empty without one."""
        return self.values[self.named.lowered.index(name)] if name in self else ""


class _Listed(Struct, frozen=True, gc=False):
    """What follows from the names of a list."""

    pseudo: int
    """How many lines begin it that are none (`:authority`)."""
    odd: bool
    """`wire_lines` has more to correct."""
    named: LineNames
    """Of the lines behind the pseudo-headers."""
    relevant_places: tuple[int, ...]


def lines_of(headers: Sequence[Header], *, request: bool, decoded: bool) -> Lines:
    """Return the lines of a message. A browser lists the same few sequences of names over and over.

    Args:
        headers: as the capture lists them.
        request: whether they are a request's.
        decoded: the writer is known to decode UTF-8.
    """
    names = tuple([header.name for header in headers])
    listed = _requests(names) if request else _responses(names)
    values = [header.value for header in headers]
    text = "".join(values)
    if listed.odd or "\n" in text or not text.isascii():
        pairs = zip(names, values, strict=True)
        lines = [(isomorphic(name, decoded=decoded), isomorphic(value, decoded=decoded)) for name, value in pairs]
        return _of_pairs(wire_lines(lines, request=request), request=request)
    pseudo = listed.pseudo
    return Lines(listed.named, values[pseudo:] if pseudo else values, listed.relevant_places)


def _of_pairs(lines: Sequence[HeaderLine], *, request: bool) -> Lines:
    named = line_names(tuple([name for name, _ in lines]))
    return Lines(named, [value for _, value in lines], relevant_places(named.lowered, request=request))


NO_LINES = Lines(line_names(()), [], ())


@bounded_cache(4096, 2048)
def _requests(names: tuple[str, ...]) -> _Listed:
    return _listed(names, request=True)


@bounded_cache(4096, 2048)
def _responses(names: tuple[str, ...]) -> _Listed:
    return _listed(names, request=False)


def _listed(names: tuple[str, ...], *, request: bool) -> _Listed:
    pseudo = next((place for place, name in enumerate(names) if name[:1] != ":"), len(names))
    left = names[pseudo:]
    named = line_names(left)
    repeated = request and len(named.each.ordered) < len(left)
    odd = any(name[:1] == ":" or " " in name or name[:5] == "HTTP/" or not name.isascii() for name in left)
    return _Listed(pseudo, repeated or odd, named, relevant_places(named.lowered, request=request))


def wire_lines(lines: list[HeaderLine], *, request: bool) -> list[HeaderLine]:
    """Return the lines that were on the wire, in their order.

    Args:
        lines: as the capture lists them.
        request: whether they are a request's; only its exact repeats are the writer's doing.
    """
    if not lines:
        return lines
    names = "\n".join([name for name, _ in lines])
    if names[0] == ":" or "\n:" in names or " " in names:
        lines = [line for line in lines if line[0][:1] != ":" and not _START_LINE.match(line[0])]
    values = "".join([value for _, value in lines])
    if "\n" in values:
        lines = [(name, part.strip("\r")) for name, value in lines for part in value.split("\n")]
    if request and len(set(names.lower().split("\n"))) < names.count("\n") + 1:
        lines = _once(lines)
    return lines


def _once(lines: Iterable[HeaderLine]) -> list[HeaderLine]:
    """Return each line once, and of several origins the last."""
    once: dict[tuple[str, str], HeaderLine] = {}
    for name, value in lines:
        once.setdefault((name.lower(), value), (name, value))
    origins = [key for key in once if key[0] == "origin"]
    for key in origins[:-1]:
        del once[key]
    return list(once.values())
