"""The original line behind a line of a bundle, as a browser that is listened to gives the maps."""

import asyncio
import base64
import itertools
import json
from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest
from corslens.bridge import source_maps
from corslens.bridge.source_maps import SourceMaps, decoded
from corslens.bridge.websocket import WebSocketError
from corslens.witness.source_map import SourceMapError
from corslens.witness.witness import Initiator
from msgspec import structs

from tests.witness.test_source_map import simple

APP = "https://app.example/assets/app.js"
LIBRARY = Initiator(url="https://app.example/lib.js", line=1, column=1, function="get", script=("s", "lib"))
HERE = Initiator(url=APP, line=1, column=1, function="loadUser", script=("s", "app"), callers=(LIBRARY,))


class Browser:
    """Answers commands as Chromium does."""

    def __init__(self, **map_url: str) -> None:
        self.scripts = [{"scriptId": id, "url": APP, "sourceMapURL": url} for id, url in map_url.items()]
        self.files = {f"{APP}.map": json.dumps(simple("../src/api.ts")).encode()}
        self.commands: list[str] = []
        self.asked: list[str] = []
        self.hangs = False
        self.maps = SourceMaps(self.call)
        self.maps.attached("s", "frame", "")
        self.streams: list[bytes] = []

    def call(self, method: str, params: dict[str, Any], session: str) -> Awaitable[msgspec.Raw]:
        self.commands.append(method)
        return self.answer(method, params, session)

    async def answer(self, method: str, params: dict[str, Any], session: str) -> msgspec.Raw:
        assert session == "s"
        found: dict[str, object] = {}
        if method == "Debugger.enable":
            for script in self.scripts:
                self.maps.parsed(session, msgspec.Raw(json.dumps(script).encode()))
        elif method == "Network.loadNetworkResource":
            self.asked.append(params["url"])
            assert params["frameId"] == "frame"
            if self.hangs:
                await asyncio.Event().wait()
            body = self.files.get(params["url"])
            self.streams.append(body or b"")
            found = {"resource": {"success": body is not None, "httpStatusCode": 200 if body else 404, "stream": "1"}}
        elif method == "IO.read":
            part, self.streams[-1] = self.streams[-1][: params["size"]], self.streams[-1][params["size"] :]
            found = {"data": base64.b64encode(part).decode(), "base64Encoded": True, "eof": not self.streams[-1]}
        return msgspec.Raw(json.dumps(found).encode())


async def test_the_original_line() -> None:
    browser = Browser(app="app.js.map")
    assert browser.maps.known(HERE) is None
    found = await browser.maps.original(HERE)
    assert str(found) == "https://app.example/src/api.ts:5:3 in loadUser"
    assert str(found.generated) == f"{APP}:1:1 in loadUser"
    assert browser.maps.known(HERE) == found
    assert browser.asked == [f"{APP}.map"]
    assert browser.commands[:2] == ["Debugger.enable", "Debugger.disable"]  # it is on for a moment only
    assert browser.commands[-1] == "IO.close"


async def test_the_line_that_called_a_library() -> None:
    browser = Browser(app="app.js.map", lib="lib.js.map")
    browser.files = {
        f"{APP}.map": json.dumps(simple("../src/api.ts")).encode(),
        "https://app.example/assets/lib.js.map": json.dumps(simple("../node_modules/axios/xhr.js")).encode(),
    }
    given = Initiator(
        url=APP, line=1, column=1, script=("s", "lib"), callers=(Initiator(url=APP, line=1, column=1, script=("s", "app")),)
    )
    assert (await browser.maps.original(given)).url == "https://app.example/src/api.ts"


async def test_a_script_without_a_map_is_what_it_is() -> None:
    """What is called first is not passed over for a caller that has a map, unless it is a library's by its URL."""
    browser = Browser(app="app.js.map", own="")
    own = Initiator(url="https://app.example/own.js", line=3, column=5, script=("s", "own"), callers=(HERE,))
    assert await browser.maps.original(own) == own
    library = structs.replace(own, url="https://app.example/node_modules/.vite/deps/axios.js")
    assert (await browser.maps.original(library)).url == "https://app.example/src/api.ts"


