"""Start the shop, the proxy and the browser; let the browser walk through; show what was seen."""

import os
import re
import shutil
import sys

from rich.console import Console

from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from scripts.demo_shop.show import Row, render_agreement, render_table
from tests.browser.kit.chromium import Chromium, find_chromium
from tests.browser.kit.mitmdump import Mitm, Setting
from tests.browser.kit.truth import split_by_start, what_we_say

MITMPROXY_LOG_LINE = re.compile(r"(\x1b\[[0-9;]*m)*\[\d\d:\d\d:\d\d\.\d\d\d\]")


def _print_own(line: str) -> None:
    """Print a line of mitmdump's output that is corslens', not the log of mitmproxy itself."""
    if not MITMPROXY_LOG_LINE.match(line):
        print(line, flush=True)


def _terminal() -> dict[str, str]:
    """Let the proxy print for this terminal, although it writes into a pipe."""
    size = {"COLUMNS": str(shutil.get_terminal_size().columns), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **size, **({"FORCE_COLOR": "1"} if sys.stdout.isatty() else {})}


def _patching(patch: bool) -> dict[str, Setting]:
    # A sandboxed frame and a redirect to another origin have the origin null, which is not let in unless named.
    return {"cors_patch": "~all", "cors_patch_origins": ["loopback", "null"]} if patch else {}


async def visit(*, patch: bool) -> int:
    """Send a headless Chromium through the shop and show every problem, then the summary."""
    console = Console(highlight=False)
    if find_chromium() is None:
        console.print(
            "There is no Chromium on this machine (install the package chromium, or name one in CORSLENS_CHROMIUM).\n"
            "scripts/demo --web works without: it starts mitmweb, and any browser set to that proxy can visit the shop.",
            soft_wrap=True,
        )
        return 0
    async with Shop() as shop:
        options: dict[str, Setting] = {"flow_detail": 0, **_patching(patch)}
        async with Mitm(options=options, routes=ROUTES, env=_terminal(), on_line=_print_own) as mitm:
            async with Chromium(proxy=mitm.address) as chromium:
                console.print(f"{await chromium.version()} visits {shop.url} through corslens.\n", soft_wrap=True)
                page = await chromium.page()
                await page.goto(shop.url)
                seen = await page.evaluate("visited")
                asked = {step["url"] for step in shop.steps}
                await page.until(lambda: all(hop.over for url in asked for hop in page.last_hops(url)))
            starts = [entry["t"] for entry in seen]
            await mitm.stop()  # prints the summary and finishes the log
            parts = split_by_start(mitm.latest(), starts)
    rows = []
    visits: dict[str, int] = {}
    for offer, step, entry, records in zip(OFFERS, shop.steps, seen, parts, strict=True):
        url = step["url"]
        nth = visits[url] = visits.get(url, -1) + 1
        rows.append(Row(offer=offer, page=entry["result"], browser=page.last_hops(url)[nth], ours=what_we_say(records)))
    console.print(render_table(rows))
    console.print(render_agreement(rows), soft_wrap=True)
    return 0


async def wait_for_visitors(*, patch: bool) -> int:
    """Start mitmweb beside the shop and say how to visit, until Ctrl-C."""
    console = Console(highlight=False)
    async with Shop() as shop, Mitm("mitmweb", options=_patching(patch), routes=ROUTES, env=_terminal()) as mitm:
        console.print(
            f"mitmweb with corslens:   {mitm.web_url}\n"
            f"corslens' live page:     {mitm.web_url.replace('/?', '/cors/?')}\n"
            f"the proxy for a browser: {mitm.address}\n"
            f"the shop:                {shop.url}\n\n"
            "Browsers leave loopback addresses out of their proxy settings;\n"
            "Chromium with them, for instance:\n"
            f"  chromium --user-data-dir=$(mktemp -d) --proxy-server={mitm.address} '--proxy-bypass-list=<-loopback>' {shop.url}\n"
            "Firefox: set network.proxy.allow_hijacking_localhost to true in about:config.\n"
            "Ctrl-C ends it.",
            soft_wrap=True,
        )
        ended = await mitm.ended()
    console.print(f"mitmweb ended with status {ended}.")
    return 1
