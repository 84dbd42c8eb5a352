"""HTTP/2 peers on raw sockets, at both ends of a proxy: frames are put together here byte by byte, so that illegal ones can be sent."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import TracebackType
from typing import Self

from hpack import Decoder, Encoder, HPACKError
from msgspec import Struct

from tests.browser.kit.servers import LOOPBACK, tls_context
from tests.deadline import DEADLINE_SECONDS
from tests.hostile.peer import GONE, Act

type Lines = Iterable[tuple[bytes, bytes]]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# Types and flags of frames: RFC 9113 section 6.
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1

CANCEL = 8
_FRAME_SIZE = 16_384


@cache
def _trusting() -> ssl.SSLContext:
    """A client's context that takes any certificate, and costs no reading of those that are trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


def frame(type: int, flags: int, stream: int, payload: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a frame; `length` is what it says of itself, if that is not true."""
    said = len(payload) if length is None else length
    return said.to_bytes(3) + bytes([type, flags]) + stream.to_bytes(4) + payload


def block(lines: Lines) -> bytes:
    """Return the lines as HPACK, in their order, and without a trace in any table."""
    encoded: bytes = Encoder().encode([(name, value, True) for name, value in lines], huffman=False)
    return encoded


def headers(stream: int, lines: Lines | bytes, *, end: bool, size: int = _FRAME_SIZE, complete: bool = True) -> bytes:
    """Return a HEADERS frame and as many CONTINUATION frames as it takes.

    Args:
        lines: or a ready block.
        end: whether the stream ends with it.
        size: the most that goes into one frame.
        complete: whether the last frame says that it is the last.
    """
    payload = lines if isinstance(lines, bytes) else block(lines)
    pieces = [payload[start : start + size] for start in range(0, len(payload), size)] or [b""]
    frames = []
    for number, piece in enumerate(pieces):
        flags = END_HEADERS if complete and number == len(pieces) - 1 else 0
        if number == 0:
            frames.append(frame(HEADERS, flags | (END_STREAM if end else 0), stream, piece))
        else:
            frames.append(frame(CONTINUATION, flags, stream, piece))
    return b"".join(frames)


def data(stream: int, payload: bytes, *, end: bool = True) -> bytes:
    """Return a DATA frame."""
    return frame(DATA, END_STREAM if end else 0, stream, payload)


def reset(stream: int, code: int = CANCEL) -> bytes:
    """Return a RST_STREAM frame."""
    return frame(RST_STREAM, 0, stream, code.to_bytes(4))


def goaway(last: int = 0, code: int = 0, debug: bytes = b"") -> bytes:
    """Return a GOAWAY frame."""
    return frame(GOAWAY, 0, 0, last.to_bytes(4) + code.to_bytes(4) + debug)


class Frame(Struct, frozen=True):
    """A frame as it came."""

    type: int
    flags: int
    stream: int
    payload: bytes

    @property
    def ends(self) -> bool:
        """Whether no more is to come on its stream."""
        return self.type == RST_STREAM or (self.type in (DATA, HEADERS) and bool(self.flags & END_STREAM))


class Connection:
    """One end of an HTTP/2 connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._decoder = Decoder()

    async def frame(self) -> Frame | None:
        """Return the next frame; None when the other side left."""
        try:
            head = await self.reader.readexactly(9)
            payload = await self.reader.readexactly(int.from_bytes(head[:3]))
        except GONE:
            return None
        return Frame(head[3], head[4], int.from_bytes(head[5:]), payload)

    async def until(self, condition: Callable[[Frame], object]) -> Frame | None:
        """Return the first frame for which the condition holds; None when the other side left, or said that it does."""
        while (got := await self.frame()) is not None and got.type != GOAWAY:
            if got.type == SETTINGS and not got.flags & ACK:
                self.writer.write(frame(SETTINGS, ACK, 0))
            if condition(got):
                return got
        return None

    def lines(self, got: Frame) -> dict[bytes, bytes]:
        """Return the header lines of a HEADERS frame that came whole."""
        try:
            return {bytes(name): bytes(value) for name, value in self._decoder.decode(got.payload, raw=True)}
        except HPACKError:
            return {}


class Client(Connection):
    """A client that tunnels through a proxy to an HTTP/2 server on this machine, and has sent nothing there yet but the preface."""

    @classmethod
    async def connect(cls, proxy: int, server: int, *, preface: bytes = PREFACE + frame(SETTINGS, 0, 0)) -> Self:
        """Open the tunnel; both are ports."""
        reader, writer = await asyncio.open_connection(LOOPBACK, proxy)
        writer.write(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (server, server))
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        await writer.start_tls(_trusting(), server_hostname=LOOPBACK)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        writer.write(preface)
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.writer.transport.abort()


def request(
    *lines: tuple[bytes, bytes],
    stream: int = 1,
    method: bytes = b"GET",
    path: bytes = b"/",
    authority: bytes = b"127.0.0.1",
    end: bool = True,
) -> bytes:
    """Return a well-formed request head but for what is in the arguments."""
    pseudo = [(b":method", method), (b":scheme", b"https"), (b":authority", authority), (b":path", path)]
    return headers(stream, [*pseudo, *lines], end=end)


class Asker:
    """A well-behaved client that asks one question after the other over one connection. `async with` hangs up in the end."""

    def __init__(self, proxy: int, server: int) -> None:
        self._ports = proxy, server
        self._client: Client | None = None
        self._stream = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.writer.transport.abort()

    async def ask(self, path: str, *lines: tuple[bytes, bytes]) -> int:
        """Ask for a path and return the status; 0 when there was none."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            if self._client is None:
                self._client, self._stream = await Client.connect(*self._ports), 1
            client, stream = self._client, self._stream
            self._stream += 2
            client.writer.write(request(*lines, stream=stream, path=path.encode(), authority=b"127.0.0.1:%d" % self._ports[1]))
            status, got = 0, None
            while got is None or not got.ends:
                got = await client.until(lambda got: got.stream == stream and (got.type == HEADERS or got.ends))
                if got is None:
                    client.writer.transport.abort()
                    self._client = None
                    break
                if got.type == HEADERS and not status:
                    status = int(client.lines(got).get(b":status", b"0"))
            return status


def honest(stream: int) -> bytes:
    """Return an answer that lets one origin read it."""
    lines = [(b":status", b"200"), (b"access-control-allow-origin", b"https://app.example")]
    return headers(stream, lines, end=False) + data(stream, b"ok")


class Server:
    """An HTTP/2 server that does what the path of a request, /NAME, names in `acts`. `async with` starts and stops it.

    An act is for the first stream of its connection, and the last thing done there. What `answers` names is said on each stream, and
    any other path is answered honestly.
    """

    def __init__(self, acts: Mapping[str, Act], answers: Mapping[str, Callable[[int], bytes]] | None = None) -> None:
        self.port = 0
        self._acts = acts
        self._answers = answers or {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        context = tls_context()
        context.set_alpn_protocols(["h2"])
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(Connection(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection) -> None:
        writer = connection.writer
        try:
            await connection.reader.readexactly(len(PREFACE))
            writer.write(frame(SETTINGS, 0, 0))
            paths: dict[int, str] = {}
            while (got := await connection.until(lambda got: got.type == HEADERS or got.ends)) is not None:
                if got.type == HEADERS and got.stream not in paths:
                    path = connection.lines(got).get(b":path", b"").decode("latin-1")
                    paths[got.stream] = name = path.partition("?")[0].removeprefix("/")
                    if name in self._acts:
                        await self._acts[name].perform(connection.reader, writer)
                        break
                if got.ends and got.type != RST_STREAM:
                    writer.write(self._answers.get(paths[got.stream], honest)(got.stream))
                    await writer.drain()
        except GONE:
            pass
        finally:
            writer.close()
