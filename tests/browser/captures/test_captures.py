"""The same session gives the same findings live, from a flow file, and from the HAR of each program; what differs is what a format lost."""

import asyncio
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.library import analyze

from tests.browser.captures.devtools_har import DevToolsHar
from tests.browser.captures.session import script, servers
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.firefox import Firefox, find_firefox
from tests.browser.kit.mitmdump import Mitm
from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.browser

type Row = tuple[str, str, str | None, str, tuple[str, ...]]

ASKED = 12
"""CORS exchanges in a whole session: three preflights, eight requests that went out, one redirect of them."""


def rows(records: Iterable[dict[str, Any]]) -> list[Row]:
    """What is said of each CORS exchange of the API, in its order: method, path, reason, outcome, rules."""
    latest = {record["id"]: record for record in records}
    found = []
    for record in latest.values():
        verdict = record["verdicts"][record["engine"]]
        path = urlsplit(record["url"]).path
        if record["role"] in ("preflight", "actual", "simple"):
            found.append(
                (
                    record["method"],
                    path,
                    verdict["reason"],
                    verdict["outcome"],
                    tuple(sorted(one["rule"] for one in record["findings"])),
                )
            )
    return sorted(found, key=str)


def of_file(path: Path) -> list[Row]:
    """What `analyze` says of a capture."""
    result = CliRunner().invoke(main, ["analyze", str(path), "--format", "jsonl", "--fail-on", "never"])
    assert result.exit_code == 0, result.stderr
    return rows(json.loads(line) for line in result.stdout.splitlines())


def but_gone(found: list[Row]) -> list[Row]:
    """The rows that the proxy and a browser can agree on: its own page in the place of a server that hung up is an answer to the browser."""
    return [row for row in found if row[1] != "/gone"]


def refused(found: list[Row]) -> list[Row]:
    """The rows of which the browser's own word is all that is known; take them out of the others."""
    taken = [row for row in found if row[3] == "not-judged"]
    found[:] = [row for row in found if row[3] != "not-judged"]
    return taken


def agree(recorded: list[Row], live: list[Row]) -> None:
    """Require that a HAR says of each of its exchanges what was said live, but where the format lost what it depends on, or the browser's
    own word settles what depends live.
    """
    unmatched = list(live)
    for row in recorded:
        same = [
            other for other in unmatched if other[:2] == row[:2] and (other[2:] == row[2:] or "depends" in (row[3], other[3]))
        ]
        assert same, (row, unmatched)
        unmatched.remove(same[0])


def saving(folder: Path) -> dict[str, str]:
    """mitmdump's options to write the session in both its formats."""
    return {"save_stream_file": str(folder / "session.mitm"), "hardump": str(folder / "session.har")}


async def test_chromium(chromium_path: str, tmp_path: Path) -> None:
    """Live, mitmproxy's flow file, mitmproxy's HAR, and a HAR of Chromium's own events."""
    async with servers() as (site, api), Mitm(options=saving(tmp_path)) as mitm, Chromium(proxy=mitm.address) as chromium:
        devtools = DevToolsHar(chromium.devtools)
        page = await chromium.page()
        await page.goto(site.url("/"))
        assert await page.evaluate(script(api)) == "done"
        await page.until(lambda: all(request.over for request in page.requests))
        await mitm.until(lambda records: any(record["url"].endswith("/image.png") for record in records))
        exported = tmp_path / "chromium.har"
        await devtools.whole()
        exported.write_text(json.dumps(devtools.har()))
        await mitm.stop()
        live = rows(mitm.latest())
    assert {("/missing", "acao-missing"), ("/unrouted", "preflight-acao-missing")} <= {row[1:3] for row in live}
    assert len(live) == ASKED
    assert of_file(tmp_path / "session.mitm") == live
    # A HAR of mitmproxy's does not hold the connections, which tell the credentials mode live.
    agree(of_file(tmp_path / "session.har"), live)
    recorded = of_file(exported)
    # Their preflights are in the file and show why.
    assert [(*row[:2], row[4]) for row in refused(recorded)] == [("DELETE", "/unrouted", ()), ("POST", "/lacking", ())]
    assert len(but_gone(recorded)) == len(but_gone(live))
    agree(but_gone(recorded), but_gone(live))
    assert ("GET", "/wild", "acao-wildcard-with-credentials", "blocked") in [row[:4] for row in recorded]


