"""A server that answers as its path says: well, badly, late, in pieces, or not at all."""

import asyncio
import re
from types import TracebackType
from typing import Self

_GRANT = (
    "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Methods: PUT\r\n"
    "Access-Control-Allow-Headers: {asked}\r\nAccess-Control-Max-Age: 0\r\nVary: Origin\r\n"
)


class Backend:
    """Listens on an ephemeral loopback port. Paths: /pair /simple /bare /error /late /drop /garbage /redirect /events /plain."""

    async def __aenter__(self) -> Self:
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._writers:  # Server.close_clients came with Python 3.13
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        fields = {name.lower(): value for name, value in re.findall(r"^([^:\r\n]+): ([^\r\n]*)", head, re.MULTILINE)}
        await reader.readexactly(int(fields.get("content-length", "0")))
        origin = fields.get("origin", "*")
        grant = _GRANT.format(origin=origin, asked=fields.get("access-control-request-headers", "content-type"))
        kind = target.split("/")[1].partition("?")[0]
        match kind:
            case "drop":
                return False
            case "garbage":
                writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
                await writer.drain()
                return False
            case "late":
                await asyncio.sleep(0.2)
                writer.write(_response("200 OK", grant, "late"))
            case "bare":
                writer.write(_response("404 Not Found" if method == "OPTIONS" else "200 OK", "", "bare"))
            case "error":
                writer.write(_response("500 Oops", "", "error"))
            case "redirect":
                writer.write(_response("302 Found", f"{grant}Location: /simple{target[len('/redirect') :]}\r\n", ""))
            case "events":
                writer.write(
                    f"HTTP/1.1 200 OK\r\n{grant}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                )
                for number in range(5):
                    writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
                    await writer.drain()
                    await asyncio.sleep(0.02)
                writer.write(b"0\r\n\r\n")
            case "plain":
                writer.write(_response("200 OK", "", "plain"))
            case _:
                writer.write(
                    _response("204 No Content" if method == "OPTIONS" else "200 OK", grant, "" if method == "OPTIONS" else "ok")
                )
        await writer.drain()
        return True


def _response(status: str, lines: str, body: str) -> bytes:
    length = "" if status.startswith("204") else f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{lines}{length}\r\n{body}".encode("latin-1")
