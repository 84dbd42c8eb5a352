"""corslens dev with a real Chromium: a page of this machine and an API elsewhere that allows nobody."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from aiohttp import web

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.processes import Program
from tests.browser.kit.servers import Server, answer, fixed, tls_context
from tests.cli.launched import CORSLENS, environment, left_behind

pytestmark = pytest.mark.browser
PAGE = fixed(200, {"Content-Type": "text/html"}, "<!doctype html><title>page</title>")
LOGIN = ("Set-Cookie", "sid=7; Domain=api.example; Path=/; Secure; HttpOnly; SameSite=None")
PREFIXED = ("Set-Cookie", "__Host-token=8; Path=/; Secure")
APP = "https://app.example"


async def _api(request: web.Request) -> web.StreamResponse:
    """An API that knows nothing of CORS, but one path."""
    match request.path:
        case "/login":
            return answer(200, [LOGIN, PREFIXED])
        case "/moved":
            return answer(307, {"Location": f"https://{request.host}/me?moved=1"})
        case "/public":
            return answer(200, {"Access-Control-Allow-Origin": APP, "Vary": "Origin"})
        case _:
            return answer(200, {"Content-Type": "application/json"}, json.dumps({"cookie": request.headers.get("Cookie", "")}))


def _fetch(url: str, **options: object) -> str:
    return f"fetch({json.dumps(url)}, {json.dumps({'credentials': 'include', **options})}).then(r => r.text().then(t => [r.url, t]), () => null)"


async def test_a_page_of_this_machine_uses_an_api_elsewhere(chromium_path: str, tmp_path: Path) -> None:
    """Preflights, cookies, redirects and Origin; a page elsewhere stays blocked; and what the API lacks stands at the end."""
    assert chromium_path
    env = environment(tmp_path)
    async with (
        Server(default=_api, host="localhost", tls=tls_context()) as api,
        Server(default=PAGE, host="localhost") as pages,
    ):
        command = [*CORSLENS, "dev", f"{api.origin}/v1", "--port", "0", "--origin", APP, "--insecure-upstream"]
        async with Program([*command, "--set", f"confdir={tmp_path / 'conf'}"], env=env) as program:
            base = (await program.line(r"(http://localhost:\d+)/v1 is https://localhost:\d+/v1 for pages of this machine"))[1]
            flags = [f"--host-resolver-rules=MAP far.example 127.0.0.1:{pages.port}"]
            async with Chromium(proxy=None, flags=flags) as chromium:
                page = await chromium.page()
                await page.goto(pages.url("/"))
                json_put = {"method": "PUT", "headers": {"Content-Type": "application/json"}, "body": "{}"}
                assert await page.evaluate(_fetch(f"{base}/me", **json_put)) == [f"{base}/me", '{"cookie": ""}']
                assert await page.evaluate(_fetch(f"{base}/login")) == [f"{base}/login", ""]
                cookies = '{"cookie": "sid=7; __Host-token=8"}'
                assert await page.evaluate(_fetch(f"{base}/moved")) == [f"{base}/me?moved=1", cookies]
                assert await page.evaluate(_fetch(f"{base}/public", credentials="omit")) == [f"{base}/public", ""]
                await page.goto("http://far.example/")
                assert await page.evaluate("location.origin") == "http://far.example"
                assert await page.evaluate(_fetch(f"{base}/public")) is None
                await page.close()
            os.kill(program.pid, signal.SIGINT)
            assert await program.wait() == 0
    # No preflight came through, and the API saw its own name, and the origin that it was to see.
    assert [one.method for one in api.seen] == ["PUT", "GET", "GET", "GET", "GET", "GET"]
    assert {one.host for one in api.seen} == {api.origin.removeprefix("https://")}
    sent = [(dict(one.headers).get("Origin"), dict(one.headers).get("Referer")) for one in api.seen]
    assert sent == [(APP, f"{APP}/")] * 5 + [("http://far.example", "http://far.example/")]
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