async def test_inline() -> None:
    map_ = base64.b64encode(json.dumps(simple("api.ts")).encode()).decode()
    browser = Browser(app=f"data:application/json;charset=utf-8;base64,{map_}")
    assert (await browser.maps.original(HERE)).url == "https://app.example/assets/api.ts"
    assert not browser.asked


async def test_a_worker_asks_through_its_page() -> None:
    browser = Browser(app="app.js.map")
    browser.maps.attached("worker", "", "s")
    browser.maps.parsed("worker", msgspec.Raw(json.dumps(browser.scripts[0]).encode()))
    found = await browser.maps.original(Initiator(url=APP, line=1, column=1, script=("worker", "app")))
    assert found.url == "https://app.example/src/api.ts"


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example/accounts",
        "//bank.example/x",
        "http://app.example/app.js.map",
        "file:///etc/passwd",
        "http://[",
        "",
        "data:,{",
    ],
)
async def test_what_is_not_asked_for(url: str) -> None:
    """A script names maps of its own origin only; nothing is asked of another."""
    browser = Browser(app=url)
    assert await browser.maps.original(HERE) == HERE
    assert not browser.asked


async def test_a_script_that_chose_its_url() -> None:
    browser = Browser(app="app.js.map")
    browser.scripts[0]["hasSourceURL"] = True  # type: ignore[assignment]
    assert await browser.maps.original(HERE) == HERE
    assert not browser.asked


async def test_a_map_that_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go on without it, and it is asked for once."""
    monkeypatch.setattr(source_maps, "SECONDS", 1.0)  # long enough to ask, on a busy machine too
    browser = Browser(app="app.js.map")
    browser.hangs = True
    assert await asyncio.gather(*(browser.maps.original(HERE) for _ in range(20))) == [HERE] * 20
    assert browser.asked == [f"{APP}.map"]
    browser.maps.close()


async def test_a_map_that_is_no_map() -> None:
    browser = Browser(app="app.js.map")
    browser.files = {f"{APP}.map": b'{"mappings": "***"}'}
    assert await browser.maps.original(HERE) == HERE
    assert browser.maps.known(HERE) == HERE  # and is not asked for again


async def test_a_map_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_maps, "MAX_BYTES", 1_000)
    monkeypatch.setattr(source_maps, "_CHUNK", 100)
    browser = Browser(app="app.js.map")
    browser.files = {f"{APP}.map": b" " * 100_000}
    assert await browser.maps.original(HERE) == HERE
    assert browser.commands.count("IO.read") == 11
    assert "IO.close" in browser.commands


async def test_a_map_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_maps, "_READ_SECONDS", 0.0)
    browser = Browser(app="app.js.map")
    browser.files = {f"{APP}.map": json.dumps(simple("a.ts", mappings="AAAA," * 5_000)).encode()}
    assert await browser.maps.original(HERE) == HERE


async def test_what_else_the_machine_does_costs_no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the CPU time of reading it counts: elsewhere an hour may pass between two looks at the clock."""
    hours = itertools.count(0, 3_600)
    monkeypatch.setattr("time.perf_counter", lambda: float(next(hours)))
    assert (await Browser(app="app.js.map").maps.original(HERE)).url == "https://app.example/src/api.ts"


async def test_a_browser_that_refuses() -> None:
    async def refuse(*_: object) -> msgspec.Raw:
        raise WebSocketError("no")

    maps = SourceMaps(refuse)
    maps.attached("s", "frame", "")
    assert await maps.original(HERE) == HERE


def test_data_urls() -> None:
    assert decoded("data:application/json,%7B%7D") == b"{}"
    for wrong in ("data:application/json;base64,%%%x", "data:"):
        with pytest.raises(SourceMapError):
            decoded(wrong)
