"""Sighting: one request as a browser that is listened to saw it, hop by hop, with what became of it."""

from collections.abc import Mapping

from msgspec import Struct

from corslens.witness.witness import Witness

type JoinedLines = Mapping[str, str]
"""Header lines by lowercase name, several of a name joined by a line feed."""


class Sighting(Struct, frozen=True, kw_only=True, gc=False):
    """A hop of a page's request, or its preflight."""

    id: str
    """The browser's own id, the same in every hop of a redirect chain."""
    hop: int = 0
    method: str
    url: str
    time: float
    """When it was made, in seconds since the epoch."""
    sent_at: float | None = None
    """When the browser said that it went out; a page may have made it long before."""
    sent: bool
    """Whether the browser showed what went over the wire for it."""
    request_lines: JoinedLines = {}
    status: int | None = None
    response_lines: JoinedLines = {}
    resource_type: str | None = None
    """The browser's word: `Fetch`, `Image`, `Preflight`."""
    witness: Witness
    explained: bool = False
    """Its preflight, which was sent, shows why it was not."""
