"""The live page and the HTML report with thousands of exchanges: how fast they are made, opened in a real Chromium, and filtered."""

import asyncio
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

from corslens.diagnosis.summary import SessionSummary
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.report.page.html import render_html

from scripts.bench_suite import live_page
from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.sites import exchanges
from tests.browser.kit.chromium import Chromium, find_chromium


def measure(rounds: int, count: int) -> list[Figure]:
    """Return the figures; those of the browser are left out where there is none, which is said."""
    browser = find_chromium() is not None
    if not browser:
        print("Left out: the pages in the browser, because no Chromium was found (Debian: chromium).", file=sys.stderr)
    return asyncio.run(_both(rounds, count) if browser else _report(rounds, _summary(count), browser=False))


async def _both(rounds: int, count: int) -> list[Figure]:
    async with live_page.filling(count) as measure_live:
        summary = _summary(count)  # while the proxy does the same: only what follows is timed
        figures = await measure_live(rounds)
    return await _report(rounds, summary, browser=True) + figures


def _summary(count: int) -> SessionSummary:
    """Return what `corslens analyze` makes of so many exchanges."""
    inspector, summary = Inspector(rules=load_rules()), SessionSummary()
    summary.begin("the benchmark")
    for inspection in chain(chain.from_iterable(map(inspector.inspect, exchanges(count))), inspector.finish()):
        summary.add(inspection)
    return summary


async def _report(rounds: int, summary: SessionSummary, *, browser: bool) -> list[Figure]:
    rules = load_rules()
    rendering: list[float] = []
    html = ""
    for _ in range(rounds):
        began = time.perf_counter()
        html = render_html(summary, rules, about="the benchmark")
        rendering.append(time.perf_counter() - began)
    group = f"HTML report, {summary.exchanges} exchanges"
    figures = [
        figure(group, "rendering", "s", rendering),
        figure(group, "size", "MB", [len(html.encode()) / 1e6]),
    ]
    return figures + await _opened(rounds, html, group) if browser else figures


async def _opened(rounds: int, html: str, group: str) -> list[Figure]:
    """Open the report from disk, a tab a round."""
    opening: list[float] = []
    typing: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.html")
        file.write_text(html, encoding="utf-8")
        async with Chromium(proxy=None) as browser:
            for _ in range(rounds):
                page = await browser.page()
                await page.goto(file.as_uri())
                opening.append(await page.evaluate(live_page.in_frames("shown().then((at) => at / 1000)")))
                typing.append(await page.evaluate(live_page.in_frames(live_page.TYPED)))
                await page.close()
    return [
        figure(group, "opening in Chromium", "s", opening, 2.0),
        figure(group, "filter: the slowest of ten letters", "ms", typing, 100.0),
    ]
