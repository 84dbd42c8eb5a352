"""What a Chromium reports, handed on: with the original line where that is known, whatever its pages do."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from corslens.bridge import chromium, source_maps
from corslens.bridge.chromium import SESSIONS, ChromiumListener
from corslens.bridge.pipe import Message
from corslens.witness.sighting import Sighting
from corslens.witness.witness import WitnessOutcome

from tests.witness.test_source_map import simple

PAGE = "https://app.example/"
SCRIPT = f"{PAGE}assets/app.js"
API = "https://api.example/me"


class Browser:
    """A connection to a browser that reports what a test lets it, and has one script."""

    def __init__(self, *, serves_maps: bool = True) -> None:
        self.serves_maps = serves_maps
        self.reports: asyncio.Queue[list[Message]] = asyncio.Queue()
        self.commands: list[str] = []
        self.sighted: list[Sighting] = []
        self.now = 1_000.0
        self.listener = ChromiumListener(self, self.sighted.append, lambda: self.now)

    async def __aenter__(self) -> "Browser":
        self.task = asyncio.create_task(self.listener.listen())
        self.report("Target.attachedToTarget", "", sessionId="s", targetInfo={"type": "page", "url": PAGE, "targetId": "f"})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        self.reports.put_nowait([])
        await self.task

    async def receive(self) -> list[Message]:
        return await self.reports.get()

    def close(self) -> None: ...

    def send(self, message: dict[str, Any]) -> None:
        method = message["method"]
        self.commands.append(method)
        result: dict[str, Any] = {}
        if method == "Debugger.enable":
            self.report("Debugger.scriptParsed", scriptId="1", url=SCRIPT, sourceMapURL="app.js.map")
        elif method == "Network.loadNetworkResource":
            if not self.serves_maps:
                return
            result = {"resource": {"success": True, "httpStatusCode": 200, "stream": "1"}}
        elif method == "IO.read":
            result = {"data": json.dumps(simple("../src/api.ts")), "eof": True}
        self.reports.put_nowait([Message(id=message["id"], result=msgspec.Raw(json.dumps(result).encode()))])

    def report(self, method: str, session: str = "s", **params: Any) -> None:
        self.reports.put_nowait([Message(method=method, params=msgspec.Raw(json.dumps(params).encode()), sessionId=session)])

    def requests(self, id: str, url: str = API, *, column: int = 0) -> None:
        frame = {"functionName": "loadUser", "scriptId": "1", "url": SCRIPT, "lineNumber": 0, "columnNumber": column}
        initiator = {"type": "script", "stack": {"callFrames": [frame]}}
        self.report(
            "Network.requestWillBeSent", requestId=id, documentURL=PAGE, initiator=initiator,
            request={"url": url, "method": "GET", "headers": {}},
        )  # fmt: skip
        self.report("Network.loadingFailed", requestId=id, errorText="net::ERR_FAILED", blockedReason="csp")

    async def read(self) -> None:
        """Wait until all that was reported so far is read."""
        while not self.reports.empty():
            await asyncio.sleep(0)

    async def says(self, count: int) -> list[Sighting]:
        """Wait until this many requests were handed on."""
        async with asyncio.timeout(30):
            while len(self.sighted) < count:
                await asyncio.sleep(0)
                if self.reports.empty():
                    self.now += 1
                    self.listener.settle()
        return self.sighted


async def test_the_original_line() -> None:
    async with Browser() as browser:
        for number in range(5):
            browser.requests(str(number))
        found = await browser.says(5)
    assert [one.id for one in found] == ["0", "1", "2", "3", "4"]
    assert {str(one.witness.initiator) for one in found} == {f"{PAGE}src/api.ts:5:3 in loadUser"}
    assert browser.commands.count("Network.loadNetworkResource") == 1


async def test_a_browser_that_ends_loses_nothing() -> None:
    """A map that never came holds up nothing that was reported."""
    async with Browser(serves_maps=False) as browser:
        browser.requests("1")
        await browser.read()
        browser.now += 5
        browser.listener.settle()
        assert not browser.sighted
        await browser.end()
        assert [(one.id, str(one.witness.initiator)) for one in browser.sighted] == [("1", f"{SCRIPT}:1:1 in loadUser")]
        browser.task = asyncio.create_task(browser.listener.listen())


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many lines of code that ask, and many requests of one: what is too much goes on as it is, in its order."""
    monkeypatch.setattr(chromium, "_PLACES", 3)
    monkeypatch.setattr(chromium, "WAITING", 5)
    monkeypatch.setattr(source_maps, "SECONDS", 0.05)
    async with Browser(serves_maps=False) as browser:
        for number in range(20):
            browser.requests(str(number), column=number % 10)
        assert len(await browser.says(20)) == 20
    assert sorted(int(one.id) for one in browser.sighted) == list(range(20))


async def test_a_page_forges_nothing() -> None:
    """What a page writes to the console, or calls its own requests, is no report of the browser's."""
    lie = "Access to fetch at 'https://bank.example/' from origin 'https://app.example' has been blocked by CORS policy"
    async with Browser() as browser:
        for _ in range(1_000):
            browser.report("Runtime.consoleAPICalled", type="error", args=[{"type": "string", "value": lie}])
        browser.report("Runtime.exceptionThrown", exceptionDetails={"text": lie})
        browser.report("Log.entryAdded", entry={"text": lie})
        for url in ("data:text/html,x", "blob:https://app.example/1", "about:blank", "chrome://settings", "ws://x/"):
            browser.requests(url, url)
        browser.requests("1", f"{API}?{'x' * 1_000_000}")
        (one,) = await browser.says(1)
        assert len(one.url) < 10_000
        assert (one.id, one.witness.outcome) == ("1", WitnessOutcome.FAILED)
    # What the console kept alive for us is let go, once for all of it.
    assert browser.commands.count("Runtime.releaseObjectGroup") == 1


async def test_thousands_of_frames() -> None:
    async with Browser() as browser:
        count = SESSIONS + 500
        for number in range(count):
            target = {"type": "iframe", "url": PAGE, "targetId": str(number)}
            browser.report("Target.attachedToTarget", sessionId=f"f{number}", targetInfo=target)
        await browser.read()
        assert len(browser.listener._sessions) == len(browser.listener._maps._frames) == SESSIONS
        assert browser.commands.count("Runtime.runIfWaitingForDebugger") == count + 1  # none of them hangs
        browser.requests("1")
        assert len(await browser.says(1)) == 1
