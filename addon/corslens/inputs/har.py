"""HAR 1.1 and 1.2 to exchanges, entry by entry, as browsers, proxies and test runners really write them.

Bodies are skipped by the parser, never decoded and never kept. An entry that cannot be read costs itself and nothing else.
Format: http://www.softwareishard.com/blog/har-12-spec/
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Buffer, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from corslens.fetch.limits import limited_lines, limited_text, received_request, received_response
from corslens.fetch.methods import normalize_method
from corslens.inputs.damage import Damage
from corslens.inputs.har_browser import BrowserRecord
from corslens.inputs.har_entries import Entries, pages_of, split_entries
from corslens.inputs.har_form import (
    EntryForm,
    ResponseForm,
    WhenForm,
    answered_at,
    before_sending,
    began_at,
    entry_of,
    seconds,
    when_of,
)
from corslens.inputs.har_lines import NO_LINES, lines_of
from corslens.inputs.relevance import concerns_cors
from corslens.inputs.wire import SCHEMES, http_version, isomorphic, wire_url
from corslens.observation.exchange import Exchange, Source
from corslens.observation.network_error import NetworkError, gets_proxy_error_page, network_error


class _Preflights:
    """A browser's panel lists an actual request before its preflight; put it behind, where it was on the wire.

    Chromium counts the preflight into `blocked`, which shows it; Firefox does not. On a busy machine Chromium learns of a preflight after it
    left and dates it by that, with the whole wait: its response is then later than the request that waited for it, or all of it later than
    the end of that request, and it is the preflight that moves.
    """

    def __init__(self) -> None:
        self._timed: list[_TimedPreflight] = []
        self._requests = array("d")
        """Of each entry a digest of its method and URL, its index, and when it began, was sent and ended, one after the other: a million
        are no burden so."""

    def add(self, index: int, raw: Buffer, when: WhenForm | EntryForm, began: float, sent: float) -> None:
        """Take note of an entry."""
        request = when.request
        if request.method == "OPTIONS":
            entry = when if isinstance(when, EntryForm) else entry_of(raw)
            wanted = next(
                (one.value for one in entry.request.headers if one.name.lower() == "access-control-request-method"), None
            )
            if wanted is not None:
                self._timed.append(_TimedPreflight(index, wanted, request.url, sent, answered_at(entry, sent)))
                return
        self._requests.extend((_digest(request.method, request.url), index, began, sent, began + seconds(when.time)))

    def put_requests_behind(self, move: Callable[[int, str, str, float], bool]) -> None:
        """Find each entry that was listed before its preflight.

        Args:
            move: called with the index of an entry that may be one, the method and the URL if it is, and when it can have been sent;
                returns whether it is.
        """
        asked: dict[float, list[_Asked]] = {one.digest: [] for one in self._timed}
        each = iter(self._requests if asked else ())
        for digest, index, began, sent, ended in zip(each, each, each, each, each, strict=True):
            if digest in asked:
                asked[digest].append((began, int(index), sent, ended))
        for requests in asked.values():
            requests.sort()
        moved: set[int] = set()
        late = []
        for preflight in self._timed:
            for began, index, sent, ended in _before(asked[preflight.digest], preflight.sent):
                if preflight.sent > ended or index in moved:
                    continue
                early = preflight.responded + _MOMENT - sent
                if sent <= preflight.sent or preflight.sent - early < began:
                    found = move(index, preflight.method, preflight.url, preflight.responded + _MOMENT)
                else:
                    found = early <= 0 or move(preflight.entry, "OPTIONS", preflight.url, preflight.sent - early)
                if found:
                    moved.add(index)
                    break
            else:
                late.append(preflight)
        for preflight in late:
            took = preflight.responded + _MOMENT - preflight.sent
            for began, index, sent, ended in _before(asked[preflight.digest], preflight.sent):
                is_before = ended < preflight.sent < ended + _LATE and began <= sent - took
                if is_before and index not in moved and move(preflight.entry, "OPTIONS", preflight.url, sent - took):
                    moved.add(index)
                    break


class _TimedPreflight(NamedTuple):
    """A preflight, and when it was sent and responded to."""

    entry: int
    method: str
    """Of the request that it is for."""
    url: str
    sent: float
    responded: float

    @property
    def digest(self) -> float:
        """That of the request that it is for."""
        return _digest(self.method, self.url)


type _Asked = tuple[float, int, float, float]
"""Of a request when it began, its index, and when it was sent and ended."""


def _before(requests: list[_Asked], time: float) -> Iterator[_Asked]:
    """Yield the requests that began until then, the latest first: so many as can wait for one URL at once."""
    end = bisect_right(requests, time, key=_began)
    return reversed(requests[max(0, end - _AT_ONCE) : end])


_AT_ONCE = 256
"""Requests of one URL that are looked through for a preflight: all of a long capture for each would be its square."""
_began = itemgetter(0)


def _digest(method: str, url: str) -> float:
    return hash((method, url)) >> 11  # a float holds as much of it


_MOMENT = 1e-6
"""Seconds between a preflight's response and the request that follows it, at the least."""
_LATE = 2.0
"""Seconds after the end of a request in which Chromium may learn of its preflight."""


