"""Matching: which exchange that came by is which request that the browser reports.

The URL, the method, the request's header lines, the status and the response's header lines have to be the same on both sides. Requests
that are the same in all of these are matched in the order of time, rather with an exchange that began after the page made it. Where a
side shows no header lines, what is left over of a URL, method and status is matched only if it is one on each side. All else stays
unmatched, and is counted.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from msgspec import Struct

from corslens.witness.sighting import JoinedLines, Sighting

WAITING = 10_000
"""Of each side; the oldest is dropped."""
APART_SECONDS = 30.0
"""The two sides' word for a request that was made at another time is about another one."""
_UNIQUE_SECONDS = 1.0
"""How long one waits for its exact counterpart before uniqueness is looked at."""

_COMPARED = 50
"""Of requests that are the same in everything so many are looked at."""
_CLOCK_SECONDS = 0.002
"""How exact the two sides' times are on one machine."""

_BAD_GATEWAY = 502

_NOT_COMPARED = frozenset({
    # Between two hops of the connection, or renewed by each.
    "connection", "keep-alive", "proxy-connection", "proxy-authorization", "transfer-encoding", "te", "trailer", "upgrade", "host",
    "content-length", "accept-encoding", "content-encoding", "x-corslens-patched",
    # Firefox adds these to what came over HTTP/2 and HTTP/3: netwerk/protocol/http/Http2StreamBase.cpp, Http3Stream.cpp
    "x-firefox-spdy", "x-firefox-http3",
})  # fmt: skip


class Passed(Struct, frozen=True, kw_only=True, gc=False):
    """An exchange that came by."""

    id: str
    method: str
    url: str
    time: float
    request_lines: JoinedLines
    status: int | None
    response_lines: JoinedLines


class Match(Struct, frozen=True, gc=False):
    """An exchange and what the browser says of it."""

    exchange: str
    sighting: Sighting


class _Waiting(Struct, gc=False):
    key: tuple[str, str]
    exact: int
    status: int | None
    time: float
    since: float
    exchange: str = ""
    sighting: Sighting | None = None


class Matcher:
    """Matches as both sides come in, in any order."""

    def __init__(self, limit: int = WAITING) -> None:
        self._passed = _Side(limit)
        self._sighted = _Side(limit)
        self.matched = 0
        self.unmatched = 0
        """CORS requests that the browser says were sent, and that did not come by."""

    def passed(self, exchange: Passed, now: float) -> Match | None:
        """Take an exchange that is complete, and return what the browser says of it, if that is known already."""
        mine = _Waiting(
            key=(exchange.method, _without_fragment(exchange.url)),
            exact=_fingerprint(exchange.request_lines, exchange.status, exchange.response_lines),
            status=exchange.status,
            time=exchange.time,
            since=now,
            exchange=exchange.id,
        )
        other = self._sighted.take_exact(mine)
        if other is None or other.sighting is None:
            self._passed.add(mine)
            return None
        self.matched += 1
        return Match(mine.exchange, other.sighting)

    def sighted(self, sighting: Sighting, now: float) -> Match | None:
        """Take a request that the browser says was sent, and return the exchange that it is, if that came by already."""
        mine = _Waiting(
            key=(sighting.method, _without_fragment(sighting.url)),
            exact=_fingerprint(sighting.request_lines, sighting.status, sighting.response_lines),
            status=sighting.status,
            time=sighting.time if sighting.sent_at is None else sighting.sent_at,
            since=now,
            sighting=sighting,
        )
        other = self._passed.take_exact(mine)
        if other is None:
            self._sighted.add(mine)
            return None
        self.matched += 1
        return Match(other.exchange, sighting)

    def settle(self, now: float) -> Iterator[Match]:
        """Yield what is left over once on each side, and let go what nothing can come of any more."""
        for key in list(self._sighted.by_key):
            sighted, came = self._sighted.only(key), self._passed.only(key)
            if sighted is None or came is None:
                continue
            ripe = min(now - sighted.since, now - came.since) > _UNIQUE_SECONDS
            if ripe and abs(sighted.time - came.time) <= APART_SECONDS and sighted.status in (None, came.status):
                self._sighted.remove(sighted)
                self._passed.remove(came)
                assert sighted.sighting is not None
                self.matched += 1
                yield Match(came.exchange, sighted.sighting)
        # Of what has no CORS in it nothing is kept on the other side.
        gone = self._sighted.expire(now - APART_SECONDS)
        self.unmatched += sum(one.sighting is not None and "origin" in one.sighting.request_lines for one in gone)
        self._passed.expire(now - APART_SECONDS)

    @property
    def dropped(self) -> int:
        """How many were let go because of the limit."""
        return self._passed.dropped + self._sighted.dropped


