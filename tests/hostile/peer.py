"""What hostile peers do on their sockets, whatever they speak: bytes in pieces, then an ending; and what has to hold after it."""

import asyncio
import json
import re
import socket
import ssl
import struct
from enum import StrEnum
from pathlib import Path
from typing import Self

from msgspec import Struct

from tests.browser.kit.mitmdump import Mitm
from tests.deadline import DEADLINE_SECONDS

WITNESS = Path(__file__).with_name("witness.py")
"""A mitmproxy script that notes every exchange, for the option `witness_file`."""

GONE = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError)
"""What a socket raises when the other side left, which is its right."""

OURS = re.compile(r'File "[^"]*addon[/\\](?:corslens[/\\]|cors\.py)|Internal errors? in corslens|Addon error|error in addon')
"""What the output has when a fault of this project's shows in it."""
RAISED = re.compile(r"^Traceback.*\n(?:[ \t].*\n|\n)*(\S.*)$", re.MULTILINE)
GONE_IN_TLS = r"AttributeError: 'NoneType' object has no attribute 'bio_write'"
"""What mitmproxy 12 raises when bytes and the end of a client come together before it has begun TLS with it."""
MITMPROXYS = re.compile(
    r"^(?:\[[\d:.]+\]\[[\d.]+:\d+\] .*|\s*<< )HTTP/2 protocol error: Illegal character '(?s:.)' in", re.MULTILINE
)
"""What mitmproxy 12 itself prints and does not escape: one character, in its log and in its dumper."""
UNESCAPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters other than a tab and a newline, invisible ones, and those that turn the order of text."""


def every_path(folder: Path, *, validates: bool) -> dict[str, str | int]:
    """The options of a mitmdump that shows everything and patches everything, so that every path of ours is taken, and streams some bodies.

    Args:
        folder: gets the file of what the witness saw.
        validates: mitmproxy checks the headers that come in.
    """
    return {
        "cors_show": "cors",
        "cors_patch": "~all",
        "cors_patch_origins": "any",
        "stream_large_bodies": "1k",
        "validate_inbound_headers": validates,
        "witness_file": str(folder / "witnessed"),
    }


class Ending(StrEnum):
    """How a peer goes on when it has said what it has to say."""

    WAITS = "waits"
    CLOSES = "closes"
    ABORTS = "aborts"
    """With a TCP reset."""


class Act(Struct, frozen=True):
    """Bytes to send, and what to do then.

    Args:
        byte_by_byte: each in a segment (and a TLS record) of its own.
    """

    data: bytes
    ending: Ending = Ending.CLOSES
    byte_by_byte: bool = False

    async def perform(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do it. Whoever calls it closes the writer, and is not kept waiting without end."""
        size = 1 if self.byte_by_byte else 1 << 20
        pieces = (self.data[:7], *(self.data[start : start + size] for start in range(7, len(self.data), size)))
        for piece in pieces:  # a head rarely comes in one piece
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if self.ending is Ending.WAITS:
            await reader.read()
        elif self.ending is Ending.ABORTS:
            abort(writer)


def abort(writer: asyncio.StreamWriter) -> None:
    """Leave with a TCP reset."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Witnessed(Mitm):
    """A mitmdump with the script `WITNESS`, started in whole: before that, mitmproxy ends when it logs an error, whoever provoked it."""

    def __init__(self, options: dict[str, str | int], *, confdir: Path | None = None) -> None:
        super().__init__(options=options, scripts=[WITNESS], confdir=confdir)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.line(r"The witness has started\.")
        return self


class Watch:
    """Looks at a running mitmdump after each case: at what is new of its output, its log and its witness.

    Args:
        witness: the file that the script `WITNESS` writes to.
    """

    def __init__(self, mitm: Mitm, witness: Path) -> None:
        self.mitm = mitm
        self._witness = witness
        self._lines = 0
        self._logged = 0
        self._lost: set[str] = set()

    def begun(self) -> list[str]:
        """The flows of the exchanges whose request came by mitmproxy's hooks."""
        return self._noted("begun")

    async def all_have_records(self, count: int | None = None, *, loses: bool = False) -> None:
        """Wait until so many exchanges have begun (however many), all of them are over, and each has its record.

        Args:
            loses: mitmproxy calls no hook at their end, because it fails itself; they have their records in the end.
        Raises: TimeoutError
        """
        if loses:
            self._lost |= set(self.begun()) - set(self._noted("over"))
        try:
            await self.mitm.until(lambda _: self._settled(count or 0), seconds=DEADLINE_SECONDS)
        except TimeoutError:
            begun, over = self.begun(), set(self._noted("over"))
            raise TimeoutError(
                f"{len(begun)} of {count} exchanges began; not over: {set(begun) - over - self._lost}; "
                f"without a record: {over - self._recorded()}\n" + "\n".join(self.mitm.lines[-20:])
            ) from None
        assert count is None or len(self.begun()) == count

    async def end(self) -> None:
        """End mitmdump, after which every exchange has its record."""
        await self.mitm.stop()
        assert self._recorded() == set(self.begun())

    def assert_clean(self, *, raises: str = "") -> None:
        """It runs, nothing of ours failed, and nothing unescaped was printed or logged since the last time.

        Args:
            raises: a regular expression for the exceptions of mitmproxy's own that are expected, beside `GONE_IN_TLS`.
        """
        expected = re.compile(f"{raises}|{GONE_IN_TLS}" if raises else GONE_IN_TLS)
        mitm = self.mitm
        text = "\n".join(mitm.lines[self._lines :]) + "\n"
        self._lines = len(mitm.lines)
        assert mitm.running, text[-3000:]
        assert not OURS.search(text), text[-3000:]
        assert not [each for each in RAISED.findall(text) if not expected.search(each)], text[-3000:]
        assert_escaped(MITMPROXYS.sub("", text))
        lines = mitm.log.read_bytes()[self._logged :].splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        self._logged += sum(map(len, lines))
        for line in lines:
            assert isinstance(json.loads(line), dict)
            assert all(31 < byte < 127 for byte in line[:-1])

    def _noted(self, event: str) -> list[str]:
        text = self._witness.read_text() if self._witness.exists() else ""
        return [id for what, _, id in (line.partition(" ") for line in text.splitlines()) if what == event]

    def _recorded(self) -> set[str]:
        return {record["source"]["flow"] for record in self.mitm.latest()}

    def _settled(self, count: int) -> bool:
        begun, over = self.begun(), set(self._noted("over"))
        return len(begun) >= count and over | self._lost >= set(begun) and self._recorded() >= over


def assert_escaped(text: str) -> None:
    """There is nothing in the text that drives a terminal or hides."""
    found = UNESCAPED.search(text)
    assert not found, repr(text[max(0, found.start() - 200) : found.end() + 50])