async def test_playwright(chromium_path: str, tmp_path: Path) -> None:
    """Playwright's record_har against the live view of the same session: it holds no preflights and no answer that
    was kept from the page, and the report says so.
    """
    playwright = pytest.importorskip("playwright.async_api")
    exported = tmp_path / "playwright.har"
    async with servers() as (site, api), Mitm(options=saving(tmp_path)) as mitm:
        async with playwright.async_playwright() as driver:
            browser = await driver.chromium.launch(
                executable_path=chromium_path,
                args=["--no-sandbox"] if os.geteuid() == 0 else [],
                proxy={"server": f"http://{mitm.address}", "bypass": "<-loopback>"},
            )
            context = await browser.new_context(record_har_path=str(exported))
            page = await context.new_page()
            await page.goto(site.url("/"))
            assert await page.evaluate(script(api)) == "done"
            await context.close()
            await browser.close()
        await mitm.until(lambda records: any(record["url"].endswith("/image.png") for record in records))
        await mitm.stop()
        live = rows(mitm.latest())
    recorded = of_file(exported)
    told = refused(recorded)
    assert {row[1] for row in told} == {"/missing", "/other", "/wild", "/lacking", "/unrouted", "/redirected", "/gone"}
    assert {rule for row in told for rule in row[4]} == {"browser-refused"}
    assert [row[:2] for row in recorded] == [("GET", "/open"), ("GET", "/redirect"), ("PUT", "/put"), ("PUT", "/put")]
    agree(recorded, live)
    assert "holds no preflight at all" in analyze(exported).notes[0]


async def test_firefox(tmp_path: Path) -> None:
    """The network panel's own export."""
    if find_firefox() is None:
        pytest.skip("no Firefox on this machine")
    exported = tmp_path / "firefox.har"
    async with servers() as (site, api), Mitm(options=saving(tmp_path)) as mitm, Firefox(proxy=mitm.address) as firefox:
        await firefox.await_in_chrome(OPEN_PANEL)
        await firefox.goto(site.url("/"))
        assert await firefox.evaluate(script(api)) == "done"
        async with asyncio.timeout(DEADLINE_SECONDS):
            har = json.loads(await firefox.await_in_chrome(EXPORT))
        exported.write_text(json.dumps(har))
        await mitm.until(lambda records: any(record["url"].endswith("/image.png") for record in records))
        await mitm.stop()
        live = rows(mitm.latest())
    assert of_file(tmp_path / "session.mitm") == live
    recorded = but_gone(of_file(exported))
    refused(recorded)
    # On a busy machine the panel never hears of some answers, redirects above all; those are withheld, not judged.
    assert {row[:2] for row in recorded} >= {
        ("OPTIONS", "/put"),
        ("OPTIONS", "/lacking"),
        ("OPTIONS", "/unrouted"),
        ("GET", "/missing"),
    }
    agree(recorded, live)


OPEN_PANEL = """
    const { require } = ChromeUtils.importESModule("resource://devtools/shared/loader/Loader.sys.mjs");
    const { gDevTools } = require("devtools/client/framework/devtools");
    const window = Services.wm.getMostRecentWindow("navigator:browser");
    Services.corslensToolbox = await gDevTools.showToolboxForTab(window.gBrowser.selectedTab, { toolId: "netmonitor" });
"""
EXPORT = """
    const wanted = ["OPTIONS /put", "OPTIONS /lacking", "OPTIONS /unrouted", "GET /missing", "GET /image.png"];
    const { store } = Services.corslensToolbox.getPanel("netmonitor").panelWin;
    await new Promise(resolve => {
        const look = () => {
            const answered = [...store.getState().requests.requests.values()].filter(one => one.status);
            const seen = new Set(answered.map(one => `${one.method} ${new URL(one.url).pathname}`));
            if (wanted.every(one => seen.has(one))) { unsubscribe(); resolve(); }
        };
        const unsubscribe = store.subscribe(look);
        look();
    });
    const har = await Services.corslensToolbox.getHARFromNetMonitor();
    return JSON.stringify({log: har.log ?? har});
"""
"""The panel hears of responses after the page does, so the export waits for those that matter, by the panel's own store.

Polling it instead kept the browser's main thread, on which the panel lives and takes up what it hears when idle, from ever being idle;
and a failed export was waited for without end.
"""
