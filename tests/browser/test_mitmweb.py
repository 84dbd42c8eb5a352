"""mitmweb with the addon, as its user sees it on the screen."""

import pytest

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.servers import Server, by_method, fixed

pytestmark = pytest.mark.browser

UNTIL = "(async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }})()"


async def test_a_blocked_preflight_has_marker_comment_and_view(chromium_path: str) -> None:
    """In the list a sign and a sentence; in the detail, where an empty body has nothing to show, the view CORS."""
    allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "PUT"}
    async with (
        Server(default=fixed(200, [("Content-Type", "text/html")], "<!doctype html>")) as site,
        Server({"/me": by_method(OPTIONS=fixed(204, allowed))}) as api,
        Mitm("mitmweb", options={"web_columns": ["path", "method", "status", "comment"]}) as mitm,
        Chromium(proxy=mitm.address) as behind,
        Chromium(proxy=None) as beside,
    ):
        page, web = await behind.page(), await beside.page()
        await page.goto(site.url("/"))
        await page.evaluate(
            f"fetch('{api.url('/me')}', {{method: 'PUT', headers: {{'X-Trace': '1'}}}}).catch(error => error.name)"
        )
        await web.goto(mitm.web_url)
        row = "[...document.querySelectorAll('.flow-table tbody tr')].find(row => row.textContent.includes('OPTIONS'))"
        await web.evaluate(UNTIL.format(condition=f"({row})?.textContent.includes('CORS')"), seconds=20)
        text = await web.evaluate(f"{row}.innerText")
        assert "⛔" in text
        assert "CORS preflight for PUT" in text
        await web.evaluate(f"{row}.click()")
        tab = "[...document.querySelectorAll('.nav-tabs a')].find(tab => tab.textContent === 'Response')"
        await web.evaluate(UNTIL.format(condition=tab), seconds=20)
        await web.evaluate(f"{tab}.click()")
        shown = "document.querySelector('.flow-detail').innerText"
        await web.evaluate(UNTIL.format(condition=f"{shown}.includes('BLOCKED')"), seconds=20)
        view = (await web.evaluate(shown)).replace("\u00a0", " ")
        for words in ("Chromium  BLOCKED: preflight-header-not-allowed", "PUT was never sent", "FAILED", "x-trace"):
            assert words in view
