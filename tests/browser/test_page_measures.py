"""What the live page and the report have to be on a screen: rows above the fold, their order, keys, copying, one-click patching and injecting."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from corslens.diagnosis.summary import summarize
from corslens.lint.rules.loader import load_rules
from corslens.report.page.html import render_html

from tests.browser.kit.axe import faults
from tests.browser.kit.chromium import Chromium, Tabs
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.screen import overflow, prefer, press, resize
from tests.browser.kit.servers import Server, fixed
from tests.browser.test_live_page import BLANK, Stage, appears, ask, shop, watch
from tests.report import samples

pytestmark = pytest.mark.browser

ROW = "#list > li[data-problem]"
XSRF = "x" * 32
COPY = """new Promise(resolve => {
    const button = document.querySelector('.fix .copy');
    new MutationObserver(() => button.textContent.startsWith('Copied') && resolve()).observe(button, {childList: true});
    button.click();
})"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def reader(shared: Chromium) -> AsyncIterator[Tabs]:
    """Tabs without a proxy."""
    async with shared.behind(None) as tabs:
        yield tabs


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The address of a report on many problems, and their ids in the order of every other format."""
    rules = load_rules()
    summary = summarize(samples.inspected(samples.all_of(samples.shop(), samples.many(300, apis=20)), rules))
    file: Path = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render_html(summary, rules), encoding="utf-8")
    return file.as_uri(), [problem.key.id for problem in summary.problems()]


@pytest_asyncio.fixture(loop_scope="session")
async def report(reader: Tabs, written: tuple[str, list[str]]) -> AsyncIterator[tuple[Page, list[str]]]:
    """The report in a tab of its own, as it opens."""
    address, order = written
    page = await reader.page()
    await page.goto(address)
    yield page, order
    await page.close()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def stage() -> AsyncIterator[Stage]:
    """mitmweb between a site and an API that allows nobody."""
    async with Server(default=BLANK) as site, Server(default=fixed(200, (), "closed")) as api, Mitm("mitmweb") as mitm:
        yield Stage(site, api, mitm, await mitm.page_url())


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def browser(shared: Chromium, stage: Stage) -> AsyncIterator[Tabs]:
    """Tabs behind the stage's proxy."""
    async with shared.behind(stage.mitm.address) as tabs:
        yield tabs


async def home(page: Page) -> None:
    """Close what is open, and go back to the top."""
    await page.evaluate("location.hash = ''; document.activeElement.blur(); scrollTo(0, 0)")
    await appears(page, "document.querySelector('#detail').hidden")


async def test_twelve_problems_are_above_the_fold(report: tuple[Page, list[str]]) -> None:
    """At 1400 x 900, each with state, a title of at most 60 characters, endpoint, page, count and a date; nothing before them but a filter."""
    page, _ = report
    await resize(page, 1400, 900)
    await home(page)
    rows: list[dict[str, Any]] = await page.evaluate(
        f"""[...document.querySelectorAll('{ROW}')].filter(row => {{ const box = row.getBoundingClientRect();
            return box.height > 0 && box.bottom <= innerHeight; }}).map(row => Object.fromEntries(
            ['state', 'title', 'where', 'page', 'times', 'last'].map(name => [name, row.querySelector('.' + name).textContent])))"""
    )
    assert len(rows) >= 12
    assert all(all(row.values()) and len(row["title"]) <= 60 for row in rows)
    assert all(any(month in row["last"] for month in ("Sep", "Oct", "Nov")) for row in rows)
    first, matrix = await page.evaluate(
        f"['{ROW}', '#matrix'].map(found => document.querySelector(found).getBoundingClientRect().left)"
    )
    assert first < matrix


async def test_the_first_problem_is_near_the_top_of_a_phone(report: tuple[Page, list[str]]) -> None:
    """At 390 x 844 it begins above y = 300, and nothing sticks out."""
    page, _ = report
    await resize(page, 390, 844)
    await home(page)
    assert await page.evaluate("document.querySelector('#list > li').getBoundingClientRect().top") < 300
    assert await overflow(page) == 0


async def test_the_order_is_that_of_every_format(report: tuple[Page, list[str]]) -> None:
    """Worst first, then newest, those of one cause together beneath a line that names it."""
    page, order = report
    await page.evaluate("document.querySelector('#more').hidden || document.querySelector('#more').click()")
    assert await page.evaluate(f"[...document.querySelectorAll('{ROW}')].map(row => row.dataset.problem)") == order
    heads = await page.evaluate(
        """[...document.querySelectorAll('#list > li.group')].map(head => [head.querySelector('b').textContent,
            head.nextElementSibling.querySelector('.title').textContent])"""
    )
    assert heads and all(title == of_first for title, of_first in heads)


