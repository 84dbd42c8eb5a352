"""The live page in a real Chromium: what is on the screen, and what a stranger's page can do about it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio
from corslens.mitm.live.app import CHANGES_AT_ONCE
from msgspec import Struct

from tests.browser.kit.axe import faults
from tests.browser.kit.chromium import Chromium, Tabs
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.screen import overflow, prefer, resize
from tests.browser.kit.servers import LOOPBACK, Server, fixed
from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.browser

BLANK = fixed(200, [("Content-Type", "text/html")], "<!doctype html><title>page</title>")
HOSTILE = "<img src=x onerror=window.pwned=1></script><script>window.pwned=1</script>"


@asynccontextmanager
async def servers() -> AsyncIterator[tuple[Server, Server]]:
    """A site, and an API that is open in part."""
    api = Server({"/open": fixed(200, {"Access-Control-Allow-Origin": "*"}, "open"), "/closed": fixed(200, (), "closed")})
    async with Server(default=BLANK) as site, api:
        yield site, api


class Stage(Struct, frozen=True):
    """A site, an API that it asks, and the proxy between them."""

    site: Server
    api: Server
    mitm: Mitm
    live: str
    """The page's address."""


@pytest_asyncio.fixture(loop_scope="session")
async def fresh() -> AsyncIterator[Stage]:
    """Servers and a proxy that nothing has gone through."""
    async with servers() as (site, api), Mitm() as mitm:
        yield Stage(site, api, mitm, await mitm.page_url())


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def proxy() -> AsyncIterator[Mitm]:
    """The proxy of most tests here."""
    async with Mitm() as mitm:
        yield mitm


@pytest_asyncio.fixture(loop_scope="session")
async def stage(proxy: Mitm) -> AsyncIterator[Stage]:
    """Servers of its own, so no endpoint has a past, and a proxy that is cleared, with patching off."""
    live = await proxy.page_url()
    async with servers() as (site, api):
        yield Stage(site, api, proxy, live)
    async with aiohttp.ClientSession(live, proxy=f"http://{proxy.address}") as client:
        page = await (await client.get("/")).text()
        token = re.search(r'name="corslens-token" content="([^"]+)"', page)
        assert token is not None
        for path, wish in (("/api/patching", {"on": False}), ("/api/clear", {})):
            headers = {"X-Corslens-Token": token[1], "Origin": live.rstrip("/")}
            assert (await client.post(path, json=wish, headers=headers)).status == 200


@pytest_asyncio.fixture(loop_scope="session")
async def browser(shared: Chromium, stage: Stage) -> AsyncIterator[Tabs]:
    """Tabs behind the stage's proxy."""
    async with shared.behind(stage.mitm.address) as tabs:
        yield tabs


