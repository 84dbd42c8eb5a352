"""Fields: header lines as mitmproxy has them, and what is read off a request's.

A page sends the very same lines with request after request; looking them up takes a quarter of the time that reading them takes.
"""

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES, Limited, limited_headers
from corslens.observation.relevance import POLICY_BEARING, Asker, asker_of

type Fields = tuple[tuple[bytes, bytes], ...]

REMEMBERED = 512
"""Requests' header lines that are remembered."""
LONGEST = 4096
"""Bytes of header lines up to which they are."""

_REFERER_LENGTH = len(b"referer")


class RequestFields(Struct):
    """What is read off a request's header lines."""

    fields: Fields
    asker: Asker
    is_own: bool
    """A page asks its own origin for something that is no document and no worker, as most requests do."""
    referers: bytes
    """The values of all its Referer lines."""
    host: bytes
    """The value of its first Host line; empty without one."""
    _limited: Limited | None = None

    @property
    def limited(self) -> Limited:
        """The lines within the limits."""
        limited = self._limited
        if limited is None:
            limited = self._limited = header_lines(self.fields)
        return limited


def request_fields(fields: Fields) -> RequestFields:
    """Return what is read off a request's header lines."""
    latest = _Latest.read
    if latest.fields is fields:
        return latest
    # Who sends so many has to wait for no look-up, which would walk over all of them.
    read = _read(fields) if len(fields) > HEADER_LINES else _remembered(fields)
    _Latest.read = read
    return read


def _read(fields: Fields) -> RequestFields:
    host = b""
    for name, value in fields:
        if len(name) == 4 and name.lower() == b"host":
            host = value
            break
    # The lengths first: this is asked of every line.
    referers = [value for name, value in fields if len(name) == _REFERER_LENGTH and name.lower() == b"referer"]
    asker = asker_of([(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields[:HEADER_LINES]])
    is_own = asker.origin is None and asker.site == "same-origin" and asker.mode not in POLICY_BEARING
    return RequestFields(fields, asker, is_own, b" ".join(referers), host)


_remembered = bounded_cache(REMEMBERED, LONGEST)(_read)


class _Latest:
    """What was read last: all hooks of a request ask for the same."""

    read = _read(())


def header_lines(fields: Fields) -> Limited:
    """Return the header lines, isomorphic-decoded, within the limits; HTTP/2's pseudo-headers, which a HAR may hold, are left out."""
    beyond = fields[HEADER_LINES:]
    if beyond:
        fields = fields[:HEADER_LINES]
    lines = [(str(name, "latin-1"), str(value, "latin-1")) for name, value in fields]
    if b":" in b"".join([name[:1] for name, _ in fields]):
        lines = [line for line in lines if line[0][:1] != ":"]
    return limited_headers(lines, beyond)
