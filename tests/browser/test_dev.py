"""corslens dev with real browsers: a page of this machine and an API elsewhere that allows nobody."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.firefox import Firefox
from tests.browser.kit.page import Page
from tests.browser.kit.processes import Program
from tests.browser.kit.servers import Server, answer, fixed, tls_context
from tests.browser.test_open import BROWSERS
from tests.cli.launched import CORSLENS, environment, left_behind

pytestmark = pytest.mark.browser
PAGE = fixed(200, {"Content-Type": "text/html"}, "<!doctype html><title>page</title>")
LOGIN = ("Set-Cookie", "sid=7; Domain=api.example; Path=/; Secure; HttpOnly; SameSite=None")
PREFIXED = ("Set-Cookie", "__Host-token=8; Path=/; Secure")
APP = "https://app.example"


class Api:
    """An API that knows nothing of CORS, but one path."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Respond by path; most say which cookies came."""
        cookies = request.headers.get("Cookie", "")
        match request.path:
            case "/login":
                return answer(200, [LOGIN, PREFIXED])
            case "/moved":
                return answer(307, {"Location": f"https://{request.host}/me?moved=1"})
            case "/public":
                return answer(200, {"Access-Control-Allow-Origin": APP, "Vary": "Origin"})
            case "/tell":
                self.told.set()
                return answer(204)
            case "/events":
                events = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                await events.prepare(request)
                await events.write(f"data: {cookies}\n\n".encode())
                await self.told.wait()  # so that a proxy which keeps the stream back is seen
                await events.write(b"data: told\n\n")
                return events
            case "/socket":
                socket = web.WebSocketResponse()
                await socket.prepare(request)
                await socket.send_json([await socket.receive_str(), cookies, request.host, request.headers["Origin"]])
                await socket.close()
                return socket
            case _:
                return answer(200, {"Content-Type": "application/json"}, json.dumps({"cookie": cookies}))


def _fetch(url: str, **options: object) -> str:
    return f"fetch({json.dumps(url)}, {json.dumps({'credentials': 'include', **options})}).then(r => r.text().then(t => [r.url, t]), () => null)"


def _events(base: str) -> str:
    """Read two events, the second of which is sent when the page has read the first."""
    return f"""new Promise(done => {{
        const got = [], source = new EventSource("{base}/events", {{withCredentials: true}});
        source.onmessage = event => {{
            if (got.push(event.data) == 1) fetch("{base}/tell", {{method: "PUT", credentials: "include"}});
            else {{ source.close(); done(got) }}
        }};
        source.onerror = () => {{ source.close(); done("error") }};
    }})"""


def _socket(base: str) -> str:
    return f"""new Promise(done => {{
        const socket = new WebSocket("{base.replace("http", "ws", 1)}/socket");
        socket.onopen = () => socket.send("hello");
        socket.onmessage = event => done(JSON.parse(event.data));
        socket.onerror = () => done("error");
    }})"""


@asynccontextmanager
async def _tab(browser: str) -> AsyncIterator[Page | Firefox]:
    """A tab that goes direct, where far.example leads to this machine."""
    if browser == "firefox":
        async with Firefox(proxy=None) as firefox:
            yield firefox
    else:
        async with Chromium(proxy=None, flags=["--host-resolver-rules=MAP far.example 127.0.0.1"]) as chromium:
            yield await chromium.page()


@pytest.mark.parametrize("browser", BROWSERS)
async def test_a_page_of_this_machine_uses_an_api_elsewhere(browser: str, tmp_path: Path) -> None:
    """Preflights, cookies, redirects, streams and Origin; a page elsewhere stays blocked; and what the API lacks stands at the end."""
    env = environment()
    async with (
        Server(default=Api(), host="localhost", tls=tls_context()) as api,
        Server(default=PAGE, host="localhost") as pages,
    ):
        command = [*CORSLENS, "dev", f"{api.origin}/v1", "--port", "0", "--origin", APP, "--insecure-upstream"]
        async with Program([*command, "--set", f"confdir={tmp_path / 'conf'}"], env=env) as program:
            base = (await program.line(r"(http://localhost:\d+)/v1 is https://localhost:\d+/v1 for pages of this machine"))[1]
            async with _tab(browser) as page:
                await page.goto(pages.url("/"))
                json_put = {"method": "PUT", "headers": {"Content-Type": "application/json"}, "body": "{}"}
                assert await page.evaluate(_fetch(f"{base}/me", **json_put)) == [f"{base}/me", '{"cookie": ""}']
                assert await page.evaluate(_fetch(f"{base}/login")) == [f"{base}/login", ""]
                cookies = "sid=7; __Host-token=8"
                moved = [f"{base}/me?moved=1", json.dumps({"cookie": cookies})]
                assert await page.evaluate(_fetch(f"{base}/moved")) == moved
                assert await page.evaluate(_fetch(f"{base}/public", credentials="omit")) == [f"{base}/public", ""]
                assert await page.evaluate(_events(base)) == [cookies, "told"]
                assert await page.evaluate(_socket(base)) == ["hello", cookies, api.origin.removeprefix("https://"), APP]
                far = f"http://far.example:{pages.port}"
                await page.goto(f"{far}/")
                assert await page.evaluate("location.origin") == far
                assert await page.evaluate(_fetch(f"{base}/public")) is None
            os.kill(program.pid, signal.SIGINT)
            assert await program.wait() == 0
    # No preflight came through, and the API saw its own name, and the origin that it was to see.
    assert [one.method for one in api.seen] == ["PUT", "GET", "GET", "GET", "GET", "GET", "PUT", "GET", "GET"]
    assert {one.host for one in api.seen} == {api.origin.removeprefix("https://")}
    sent = [(dict(one.headers).get("Origin"), dict(one.headers).get("Referer")) for one in api.seen]
    assert sent == [(APP, f"{APP}/")] * 7 + [(APP, None), (far, f"{far}/")]
    assert not [name for one in api.seen for name, _ in one.headers if "corslens" in name.lower()]
    printed = "\n".join(program.lines)
    assert "patching is on for ~all, for pages of loopback, 60 minutes left" in printed
    assert "cookie sid: Domain=api.example removed; Secure removed; SameSite=None is Lax, for http://localhost" in printed
    lacking = printed[printed.index("changes still needed on your servers") :]
    assert f"  {api.origin}/me" in lacking
    assert "Access-Control-Allow-Methods" in lacking
    assert f"{api.origin}/public" not in lacking  # it allows the origin that it was sent
    assert base not in re.sub(r"from http\S+", "", lacking)
    assert left_behind(env) == []
