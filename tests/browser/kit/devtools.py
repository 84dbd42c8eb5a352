"""The DevTools protocol over one websocket: commands, replies, events by session.

https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Any, Self

import aiohttp

type Params = dict[str, Any]
type Listener = Callable[[str, Params, str | None], None]
"""Called with an event's method, its parameters and its session id."""


class DevToolsError(RuntimeError):
    """The browser refused a command."""


class DevTools:
    """A connection to a browser."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ids = count(1)
        self._pending: dict[int, asyncio.Future[Params]] = {}
        self._listeners: list[Listener] = []
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            self._socket = await self._session.ws_connect(self._url, max_msg_size=0, autoping=True)
        except BaseException:
            await self._session.close()
            raise
        self._reader = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener for every event from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def send(self, method: str, params: Params | None = None, *, session: str | None = None) -> Params:
        """Run a command and return its result.

        Raises: DevToolsError.
        """
        assert self._socket is not None
        number = next(self._ids)
        message: Params = {"id": number, "method": method, "params": params or {}}
        if session is not None:
            message["sessionId"] = session
        reply: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._pending[number] = reply
        try:
            await self._socket.send_json(message)
            return await reply
        finally:
            self._pending.pop(number, None)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            message = frame.json()
            if "id" in message:
                reply = self._pending.get(message["id"])
                if reply is None or reply.done():
                    continue
                if "error" in message:
                    reply.set_exception(DevToolsError(str(message["error"])))
                else:
                    reply.set_result(message.get("result", {}))
            else:
                for listener in tuple(self._listeners):
                    listener(message["method"], message.get("params", {}), message.get("sessionId"))
        for reply in self._pending.values():
            if not reply.done():
                reply.set_exception(DevToolsError("the browser closed the connection"))
