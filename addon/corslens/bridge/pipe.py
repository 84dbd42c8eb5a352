"""A connection to a browser over a pair of pipes: JSON messages that end with NUL. No port, so no other program or page can reach it.

Chromium's `--remote-debugging-pipe`: it reads from file descriptor 3 and writes to 4.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

MAX_MESSAGE_BYTES = 1 << 24
"""Bytes of a message; a longer one is passed over."""

PAUSE_SECONDS = 0.02
"""Between two readings of a connection: messages that are taken together cost a fraction of what each costs by itself."""

_CHUNK = 1 << 16

_SHIM = (
    "import os,sys;r,w=int(sys.argv[1]),int(sys.argv[2]);"
    "a,b=os.dup(r),os.dup(w);a,b=[os.dup2(x,y) for x,y in ((a,60),(b,61))];"
    "os.dup2(60,3);os.dup2(61,4);os.closerange(5,64);os.execv(sys.argv[3],sys.argv[3:])"
)
"""Puts the pipes where the browser looks for them, and becomes the browser."""


class Message(Struct, gc=False):
    """An event, or the reply to a command."""

    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    sessionId: str = ""
    id: int = 0
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: msgspec.Raw = msgspec.Raw()


class Connection(Protocol):
    """What carries the messages: a pipe, or a websocket."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one."""

    async def receive(self) -> list[Message]:
        """Return what came; nothing at the end."""

    def close(self) -> None:
        """End it."""


_decoder = msgspec.json.Decoder(Message)
_encoder = msgspec.json.Encoder()


class PipeEnds:
    """Both pipes, before the browser is started; closed with `close`."""

    def __init__(self) -> None:
        self.browser_reads, self._we_write = os.pipe()
        self._we_read, self.browser_writes = os.pipe()

    @property
    def inherited(self) -> tuple[int, int]:
        """The descriptors that the browser's process inherits."""
        return self.browser_reads, self.browser_writes

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """Return the command that starts the browser with the pipes at 3 and 4."""
        return [sys.executable, "-I", "-S", "-c", _SHIM, str(self.browser_reads), str(self.browser_writes), *argv]

    async def open(self) -> "Pipe":
        """Take our ends, once the browser runs and has its own."""
        for one in self.inherited:
            os.close(one)
        loop = asyncio.get_running_loop()
        os.set_blocking(self._we_read, False)
        writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(self._we_write, "wb", 0))
        return Pipe(self._we_read, writer)

    def close(self) -> None:
        """Close what was never opened."""
        for one in (*self.inherited, self._we_read, self._we_write):
            with contextlib.suppress(OSError):
                os.close(one)


class Pipe:
    """Messages to and from a browser."""

    def __init__(self, reader: int, writer: asyncio.WriteTransport) -> None:
        self._reader, self._writer = reader, writer
        self._closed = False
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; of a browser that is gone nothing is said here."""
        if not self._writer.is_closing():
            self._writer.write(_encoder.encode(message) + b"\0")

    async def receive(self) -> list[Message]:
        """Return what came, at least one message; none when the browser closed the pipe."""
        while True:
            chunk = await self._read()
            if not chunk:
                return []
            *whole, rest = chunk.split(b"\0")
            if whole:
                whole[0] = b"" if self._skipping else b"".join((*self._parts, whole[0]))
                self._parts, self._size, self._skipping = [], 0, False
            if not self._skipping:
                self._parts.append(rest)
                self._size += len(rest)
                if self._size > MAX_MESSAGE_BYTES:
                    self._parts, self._size, self._skipping = [], 0, True
            if messages := [one for one in map(parse, whole) if one is not None]:
                return messages

    async def _read(self) -> bytes:
        await asyncio.sleep(PAUSE_SECONDS)
        while not self._closed:
            try:
                return os.read(self._reader, _CHUNK)
            except BlockingIOError:
                await self._readable()
        return b""

    async def _readable(self) -> None:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._reader, readable.set)
        try:
            await readable.wait()
        finally:
            if not self._closed:  # by now the descriptor may be another file's
                loop.remove_reader(self._reader)

    def close(self) -> None:
        """Close our ends."""
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._reader)
            os.close(self._reader)
            self._writer.close()


def parse(raw: bytes) -> Message | None:
    """Return a message, None for what is none."""
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
