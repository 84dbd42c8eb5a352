"""The post that this project started from, live: a real page, a real fetch, a real aiohttp server with aiohttp-cors."""

import aiohttp_cors
import pytest
from aiohttp import web

from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.servers import LOOPBACK, Server, fixed

pytestmark = pytest.mark.browser

PATH = "/url/path/requested/by/client"


async def test_json_post_to_aiohttp_with_aiohttp_cors(mitm: Mitm, page: Page) -> None:
    """The page reads the answer; the preflight and its POST are allowed and paired."""

    async def post(request: web.Request) -> web.Response:
        return web.json_response({"got": await request.json()})

    async with Server({"/": fixed(200, {"Content-Type": "text/html"}, "<!doctype html>")}) as site:
        application = web.Application()
        cors = aiohttp_cors.setup(application)
        route = application.router.add_post(PATH, post)
        options = aiohttp_cors.ResourceOptions(allow_methods=["POST"], allow_headers=["Content-Type"])  # type: ignore[no-untyped-call]  # untyped there
        cors.add(route, {site.origin: options})
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, 0).start()
            url = f"http://{LOOPBACK}:{runner.addresses[0][1]}{PATH}"
            await page.goto(site.url("/"))
            script = f"""fetch({url!r}, {{
                method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{answer: 42}})
            }}).then(answer => answer.json())"""
            assert await page.evaluate(script) == {"got": {"answer": 42}}
        finally:
            await runner.cleanup()
        records = await mitm.until(
            lambda records: [record for record in records if record["url"] == url and record["followed"] in (None, "followed")][
                1:
            ]
        )
    preflight, actual = (record for record in records if record["url"] == url)
    assert (preflight["role"], preflight["method"], preflight["status"]) == ("preflight", "OPTIONS", 200)
    assert (actual["role"], actual["method"], actual["status"]) == ("actual", "POST", 200)
    assert preflight["actual"] == actual["id"]
    assert actual["preflight"]["id"] == preflight["id"]
    assert actual["preflight"]["from_cache"] is False
    # On one host (127.0.0.1, two ports) a proxy cannot see whether credentials were meant; without them it is certainly allowed.
    for record in (preflight, actual):
        verdict = record["verdicts"]["chromium"]
        assert "allowed" in (verdict["outcome"], (verdict["if_not_credentialed"] or {}).get("outcome"))
    assert [request.cors_error for request in page.asked(url)] == [None, None]
