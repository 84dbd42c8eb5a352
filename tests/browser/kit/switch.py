"""A port that leads to one server now and to another one later: what a hostile network does to a name, seen from a browser."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class Switch:
    """Forwards connections to `target`, a port on loopback that may change; `async with` starts and stops it."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.lead_to(0)
        await self._server.wait_closed()

    def lead_to(self, target: int) -> None:
        """Lead new connections to another port, and end those that are open."""
        self._target = target
        for writer in self._open:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._target)
            self._open |= {writer, there}
            await asyncio.gather(self._pump(reader, there), self._pump(there_reader, writer))
            self._open -= {writer, there}
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
