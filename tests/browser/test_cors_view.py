"""What mitmweb shows of CORS: marker, comment and view are looked for on the screen, in a real Chromium."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from msgspec import Struct

from tests.browser.kit.chromium import Chromium, Tabs
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.servers import Server, by_method, fixed
from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.browser

BLANK = fixed(200, [("Content-Type", "text/html")], "<!doctype html><title>page</title>")
COLUMNS = [part for column in ("path", "method", "status", "comment") for part in ("--set", f"web_columns={column}")]
API = {
    "/blocked": by_method(OPTIONS=fixed(204), PUT=fixed(200)),
    "/data": fixed(200, [("Content-Type", "application/json")], '{"shown": "as ever"}'),
}


XSRF = "x" * 32


class Scene(Struct, frozen=True):
    """mitmweb with traffic in it, and a browser to look at it."""

    mitm: Mitm
    browser: Tabs


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(shared: Chromium) -> AsyncIterator[Scene]:
    """A page's PUT dies of its preflight, and its GET cannot be read; then another browser, without a proxy, is there for mitmweb."""
    async with Server(default=BLANK) as site, Server(API) as api, Mitm("mitmweb", arguments=COLUMNS) as mitm:
        async with shared.behind(mitm.address) as browser:
            tab = await browser.page()
            await tab.goto(site.url("/"))
            for method, path in (("PUT", "/blocked"), ("GET", "/data")):
                ask = f"fetch({json.dumps(api.url(path))}, {{method: '{method}'}}).then(() => 'read', String)"
                assert await tab.evaluate(ask) == "TypeError: Failed to fetch"
        async with shared.behind(None) as browser:
            yield Scene(mitm, browser)


@pytest_asyncio.fixture(loop_scope="session")
async def page(scene: Scene) -> AsyncIterator[Page]:
    """A tab of its own with mitmweb in it: what one test selects, searches, or chooses is not there for the next."""
    tab = await scene.browser.page()
    await tab.goto(scene.mitm.web_url)
    yield tab
    await tab.close()


async def when(page: Page, value: str, *, seen: str = "document.body.innerText") -> Any:
    """Return an expression's value as soon as it is true, looking whenever something changes on the screen; `seen` is for the error."""
    script = f"""new Promise((resolve, reject) => {{
        const look = () => {{
            const found = {value};
            if (found) {{ observer.disconnect(); clearTimeout(late); resolve(found); }}
            return found;
        }};
        const observer = new MutationObserver(look);
        const late = setTimeout(() => reject(new Error("not seen: " + {seen})), {DEADLINE_SECONDS * 900});
        observer.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
        look();
    }})"""
    return await page.evaluate(script)


async def appears(page: Page, text: str, *, within: str = "body", gone: str = "\0") -> str:
    """Wait until the one text is on the screen and the other is not, and return all that is there."""
    shown = f"[...document.querySelectorAll({json.dumps(within)})].map(element => element.innerText).join('\\n')"
    return str(
        await when(
            page,
            f"[{shown}].find(all => all.includes({json.dumps(text)}) && !all.includes({json.dumps(gone)}))",
            seen=shown,
        )
    )


async def click(page: Page, text: str, *, among: str) -> None:
    """Click the first of these elements that holds the text, once there is one."""
    held = f"[...document.querySelectorAll({json.dumps(among)})].find(one => one.innerText.includes({json.dumps(text)}))"
    await when(page, f"(one => one && (observer.disconnect(), one.click(), true))({held})")


async def search(page: Page, text: str) -> None:
    """Type into the search field of the tab Flow List."""
    await click(page, "Flow List", among="nav a")
    await when(page, "document.querySelector('input[placeholder=Search]') !== null")
    script = f"""(() => {{
        const field = document.querySelector("input[placeholder=Search]");
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, {json.dumps(text)});
        field.dispatchEvent(new Event("input", {{bubbles: true}}));
    }})()"""
    await page.evaluate(script)


async def test_marker_and_comment_in_the_flow_list(page: Page) -> None:
    """The blocked preflight's row has the sign and says why."""
    rows = await appears(page, "(CORS preflight for PUT)", within="tbody tr")
    row = next(line for line in rows.split("\n") if "OPTIONS" in line)
    assert "[preflight-acao-missing]" in row
    assert "✖" in rows


async def test_view_of_a_preflight_without_a_body(page: Page) -> None:
    """It is there as soon as the response is looked at: there is no body that could be shown instead."""
    await click(page, "OPTIONS", among="tbody tr")
    await appears(page, "Response", within="nav a")
    await click(page, "Response", among="nav a")
    shown = await appears(page, "PreflightMissingAllowOriginHeader")
    assert "View: auto" in " ".join(shown.split())
    for part in ("VERDICT", "PUT was never sent", "the origin is allowed", "the method PUT is not safelisted", "Fix ("):
        assert part in shown


async def test_comment_tab(page: Page) -> None:
    """The comment is where mitmweb keeps comments."""
    await click(page, "OPTIONS", among="tbody tr")
    await click(page, "Comment", among=".flow-detail nav a")
    await appears(page, "(CORS preflight for PUT)", within=".flow-detail")


async def test_a_blocked_response_opens_in_the_view_and_its_json_is_one_choice_away(page: Page) -> None:
    """Cause and fix are its first two lines, none of which is wider than 80 columns; the menu offers the body."""
    await click(page, "/data", among="tbody tr")
    await appears(page, "Response", within="nav a")
    await click(page, "Response", among="nav a")
    shown = await appears(page, "VERDICT")
    assert "as ever" not in shown
    lines = shown[shown.index("BLOCKED: ") :].splitlines()
    assert lines[1].strip().startswith("Fix (server): Access-Control-Allow-Origin")
    assert max(map(len, lines)) <= 80
    assert "the server responded, but the script gets a network error" in " ".join(shown.split())
    await click(page, "View:", among="a, button")
    await appears(page, "json", within="li a")
    await click(page, "json", among="li a")
    await appears(page, "as ever")


async def test_filters(page: Page) -> None:
    """~comment and ~marker find what was marked, as docs/inspecting.md says."""
    for text, there, gone in (
        ("~comment blocked & ~m OPTIONS", "/blocked", "/data"),
        ("~marker heavy_multiplication_x & ~m GET", "/data", "/blocked"),
    ):
        await search(page, text)
        await appears(page, there, within="tbody tr", gone=gone)


async def test_commands_over_mitmwebs_interface(scene: Scene) -> None:
    """What its command bar sends is answered: the text of the view, the state of patching, and mistakes in words."""
    address, _, token = scene.mitm.web_url.partition("/?token=")
    headers = {"Authorization": f"Bearer {token}", "X-XSRFToken": XSRF, "Cookie": f"_mitmproxy_xsrf={XSRF}"}

    async with aiohttp.ClientSession(headers=headers) as web:

        async def command(name: str, *arguments: str) -> Any:
            async with web.post(f"{address}/commands/{name}", json={"arguments": arguments}) as reply:
                return await reply.json()

        explained = await command("cors.explain", "~m OPTIONS")
        assert "PreflightMissingAllowOriginHeader" in explained["value"]
        assert (await command("cors.patch.on", "~d 127.0.0.1"))["value"].startswith("patching is on for ~d 127.0.0.1")
        assert await command("cors.patch.off") == {"value": "patching is off"}
        assert "is not a flow filter" in (await command("cors.patch.on", "~nope"))["error"]
        assert "not one of a preflight and its request" in (await command("cors.pair", "~u /data"))["error"]
        assert "nginx" in (await command("cors.servers"))["value"]
