"""Listen to Firefox over WebDriver BiDi, and open the session's tabs once it is listened to.

https://www.w3.org/TR/webdriver-bidi/. The port is one of loopback; Firefox refuses connections that have an Origin, so no page reaches it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from corslens.bridge.pipe import Connection, Message
from corslens.bridge.websocket import WebSocket, WebSocketError, connect
from corslens.witness.bidi import EVENTS, BidiRecord
from corslens.witness.sighting import Sighting

START_SECONDS = 60.0
"""How long a browser may take to open its port, and its first tab."""
_POLL_SECONDS = 0.1


class _Port(Struct):
    ws_host: str
    ws_port: int


class _Context(Struct):
    context: str = ""


class _Tree(Struct):
    contexts: list[_Context] = []


_port = msgspec.json.Decoder(_Port)
_tree = msgspec.json.Decoder(_Tree)
_created = msgspec.json.Decoder(_Context)


async def find_port(profile: Path) -> WebSocket:
    """Wait until the browser with this profile says where it listens, and connect. Raises: WebSocketError."""
    file = profile / "WebDriverBiDiServer.json"
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                with contextlib.suppress(OSError, msgspec.MsgspecError):
                    port = _port.decode(await asyncio.to_thread(file.read_bytes))
                    return await connect(f"ws://{port.ws_host}:{port.ws_port}/session")
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise WebSocketError("it opens no WebDriver BiDi port") from None


class FirefoxListener:
    """Hands on what a Firefox reports.

    Args:
        urls: opened once it is listened to, each in a tab.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        connection: Connection,
        sighted: Callable[[Sighting], object],
        clock: Callable[[], float],
        *,
        urls: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self._sighted = sighted
        self._clock = clock
        self._ids = count(1)
        self._urls = list(urls)
        self._session = self._tree = 0
        self._tabs: dict[int, str] = {}
        """What is opened in the tabs that were asked for."""
        self.record = BidiRecord()

    @property
    def dropped(self) -> int:
        """Requests that were let go before their end, because there were too many."""
        return self.record.dropped

    async def listen(self) -> None:
        """Listen until the browser ends or closes the connection."""
        self._session = self._send("session.new", {"capabilities": {}})
        self._send("session.subscribe", {"events": list(EVENTS)})
        with contextlib.suppress(OSError):
            while messages := await self._connection.receive():
                for message in messages:
                    await self._take(message)

    def settle(self) -> None:
        """Hand on what has been waited for long enough. To be called every second or so."""
        for sighting in self.record.settle(self._clock()):
            self._sighted(sighting)

    async def _take(self, message: Message) -> None:
        if message.method:
            self.record.take(message.method, message.params, self._clock())
        elif message.id in self._tabs:
            url = self._tabs.pop(message.id)
            with contextlib.suppress(msgspec.MsgspecError):
                self._navigate(_created.decode(message.result).context, url)
        elif message.id == self._session:  # its first tab has loaded: what is opened before, that load may cancel
            self._tree = self._send("browsingContext.getTree", {"maxDepth": 0})
        elif message.id == self._tree and self._urls:
            try:
                contexts = _tree.decode(message.result).contexts
            except msgspec.MsgspecError:
                contexts = []
            if contexts:
                self._open(contexts[0].context)
            else:  # it has no window yet
                await asyncio.sleep(_POLL_SECONDS)
                self._tree = self._send("browsingContext.getTree", {"maxDepth": 0})

    def _open(self, first: str) -> None:
        """Open the first URL in the tab that is there, the others in new ones."""
        url, *others = self._urls
        self._urls = []
        self._navigate(first, url)
        for other in others:
            self._tabs[self._send("browsingContext.create", {"type": "tab"})] = other

    def _navigate(self, context: str, url: str) -> None:
        self._send("browsingContext.navigate", {"context": context, "url": url, "wait": "none"})

    def _send(self, method: str, params: dict[str, Any]) -> int:
        number = next(self._ids)
        self._connection.send({"id": number, "method": method, "params": params})
        return number
