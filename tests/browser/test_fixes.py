"""The fixes, applied literally: in a real Chromium the request passes, or what stops it next was announced."""

from collections import Counter
from pathlib import Path

import pytest
from corslens.report.page.html import render_html

from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm
from tests.browser.sample_fixes import cases, try_fixes
from tests.demo_fixes import MENDS, RULES, mend, recorded

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHARE = 32
"""One sample of so many is tried here."""


async def test_the_demos_fifteen_pass_once_what_the_lines_say_is_done(shared: Chromium) -> None:
    """Each of the lines that every surface shows second (tests/test_demo_fixes.py), done literally."""
    async with Shop() as shop:
        mend(shop)
        async with Mitm(routes=ROUTES) as mitm, shared.behind(mitm.address) as chromium:
            page = await chromium.page()
            await page.goto(shop.url)
            seen = await page.evaluate("visited")
            await page.until(lambda: all(page.last_hops(step["url"])[-1].over for step in shop.steps))
            told = {
                offer.path: page.last_hops(step["url"])[-1].cors_error for offer, step in zip(OFFERS, shop.steps, strict=True)
            }
    became = {offer.path: entry["result"] for offer, entry in zip(OFFERS, seen, strict=True) if offer.path in MENDS}
    assert became == dict.fromkeys(MENDS, "allowed")
    assert {path: error for path, error in told.items() if error is not None} == {}


async def test_a_row_of_the_page_holds_what_is_done(shared: Chromium, tmp_path: Path) -> None:
    """The report's rows, which are the live page's: below the title the fix, for the demo's fifteen."""
    summary, problems, wanted = await recorded(tmp_path)
    file = tmp_path / "report.html"
    file.write_text(render_html(summary, RULES), encoding="utf-8")
    async with shared.behind(None) as tabs:
        page = await tabs.page()
        await page.goto(file.as_uri())
        rows = await page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('#list > li[data-problem]')].map((row) =>"
            " [row.dataset.problem, row.querySelector('.first-fix').textContent]))"
        )
    missed = {path: rows.get(problems[path].key.id) for path, line in wanted.items()}
    assert {path: row for path, row in missed.items() if not str(row).startswith(wanted[path])} == {}


async def test_the_fixes_of_bad_samples_make_them_pass_or_lead_to_what_was_announced(chromium_path: str) -> None:
    """A share of what `python -m tests.browser.sample_fixes` tries: fixes of servers and of pages, header lines and text."""
    count: Counter[str] = Counter()
    outcomes = await try_fixes(cases(first=SHARE - 1, every=SHARE), count)
    assert not [one for one in outcomes if one.is_wrong]
    assert sum(one.passed for one in outcomes) >= 3, count
