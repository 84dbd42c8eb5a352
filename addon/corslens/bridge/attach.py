"""A browser of one's own that was started with a debugging port: listened to while it is there, and again when it comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import h11
import msgspec
from msgspec import Struct

from corslens.bridge.chromium import ChromiumListener
from corslens.bridge.live import LiveWitness
from corslens.bridge.session import listened_to
from corslens.bridge.websocket import WebSocketError, connect

RETRY_SECONDS = 0.25
_ANSWER_SECONDS = 5.0
_MAX_BODY_BYTES = 1 << 16


class _Version(Struct):
    webSocketDebuggerUrl: str = ""


_version = msgspec.json.Decoder(_Version)


async def debugger_url(port: int, host: str = "127.0.0.1") -> str:
    """Return where the browser behind a debugging port is listened to. Raises: WebSocketError."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            body = await _get(host, port, "/json/version")
        url = _version.decode(body).webSocketDebuggerUrl
    except (TimeoutError, OSError):
        raise WebSocketError(f"no browser listens at port {port}: start it with --remote-debugging-port={port}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, h11.RemoteProtocolError):
        raise WebSocketError(f"what responds at port {port} is no Chromium's debugging port") from None
    parts = urlsplit(url)
    if parts.scheme != "ws" or parts.port != port:  # it leads nowhere else
        raise WebSocketError(f"what responds at port {port} is no Chromium's debugging port")
    return url


async def _get(host: str, port: int, target: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        client = h11.Connection(h11.CLIENT)
        writer.write(client.send(h11.Request(method="GET", target=target, headers=[("Host", f"{host}:{port}")])) or b"")
        writer.write(client.send(h11.EndOfMessage()) or b"")
        body = b""
        while len(body) < _MAX_BODY_BYTES:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(await reader.read(_MAX_BODY_BYTES))
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.Response) and event.status_code == 200:
                continue
            else:
                break
        return body
    finally:
        writer.close()


@contextlib.asynccontextmanager
async def attached(url: str, witness: LiveWitness, clock: Callable[[], float]) -> AsyncIterator[asyncio.Event]:
    """Listen to the browser at a `ws://` URL; give what is set when it ends. Raises: WebSocketError."""
    socket = await connect(url)
    listener = ChromiumListener(socket, witness.sighted, clock)
    ended = asyncio.Event()
    async with listened_to(listener, socket, witness, ended):
        yield ended


async def attach_whenever(port: int, witness: LiveWitness, clock: Callable[[], float]) -> None:
    """Listen to whatever browser opens this port, one after the other, until canceled."""
    while True:
        with contextlib.suppress(WebSocketError):
            async with attached(await debugger_url(port), witness, clock) as ended:
                await ended.wait()
        await asyncio.sleep(RETRY_SECONDS)