async def test_a_problem_opens_with_its_fix(report: tuple[Page, list[str]]) -> None:
    """Cause, fix, what happened, headers, checks with the passed ones folded, evidence; the address leads there again."""
    page, order = report
    await resize(page, 1400, 900)
    await page.evaluate(f"location.hash = 'problem={order[0]}'")
    await appears(page, "document.querySelector('.detail .sequence')")
    parts = await page.evaluate("[...document.querySelectorAll('.detail :is(h3, h4)')].map(title => title.textContent)")
    wanted = ["Fix", "What happened", "Headers", "Checks", "Evidence"]
    assert [part for part in parts[1:] if part in wanted] == wanted
    assert not await page.evaluate("document.querySelector('.passed-checks').open")
    assert await page.evaluate("document.querySelector('.fix').dataset.side") in ("server", "gateway", "page", "setup")
    await page.evaluate(COPY)  # looked at from before, since the button says so for two seconds only
    assert (await page.evaluate("document.querySelector('#announced').textContent")).startswith("Copied")


async def test_keys(report: tuple[Page, list[str]]) -> None:
    """j and k go through the problems, Escape closes, / filters, ? lists the keys; letters typed into a field stay letters."""
    page, order = report
    await resize(page, 1400, 900)
    await home(page)
    shown = "/^#problem=(.*)/.exec(location.hash)?.[1] ?? null"
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        await press(page, key)
        await appears(page, f"({shown}) === '{order[at]}' && !document.querySelector('#detail').hidden")
    await press(page, "Escape")
    await appears(page, "document.querySelector('#detail').hidden")
    await press(page, "/")
    assert await page.evaluate("document.activeElement.id") == "filter-text"
    await press(page, "j")
    assert await page.evaluate("document.querySelector('#detail').hidden")
    await press(page, "Escape")
    assert await page.evaluate("document.activeElement === document.body")
    await press(page, "?")
    await appears(page, "document.querySelector('#keys').open")
    assert await faults(page) == []
    await press(page, "Escape")
    await appears(page, "!document.querySelector('#keys').open")


async def test_problems_of_one_cause_are_hidden_and_shown_again(report: tuple[Page, list[str]]) -> None:
    """All of the same rule at once, counted beside the list; a reload keeps them hidden, and one click shows them again."""
    page, order = report
    await resize(page, 1400, 900)
    shown = "document.querySelector('#shown').textContent"
    every = await page.evaluate(shown)
    await page.evaluate(f"location.hash = 'problem={order[0]}'")
    await appears(page, "document.querySelector('[data-sources] a[href^=\"https://\"]')")
    rule = await page.evaluate("document.querySelector('.detail .rule').textContent")
    await page.evaluate("document.querySelector('.hide').click()")
    assert await page.evaluate("document.querySelector('#detail').hidden && location.hash === ''")
    hidden = int((await page.evaluate("document.querySelector('#unhide').textContent")).split()[0])
    assert await page.evaluate(shown) == f"{len(order) - hidden} of {every}"
    await page.goto(await page.evaluate("location.href"))
    await page.evaluate("document.querySelector('#more').click()")
    present = await page.evaluate(f"[...document.querySelectorAll('{ROW}')].map(row => row.dataset.rule)")
    assert len(present) == len(order) - hidden and rule not in present
    await page.evaluate("document.querySelector('#unhide').click()")
    assert await page.evaluate(f"{shown} === '{every}' && document.querySelector('#unhide').hidden")


async def open_problem(browser: Tabs, stage: Stage, path: str) -> tuple[Page, Page]:
    """Let the site be blocked at a path, and open that problem on the live page."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    assert await ask(site, stage.api.url(path)) == "TypeError"
    row = f"[...document.querySelectorAll('{ROW}')].find(row => row.querySelector('.path').textContent === '{path}')"
    await appears(live, row)
    await live.evaluate(f"{row}.querySelector('button').click()")
    await appears(live, "document.querySelector('.patch-this')")
    return live, site


async def state_of(page: Page, path: str, words: str) -> None:
    """Wait until the problem's row says so."""
    await appears(
        page,
        f"[...document.querySelectorAll('li[data-problem]')].some(row => row.querySelector('.path').textContent === '{path}' && row.querySelector('.state').textContent.includes('{words}'))",
    )


async def test_one_click_patches_a_problem_and_stops(browser: Tabs, stage: Stage) -> None:
    """Its endpoint and no other; the scope is in words, the row changes without a reload, and another click ends it."""
    live, site = await open_problem(browser, stage, "/one")
    await live.evaluate("document.querySelector('.patch-this').click()")
    await appears(live, "document.querySelector('.patch-this').textContent === 'Stop patching this'")
    scope = f"On for {stage.api.url('/one')}, for pages of loopback, 60 min left."
    await appears(live, f"document.querySelector('#patching-state').textContent === {json.dumps(scope)}")
    assert await ask(site, stage.api.url("/one")) == "closed"
    assert await ask(site, stage.api.url("/one-more")) == "TypeError"
    await live.evaluate("document.querySelector('.patch-this').click()")
    await appears(live, "document.querySelector('#patching-state').textContent.startsWith('Off')")
    assert await ask(site, stage.api.url("/one")) == "TypeError"


