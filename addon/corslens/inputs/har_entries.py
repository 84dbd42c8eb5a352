"""Find the entries of a HAR without reading what is in them, also when the file is damaged or cut off."""

import json
import re
from collections.abc import Buffer, Iterator
from contextlib import suppress
from itertools import chain

import msgspec
from msgspec import Struct


class _Creator(Struct):
    name: str = ""


class _Log(Struct):
    entries: list[msgspec.Raw]
    creator: _Creator | None = None


class _Har(Struct):
    log: _Log


class _Snapshot(Struct):
    type: str = ""
    snapshot: msgspec.Raw = msgspec.Raw()


class HarPage(Struct, gc=False):
    """A page of a HAR. Chromium's `title` is the page's URL."""

    id: str = ""
    title: str = ""


class _Pages(Struct):
    pages: list[HarPage] = []


class _HarOfPages(Struct):
    log: _Pages


class Entries:
    """The entries as raw JSON, by position, and what is wrong with the file as a whole (known once they were walked through)."""

    def __init__(self, creator: str, entries: Iterator[tuple[int, Buffer]], damage: str | None = None) -> None:
        self.creator = creator
        self.damage = damage
        self._entries = entries

    def __iter__(self) -> Iterator[tuple[int, Buffer]]:
        return self._entries


_decoder = msgspec.json.Decoder(_Har)
_pages_decoder = msgspec.json.Decoder(_HarOfPages)
_log_decoder = msgspec.json.Decoder(_Log)
_several_decoder = msgspec.json.Decoder(list[_Har])
_snapshot_decoder = msgspec.json.Decoder(_Snapshot)

_ENDED_AT = re.compile(r"trailing characters \(byte (\d+)\)")
"""How the parser says that a whole document was followed by something; it counts from 1."""
_MOST_DOCUMENTS = 10_000


def split_entries(data: Buffer) -> Entries:
    """Find the entries. A sound file is split by the JSON parser, any other one by its brackets.

    Read are a HAR, its `log` alone, a list of HARs, and HARs one after the other in a file.
    """
    try:
        log = _decoder.decode(data).log
    except msgspec.ValidationError:
        return _of_another_shape(data)
    except msgspec.DecodeError as error:
        ended = _ENDED_AT.search(str(error))
        return _Salvage(data).entries() if ended is None else _one_after_the_other(data, int(ended[1]) - 1)
    except (UnicodeDecodeError, RecursionError):
        return _Salvage(data).entries()
    return Entries(_creator(log), iter(enumerate(log.entries)))


def split_snapshots(data: Buffer) -> Entries:
    """Find the entries of a Playwright trace's `.network` file: a line each, in an envelope. Other lines are passed over."""
    entries = Entries("Playwright", iter(()))
    entries._entries = _snapshots(memoryview(data), entries)
    return entries


def pages_of(data: Buffer) -> dict[str, str]:
    """Return the URL of each page by its id, as far as the file shows. It is walked through once more."""
    try:
        pages = _pages_decoder.decode(data).log.pages
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return {page.id: page.title for page in pages if page.title.startswith(("http://", "https://"))}


def _of_another_shape(data: Buffer) -> Entries:
    with suppress(msgspec.MsgspecError, RecursionError):
        log = _log_decoder.decode(data)
        return Entries(_creator(log), iter(enumerate(log.entries)))
    with suppress(msgspec.MsgspecError, RecursionError):
        logs = [har.log for har in _several_decoder.decode(data)]
        if logs:
            return Entries(_creator(logs[0]), iter(enumerate(chain.from_iterable(log.entries for log in logs))))
    return _Salvage(data).entries()


def _one_after_the_other(data: Buffer, end: int) -> Entries:
    """Read the documents of a file that holds several; what is none costs itself and what is behind it."""
    first = split_entries(memoryview(data)[:end])
    entries = Entries(first.creator, iter(()))
    entries._entries = enumerate(_documents(memoryview(data), end, first, entries))
    return entries


def _documents(view: memoryview, end: int, document: Entries, entries: Entries) -> Iterator[Buffer]:
    for _ in range(_MOST_DOCUMENTS):
        for _, raw in document:
            yield raw
        entries.damage = document.damage
        if document.damage is not None or end == len(view) or not bytes(view[end : end + (1 << 16)]).strip(b"\0 \t\r\n\x1a"):
            return
        start, end = end, _document_end(view, end)
        document = split_entries(view[start:end])
        if document.damage is not None:
            entries.damage = f"is followed at byte {start} by something that is not a HAR, which was not read"
            return
    entries.damage = f"holds more than {_MOST_DOCUMENTS} HARs one after the other; the rest was not read"


