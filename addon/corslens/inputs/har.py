"""HAR 1.1 and 1.2 to exchanges, entry by entry, as browsers, proxies and test runners really write them.

Bodies are skipped by the parser, never decoded and never kept. An entry that cannot be read costs itself and nothing else.
Format: http://www.softwareishard.com/blog/har-12-spec/
"""

import json
import re
from collections.abc import Buffer, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from typing import Annotated

import ada_url
import msgspec
from msgspec import Meta, Struct, field

from corslens.fetch.limits import limited_headers, received_request, received_response
from corslens.fetch.messages import HeaderLine
from corslens.fetch.origins import is_potentially_trustworthy, origin_of
from corslens.inputs.damage import Damage
from corslens.inputs.har_entries import split_entries
from corslens.inputs.relevance import concerns_cors
from corslens.observation.exchange import Exchange, Source
from corslens.observation.network_error import is_answered_by_proxy

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
"""What is an HTTP exchange. A WebSocket's opening handshake is one; the proxy sees it under the http scheme."""

_BROWSERS = ("webinspector", "webkit", "firefox", "playwright", "safari", "chrom")
"""Creators that see a request before it leaves: what they call blocked, dns and connect comes before its head is sent."""

_VERSIONS = {
    "http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", "h2": "HTTP/2.0", "http/2": "HTTP/2.0", "http/2.0": "HTTP/2.0",
    "spdy": "HTTP/2.0", "h3": "HTTP/3", "http/3": "HTTP/3", "http/3.0": "HTTP/3", "quic": "HTTP/3",
}  # fmt: skip


_USUAL_URL = re.compile(r"https?://[a-z0-9.-]+(?!:(?:80|443)/)(?::[0-9]+)?/[!\"$-~]*")
"""What every writer but the odd one writes; the rest goes through a parser."""


_REFUSED = ("", "net::ERR_FAILED")
_REFUSED_BY = ("net::ERR_BLOCKED_BY_",)
"""What a browser says of a request that it did not send, or whose answer it kept from the page: CORS is one reason of many. Whether
anything went over the wire is not told, so there is nothing to judge; that the actual request of a refused preflight was \"sent\" would
contradict the verdict on the preflight."""


class _Header(Struct, gc=False):
    name: str
    value: str


class _Request(Struct):
    method: str
    url: str
    headers: list[_Header]
    httpVersion: str | None = None


class _Response(Struct):
    status: Annotated[int, Meta(ge=-1, le=999)]
    headers: list[_Header]
    httpVersion: str | None = None
    redirectURL: str | None = None
    error: str | None = field(name="_error", default=None)
    failure_text: str | None = field(name="_failureText", default=None)


class _Timings(Struct, gc=False):
    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    send: float | None = None
    wait: float | None = None


class _Asked(Struct, gc=False):
    method: str = ""
    url: str = ""


class _When(Struct):
    startedDateTime: str
    request: _Asked
    timings: _Timings | None = None
    time: float | None = None


class _Entry(Struct):
    startedDateTime: str
    request: _Request
    response: _Response | None = None
    time: float | None = None
    timings: _Timings | None = None
    connection: str | int | None = None
    resource_type: str | None = field(name="_resourceType", default=None)


_when_decoder = msgspec.json.Decoder(_When)
_decoder = msgspec.json.Decoder(_Entry, strict=True)


