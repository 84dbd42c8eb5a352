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
from collections.abc import Iterable

from corslens.fetch.messages import HeaderLine

_START_LINE = re.compile(r"[A-Z]+ \S|HTTP/[0-9.]+ [0-9]|HTTP/[0-9.]+$")
"""A request line or status line that was taken for a header, up to its first colon."""
_LONGEST_NAMES = 2048
"""Characters of the names in a key: a hostile megabyte is not remembered."""


_MOST_NAMES = 4096
_pseudo_headers: dict[tuple[bool, tuple[str, ...]], int | None] = {}
"""How many lines begin a set of names that are no lines (`:authority`); None where `wire_lines` has more to correct."""


def as_sent(lines: list[HeaderLine], text: str, *, request: bool) -> list[HeaderLine] | None:
    """Return quickly what `wire_lines` would; None where that has to look. A browser lists the same few sets of names over and over.

    Args:
        text: all names and values in one.
    """
    if "\n" in text:
        return None
    names = tuple([name for name, _ in lines])
    key = (request, names)
    if key not in _pseudo_headers:
        if len(_pseudo_headers) >= _MOST_NAMES:
            _pseudo_headers.clear()
        if sum(map(len, names)) >= _LONGEST_NAMES:
            return None
        _pseudo_headers[key] = _begun_by(names, request=request)
    pseudo = _pseudo_headers[key]
    return lines if pseudo == 0 else None if pseudo is None else lines[pseudo:]


def _begun_by(names: tuple[str, ...], *, request: bool) -> int | None:
    pseudo = next((place for place, name in enumerate(names) if name[:1] != ":"), len(names))
    left = names[pseudo:]
    repeated = request and len({name.lower() for name in left}) < len(left)
    return None if repeated or any(name[:1] == ":" or " " in name or name[:5] == "HTTP/" for name in left) else pseudo


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
