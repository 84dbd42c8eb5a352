"""Fields: header lines as mitmproxy has them, and what is read off a request's.

A page sends the very same lines with request after request; looking them up takes a quarter of the time that reading them takes. Most
requests have nothing to do with CORS, which a glance shows in a third of the time of that look-up.
"""

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES, Limited, limited_headers
from corslens.observation.relevance import RequestingPage, asker_of

type Fields = tuple[tuple[bytes, bytes], ...]

REMEMBERED = 512
"""Requests' header lines that are remembered."""
MAX_REMEMBERED_BYTES = 4096
"""Bytes of header lines up to which they are."""

_OF_NO_DOCUMENT = frozenset({b"no-cors", b"cors"})
"""The modes in which neither documents nor the scripts of workers are requested."""
_CROSS = frozenset({b"cross-site", b"same-site"})


def glance(fields: Fields) -> tuple[bool | None, bytes]:
    """Return whether a request concerns CORS as far as a glance shows, and all Referers.

    False where a page asks its own origin for something that is no document and no worker, as most requests do; a preflight says that of
    itself, too. True where it asks another one. None: look closer.
    """
    site, referers = b"", []
    own = len(fields) <= HEADER_LINES
    for name, value in fields:
        # The lengths first: this is asked of every line of all traffic.
        length = len(name)
        if length == 14:
            lowered = name.lower()
            if lowered == b"sec-fetch-site":
                site = value if site in (b"", value) else b"?"
            elif lowered == b"sec-fetch-mode":
                own = own and value in _OF_NO_DOCUMENT
        elif length == 6:
            lowered = name.lower()
            if lowered == b"origin" or (lowered == b"accept" and value.startswith(b"text/html")):
                own = False
        elif length == 7 and name.lower() == b"referer":
            referers.append(value)
    concerns = True if site in _CROSS else False if own and site == b"same-origin" else None
    return concerns, b" ".join(referers)


class RequestFields(Struct):
    """What is read off a request's header lines."""

    fields: Fields
    asker: RequestingPage
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
    asker = asker_of([(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields[:HEADER_LINES]])
    return RequestFields(fields, asker, host)


_remembered = bounded_cache(REMEMBERED, MAX_REMEMBERED_BYTES)(_read)


class _Latest:
    """What was read last: all hooks of a request ask for the same."""

    read = _read(())


def header_lines(fields: Fields) -> Limited:
    """Return the header lines, isomorphic-decoded, within the limits; HTTP/2's pseudo-headers, which a HAR may hold, are left out."""
    beyond = fields[HEADER_LINES:]
    if beyond:
        fields = fields[:HEADER_LINES]
    lines = [(str(name, "latin-1"), str(value, "latin-1")) for name, value in fields]
    if b"".join([name[:1] for name, _ in fields]).find(b":") >= 0:
        lines = [line for line in lines if line[0][:1] != ":"]
    return limited_headers(lines, beyond)
