"""An HTTP/1.1 server below any framework: methods in any case, and header lines byte for byte as asked."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from msgspec import Struct

from tests.browser.kit.servers import LOOPBACK, tls_context


class RawRequest(Struct, frozen=True, kw_only=True):
    """A request as it came, text decoded as latin-1."""

    method: str
    path: str
    host: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class RawAnswer(Struct, frozen=True, kw_only=True):
    """What to send; nothing is added but Content-Length."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    hang_up: bool = False
    """Close the connection instead."""


type RawHandler = Callable[[RawRequest], Awaitable[RawAnswer]]


class RawServer:
    """Listens on an ephemeral loopback port, plain or with TLS. `async with` starts and stops it."""

    def __init__(self, handler: RawHandler, *, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                answer = await self._handler(request)
                if answer.hang_up:
                    break
                writer.write(_to_bytes(answer, head_only=request.method == "HEAD"))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the peer went away, which is its right
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> RawRequest | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, path, _ = first.split(" ", 2)
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    fields = {name.lower(): value for name, value in headers}
    body = b""
    if "chunked" in fields.get("transfer-encoding", ""):
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:size]
        await reader.readline()
    else:
        body = await reader.readexactly(int(fields.get("content-length", "0")))
    return RawRequest(method=method, path=path, host=fields.get("host", ""), headers=headers, body=body)


def _to_bytes(answer: RawAnswer, *, head_only: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Status", *(f"{name}: {value}" for name, value in answer.headers)]
    if answer.status not in (204, 304):
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if head_only or answer.status in (204, 304) else head + answer.body


class NamedServers:
    """Two raw servers, plain and TLS, that answer for every host name. `async with` starts and stops them; `routes` is for the proxy."""

    def __init__(self, handler: RawHandler) -> None:
        self._stack = AsyncExitStack()
        self._plain = RawServer(handler)
        self._secure = RawServer(handler, tls=tls_context())

    async def __aenter__(self) -> Self:
        try:
            await self._stack.enter_async_context(self._plain)
            await self._stack.enter_async_context(self._secure)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def routes(self) -> dict[str, tuple[int, int]]:
        """Where the proxy finds all names."""
        return {"*.test": (self._plain.port, self._secure.port)}
