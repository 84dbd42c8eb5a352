"""What a real Chromium sent in the shop, as data: recorded between the browser and the proxy, and sent again where no browser is.

Header lines, their order and case, bodies, and which connection each request used are the browser's; only the shop's addresses, which
differ each time, are placeholders.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import h11
import msgspec
from msgspec import Struct

from tests.browser.kit.truth import split
from tests.deadline import DEADLINE_SECONDS

FILE = Path(__file__).with_name("recorded.json")
PAUSE_SECONDS = 0.01
"""Between two steps, as the page itself waits: it is how exchanges are told apart by time."""


class RecordingError(RuntimeError):
    """The recording does not fit what the shop does today."""


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request as the browser sent it."""

    step: int | None
    """The number of the page's step that it belongs to; None: the page itself."""
    connection: int
    head: tuple[str, ...]
    """The request line and the header lines, in order."""
    body: str = ""
    status: int
    """Of the response, by which the browser decided what to send next."""


class Walk(Struct, frozen=True, kw_only=True):
    """One walk through the shop."""

    messages: tuple[Message, ...]


class Recording(Struct, frozen=True, kw_only=True):
    """What is shipped."""

    browser: str
    plain: Walk
    patched: Walk


def load() -> Recording:
    """Return the shipped recording."""
    return msgspec.json.decode(FILE.read_bytes(), type=Recording)


def save(recording: Recording) -> None:
    """Write it, one line a header, so that a difference can be read."""
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(recording), indent=1) + b"\n")


class _Caught(Struct, kw_only=True):
    """A request on its way through the recorder."""

    time: float
    connection: int
    head: list[str]
    body: bytes = b""
    status: int = 0


class Recorder:
    """A relay between the browser and the proxy that keeps every request. `async with` starts and stops it.

    Args:
        proxy: HOST:PORT of the proxy.
    """

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy
        self._caught: list[_Caught] = []
        self._connections = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0, limit=1 << 20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.close()

    @property
    def address(self) -> str:
        """HOST:PORT for a browser's proxy setting."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def walk(self, places: Mapping[str, str], starts: Sequence[float]) -> Walk:
        """Return what was recorded of the shop's servers.

        Args:
            places: placeholder to HOST:PORT.
            starts: when the page began each of its steps, in epoch seconds.
        """
        ours = [one for one in self._caught if any(f"//{netloc}/" in one.head[0] for netloc in places.values())]
        page = f"//{places['page']}/"
        of_page = [one for one in ours if page in one.head[0]]
        of_steps = split((one for one in ours if page not in one.head[0]), starts, lambda one: one.time)
        ordered = [(None, one) for one in of_page] + [(step, one) for step, part in enumerate(of_steps) for one in part]
        # Chromium opens a connection or two in advance, so those that were used are counted anew.
        numbers = {number: at for at, number in enumerate(dict.fromkeys(one.connection for _, one in ordered))}
        return Walk(
            messages=tuple(
                Message(
                    step=step,
                    connection=numbers[one.connection],
                    head=tuple(_with_placeholders(line, places) for line in one.head),
                    body=one.body.decode(),
                    status=one.status,
                )
                for step, one in ordered
            )
        )

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number = self._connections
        host, _, port = self._proxy.partition(":")
        from_proxy, to_proxy = await asyncio.open_connection(host, int(port))
        self._open |= {writer, to_proxy}
        waiting: list[_Caught] = []
        answers = asyncio.create_task(self._back(from_proxy, writer, waiting))
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    lines = head.decode("latin-1").split("\r\n")[:-2]
                    caught = _Caught(time=time.time(), connection=number, head=lines)
                    length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
                    caught.body = await reader.readexactly(length)
                    self._caught.append(caught)
                    waiting.append(caught)
                    to_proxy.write(head + caught.body)
                    await to_proxy.drain()
                    if lines[0].startswith("CONNECT "):  # none of the shop's
                        while data := await reader.read(1 << 16):
                            to_proxy.write(data)
                            await to_proxy.drain()
        finally:
            to_proxy.close()
            await answers
            self._open -= {writer, to_proxy}

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: list[_Caught]) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if waiting:  # the first bytes after a request are its status line: browsers do not pipeline
                    waiting.pop().status = int(data.split(b" ", 2)[1])
                writer.write(data)
                await writer.drain()
        writer.close()


def _with_placeholders(line: str, places: Mapping[str, str]) -> str:
    for name, netloc in places.items():
        line = line.replace(netloc, f"{{{name}}}")
    return line


class Replay:
    """A client that sends a recorded walk through the proxy, over as many connections as the browser used."""

    def __init__(self, proxy: str, walk: Walk, places: Mapping[str, str]) -> None:
        self._proxy = proxy
        self._walk = walk
        self._places = places
        self._open: dict[int, tuple[h11.Connection, asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def send(self) -> list[float]:
        """Send everything, each request after the response to the one before; return when each step began (epoch seconds).

        Raises: RecordingError when a response has another status than the recorded one: the browser would have acted differently.
        """
        starts: list[float] = []
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                for message in self._walk.messages:
                    if message.step is not None and message.step >= len(starts):
                        await asyncio.sleep(PAUSE_SECONDS)
                        # A step that sent nothing begins together with the next.
                        starts += [time.time()] * (message.step + 1 - len(starts))
                    status = await self._exchange(message)
                    if status != message.status:
                        raise RecordingError(
                            f"{self._filled(message.head[0])} returned {status}, and {message.status} when it was recorded: "
                            "the shop or the proxy has changed. Record again with scripts/demo --record."
                        )
        finally:
            for _, _, writer in self._open.values():
                writer.close()
        return starts

    def _filled(self, line: str) -> str:
        for name, netloc in self._places.items():
            line = line.replace(f"{{{name}}}", netloc)
        return line

    async def _exchange(self, message: Message) -> int:
        lines = [self._filled(line) for line in message.head]
        body = message.body.encode()
        state, reader, writer = await self._connection(message.connection)
        # h11 keeps the books; what goes over the wire is the browser's own bytes, which it would write a little differently.
        method, target, _ = lines[0].split(" ")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines[1:])]
        state.send(h11.Request(method=method, target=target, headers=headers))
        if body:
            state.send(h11.Data(data=body))
        state.send(h11.EndOfMessage())
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        await writer.drain()
        status = 0
        while True:
            event = state.next_event()
            match event:
                case h11.NEED_DATA:
                    state.receive_data(await reader.read(1 << 16))
                case h11.Response():
                    status = event.status_code
                case h11.EndOfMessage() | h11.ConnectionClosed():
                    break
        if state.our_state is h11.DONE and state.their_state is h11.DONE:
            state.start_next_cycle()
        else:
            writer.close()
            del self._open[message.connection]
        return status

    async def _connection(self, number: int) -> tuple[h11.Connection, asyncio.StreamReader, asyncio.StreamWriter]:
        if number not in self._open:
            host, _, port = self._proxy.partition(":")
            self._open[number] = (h11.Connection(h11.CLIENT), *await asyncio.open_connection(host, int(port)))
        return self._open[number]