async def appears(page: Page, expression: str, *, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait in the page until an expression is true; the address or the focus may change without a change of the document."""
    script = f"""new Promise((resolve, reject) => {{
        const look = () => {{
            if ({expression}) {{ observer.disconnect(); clearTimeout(late); clearInterval(again); resolve(); }}
        }};
        const observer = new MutationObserver(look);
        const again = setInterval(look, 100);
        const late = setTimeout(() => reject(new Error("not seen: " + document.body.innerText)), {seconds * 1000});
        observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
        look();
    }})"""
    await page.evaluate(script, seconds=seconds + 10)


def counted(name: str) -> str:
    """The expression for one of the counts on the screen."""
    return f"Number((document.querySelector('[data-count={name}] strong')?.textContent ?? '0').replaceAll(',', ''))"


async def watch(browser: Tabs, stage: Stage) -> Page:
    """Open the live page and wait until it is connected."""
    page = await browser.page()
    await page.goto(stage.live)
    await appears(page, "document.querySelector('#status').textContent === 'Live'")
    return page


async def shop(browser: Tabs, stage: Stage) -> Page:
    """Open the site."""
    page = await browser.page()
    await page.goto(stage.site.url("/"))
    return page


ASK = "fetch({url}, {options}).then(answer => answer.text(), error => error.name)"


async def ask(page: Page, url: str, **options: object) -> str:
    """Fetch in a page; return the text or the error's name."""
    return str(await page.evaluate(ASK.format(url=json.dumps(url), options=json.dumps(options))))


async def test_it_shows_a_flow_without_a_reload(browser: Tabs, stage: Stage) -> None:
    """A fetch in one tab appears as its count, its cell and its problem in the other."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    seen = asyncio.create_task(
        appears(live, f"{counted('blocked')} === 1 && document.querySelectorAll('#list > li[data-problem]').length > 0")
    )
    assert await ask(site, stage.api.url("/closed")) == "TypeError"
    await seen
    cell = await live.evaluate("document.querySelector('#matrix [data-cell]').textContent")
    assert cell == f"{stage.site.origin} requests {stage.api.origin}: ✕ blocked 1 of 1"


async def test_it_filters_and_explains(browser: Tabs, stage: Stage) -> None:
    """Text, severity and a cell narrow the list at once; a chosen problem shows its steps, its failing check and its fix."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    await ask(site, stage.api.url("/closed"))
    await ask(site, stage.api.url("/closed"), method="PUT")
    await appears(live, f"{counted('blocked')} >= 2 && document.querySelectorAll('#list > li[data-problem]').length >= 2")
    shown = "[...document.querySelectorAll('#list li[data-rule]')].map(row => row.dataset.rule)"
    everything = await live.evaluate(shown)
    fill = "(id, value) => {{ const input = document.getElementById(id); input.value = value; input.dispatchEvent(new Event('input', {{bubbles: true}})); return {shown}; }}"
    fill = fill.format(shown=shown)
    assert await live.evaluate(f"({fill})('filter-text', 'preflight-acao-missing')") == ["preflight-acao-missing"]
    assert await live.evaluate(f"({fill})('filter-text', 'no such thing')") == []
    assert await live.evaluate("document.querySelector('#shown').textContent") == f"0 of {len(everything)} problems"
    await live.evaluate("document.querySelector('#filter-reset').click()")
    await appears(live, f"document.querySelectorAll('#list > li[data-problem]').length === {len(everything)}")
    assert await live.evaluate(f"({fill})('filter-severity', 'error')")
    assert await live.evaluate("document.querySelectorAll('#list .badge:not(.blocked)').length") == 0
    await live.evaluate("document.querySelector('#filter-reset').click()")
    await live.evaluate("document.querySelector('#matrix [data-cell]').click()")
    assert await live.evaluate("document.querySelector('#filter-api').value") == stage.api.origin
    await live.evaluate("document.querySelector('#list li[data-rule=preflight-acao-missing] button').click()")
    await appears(live, "document.querySelector('.detail .checks .failed')")
    assert "Access-Control-Allow-Origin: absent" in await live.evaluate(
        "document.querySelector('.detail .checks .failed').textContent"
    )
    steps = await live.evaluate("[...document.querySelectorAll('.diagram ol li')].map(step => step.textContent)")
    assert len(steps) == 3 and "OPTIONS" in steps[0] and "blocked" in steps[1] and "never sent: PUT" in steps[2]
    assert await live.evaluate("document.querySelectorAll('.sequence .stop').length") == 1
    assert "Access-Control-Allow-Origin" in await live.evaluate("document.querySelector('.head .decides th').textContent")


async def test_it_switches_patching(browser: Tabs, stage: Stage) -> None:
    """On with a scope, the page then reads what was closed; the time left is shown; off, and it is closed again."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    assert await ask(site, stage.api.url("/closed")) == "TypeError"
    await live.evaluate(
        "document.querySelector('#patching-scope').value = '~q ~broken('; document.querySelector('#patching-on').click()"
    )
    await appears(live, "document.querySelector('#patching-error').textContent.includes('cors_patch')")
    await live.evaluate(
        f"document.querySelector('#patching-scope').value = '~d {LOOPBACK}'; document.querySelector('#patching-on').click()"
    )
    await appears(
        live,
        f"document.querySelector('#patching-state').textContent === 'On for ~d {LOOPBACK}, for pages of loopback, 60 min left.'",
    )
    assert await ask(site, stage.api.url("/closed")) == "closed"
    await appears(live, f"{counted('patched')} === 1")
    await live.evaluate("document.querySelector('#patching-off').click()")
    await appears(live, "document.querySelector('#patching-state').textContent.startsWith('Off')")
    assert await ask(site, stage.api.url("/closed")) == "TypeError"


async def test_a_problem_that_is_resolved_folds_away_and_clear_begins_anew(browser: Tabs, stage: Stage) -> None:
    """Both without a reload; blocked again, the problem is back in the list."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    rules = "[...document.querySelectorAll('#list li[data-rule]')].map(row => row.dataset.rule)"
    closed = stage.api.handlers["/closed"]
    # Whatever the credentials mode is, which no request between two ports of one host shows.
    lines = {"Access-Control-Allow-Origin": stage.site.origin, "Access-Control-Allow-Credentials": "true"}
    opened = fixed(200, lines, "open")
    assert await ask(site, stage.api.url("/closed")) == "TypeError"
    await appears(live, f"{rules}.includes('acao-missing') && document.querySelector('#resolved').hidden")
    stage.api.handlers["/closed"] = opened
    assert await ask(site, stage.api.url("/closed")) == "open"
    await appears(live, f"!{rules}.includes('acao-missing') && !document.querySelector('#resolved').hidden")
    await live.evaluate("document.querySelector('#resolved').open = true")
    await appears(live, "document.querySelector('#resolved-list .badge')?.textContent.includes('resolved')")
    stage.api.handlers["/closed"] = closed
    assert await ask(site, stage.api.url("/closed")) == "TypeError"
    await appears(live, f"{rules}.includes('acao-missing') && document.querySelector('#resolved').hidden")
    await live.evaluate("document.querySelector('#clear').click()")
    await appears(live, f"{counted('exchanges')} === 0 && document.querySelectorAll('#list > li[data-problem]').length === 0")


@pytest.mark.slow
async def test_it_keeps_up_with_a_thousand_flows(browser: Tabs, stage: Stage) -> None:
    """The page shows all of 1,000 flows, and still filters; how fast is measured by scripts/bench page."""
    live = await watch(browser, stage)
    headers = {"Origin": stage.site.origin, "User-Agent": "Chrome/140.0.0.0"}
    queue = iter(range(1000))

    async def drive(client: aiohttp.ClientSession) -> None:
        for index in queue:
            path = "/open" if index % 2 else f"/closed/{'abcdefghij'[index % 10]}{index % 100}"
            async with client.get(stage.api.url(path), headers=headers, proxy=f"http://{stage.mitm.address}") as answer:
                await answer.read()

    async with aiohttp.ClientSession() as client:
        await asyncio.gather(*(drive(client) for _ in range(8)))
    await appears(live, f"{counted('exchanges')} === 1000")
    everything = await live.evaluate("document.querySelector('#shown').textContent")
    filtered = await live.evaluate(
        """(() => { const input = document.querySelector('#filter-text');
        input.value = 'closed/a'; input.dispatchEvent(new Event('input', {bubbles: true}));
        return document.querySelector('#shown').textContent; })()"""
    )
    assert filtered != everything


async def test_a_page_opened_late_gets_everything(browser: Tabs, stage: Stage) -> None:
    """More problems than one answer holds, from before anybody looked: in the end all are counted, listed and found."""
    headers = {"Origin": stage.site.origin, "User-Agent": "Chrome/140.0.0.0"}
    words = [a + b + c for a in "ab" for b in "abcdefghijklmnopqrstuvwxyz" for c in "abcdefghijklmnopqrstuvwxyz"]
    queue = iter(words)

    async def drive(client: aiohttp.ClientSession) -> None:
        for word in queue:
            url = stage.api.url(f"/closed/{word}")
            async with client.get(url, headers=headers, proxy=f"http://{stage.mitm.address}") as answer:
                await answer.read()

    async with aiohttp.ClientSession() as client:
        await asyncio.gather(*(drive(client) for _ in range(8)))
    assert len(words) > CHANGES_AT_ONCE
    live = await watch(browser, stage)
    await appears(live, f"{counted('blocked')} === {len(words)}")
    every_row = "document.querySelector('#more').hidden || document.querySelector('#more').click()"
    ends = "new Set([...document.querySelectorAll('#list .where')].map(where => where.textContent.slice(-3)))"
    await appears(live, f"({every_row}, {ends}.size === {len(words)})")
    shown = await live.evaluate("[...document.querySelectorAll('#list > li[data-problem]')].map(item => item.dataset.problem)")
    assert len(set(shown)) == len(shown)
    assert len(shown) == int((await live.evaluate("document.querySelector('#shown').textContent")).split()[0].replace(",", ""))


async def test_hostile_text_does_not_run(browser: Tabs, stage: Stage) -> None:
    """Header names, values, paths and queries that want to be markup are shown as text, in the list and in the detail."""
    stage.api.handlers["/hostile"] = fixed(200, [("Access-Control-Allow-Origin", HOSTILE), ("X-Hostile", HOSTILE)], "")
    live, site = await watch(browser, stage), await shop(browser, stage)
    await ask(site, stage.api.url(f"/hostile?{HOSTILE}=1"))
    async with aiohttp.ClientSession() as client:
        proxy = f"http://{stage.mitm.address}"
        await client.get(f"http://{LOOPBACK}:{stage.api.port}/hostile", headers={"Origin": f"http://{HOSTILE}"}, proxy=proxy)
    await appears(live, "document.querySelectorAll('#list > li[data-problem]').length >= 1")
    for index in range(await live.evaluate("document.querySelectorAll('#list > li[data-problem]').length")):
        await live.evaluate(f"document.querySelectorAll('#list > li[data-problem] button')[{index}].click()")
        await appears(live, "document.querySelector('.detail .headers')")
    assert "onerror=window.pwned=1" in await live.evaluate("document.querySelector('main').textContent")
    assert await live.evaluate("[typeof window.pwned, document.querySelectorAll('main img, main script').length]") == [
        "undefined",
        0,
    ]


async def test_a_strangers_page_can_neither_read_nor_command_it(browser: Tabs, stage: Stage) -> None:
    """Not by fetch in any mode, nor as a script, an image, a frame, a window or a form; not with the page's own token either."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    token = await live.evaluate("document.querySelector('meta[name=corslens-token]').content")
    for path in ("", "api/changes?since=0", "page.js"):
        assert await ask(site, stage.live + path) == "TypeError"
        assert await ask(site, stage.live + path, mode="no-cors") in ("", "TypeError")
    wish = json.dumps({"on": True, "scope": "~all"})
    headers = {"X-Corslens-Token": token, "Content-Type": "application/json"}
    assert await ask(site, f"{stage.live}api/changes?since=0", headers=headers) == "TypeError"
    assert await ask(site, f"{stage.live}api/patching", method="POST", headers=headers, body=wish) == "TypeError"
    assert await ask(site, f"{stage.live}api/patching", method="POST", body=wish, mode="no-cors") in ("", "TypeError")
    loaded = await site.evaluate(
        f"""Promise.all(['script', 'img', 'link', 'iframe'].map(kind => new Promise(resolve => {{
            const element = document.createElement(kind);
            element.onload = () => {{
                try {{ resolve(kind === 'iframe' && element.contentDocument ? 'read' : 'loaded'); }} catch {{ resolve('closed'); }}
            }};
            element.onerror = () => resolve('refused');
            if (kind === 'link') {{ element.rel = 'stylesheet'; element.href = '{stage.live}page.css'; }}
            else element.src = '{stage.live}' + (kind === 'script' ? 'page.js' : kind === 'img' ? 'icon.svg' : '');
            document.body.append(element);
        }})))"""
    )
    assert loaded[:3] == ["refused"] * 3  # Cross-Origin-Resource-Policy
    assert loaded[3] != "read"
    await site.evaluate(
        f"""new Promise(resolve => {{
            const frame = document.createElement('iframe'); frame.name = 'target'; document.body.append(frame);
            const form = document.createElement('form'); form.method = 'post'; form.target = 'target'; form.enctype = 'text/plain';
            form.action = '{stage.live}api/patching';
            const field = document.createElement('input'); field.name = '{{"on":true,"scope":"~all","x":"'; field.value = '"}}';
            form.append(field); document.body.append(form);
            frame.onload = () => resolve(); form.submit();
        }})"""
    )
    await appears(live, "document.querySelector('#patching-state').textContent.startsWith('Off')")
    # Patching everything for everybody does not open it either.
    await live.evaluate(
        "document.querySelector('#patching-scope').value = '~all'; document.querySelector('#patching-on').click()"
    )
    await appears(live, "document.querySelector('#patching-state').textContent.startsWith('On')")
    assert await ask(site, stage.api.url("/closed")) == "closed"
    assert await ask(site, f"{stage.live}api/changes?since=0", headers=headers) == "TypeError"
    assert await ask(site, stage.live) == "TypeError"


async def test_its_own_requests_are_in_no_log(browser: Tabs, stage: Stage) -> None:
    """Neither the terminal nor cors_log knows of the page."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    await ask(site, stage.api.url("/closed"))
    await appears(live, f"{counted('blocked')} === 1")
    assert not [record for record in stage.mitm.latest() if "corslens.test" in record["url"]]
    assert not [line for line in stage.mitm.lines if "corslens.test" in line and "live page" not in line]


async def test_four_apis_fit_beside_the_patching_controls(browser: Tabs, stage: Stage) -> None:
    """At the width of a small notebook no column of the matrix is cut off."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    await resize(live, 1280, 900)
    port = stage.api.origin.rpartition(":")[2]
    for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "localhost"):
        await ask(site, f"http://{host}:{port}/closed")
    await appears(live, "document.querySelectorAll('#matrix thead th').length === 5")
    assert await live.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('#matrix .scroll'))") == 0
    assert await overflow(live) == 0


async def test_axe_finds_no_serious_fault(browser: Tabs, stage: Stage) -> None:
    """Narrow and wide, while patching is off and on, with a problem open, in both color schemes; and nothing sticks out."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    await ask(site, stage.api.url("/closed"), method="PUT")
    await appears(live, "document.querySelector('#list li[data-problem] button')")
    await live.evaluate("document.querySelector('#list li[data-problem] button').click()")
    await appears(live, "document.querySelector('.detail .sequence')")
    assert await live.evaluate("document.querySelectorAll('.settings figure').length") == 0
    await live.evaluate("document.querySelector('.settings summary').click()")
    await appears(live, "document.querySelector('.settings figure pre')?.textContent.includes('Access-Control-Allow-Origin')")
    for width, scheme in ((320, "light"), (1920, "dark")):
        await resize(live, width, 900)
        await prefer(live, scheme)
        assert await faults(live) == []
        assert await overflow(live) == 0
        await live.evaluate(
            "document.querySelector('#patching-scope').value = '~all'; document.querySelector('#patching-on').click()"
        )
        await appears(live, "document.querySelector('#patching.on')")


async def test_under_mitmweb_it_is_behind_mitmwebs_token(shared: Chromium) -> None:
    """The address that is printed opens it; the same without the token does not."""
    async with (
        Server(default=BLANK) as site,
        Server(default=fixed(200)) as api,
        Mitm("mitmweb") as mitm,
        shared.behind(mitm.address) as behind,
        shared.behind(None) as beside,
    ):
        address = (await mitm.line(r"live page is at (\S+)"))[1]
        live, page = await beside.page(), await behind.page()
        await live.goto(address.partition("?")[0])
        assert await live.evaluate("document.querySelector('#status')") is None
        await live.goto(address)
        await appears(live, "document.querySelector('#status').textContent === 'Live'")
        # The token leaves the address bar, and with it bookmarks, screenshots and what is copied.
        assert await live.evaluate("location.href") == address.partition("?")[0]
        await page.goto(site.url("/"))
        await ask(page, api.url("/closed"))
        await appears(live, f"{counted('blocked')} === 1")
        await live.evaluate(
            "document.querySelector('#patching-scope').value = '~all'; document.querySelector('#patching-on').click()"
        )
        await appears(live, "document.querySelector('#patching-state').textContent.startsWith('On for ~all')")
        assert await ask(page, api.url("/closed")) == ""
        # Where everything is allowed, a page next to it still is a stranger to it.
        assert await ask(page, address.partition("?")[0], credentials="include") == "TypeError"


async def test_without_traffic_it_claims_nothing(shared: Chromium, fresh: Stage) -> None:
    """Not before its first question is answered, and not afterwards: nothing seen may mean that the browser goes past the proxy."""
    async with shared.behind(fresh.mitm.address) as browser:
        await before_it_is_connected(browser, fresh)
        await before_anything_came(browser, fresh)


async def before_it_is_connected(browser: Tabs, stage: Stage) -> None:
    """It says that it is connecting."""
    page = await browser.page()
    await page.send("Page.addScriptToEvaluateOnNewDocument", {"source": "window.fetch = () => new Promise(() => {});"})
    await page.goto(stage.live)
    words = await page.evaluate("[document.querySelector('#status').textContent, document.querySelector('#shown').textContent]")
    assert words == ["Connecting…", "Connecting…"]
    text = await page.evaluate("document.body.innerText")
    assert "Nothing is wrong" not in text and "0 exchanges" not in text
    assert await faults(page) == []


async def before_anything_came(browser: Tabs, stage: Stage) -> None:
    """It says what to do."""
    page = await watch(browser, stage)
    await appears(page, "document.querySelector('#empty').textContent.startsWith('No request has come through the proxy yet.')")
    await appears(page, "document.querySelectorAll('#empty li').length >= 4")  # what corslens doctor finds
    assert "✓ proxy this browser uses it" in " ".join((await page.evaluate("document.body.innerText")).split())
    text = await page.evaluate("document.body.innerText")
    assert "corslens doctor" in text and "Nothing is wrong" not in text
    assert await faults(page) == []
