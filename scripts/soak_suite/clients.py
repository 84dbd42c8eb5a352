"""Clients that behave as browsers do; each request carries a nonce, which the ledger expects to find in the log.

The nonce is in a `Sec-` header, which no page can set: any other would be part of the preflight.
"""

import asyncio
import random
from itertools import count

from msgspec import Struct

ANSWER_SECONDS = 30.0
_UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


class Ledger(Struct):
    """What was sent, and what must therefore be in the log."""

    sent: set[str] = set()
    """Nonces of requests whose head reached the proxy."""
    pairs: dict[str, str] = {}
    """Nonce of an actual request -> nonce of the preflight made for it."""
    unanswered: list[str] = []
    """What waited in vain."""
    abandoned: int = 0
    """Requests that the client gave up on of its own accord."""


class Client:
    """One browser: a User-Agent of its own, connections that it keeps."""

    def __init__(self, proxy: int, backend: int, ledger: Ledger, number: int, seed: int) -> None:
        self._proxy, self._host, self._ledger = proxy, f"127.0.0.1:{backend}", ledger
        self._random = random.Random(f"{seed}-{number}")
        self._agent = f"{_UA} soak/{number}"
        self._number = number
        self._nonces = count(1)
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, until: float) -> None:
        """Do one thing after the other until the loop's time is `until`."""
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            await self._do(self._random.choice(("pair", "pair", "pair", "simple", "plain", "bare", "error", "late", "drop", "garbage",
                                                "redirect", "events", "same", "abandon")))  # fmt: skip
        self._close()

    async def _do(self, kind: str) -> None:
        match kind:
            case "pair":
                await self._pair(f"/pair/{self._nonce()}")
            case "same":  # several at once to one URL: only the header names tell them apart
                others = [Client(self._proxy, int(self._host.split(":")[1]), self._ledger, self._number, 0) for _ in range(4)]
                for other in others:
                    other._nonces = self._nonces
                await asyncio.gather(*(other._pair("/pair/shared") for other in others))
                for other in others:
                    other._close()
            case "abandon":
                await self._abandon()
            case "bare":
                await self._send("OPTIONS", "/bare", self._asked("x-soak"))
            case _:
                await self._send("GET", f"/{kind}", "" if kind == "plain" else self._origin())

    async def _pair(self, path: str) -> None:
        name = f"x-soak-{self._nonce()}"
        first = await self._send("OPTIONS", path, self._asked(name), mark=False)
        second = await self._send("PUT", path, f"{self._origin()}{name}: 1\r\n", mark=False)
        if first and second:
            self._ledger.pairs[second] = first

    def _nonce(self) -> str:
        return f"n{self._number}x{next(self._nonces)}"

    def _origin(self) -> str:
        return "Origin: http://soak.localhost\r\n"

    def _asked(self, name: str) -> str:
        return f"{self._origin()}Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: {name}\r\n"

    async def _send(self, method: str, path: str, lines: str, *, mark: bool = True) -> str | None:
        """Send a request and read its answer; return its nonce, None when nothing came."""
        nonce = self._nonce()
        url = f"http://{self._host}{path}?nonce={nonce}" if mark else f"http://{self._host}{path}"
        head = f"{method} {url} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: {self._agent}\r\nSec-Soak-Nonce: {nonce}\r\n{lines}\r\n"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await self._connected()
                writer.write(head.encode("latin-1"))
                await writer.drain()
                self._ledger.sent.add(nonce)
                await self._read(reader)
        except TimeoutError:
            self._ledger.unanswered.append(f"{method} {path} {nonce}")
            self._close()
            return None
        except (ConnectionError, asyncio.IncompleteReadError):
            self._close()  # the proxy may close after an error page; that is an answer
        return nonce

    async def _read(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        elif b"content-length: " in head:
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        if b"connection: close" in head:
            self._close()

    async def _abandon(self) -> None:
        """Leave in the middle of it."""
        nonce = self._nonce()
        _, writer = await asyncio.open_connection("127.0.0.1", self._proxy)
        head = f"GET http://{self._host}/late?nonce={nonce} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: {self._agent}\r\n"
        writer.write(f"{head}Sec-Soak-Nonce: {nonce}\r\n{self._origin()}\r\n".encode())
        await writer.drain()
        await asyncio.sleep(self._random.random() / 10)
        writer.close()
        self._ledger.abandoned += 1

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._connection is None:
            self._connection = await asyncio.open_connection("127.0.0.1", self._proxy)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None
