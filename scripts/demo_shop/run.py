"""Start the shop, the proxy and the browser; let the browser walk through; show what was seen."""

import os
import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from rich.console import Console

from scripts.demo_shop.recording import FILE, Recorder, Recording, Replay, load, save
from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from scripts.demo_shop.show import Row, render_agreement, render_table
from tests.browser.kit.chromium import Chromium, find_chromium
from tests.browser.kit.mitmdump import Mitm, Setting
from tests.browser.kit.page import NetworkRequest
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
    # A sandboxed frame and a redirect to another origin have the origin null, which is not allowed unless named.
    return {"cors_patch": "~all", "cors_patch_origins": ["loopback", "null"]} if patch else {}


class Seen(Struct, frozen=True, kw_only=True):
    """A walk through the shop: when each of the page's steps began, and what the browser said of it, where there is one."""

    starts: list[float]
    browser: Sequence[NetworkRequest | None]


type Walker = Callable[[Mitm, Shop], Awaitable[Seen]]


async def visit(*, patch: bool) -> int:
    """Send a headless Chromium, or what one once sent, through the shop; show every problem, then the summary.

    Returns: 0 when something was shown.
    """
    console = Console(highlight=False)
    recording = None if find_chromium() else load()
    # Said before the proxy starts: it prints lines of its own, and it takes a second.
    if recording is None:
        console.print("Starting mitmdump with corslens, then Chromium ...")
    else:
        console.print(
            f"No Chromium was found: the very requests that {recording.browser} sent here are sent again, and the verdicts are "
            "corslens' own, since no browser is there to ask. "
            "For one, install the package chromium, or name one in CORSLENS_CHROMIUM.\n",
            soft_wrap=True,
        )

    async def walker(mitm: Mitm, shop: Shop) -> Seen:
        if recording is not None:
            walk = recording.patched if patch else recording.plain
            starts = await Replay(mitm.address, walk, shop.places).send()
            return Seen(starts=starts, browser=[None] * len(starts))
        async with Chromium(proxy=mitm.address) as chromium:
            console.print(f"{await chromium.version()} visits {shop.url} through corslens.\n", soft_wrap=True)
            return await _walk(chromium, shop)

    rows = await _rows(walker, patch=patch)
    console.print(render_table(rows))
    console.print(render_agreement(rows), soft_wrap=True)
    return 0 if any(row.ours.record for row in rows) else 1


async def _rows(walker: Walker, *, patch: bool) -> list[Row]:
    async with Shop() as shop:
        options: dict[str, Setting] = {"flow_detail": 0, **_patching(patch)}
        async with Mitm(options=options, routes=ROUTES, env=_terminal(), on_line=_print_own) as mitm:
            seen = await walker(mitm, shop)
            await mitm.stop()  # prints the summary and finishes the log
            parts = split_by_start(mitm.latest(), seen.starts)
    told = zip(OFFERS, seen.browser, parts, strict=True)
    return [Row(offer=offer, browser=browser, ours=what_we_say(records)) for offer, browser, records in told]


async def _walk(chromium: Chromium, shop: Shop) -> Seen:
    page = await chromium.page()
    await page.goto(shop.url)
    seen = await page.evaluate("visited")
    asked = [step["url"] for step in shop.steps]
    await page.until(lambda: all(hop.over for url in asked for hop in page.last_hops(url)))
    return Seen(
        starts=[entry["t"] for entry in seen],
        browser=[page.last_hops(url)[asked[:at].count(url)] for at, url in enumerate(asked)],
    )


async def record() -> int:
    """Send a real Chromium through the shop twice, without and with patching, and keep what it sent."""
    walks = []
    version = ""
    for patch in (False, True):
        async with Shop() as shop, Mitm(options=_patching(patch), routes=ROUTES) as mitm, Recorder(mitm.address) as recorder:
            async with Chromium(proxy=recorder.address) as chromium:
                version = await chromium.version()
                seen = await _walk(chromium, shop)
            walks.append(recorder.walk(shop.places, seen.starts))
    plain, patched = walks
    save(Recording(browser=version, plain=plain, patched=patched))
    Console(highlight=False).print(
        f"{version}: {len(plain.messages)} requests, and {len(patched.messages)} with patching, are in {FILE.name}.",
        soft_wrap=True,
    )
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
