"""The door: how much of a message's head is looked at and kept, whoever sent it.

Every capture adapter makes its heads with `received_request` and `received_response`, the header lines with `limited_headers`. What is
within the limits comes out as it went in. The rest is cut and counted: `Request.cut` and `Response.cut` say so, a verdict that hangs on
what was cut is `depends`, and a response that was cut is never patched. So whatever is sent, all that is done behind the door takes
a bounded time and a bounded memory.

The limits are far above what is sent in earnest (a hundred header lines are many; nginx and Apache take 8 KB a line, Node.js and IIS
16 KB a head, Chromium 256 KB of a response's), and below what takes 50 ms to judge.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    CROSS_ORIGIN_RESOURCE_POLICY,
    LOCATION,
    ORIGIN,
    TIMING_ALLOW_ORIGIN,
    VARY,
)
from corslens.fetch.header_names import LineNames
from corslens.fetch.messages import Cut, HeaderLine, HeaderList, Request, Response

HEADER_LINES: Final = 512
NAME_CHARACTERS: Final = 256
"""Of a header's name; the longest registered one has 40."""
VALUE_CHARACTERS: Final = 32_768
"""Of one line's value. A Content-Security-Policy of some 20 KB is the longest in earnest."""
HEAD_CHARACTERS: Final = 131_072
"""Of all names and values of a head."""
URL_CHARACTERS: Final = 32_768
METHOD_CHARACTERS: Final = 256
LIST_ELEMENTS: Final = 512
"""Of all lines of a header that is a list. A browser asks for the names that a page sets, seldom a dozen; servers list some fifty."""

TEXT_CHARACTERS: Final = 1_024
"""Of what a capture says beside the heads: an error, a connection's name, a resource type."""

_LISTS = frozenset(
    {
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_REQUEST_HEADERS, TIMING_ALLOW_ORIGIN, VARY,
    }
)  # fmt: skip
_HAVE_A_PART = _LISTS | {
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CROSS_ORIGIN_RESOURCE_POLICY, LOCATION, ORIGIN,
    "authorization", "content-type", "cookie", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "user-agent",
}  # fmt: skip
"""The headers on which a role, a credentials mode or a verdict may hang."""
_LONGEST_OF_THEM = max(map(len, _HAVE_A_PART))

_LOOKED_THROUGH = 16_384
"""Lines beyond the limit of which at least the names are looked at."""

type Limited = tuple[HeaderList, Cut | None]
"""Header lines within the limits, and what was cut off them (None: nothing)."""


def limited_text(text: str | None) -> str | None:
    """Return the beginning of a text that stands beside the heads; None for none, or an empty one."""
    return text[:TEXT_CHARACTERS] if text else None


def limited_headers(lines: Sequence[HeaderLine], beyond: Sequence[tuple[str | bytes, str | bytes]] = ()) -> Limited:
    """Return the header lines as far as the limits go.

    Args:
        lines: isomorphic-decoded; those after the first `HEADER_LINES` are cut.
        beyond: further lines that nobody needed to decode, because they will be cut.
    """
    if len(lines) > HEADER_LINES:
        lines, beyond = lines[:HEADER_LINES], (*lines[HEADER_LINES:], *beyond)
    text = "".join([value for _, value in lines])
    names = [len(name) for name, _ in lines]
    if not beyond and _are_within(text, max(names, default=0)):
        return HeaderList(lines, characters=sum(names) + len(text)), None
    return _limited(lines, beyond)


def limited_lines(named: LineNames, values: Sequence[str]) -> Limited:
    """Return the header lines of these names and values, one a name, as far as the limits go."""
    text = "".join(values)
    if len(values) <= HEADER_LINES and _are_within(text, named.longest):
        return HeaderList.of(named, values, len(text)), None
    lines = list(zip(named.sent, values, strict=True))
    return _limited(lines[:HEADER_LINES], lines[HEADER_LINES:])


def _are_within(values: str, longest_name: int) -> bool:
    return len(values) <= VALUE_CHARACTERS and values.count(",") < LIST_ELEMENTS and longest_name <= NAME_CHARACTERS


def received_request(*, method: str, url: str, headers: Limited, http_version: str = "HTTP/1.1", time: float = 0.0) -> Request:
    """Return a request's head within the limits."""
    kept, cut = headers
    if len(url) > URL_CHARACTERS or len(method) > METHOD_CHARACTERS:
        beyond = max(0, len(url) - URL_CHARACTERS), max(0, len(method) - METHOD_CHARACTERS)
        cut = Cut(url=beyond[0], method=beyond[1]) if cut is None else structs.replace(cut, url=beyond[0], method=beyond[1])
        url, method = url[:URL_CHARACTERS], method[:METHOD_CHARACTERS]
    return Request(method=method, url=url, headers=kept, http_version=http_version, time=time, cut=cut)


def received_response(*, status: int, headers: Limited, http_version: str = "HTTP/1.1", time: float = 0.0) -> Response:
    """Return a response's head within the limits."""
    return Response(status=status, headers=headers[0], http_version=http_version, time=time, cut=headers[1])


def limited_request(request: Request) -> Request:
    """Return a request that somebody else made, within the limits."""
    if request.cut is not None:
        return request
    return received_request(
        method=request.method,
        url=request.url,
        headers=limited_headers(request.headers.lines),
        http_version=request.http_version,
        time=request.time,
    )


def limited_response(response: Response) -> Response:
    """Return a response that somebody else made, within the limits."""
    if response.cut is not None:
        return response
    return received_response(
        status=response.status,
        headers=limited_headers(response.headers.lines),
        http_version=response.http_version,
        time=response.time,
    )


def _limited(lines: Sequence[HeaderLine], beyond: Sequence[tuple[str | bytes, str | bytes]]) -> Limited:
    kept: list[HeaderLine] = []
    room, values, elements = HEAD_CHARACTERS, 0, 0
    left = dict.fromkeys(_LISTS, LIST_ELEMENTS)
    names: set[str] = set()
    for place, (name, value) in enumerate(lines):
        if room <= 0:
            beyond = (*lines[place:], *beyond)
            break
        lowered = name[:NAME_CHARACTERS].lower()
        whole = value
        room -= len(lowered)
        value = value[: max(0, min(VALUE_CHARACTERS, room))]
        if lowered in left:
            value, lost = _first_elements(value, left[lowered])
            elements += lost
            left[lowered] = max(0, left[lowered] - value.count(",") - 1)
        if len(value) < len(whole):
            values += 1
            names.add(lowered)
        room -= len(value)
        kept.append((name[:NAME_CHARACTERS], value))
    if beyond:
        looked_through = {name.lower() for name, _ in beyond[:_LOOKED_THROUGH] if len(name) <= _LONGEST_OF_THEM}
        names |= {name for name in _HAVE_A_PART if name in looked_through or name.encode() in looked_through}
    return HeaderList(kept), Cut(
        lines=len(beyond),
        values=values,
        elements=elements,
        names=_HAVE_A_PART if len(beyond) > _LOOKED_THROUGH else _HAVE_A_PART & names,
    )


def _first_elements(value: str, count: int) -> tuple[str, int]:
    """Return as many elements of a comma list, and how many more there are."""
    if value.count(",") < count:
        return value, 0
    parts = value.split(",", count)
    return ",".join(parts[:count]), parts[-1].count(",") + 1