type _Place = tuple[float, int, Buffer, Exchange | None]
"""Of an entry when it was sent, its index, itself, and what was made of it, if that is held."""


class HarReader:
    """The exchanges of a HAR, in the order in which their requests were sent."""

    def __init__(
        self,
        data: Buffer,
        file: str,
        prefix: str,
        *,
        everything: bool = True,
        split: Callable[[Buffer], Entries] = split_entries,
        console: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Find the entries.

        Args:
            data: the whole file, uncompressed; a memory map will do.
            file: its name, for `source` and damages.
            prefix: begins each exchange's id.
            everything: False passes over exchanges that have nothing to do with CORS, and counts them.
            split: finds them, where they do not stand in a HAR.
            console: why CORS blocked requests, by URL, in the words of the browser's console.
        """
        self._entries = split(data)
        self._file = file
        self.writer = self._entries.creator
        """The program that wrote the file, as it calls itself."""
        self.progress = 0.0
        """How much of the file was read, from 0 to 1."""
        self._untimed = 0
        creator = self.writer.lower()
        self._record = BrowserRecord(creator, lambda: pages_of(data), console)
        self._maker = _Maker(file, prefix, creator, self._record, everything=everything)

    def __iter__(self) -> Iterator[Exchange | Damage]:
        """Yield the exchanges, and a Damage for each unreadable entry."""
        order: list[_Place] = []
        preflights = _Preflights()
        browser = self._record.is_browser
        sent, held = 0.0, 0
        for index, raw in self._entries:
            exchange = None
            with suppress(*_UNREADABLE):  # reported at its turn below
                # What is not going to be held is decoded again at its turn: a million exchanges would not fit in memory.
                when = entry_of(raw) if held < _HELD else when_of(raw)
                try:
                    began = began_at(when)
                except (ValueError, OverflowError):
                    self._untimed += 1  # it is taken to have been sent when the entry before it was
                else:
                    sent = began + before_sending(when) if browser else began
                    if browser:
                        preflights.add(index, raw, when, began, sent)
                if isinstance(when, EntryForm):
                    exchange = self._maker.exchange(index, when, sent)
                    if exchange is None:
                        continue
                    held += _characters(exchange)
            order.append((sent, index, raw, exchange))
        preflights.put_requests_behind(partial(self._move, order))
        order.sort(key=_by_time)
        for done, (time, index, raw, held_one) in enumerate(order):
            self.progress = done / len(order)
            try:
                exchange = held_one or self._maker.exchange(index, entry_of(raw), time)
            except _UNREADABLE as error:
                yield Damage(file=self._file, entry=index, what=_sentence(error))
                continue
            if exchange is not None:
                yield exchange
        if self._entries.damage is not None:
            yield Damage(file=self._file, what=self._entries.damage)

    def _move(self, order: list[_Place], index: int, method: str, url: str, time: float) -> bool:
        """Let an entry have been sent at another time, if it has this method and URL."""
        place = bisect_left(order, index, key=_index)
        if place == len(order) or order[place][1] != index:  # it was passed over
            return True
        _, _, raw, held = order[place]
        whole = None if held is None else entry_of(raw)
        request = (whole or when_of(raw)).request
        if (request.method, request.url) != (method, url):  # but the same digest
            return False
        order[place] = (time, index, raw, None if whole is None else self._maker.exchange(index, whole, time))
        return True

    @property
    def skipped(self) -> int:
        """How many exchanges were passed over."""
        return self._maker.skipped

    @property
    def cookies_skipped(self) -> bool:
        """Whether any of those carried a cookie."""
        return self._maker.cookies_skipped

    @property
    def omissions(self) -> Sequence[str]:
        """What the writer left out, each the end of a sentence that begins with the file's name."""
        headless, untimed = self._maker.headless, self._untimed
        said = []
        if headless:
            said.append(
                f"holds {headless} response{'s' if headless > 1 else ''} without any header (its writer left them out), "
                f"so {'they are' if headless > 1 else 'it is'} not judged"
            )
        if untimed:
            said.append(
                f"holds {untimed} entr{'ies' if untimed > 1 else 'y'} without a date and time, "
                f"taken in the order in which {'they are' if untimed > 1 else 'it is'} listed"
            )
        return said


_by_time, _index = itemgetter(0), itemgetter(1)
_UNREADABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
_HELD = 8 << 20
"""Characters of the heads that are held from the first walk through a file to the second."""


def _characters(exchange: Exchange) -> int:
    response = exchange.response
    return exchange.request.headers.characters + (0 if response is None else response.headers.characters)


class _Maker:
    """Make exchanges of one file's entries."""

    def __init__(self, file: str, prefix: str, creator: str, record: BrowserRecord, *, everything: bool) -> None:
        self._file = file
        self._prefix = prefix
        self._record = record
        self._decoded = creator.startswith("mitmproxy")
        self._connections = not creator.startswith("firefox")  # Firefox writes the server's port there
        self._everything = everything
        self.skipped = 0
        self.cookies_skipped = False
        self.headless = 0

    def exchange(self, index: int, entry: EntryForm, sent: float) -> Exchange | None:
        """Return the entry's exchange, or None when it is none (a CONNECT, a data: URL) or has nothing to do with CORS."""
        scheme, separator, rest = entry.request.url.partition(":")
        scheme = SCHEMES.get(scheme.lower(), "")
        method = normalize_method(entry.request.method)  # some recorders write it as the program gave it: get, options
        if not separator or not scheme or method == "CONNECT":
            return None
        asked_version = http_version(entry.request.httpVersion)
        asked = lines_of(entry.request.headers, request=True, decoded=self._decoded)
        head = entry.response
        status, received = 0, NO_LINES
        if head is not None and 100 <= head.status <= 999:
            status = head.status
            received = lines_of(head.headers, request=False, decoded=self._decoded)
        refused = status == 0 and self._record.is_browser  # what it refused may lack every header that would show it
        if (
            not self._everything
            and not refused
            and not concerns_cors(method, entry.request.url, asked.relevant(), status, received.relevant())
        ):
            self.skipped += 1
            self.cookies_skipped = self.cookies_skipped or "cookie" in asked
            return None
        response, error, got_proxy_error_page = None, None, False
        if head is not None and status and self._lacks_head(method, head):
            self.headless += not (head.error or head.failure_text)
            status = 0
        if head is not None and status:
            if head.redirectURL and 300 <= status < 400 and "location" not in received:
                received = received.with_line("Location", isomorphic(head.redirectURL, decoded=self._decoded))
            response = received_response(
                status=status,
                headers=limited_lines(received.named, received.values),
                http_version=http_version(head.httpVersion),
                time=answered_at(entry, sent),
            )
        elif head is not None:
            error = limited_text(head.error or head.failure_text)
            got_proxy_error_page = bool(error) and not self._record.is_browser and gets_proxy_error_page(error or "")
        url = wire_url(f"{scheme}:{rest}", asked.first("host"))
        return Exchange(
            id=f"{self._prefix}:{index}",
            request=received_request(
                method=method,
                url=url,
                headers=limited_lines(asked.named, asked.values),
                http_version=asked_version,
                time=sent,
            ),
            response=response,
            error=error or None,
            got_proxy_error_page=got_proxy_error_page,
            connection=limited_text(str(entry.connection)) if self._connections and entry.connection else None,
            server_address=limited_text(entry.server_address) or None,
            source=Source(file=self._file, index=index),
            by_browser=self._record.is_browser,
            written_by=self._record.engine,
            resource_type=limited_text(entry.resource_type),
            witness=self._record.witness(entry, url, asked, received),
        )

    def _lacks_head(self, method: str, head: ResponseForm) -> bool:
        """Say whether the writer left the response's header lines out, so that nothing follows from what it lacks.

        mitmproxy writes what was on the wire, Chromium may have no line of a response that it kept from the page, and a preflight fails
        by its status alone.
        """
        if head.headers or self._decoded or (method == "OPTIONS" and not 200 <= head.status <= 299):
            return False
        code = head.error or head.failure_text
        return not (self._record.is_browser and code and network_error(code) is not NetworkError.CANCELLED)


def _sentence(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error).rstrip(".")