async def test_one_click_patches_a_cell(browser: Tabs, stage: Stage) -> None:
    """All that the API responds, for pages that may be allowed."""
    live, site = await open_problem(browser, stage, "/two")
    await live.evaluate("document.querySelector('.patch-cell').click()")
    await appears(live, f"document.querySelector('#patching-state').textContent.startsWith('On for {stage.api.origin}')")
    assert await ask(site, stage.api.url("/two")) == "closed"
    await state_of(live, "/two", "patched")
    await live.evaluate("document.querySelector('#patching-off').click()")
    await appears(live, "document.querySelector('#patching-state').textContent.startsWith('Off')")


async def test_a_problem_injects_and_the_list_stops_it(browser: Tabs, stage: Stage) -> None:
    """Pretend the server sent it: the page reads the response, the list counts it with its verdict, and Stop ends it."""
    live, site = await open_problem(browser, stage, "/three")
    await live.evaluate(
        """(() => { const form = document.querySelector('.pretend form'); const [header, value] = form.querySelectorAll('input');
        header.value = 'Access-Control-Allow-Origin'; value.value = 'bad\\u00e9'; form.requestSubmit(); })()"""
    )
    await appears(
        live, "document.querySelector('.tries .error').textContent.includes('another character that no header line may have')"
    )
    await live.evaluate(
        "(() => { const form = document.querySelector('.pretend form'); form.querySelectorAll('input')[1].value = '{origin}'; form.requestSubmit(); })()"
    )
    await appears(live, "document.querySelectorAll('#injections .injection').length === 1")
    assert await ask(site, stage.api.url("/three")) == "closed"
    await appears(live, "document.querySelector('#injections').textContent.includes('1 response changed')")
    listed = await live.evaluate("document.querySelector('#injections').textContent")
    assert f"{stage.api.url('/three')}, for pages of loopback, 60 min left" in listed
    assert await faults(live) == []
    await prefer(live, "dark")
    assert await faults(live) == []
    await live.evaluate("document.querySelector('#injections .injection button').click()")
    await appears(live, "!document.querySelector('#injections .injection')")
    assert await ask(site, stage.api.url("/three")) == "TypeError"


async def test_no_command_is_offered_while_the_proxy_is_out_of_reach(browser: Tabs, stage: Stage) -> None:
    """What it reported last stays, and its commands come back with it."""
    live = await watch(browser, stage)
    status = "document.querySelector('#status').textContent"
    await live.evaluate(
        "{ window.call = Live.prototype.call; Live.prototype.call = async () => { throw new Error('gone'); }; }"
    )
    await appears(live, f"document.querySelector('#patching').inert && {status}.startsWith('Not connected')")
    await live.evaluate("{ Live.prototype.call = window.call; }")
    await appears(live, f"!document.querySelector('#patching').inert && {status} === 'Live'")


async def test_a_problem_leads_to_its_flow_in_mitmweb(browser: Tabs, stage: Stage, reader: Tabs) -> None:
    """Where mitmweb serves the page; to a browser behind the proxy it offers no way there."""
    live, _ = await open_problem(browser, stage, "/five")
    link = "document.querySelector('.headers a[target=corslens-flow]')"
    assert not await live.evaluate(link)
    page = await reader.page()
    await page.goto(stage.mitm.web_url.replace("/?token=", "/cors/?token="))
    row = f"[...document.querySelectorAll('{ROW}')].find(row => row.querySelector('.path').textContent === '/five')"
    await appears(page, row)
    await page.evaluate(f"{row}.querySelector('button').click()")
    await appears(page, link)
    await page.goto(await page.evaluate(f"{link}.href"))
    await appears(page, "document.querySelector('.flow-detail .nav-tabs .active')?.textContent === 'Response'")
    # Not its row, which is in mitmweb's list only when it is in sight: the view CORS, which the response opens in.
    await appears(page, "document.querySelector('.flow-detail').textContent.includes('GET /five returned')")


async def test_mitmwebs_command_line_injects_too(browser: Tabs, stage: Stage) -> None:
    """What its command bar sends; the live page lists it, and a command stops it."""
    live, site = await watch(browser, stage), await shop(browser, stage)
    address, _, token = stage.mitm.web_url.partition("/?token=")
    headers = {"Authorization": f"Bearer {token}", "X-XSRFToken": XSRF, "Cookie": f"_mitmproxy_xsrf={XSRF}"}
    async with aiohttp.ClientSession(headers=headers) as web:

        async def command(name: str, *arguments: str) -> Any:
            async with web.post(f"{address}/commands/{name}", json={"arguments": arguments}) as reply:
                return await reply.json()

        said = await command("cors.inject", "~u /four", "Access-Control-Allow-Origin", "*")
        assert "Access-Control-Allow-Origin: * on ~u /four, for pages of loopback" in said["value"]
        await appears(live, "document.querySelector('#injections .injection')")
        assert await ask(site, stage.api.url("/four")) == "closed"
        await command("cors.inject.remove", "~u /four", "Access-Control-Allow-Origin")
        await appears(live, "!document.querySelector('#injections .injection')")
        assert await ask(site, stage.api.url("/four")) == "TypeError"
