"""Send a browser through the shop, and take pictures of what shows it: mitmweb, the live page, the report."""

import asyncio
import sys
import tempfile
from pathlib import Path

from scripts.demo_shop.shop import ROUTES, Shop
from tests.browser.kit.chromium import Chromium, find_chromium
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.screen import picture, prefer, resize

PICTURES = Path(__file__).resolve().parents[2] / ".github" / "pictures"
RULE, PATH = "preflight-header-not-allowed", "/search"
"""The problem that is opened: a preflight that failed, and a request that was never sent."""


async def take(page: Page, name: str, width: int, height: int, scheme: str = "light") -> None:
    """Take a picture of the page on a screen of this size, when it has been drawn for it."""
    await resize(page, width, height, scale=1.5)
    await prefer(page, scheme)
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    file = PICTURES / f"{name}.png"
    file.write_bytes(await picture(page))
    print(f"{file.relative_to(PICTURES.parents[1])}  {width} x {height}, {file.stat().st_size // 1024} KB")


async def new_page(browser: Chromium) -> Page:
    """Open a tab without scroll bars."""
    page = await browser.page()
    await page.send("Emulation.setScrollbarsHidden", {"hidden": True})
    return page


async def until(page: Page, condition: str) -> None:
    """Wait in the page until an expression is true."""
    await page.evaluate(f"(async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }})()")


async def open_problem(page: Page) -> None:
    """Choose the problem to show."""
    find = f"[...document.querySelectorAll('#list li[data-rule={RULE}]')].find(each => each.textContent.includes('{PATH}'))?.firstElementChild"
    await until(page, find)
    await page.evaluate(f"{find}.click()")
    await until(page, "document.querySelector('.detail .sequence')")


async def watch(page: Page, url: str) -> None:
    """Take the live page's pictures: the list, and a problem that is open."""
    await resize(page, 1400, 900)
    await page.goto(url)
    await until(page, "document.querySelectorAll('#list li[data-problem]').length > 12")
    await take(page, "live-page", 1400, 900)
    await resize(page, 390, 844)
    await take(page, "live-page-narrow", 390, 844)
    await resize(page, 1400, 900)
    await open_problem(page)
    await take(page, "live-page-dark", 1400, 900, "dark")


async def inspect(page: Page, url: str) -> None:
    """Take mitmweb's picture: the flow list with its marks, and the view CORS of a blocked preflight."""
    await resize(page, 1500, 940)
    await page.goto(url)
    await until(page, "document.querySelectorAll('.flow-table tbody tr').length > 8")
    await page.evaluate(
        f"""(() => {{ const row = [...document.querySelectorAll('.flow-table tbody tr')].find(each => each.textContent.includes('{PATH}'));
        row.scrollIntoView({{block: 'center'}}); row.click(); }})()"""
    )
    await until(page, "document.querySelector('.flow-detail')")
    await page.evaluate("[...document.querySelectorAll('.nav-tabs a')].find(tab => /Response/i.test(tab.textContent)).click()")
    await until(page, "document.querySelector('.flow-detail').textContent.includes('Chromium')")
    await take(page, "mitmweb", 1500, 940)


async def shoot() -> None:
    """Take all the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="corslens-pictures-") as folder:
        report = Path(folder, "report.html")
        async with Shop() as shop:
            options = {"cors_report": str(report), "web_columns": ["path", "method", "status", "comment"]}
            async with Mitm("mitmweb", options=options, routes=ROUTES) as mitm:
                async with Chromium(proxy=mitm.address) as visitor:
                    page = await visitor.page()
                    await page.goto(shop.url)
                    await page.evaluate("visited")
                    await watch(await new_page(visitor), await mitm.page_url())
                async with Chromium(proxy=None) as other:
                    await inspect(await new_page(other), mitm.web_url)
        async with Chromium(proxy=None) as reader:
            page = await new_page(reader)
            await resize(page, 1400, 900)
            await page.goto(report.as_uri())
            await open_problem(page)
            await take(page, "report", 1400, 900)


def main() -> int:
    """Return the exit status."""
    if find_chromium() is None:
        print("No Chromium on this machine: install the package chromium, or name one in CORSLENS_CHROMIUM.", file=sys.stderr)
        return 1
    asyncio.run(shoot())
    return 0


if __name__ == "__main__":
    sys.exit(main())
