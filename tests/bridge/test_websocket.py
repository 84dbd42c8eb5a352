"""Messages over a websocket."""

import asyncio

import aiohttp.web
import pytest
from corslens.bridge.websocket import WebSocket, WebSocketError, connect


async def served(handler: object) -> tuple[aiohttp.web.AppRunner, int]:
    app = aiohttp.web.Application()
    app.router.add_get("/session", handler)  # type: ignore[arg-type]
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, runner.addresses[0][1]


async def test_messages() -> None:
    async def handler(request: aiohttp.web.Request) -> aiohttp.web.WebSocketResponse:
        assert "Origin" not in request.headers  # else Firefox refuses
        socket = aiohttp.web.WebSocketResponse()
        await socket.prepare(request)
        given = await socket.receive_json()
        await socket.send_json({"id": given["id"], "result": {"text": "ü" * 200_000}})
        await socket.send_str("not json")
        await socket.send_json({"method": "log.entryAdded", "params": {"n": 1}})
        await socket.close()
        return socket

    runner, port = await served(handler)
    socket: WebSocket = await connect(f"ws://127.0.0.1:{port}/session")
    socket.send({"id": 7, "method": "session.new"})
    found = []
    while messages := await socket.receive():
        found += messages
    assert [(one.id, one.method) for one in found] == [(7, ""), (0, "log.entryAdded")]
    assert len(found[0].result) > 400_000
    socket.close()
    socket.send({"id": 8})  # to nobody
    await runner.cleanup()


async def test_refused() -> None:
    async def handler(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(status=403)

    runner, port = await served(handler)
    with pytest.raises(WebSocketError, match="does not accept"):
        await connect(f"ws://127.0.0.1:{port}/session")
    await runner.cleanup()


async def test_something_else_is_there() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-x\r\n")
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(WebSocketError, match="not a browser's debugging port"):
        await connect(f"ws://127.0.0.1:{port}/")
    server.close()
    await server.wait_closed()
    with pytest.raises(WebSocketError):
        await connect(f"ws://127.0.0.1:{port}/")