def _document_end(view: memoryview, start: int) -> int:
    try:
        msgspec.json.decode(view[start:], type=msgspec.Raw)
    except msgspec.DecodeError as error:
        ended = _ENDED_AT.search(str(error))
        return len(view) if ended is None else start + int(ended[1]) - 1
    except (UnicodeDecodeError, RecursionError):
        pass
    return len(view)


def _snapshots(view: memoryview, entries: Entries) -> Iterator[tuple[int, Buffer]]:
    index = 0
    for start, end in _line_ends(view):
        try:
            line = _snapshot_decoder.decode(view[start:end])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if bytes(view[start:end]).strip():
                entries.damage = f"is cut off or damaged after entry {index - 1}" if index else "holds no entry of a trace"
            continue
        if line.type == "resource-snapshot" and len(line.snapshot):
            yield index, line.snapshot
            index += 1


def _line_ends(view: memoryview) -> Iterator[tuple[int, int]]:
    start = 0
    for line_break in _LINE_BREAK.finditer(view):
        yield start, line_break.start()
        start = line_break.end()
    yield start, len(view)


def _creator(log: _Log) -> str:
    return log.creator.name if log.creator else ""


# A string that is not closed ends where the file ends; a raw line break is not allowed in one, so it ends there as well.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?P<closed>")?|[\[\]{}]', re.DOTALL)
_LINE_BREAK = re.compile(rb"\n")
_AFTER_KEY = re.compile(rb"\s*:\s*")
_CREATOR = re.compile(rb'"creator"\s*:\s*\{[^{}]*?"name"\s*:\s*"([^"\\]*)"')


class _Salvage:
    """Walk over the brackets and strings of a file that is no JSON as a whole."""

    def __init__(self, data: Buffer) -> None:
        self._data = memoryview(data)

    def entries(self) -> Entries:
        start = self._entries_start()
        if start is None:
            return Entries("", iter(()), "is not a HAR: it has no list log.entries")
        creator = _CREATOR.search(self._data)
        name = creator[1].decode("utf-8", "replace") if creator else ""
        entries = Entries(name, iter(()))
        entries._entries = self._walk(start, entries)
        return entries

    def _entries_start(self) -> int | None:
        """Return the offset behind the bracket that opens log.entries."""
        depth = 0
        for token in _TOKEN.finditer(self._data):
            match token[0][:1]:
                case b"{" | b"[":
                    depth += 1
                case b"}" | b"]":
                    depth -= 1
                case _ if depth == 2 and token[0] == b'"entries"':
                    colon = _AFTER_KEY.match(self._data, token.end())
                    if colon and bytes(self._data[colon.end() : colon.end() + 1]) == b"[":
                        return colon.end() + 1
        return None

    def _walk(self, position: int, entries: Entries) -> Iterator[tuple[int, Buffer]]:
        """Yield what stands between the commas of the list, and note where it ends too early."""
        index, depth, start, end = 0, 0, position, position
        for token in _TOKEN.finditer(self._data, position):
            opens = token[0][:1] in b"{["
            closes = token[0][:1] in b"]}"
            if depth == 0:
                for scalar in self._scalars(end, token.start()):
                    yield index, scalar
                    index += 1
                start = token.start()
            depth += opens - closes
            if depth < 0:
                entries.damage = self._around(position, token.start())
                return
            end = token.end()
            if depth == 0 and (closes or token["closed"]):
                yield index, self._data[start:end]
                index += 1
        where = f"in entry {index}" if depth else f"after entry {index - 1}" if index else "before the first entry"
        entries.damage = f"is cut off {where}"

    def _scalars(self, start: int, end: int) -> list[bytes]:
        """Return the numbers and words between two brackets."""
        return [word.strip() for word in bytes(self._data[start:end]).split(b",") if word.strip()]

    def _around(self, start: int, end: int) -> str | None:
        """Say what is wrong with what stands around the list, if anything is."""
        try:
            json.loads(bytes(self._data[:start]) + bytes(self._data[end:]))
        except (ValueError, RecursionError):
            return "is not sound JSON outside its entries; all of them were read"
        return None
