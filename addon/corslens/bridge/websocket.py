"""A connection to a browser's debugging port: JSON messages over one websocket. wsproto speaks the protocol; mitmproxy has it, too."""

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, Request, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from corslens.bridge.pipe import MAX_MESSAGE_BYTES, PAUSE_SECONDS, Message, parse

_CHUNK = 1 << 16
_CONNECT_SECONDS = 10.0

_encoder = msgspec.json.Encoder()


class WebSocketError(RuntimeError):
    """The port does not accept the connection; the message is one sentence."""


class WebSocket:
    """Messages to and from a browser."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._parts: list[str] = []
        self._ended = False
        """The browser said so, perhaps with its last messages."""
        self._size = 0

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; of a browser that is gone nothing is said here."""
        with contextlib.suppress(LocalProtocolError):
            self._writer.write(self._protocol.send(TextMessage(data=_encoder.encode(message).decode())))

    async def receive(self) -> list[Message]:
        """Return what came, at least one message; none when the connection ended."""
        while True:
            messages = self._taken()
            if messages or self._ended:
                return messages
            await asyncio.sleep(PAUSE_SECONDS)
            data = await self._reader.read(_CHUNK)
            try:
                self._protocol.receive_data(data or None)
            except RemoteProtocolError:
                return []

    def _taken(self) -> list[Message]:
        found = []
        for event in self._protocol.events():
            match event:
                case TextMessage():
                    self._size += len(event.data)
                    if self._size <= MAX_MESSAGE_BYTES:
                        self._parts.append(event.data)
                    if event.message_finished:
                        message = parse("".join(self._parts).encode()) if self._size <= MAX_MESSAGE_BYTES else None
                        if message is not None:
                            found.append(message)
                        self._parts, self._size = [], 0
                case Ping():
                    self._writer.write(self._protocol.send(event.response()))
                case CloseConnection() | RejectConnection():
                    self._ended = True
                case BytesMessage() | _:
                    pass
        return found

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(LocalProtocolError):
            self._writer.write(self._protocol.send(CloseConnection(code=1000)))
        self._writer.close()

    async def shake_hands(self, host: str, target: str) -> None:
        """Begin. Raises: WebSocketError."""
        self._writer.write(self._protocol.send(Request(host=host, target=target)))
        while True:
            data = await self._reader.read(_CHUNK)
            try:
                self._protocol.receive_data(data or None)
                for event in self._protocol.events():
                    if isinstance(event, AcceptConnection):
                        return
                    raise WebSocketError("it does not accept a debugging connection")
            except RemoteProtocolError:
                raise WebSocketError("what responds there is not a browser's debugging port") from None


async def connect(url: str) -> WebSocket:
    """Connect to a `ws://` URL. Raises: WebSocketError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, limit=1)
            socket = WebSocket(reader, writer)
            await socket.shake_hands(f"{host}:{port}", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
            return socket
    except TimeoutError:
        raise WebSocketError("nothing responds there") from None
    except OSError as error:
        raise WebSocketError(str(error.strerror or error)) from None
