"""Find the entries of a HAR without reading what is in them, also when the file is damaged or cut off."""

import json
import re
from collections.abc import Buffer, Iterator

import msgspec
from msgspec import Struct


class _Creator(Struct):
    name: str = ""


class _Log(Struct):
    entries: list[msgspec.Raw]
    creator: _Creator | None = None


class _Har(Struct):
    log: _Log


class Entries:
    """The entries as raw JSON, by position, and what is wrong with the file as a whole (known once they were walked through)."""

    def __init__(self, creator: str, entries: Iterator[tuple[int, Buffer]], damage: str | None = None) -> None:
        self.creator = creator
        self.damage = damage
        self._entries = entries

    def __iter__(self) -> Iterator[tuple[int, Buffer]]:
        return self._entries


_decoder = msgspec.json.Decoder(_Har)


def split_entries(data: Buffer) -> Entries:
    """Find the entries. A sound file is split by the JSON parser, any other one by its brackets."""
    try:
        log = _decoder.decode(data).log
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Salvage(data).entries()
    return Entries(log.creator.name if log.creator else "", iter(enumerate(log.entries)))


# A string that is not closed ends where the file ends; a raw line break is not allowed in one, so it ends there as well.
_TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+(?P<closed>")?|[\[\]{}]', re.DOTALL)
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
