"""The HTML report in a real Chromium, opened from disk."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio
from corslens.diagnosis.summary import summarize
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange
from corslens.report.page.html import render_html

from tests.browser.kit.axe import faults
from tests.browser.kit.chromium import Chromium, Tabs
from tests.browser.kit.page import Page
from tests.browser.kit.screen import overflow, prefer, press, resize
from tests.report import samples

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def browser(shared: Chromium) -> AsyncIterator[Tabs]:
    """Tabs without a proxy."""
    async with shared.behind(None) as tabs:
        yield tabs


async def opened(browser: Tabs, folder: Path, exchanges: Iterable[Exchange]) -> Page:
    """Write a report on the exchanges and open it."""
    rules = load_rules()
    file = folder / "report.html"
    file.write_text(render_html(summarize(samples.inspected(exchanges, rules)), rules, about="samples"), encoding="utf-8")
    page = await browser.page()
    await page.goto(file.as_uri())
    return page


async def choose(page: Page, rule: str) -> None:
    """Choose the first problem of a rule and wait until it is shown."""
    await page.evaluate(
        f"""(async () => {{
            document.querySelector('#list li[data-rule={rule}] button').click();
            while (!document.querySelector('.detail .headers')) await new Promise(requestAnimationFrame);
        }})()"""
    )


@pytest.mark.slow
async def test_a_report_on_3000_exchanges_opens_filters_and_shows(browser: Tabs, tmp_path: Path) -> None:
    """It holds them all, in one file; how long that takes is measured by scripts/bench page."""
    file = tmp_path / "report.html"
    inspections = samples.inspected(samples.many(3_000, apis=300), load_rules())
    file.write_text(render_html(summarize(inspections), load_rules(), about="3,000 exchanges"), encoding="utf-8")
    page = await browser.page()
    await page.goto(file.as_uri())
    everything = await page.evaluate("document.querySelector('#shown').textContent")
    filtered = await page.evaluate(
        """(() => { const input = document.querySelector('#filter-text');
        input.value = 'api17 page3'; input.dispatchEvent(new Event('input', {bubbles: true}));
        return document.querySelector('#shown').textContent; })()"""
    )
    await page.evaluate(
        """(async () => { document.querySelector('#list li[data-problem] button').click();
        while (!document.querySelector('.detail .headers')) await new Promise(requestAnimationFrame); })()"""
    )
    assert "problems" in everything
    assert filtered != everything


async def test_it_asks_for_nothing(browser: Tabs, tmp_path: Path) -> None:
    """The one request is for the file itself, and the console is silent."""
    page = await opened(browser, tmp_path, samples.shop())
    await choose(page, "preflight-header-not-allowed")
    assert [request.url for request in page.requests if not request.url.startswith("data:")] == [
        (tmp_path / "report.html").as_uri()
    ]
    assert page.console == []


async def test_what_is_on_the_wire_does_not_run(browser: Tabs, tmp_path: Path) -> None:
    """Wherever a stranger can write, what he writes is text."""
    page = await opened(browser, tmp_path, samples.all_of(samples.shop(), samples.hostile()))
    number = await page.evaluate("document.querySelectorAll('#list > li[data-problem]').length")
    for index in range(number):
        await page.evaluate(
            f"""(async () => {{
                document.querySelector('#detail').replaceChildren();
                document.querySelectorAll('#list > li[data-problem] button')[{index}].click();
                while (!document.querySelector('.detail .headers')) await new Promise(requestAnimationFrame);
            }})()"""
        )
    assert "window.pwned=1" in await page.evaluate("document.querySelector('main').textContent")
    assert await page.evaluate("typeof window.pwned") == "undefined"
    assert await page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    text = await page.evaluate("document.body.textContent")
    assert "\u202e" not in text and "\x1b" not in text


async def test_secrets_are_not_in_it(browser: Tabs, tmp_path: Path) -> None:
    """Neither on the screen nor in the file."""
    page = await opened(browser, tmp_path, samples.shop())
    await choose(page, "acao-wildcard-with-credentials")
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "[redacted]" in await page.evaluate("document.querySelector('.detail').textContent")
    for secret in ("s3cret", "abcdef", "topsecret"):
        assert secret not in source.split('id="summary"')[1].split("<script>")[0]


async def test_it_works_by_keyboard(browser: Tabs, tmp_path: Path) -> None:
    """Tab to the list, arrows within it, Enter opens and moves on to the title; on a narrow screen Enter leads back to the list."""
    page = await opened(browser, tmp_path, samples.shop())
    await resize(page, 320, 700)
    for _ in range(40):
        await press(page, "Tab")
        if await page.evaluate("document.activeElement.matches('#list li[data-problem] button')"):
            break
    await press(page, "ArrowDown")
    assert await page.evaluate("document.activeElement === document.querySelectorAll('#list li[data-problem] button')[1]")
    await press(page, "Enter")
    await page.evaluate(
        "(async () => { while (document.activeElement.id !== 'detail-title') await new Promise(requestAnimationFrame); })()"
    )
    assert not await page.evaluate("document.querySelector('.list-side').checkVisibility()")
    await page.evaluate("document.querySelector('.back').focus()")
    await press(page, "Enter")
    assert await page.evaluate("document.activeElement === document.querySelectorAll('#list li[data-problem] button')[1]")


async def test_axe_finds_no_serious_fault(browser: Tabs, tmp_path: Path) -> None:
    """In the list and in a problem, on narrow and wide screens, in both color schemes; and nothing sticks out."""
    page = await opened(browser, tmp_path, samples.all_of(samples.shop(), samples.hostile()))
    for opens in (False, True):
        if opens:
            await choose(page, "preflight-header-not-allowed")
            await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        for width, scheme in ((320, "light"), (1920, "dark")):
            await resize(page, width, 900)
            await prefer(page, scheme)
            assert await faults(page) == [], (opens, width, scheme)
            assert await overflow(page) == 0, (opens, width, scheme)


async def test_the_worst_comes_first_and_an_allowed_pair_shows_the_error_in_it(browser: Tabs, tmp_path: Path) -> None:
    """Any origin reflected with credentials is allowed everywhere, and the worst that there is."""
    rules = load_rules()
    lines = {"Access-Control-Allow-Credentials": "true"}
    sites = [f"https://site{number}.example" for number in range(7)]
    grants = [samples.ask(site, 0, given={"Cookie": "a=1"}, origin=site, allow_origin=site, answer=lines) for site in sites]
    file = tmp_path / "report.html"
    file.write_text(render_html(summarize(samples.inspected(grants, rules), everything=True), rules), encoding="utf-8")
    page = await browser.page()
    await page.goto(file.as_uri())
    ranks = await page.evaluate(
        "[...document.querySelectorAll('#list .state .badge')].map(badge => ['note', 'warning', 'error', 'blocked'].findIndex(word => badge.textContent.includes(word)))"
    )
    assert ranks[0] == 2 and ranks == sorted(ranks, reverse=True) and len(set(ranks)) > 1
    cells = await page.evaluate("[...document.querySelectorAll('[data-cell]')].map(cell => [cell.className, cell.textContent])")
    worst = [text for name, text in cells if name == "cell error"]
    assert worst and all("✕ error 1 of 1" in text for text in worst)
    assert await faults(page) == []
    assert await overflow(page) == 0
    await choose(page, "any-origin-reflected-with-credentials")
    assert await page.evaluate("document.querySelectorAll('.checks .passed').length") > 0


async def test_a_check_that_does_not_matter_is_not_ticked(browser: Tabs, tmp_path: Path) -> None:
    """Without credentials nobody asks for Access-Control-Allow-Credentials."""
    page = await opened(
        browser, tmp_path, [samples.ask("star", 0, allow_origin="*", answer={"Access-Control-Allow-Header": "x"})]
    )
    await page.evaluate(
        """(async () => { document.querySelector('#list li[data-problem] button').click();
        while (!document.querySelector('.detail .checks')) await new Promise(requestAnimationFrame); })()"""
    )
    text = await page.evaluate("document.querySelector('.checks .not-needed').textContent")
    assert text.startswith("○") and "only matters with credentials" in text
