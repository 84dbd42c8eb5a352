"""A browser of one's own: found by its port, listened to, and lost without harm."""

import asyncio
import json

import aiohttp.web
import pytest
from corslens.bridge.attach import attach_whenever, attached, debugger_url
from corslens.bridge.live import LiveWitness
from corslens.bridge.websocket import WebSocketError

from tests.bridge.test_live import API, Proxied


class Browser:
    """As much of a browser's debugging port as is used."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.came = asyncio.Event()
        self.leads_to: str | None = None

    async def __aenter__(self) -> "Browser":
        app = aiohttp.web.Application()
        app.router.add_get("/json/version", self._version)
        app.router.add_get("/devtools/browser/x", self._listen)
        self._runner = aiohttp.web.AppRunner(app)
        await self._runner.setup()
        await aiohttp.web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _version(self, _: aiohttp.web.Request) -> aiohttp.web.Response:
        url = self.leads_to or f"ws://127.0.0.1:{self.port}/devtools/browser/x"
        return aiohttp.web.json_response({"Browser": "Chrome/156", "webSocketDebuggerUrl": url})

    async def _listen(self, request: aiohttp.web.Request) -> aiohttp.web.WebSocketResponse:
        socket = aiohttp.web.WebSocketResponse()
        await socket.prepare(request)
        self.commands.append((await socket.receive_json())["method"])
        request_ = {"url": API, "method": "GET", "headers": {}}
        for method, params in (
            ("Target.attachedToTarget", {"sessionId": "s", "targetInfo": {"type": "page", "url": "about:blank"}}),
            ("Network.requestWillBeSent", {"requestId": "1", "request": request_, "documentURL": "https://app.example/"}),
            ("Network.requestServedFromCache", {"requestId": "1"}),
            ("Network.responseReceived", {"requestId": "1", "hasExtraInfo": False}),
        ):
            await socket.send_str(json.dumps({"method": method, "params": params}))
        for _ in ENABLED[1:]:
            self.commands.append((await socket.receive_json())["method"])
        self.came.set()
        await socket.close()
        return socket


ENABLED = [
    "Target.setAutoAttach", "Network.enable", "Audits.enable", "Runtime.enable",
    "Runtime.setMaxCallStackSizeToCapture", "Target.setAutoAttach", "Runtime.runIfWaitingForDebugger",
]  # fmt: skip


async def test_attached_until_the_browser_ends() -> None:
    proxied = Proxied()
    async with Browser() as browser:
        url = await debugger_url(browser.port)
        async with attached(url, proxied.witness, lambda: 1_000.0) as ended:
            await ended.wait()
    assert browser.commands == ENABLED
    assert not proxied.witness.listening
    (found,) = proxied.latest.values()
    assert found.observation.exchange.witness is not None
    assert found.observation.exchange.witness.from_cache == "memory"


async def test_a_browser_that_comes_later_and_comes_back() -> None:
    proxied = Proxied()
    async with Browser() as browser:
        task = asyncio.create_task(attach_whenever(browser.port, proxied.witness, lambda: 1_000.0))
        for _ in range(2):
            await browser.came.wait()
            browser.came.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert browser.commands[: 2 * len(ENABLED)] == ENABLED * 2


async def test_no_browser_is_there() -> None:
    async with Browser() as browser:
        port = browser.port
    with pytest.raises(WebSocketError, match=f"--remote-debugging-port={port}"):
        await debugger_url(port)


async def test_it_leads_nowhere_else() -> None:
    """What responds at the port does not choose another host."""
    async with Browser() as browser:
        browser.leads_to = "ws://evil.example/devtools"
        with pytest.raises(WebSocketError, match="no Chromium"):
            await debugger_url(browser.port)


def test_a_witness_needs_no_browser() -> None:
    assert LiveWitness(Proxied(), lambda: 0.0).counts.matched == 0
