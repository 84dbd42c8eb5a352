"""Tell quickly, from raw header lines, whether a flow can have anything to do with CORS.

Most traffic has not, and a proxy pays for every microsecond here. What is let go here has no Origin from elsewhere, is no
redirect (which may lead to another origin), and grants nothing.
"""

from mitmproxy import http
from msgspec import Struct

from corslens.fetch.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES
from corslens.mitm.fields import LONGEST, REMEMBERED, Fields

_GRANTS = (b"access-c", b"timing-a", b"cross-or")
"""What the names of Access-Control-*, Timing-Allow-Origin and Cross-Origin-* begin with."""
_SHORTEST_GRANT = len(b"timing-allow-origin")
_FOREIGN = frozenset({b"cross-site", b"same-site"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def request_concerns_cors(request: http.Request) -> bool:
    """Say whether a request comes from another origin, as far as its Origin header and fetch metadata tell."""
    data = request.data
    if len(data.headers.fields) > HEADER_LINES:
        return True  # what is beyond might tell; nothing is looked up by so many lines
    told = _told_by(data.headers.fields)
    if told.foreign_no_cors:
        return True  # a script, a beacon: some rules have something to say of these
    if told.origin is None or told.same_origin:
        return False
    # Plain http has no fetch metadata to tell.
    return told.origin != b"%b://%b" % (data.scheme, data.authority if told.host is None else told.host)


class _Told(Struct, frozen=True, gc=False):
    """What the header lines of a request tell."""

    origin: bytes | None
    host: bytes | None
    same_origin: bool
    foreign_no_cors: bool


@bounded_cache(REMEMBERED, LONGEST)
def _told_by(fields: Fields) -> _Told:
    origin = host = None
    same_origin = foreign = no_cors = False
    for name, value in fields:
        length = len(name)
        if length == 6:
            if name.lower() == b"origin":
                origin = value
        elif length == 4:
            if name.lower() == b"host":
                host = value
        elif length == 14:
            # Sec-Fetch-Site or Sec-Fetch-Mode; their values are no other header's of this length.
            if value == b"same-origin":
                same_origin = same_origin or name.lower() == b"sec-fetch-site"
            elif value in _FOREIGN:
                foreign = True
            elif value == b"no-cors":
                no_cors = True
    return _Told(origin, host, same_origin, foreign and no_cors)


def response_concerns_cors(response: http.Response) -> bool:
    """Say whether a response grants something to other origins, or may lead to one."""
    data = response.data
    fields = data.headers.fields
    return data.status_code in _REDIRECTS or len(fields) > HEADER_LINES or _grants(fields)


def _grants(fields: Fields) -> bool:
    return any(len(name) >= _SHORTEST_GRANT and name[:8].lower() in _GRANTS for name, _ in fields)