class _Preflights:
    """A browser's panel lists an actual request before its preflight; put it behind, where it was on the wire.

    Chromium counts the preflight into `blocked`, which tells; Firefox does not.
    """

    def __init__(self) -> None:
        self._answered: list[tuple[tuple[str, str], float, float]] = []

    def add(self, raw: Buffer, when: _When, sent: float) -> None:
        """Take note of an entry if it is a preflight."""
        if when.request.method != "OPTIONS":
            return
        entry = _decode(raw, _decoder, _Entry)
        wanted = next((one.value for one in entry.request.headers if one.name.lower() == "access-control-request-method"), None)
        if wanted is not None:
            self._answered.append(((wanted, when.request.url), sent, _answered(entry, sent)))

    def actual_requests_later(self, entries: Iterable[tuple[float, int, Buffer]]) -> dict[int, float]:
        """Return, for each entry that was listed before its preflight, when it can have been sent."""
        asked: dict[tuple[str, str], list[tuple[int, float, float]]] = {key: [] for key, _, _ in self._answered}
        for _, index, raw in entries if asked else ():
            with suppress(msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
                when = _decode(raw, _when_decoder, _When)
                found = asked.get((when.request.method, when.request.url))
                if found is not None:
                    began = _sent(when, False)
                    found.append((index, began, began + _seconds(when.time)))
        later: dict[int, float] = {}
        for key, sent, answered in self._answered:
            for index, began, ended in reversed(asked[key]):
                if began <= sent <= ended and index not in later:
                    later[index] = answered + _MOMENT
                    break
        return later


_MOMENT = 1e-6
"""Seconds between a preflight's answer and the request that follows it, at the least."""


class HarReader:
    """The exchanges of a HAR, in the order in which their requests were sent."""

    def __init__(self, data: Buffer, file: str, prefix: str, *, everything: bool = True) -> None:
        """Find the entries.

        Args:
            data: the whole file, uncompressed; a memory map will do.
            file: its name, for `source` and damages.
            prefix: begins each exchange's id.
            everything: False passes over exchanges that have nothing to do with CORS, and counts them.
        """
        self._entries = split_entries(data)
        self._file = file
        self.writer = self._entries.creator
        """The program that wrote the file, as it calls itself."""
        self.progress = 0.0
        """How much of the file was read, from 0 to 1."""
        creator = self.writer.lower()
        self._browser = any(word in creator for word in _BROWSERS)
        self._maker = _Maker(file, prefix, creator, browser=self._browser, everything=everything)

    def __iter__(self) -> Iterator[Exchange | Damage]:
        """Yield the exchanges, and a Damage for each unreadable entry."""
        order: list[tuple[float, int, Buffer]] = []
        preflights = _Preflights()
        sent = 0.0
        for index, raw in self._entries:
            # Only the times are kept of this first walk: skipping JSON is fast, and a million exchanges would not fit in memory.
            try:
                when = _decode(raw, _when_decoder, _When)
                sent = _sent(when, self._browser)
                if self._browser:
                    preflights.add(raw, when, sent)
            except (msgspec.MsgspecError, RecursionError):
                pass  # told at its turn below
            except (ValueError, OverflowError) as error:
                what = f"startedDateTime: {error}; taken to be when the entry before it began"
                yield Damage(file=self._file, entry=index, what=what)
            order.append((sent, index, raw))
        later = preflights.actual_requests_later(order)
        if later:
            order = [(later.get(index, time), index, raw) for time, index, raw in order]
        order.sort(key=_by_time)
        for done, (time, index, raw) in enumerate(order):
            self.progress = done / len(order)
            try:
                exchange = self._maker.exchange(index, raw, time)
            except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
                yield Damage(file=self._file, entry=index, what=_sentence(error))
                continue
            if exchange is None:
                continue
            if exchange.response is None and exchange.error is None:
                yield Damage(file=self._file, entry=index, what="has no response")
            yield exchange
        if self._entries.damage is not None:
            yield Damage(file=self._file, what=self._entries.damage)

    @property
    def skipped(self) -> int:
        """How many exchanges were passed over."""
        return self._maker.skipped

    @property
    def cookies_skipped(self) -> bool:
        """Whether any of those carried a cookie."""
        return self._maker.cookies_skipped

    @property
    def withheld(self) -> int:
        """How many requests the browser never sent, or kept the answer of; they are no exchanges."""
        return self._maker.withheld

    @property
    def mixed(self) -> int:
        """How many of those ask plain http of an https page."""
        return self._maker.mixed


_by_time = itemgetter(0)


class _Maker:
    """Make exchanges of one file's entries."""

    def __init__(self, file: str, prefix: str, creator: str, *, browser: bool, everything: bool) -> None:
        self._file = file
        self._prefix = prefix
        self._browser = browser
        self._mitmproxy = creator.startswith("mitmproxy")
        self._connections = not creator.startswith("firefox")  # Firefox writes the server's port there
        self._everything = everything
        self.withheld = 0
        self.mixed = 0
        self.skipped = 0
        self.cookies_skipped = False

    def exchange(self, index: int, raw: Buffer, sent: float) -> Exchange | None:
        """Return the entry's exchange, or None when it is none (a CONNECT, a data: URL, a request that was never sent)."""
        entry = _decode(raw, _decoder, _Entry)
        scheme, separator, rest = entry.request.url.partition(":")
        scheme = _SCHEMES.get(scheme.lower(), "")
        if not separator or not scheme or entry.request.method == "CONNECT":
            return None
        asked_version = _version(entry.request.httpVersion)
        asked_lines = self._lines(entry.request.headers, asked_version)
        head = entry.response
        status, answered_version, answered_lines = 0, asked_version, []
        if head is not None and head.status > 0:
            status, answered_version = head.status, _version(head.httpVersion)
            answered_lines = self._lines(head.headers, answered_version)
        if not self._everything and not concerns_cors(
            entry.request.method, entry.request.url, asked_lines, status, answered_lines
        ):
            self.skipped += 1
            self.cookies_skipped = self.cookies_skipped or any(name.lower() == "cookie" for name, _ in asked_lines)
            return None
        response, error, answered_by_proxy = None, None, False
        if head is not None and status:
            if head.redirectURL and 300 <= status < 400 and not any(name.lower() == "location" for name, _ in answered_lines):
                answered_lines.append(("Location", self._isomorphic(head.redirectURL)))
            response = received_response(
                status=status,
                headers=limited_headers(answered_lines),
                http_version=answered_version,
                time=_answered(entry, sent),
            )
        elif head is not None:
            error = head.error or head.failure_text or ""
            # Firefox's panel may have heard of an answer's headers and not of its status.
            lost = not head.headers or not error
            if self._browser and lost and (error in _REFUSED or error.startswith(_REFUSED_BY)):
                self.withheld += 1
                self.mixed += _is_mixed_content(entry.request.url, asked_lines)
                return None
            answered_by_proxy = error != "" and not self._browser and is_answered_by_proxy(error)
            error = error or "no response was recorded"
        request = received_request(
            method=entry.request.method,
            url=_url(f"{scheme}:{rest}"),
            headers=limited_headers(asked_lines),
            http_version=asked_version,
            time=sent,
        )
        return Exchange(
            id=f"{self._prefix}:{index}",
            request=request,
            response=response,
            error=error,
            answered_by_proxy=answered_by_proxy,
            connection=str(entry.connection) if self._connections and entry.connection else None,
            source=Source(file=self._file, index=index),
            by_browser=self._browser,
            resource_type=entry.resource_type,
        )

    def _lines(self, headers: list[_Header], version: str) -> list[HeaderLine]:
        lines: list[HeaderLine] = [(header.name, header.value) for header in headers]
        if lines and not "".join(chain.from_iterable(lines)).isascii():
            lines = [(self._isomorphic(name), self._isomorphic(value)) for name, value in lines]
        if version != "HTTP/1.1":  # HTTP/2's pseudo-headers
            lines = [line for line in lines if line[0][:1] != ":"]
        return lines

    def _isomorphic(self, text: str) -> str:
        """Return the text with one character a byte, as it was on the wire."""
        if text.isascii():
            return text
        if not self._mitmproxy:
            try:
                text.encode("latin-1")  # browsers write each byte of a header as one character
            except UnicodeEncodeError:
                pass
            else:
                return text
        return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _sent(when: _When | _Entry, browser: bool) -> float:
    """Return when the request's head was sent, in seconds since the epoch."""
    moment = datetime.fromisoformat(when.startedDateTime)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    timings = when.timings
    if timings is None or not browser:
        return moment.timestamp()
    return moment.timestamp() + _seconds(timings.blocked) + _seconds(timings.dns) + _seconds(timings.connect)


def _answered(entry: _Entry, sent: float) -> float:
    """Return when the response's head arrived."""
    timings = entry.timings
    if timings is not None and timings.wait is not None:
        return sent + _seconds(timings.send) + _seconds(timings.wait)
    return max(sent, _sent(entry, False) + _seconds(entry.time))


def _seconds(milliseconds: float | None) -> float:
    """Return a duration; a HAR writes -1 for what does not apply."""
    return milliseconds / 1000 if milliseconds is not None and 0 < milliseconds < 1e9 else 0.0


def _decode[T](raw: Buffer, decoder: msgspec.json.Decoder[T], form: type[T]) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Lone surrogates (mitmproxy writes a header's odd bytes so) are refused by msgspec and read by json.
        return msgspec.convert(json.loads(bytes(raw)), form)


def _version(text: str | None) -> str:
    if text is None:
        return "HTTP/1.1"
    lowered = text.lower()
    return _VERSIONS.get(lowered) or ("HTTP/3" if lowered.startswith("h3") else "HTTP/1.1")


def _url(url: str) -> str:
    """Return the URL as a browser or proxy would say it: without a fragment or default port, in ASCII.

    Raises: ValueError
    """
    if _USUAL_URL.fullmatch(url):
        return url
    try:
        return ada_url.URL(url.partition("#")[0]).href
    except ValueError:
        raise ValueError(f"request.url: {url[:200]!r} is no URL") from None


def _sentence(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error).rstrip(".")


def _is_mixed_content(url: str, lines: Iterable[tuple[str, str]]) -> bool:
    """Say whether an https page asks an insecure URL. Standard: https://w3c.github.io/webappsec-mixed-content/#should-block-fetch"""
    secure = any(name.lower() in ("origin", "referer") and value.startswith("https:") for name, value in lines)
    return secure and not is_potentially_trustworthy(origin_of(url))