class _Side:
    """What waits on one side, by what it is looked up by; each in the order of time."""

    def __init__(self, limit: int) -> None:
        self.by_key: dict[tuple[str, str], dict[int, _Waiting]] = {}
        self._by_all: dict[tuple[tuple[str, str], int], dict[int, _Waiting]] = {}
        self._all: dict[int, _Waiting] = {}
        self._limit = limit
        self.dropped = 0

    def add(self, one: _Waiting) -> None:
        self._all[id(one)] = one
        self.by_key.setdefault(one.key, {})[id(one)] = one
        self._by_all.setdefault((one.key, one.exact), {})[id(one)] = one
        if len(self._all) > self._limit:
            self.remove(next(iter(self._all.values())))
            self.dropped += 1

    def take_exact(self, mine: _Waiting) -> _Waiting | None:
        """Remove and return the oldest that is the same in everything, of those that fit in time if any does.

        A browser may tell of the first of two requests after the second, which was made when the exchange of the first was over.
        """
        same = self._by_all.get((mine.key, mine.exact), {}).values()
        near = [one for one in islice(same, _COMPARED) if abs(one.time - mine.time) <= APART_SECONDS]
        found = next((one for one in near if _may_be(mine, one)), next(iter(near), None))
        if found is not None:
            self.remove(found)
        return found

    def only(self, key: tuple[str, str]) -> _Waiting | None:
        """Return what waits under a key, if it is one."""
        waiting = self.by_key.get(key)
        return next(iter(waiting.values())) if waiting is not None and len(waiting) == 1 else None

    def remove(self, one: _Waiting) -> None:
        del self._all[id(one)]
        for index, key in ((self.by_key, one.key), (self._by_all, (one.key, one.exact))):
            waiting = index[key]  # type: ignore[index]  # each has keys of its own
            del waiting[id(one)]
            if not waiting:
                del index[key]  # type: ignore[arg-type]

    def expire(self, before: float) -> list[_Waiting]:
        found = []
        while self._all:
            oldest = next(iter(self._all.values()))
            if oldest.since >= before:
                break
            self.remove(oldest)
            found.append(oldest)
        return found


def _may_be(one: _Waiting, other: _Waiting) -> bool:
    """Say whether the page made it before it came by; false of all where the browser's clock is another machine's and ahead."""
    sighted, came = (one, other) if one.sighting is not None else (other, one)
    # Not `sent_at`, which is when its event was read: on a busy machine the exchange may be over by then.
    return sighted.sighting is not None and sighted.sighting.time <= came.time + _CLOCK_SECONDS


def _fingerprint(request: JoinedLines, status: int | None, response: JoinedLines) -> int:
    # Of a page of mitmproxy's own, which says that the server did not respond, the proxy has no header lines.
    made_by_proxy = status == _BAD_GATEWAY and response.get("server", "mitmproxy").startswith("mitmproxy")
    return hash((_compared(request), status, frozenset() if made_by_proxy else _compared(response)))


def _compared(lines: JoinedLines) -> frozenset[tuple[str, str]]:
    # Bytes beyond ASCII are decoded in another way on each side.
    return frozenset(
        [
            (name, value.strip() if "\n" not in value else _as_one_line(value))
            for name, value in lines.items()
            if name not in _NOT_COMPARED and value.isascii()
        ]
    )


def _as_one_line(value: str) -> str:
    """Return lines of a name as Firefox reports them: joined by commas, empty ones left out."""
    return ", ".join(line for one in value.split("\n") if (line := one.strip()))


def joined(lines: Iterator[tuple[str, str]] | tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return header lines in the form that a browser reports them in."""
    found: dict[str, str] = {}
    for name, value in lines:
        lowered = name.lower()
        known = found.get(lowered)
        found[lowered] = value if known is None else f"{known}; {value}" if lowered == "cookie" else f"{known}\n{value}"
    return found


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]
