"""The live page in a headless Chromium, behind a mitmdump whose session holds the exchanges; what comes later really comes by.

What is timed in the page ends with the frame that shows it, so nothing takes less than the 16 ms between two frames.
"""

import asyncio
import contextlib
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.processes import cpu_seconds
from scripts.bench_suite.sites import NOUNS, PAGES, Ask, answer, drive, send, visits
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm, Setting
from tests.browser.kit.page import Page
from tests.browser.kit.processes import ProgramEndedError
from tests.browser.kit.servers import Server

_FILL = Path(__file__).with_name("fill_addon.py")
_POLL_SECONDS = 0.2
_NEWCOMERS = 100
_IDLE_SECONDS = 5.0
_OPENING_SECONDS = 120.0

SHOWN = """
const shown = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))));
"""
_MARKS = r"""(() => {
  const marks = {};
  const number = (selector) => Number((document.querySelector(selector)?.textContent.match(/^[\d,]+/)?.[0] ?? "0").replaceAll(",", ""));
  const wanted = {
    rows: () => document.querySelector("#list > li"),
    all: () => number("[data-count=exchanges] strong") >= EXCHANGES && number("#shown") >= PROBLEMS,
  };
  const look = () => {
    for (const [name, holds] of Object.entries(wanted)) {
      if (!(name in marks) && holds()) {
        marks[name] = null;
        shown().then((at) => { marks[name] = at / 1000; });
      }
    }
    if (Object.keys(marks).length === 2) observer.disconnect();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, characterData: true });
  window.benchMarks = async () => {
    while (!(marks.rows && marks.all)) await shown();
    return marks;
  };
})()"""
_EVERY_ROW = """(async () => {
  const began = performance.now();
  const more = document.querySelector("#more");
  while (!more.hidden) more.click();
  return [await shown() - began, document.querySelectorAll("#list > li[data-problem]").length];
})()"""
TYPED = """(async () => {
  const input = document.querySelector("#filter-text");
  const took = [];
  for (const letter of "orders put") {
    const began = performance.now();
    input.value += letter;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    took.push(await shown() - began);
  }
  const began = performance.now();
  document.querySelector("#filter-reset").click();
  took.push(await shown() - began);
  return Math.max(...took);
})()"""
_CHANGES = """(async () => {
  const token = document.querySelector("meta[name=corslens-token]").content;
  const taken = { ms: 0, slowest: 0, bytes: 0, largest: 0, version: SINCE };
  for (let more = true, rest = ""; more;) {
    const began = performance.now();
    const answer = await fetch(`/api/changes?since=${taken.version}${rest}`, { headers: { "X-Corslens-Token": token }, cache: "no-store" });
    const body = await answer.arrayBuffer();
    const ms = performance.now() - began;
    const changes = JSON.parse(new TextDecoder().decode(body));
    taken.version = changes.version;
    taken.ms += ms;
    taken.bytes += body.byteLength;
    taken.slowest = Math.max(taken.slowest, ms);
    taken.largest = Math.max(taken.largest, body.byteLength);
    more = changes.more;
    rest = changes.rest ? `&after=${changes.rest[0]}&before=${changes.rest[1]}` : "";
  }
  return taken;
})()"""
_ROW = """(async () => {
  const seen = () => [...document.querySelectorAll("#list .where")].some((where) => where.textContent.includes("PATH"));
  if (!seen()) await new Promise((resolve) => {
    const observer = new MutationObserver(() => { if (seen()) { observer.disconnect(); resolve(); } });
    observer.observe(document.querySelector("#list"), { subtree: true, childList: true });
  });
  await shown();
  return Date.now();
})()"""

_FILTER = """(() => {
  const input = document.querySelector("#filter-text");
  input.value = "PATH";
  input.dispatchEvent(new Event("input", { bubbles: true }));
})()"""

_ROWS = (
    ("opening: first rows on the screen", "s", 1.0),
    ("opening: list complete", "s", 1.0),
    ("opening: longest step of the proxy's loop, CPU", "ms", 10.0),
    ("problems in the list", "rows", None),
    ("'Show more' until every row is there", "ms", None),
    ("filter: the slowest of ten letters", "ms", 100.0),
    ("snapshot: size of all answers", "kB", None),
    ("snapshot: largest answer", "kB", None),
    ("snapshot: time of all answers", "ms", None),
    ("snapshot: slowest answer", "ms", None),
    ("poll, nothing new: size", "kB", None),
    ("poll, nothing new: time", "ms", None),
    ("poll, 100 new exchanges: size", "kB", None),
    ("poll, 100 new exchanges: time", "ms", None),
    ("a new flow's end until its row is there", "ms", 1000.0),
    ("CPU of the proxy, page open and idle", "s/s", 0.02),
    ("JS heap", "MB", None),
)
"""Name, unit and target of what each round measures."""


def in_frames(script: str) -> str:
    """Return the script with the function `shown`, which waits for the next frame and returns its time."""
    return f"{{ {SHOWN} {script} }}"


@asynccontextmanager
async def filling(count: int) -> AsyncIterator[Callable[[int], Awaitable[list[Figure]]]]:
    """Let so many exchanges come by at a proxy that keeps as many as its memory allows, and yield what waits for that and measures its page."""
    options: dict[str, Setting] = {"cors_history": max(count * 2, 10_000), "cors_show": "none"}
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder, "filled")
        env = {**os.environ, "CORSLENS_BENCH_FILL": str(count), "CORSLENS_BENCH_FILLED": str(filled)}
        async with (
            Server(default=answer) as server,
            Mitm(options=options, routes={"*": (server.port, 0)}, scripts=[_FILL], env=env) as mitm,
        ):

            async def measure(rounds: int) -> list[Figure]:
                while not filled.exists():
                    if not mitm.running:
                        raise ProgramEndedError("\n".join(mitm.lines[-40:]))
                    await asyncio.sleep(_POLL_SECONDS)
                return await _measure(mitm, rounds, count, filled)

            yield measure


async def _measure(mitm: Mitm, rounds: int, count: int, steps: Path) -> list[Figure]:
    async with Chromium(proxy=mitm.address) as browser:
        look = _Look(mitm, await mitm.page_url(), browser, count, steps)
        first = await look.first()
        for number in range(rounds):
            await look.again(number)
    unseen = await _idle(mitm)
    group = f"live page, {count} exchanges"
    return [
        figure(group, "very first opening: first rows on the screen", "s", [first["rows"]]),
        figure(group, "very first opening: all counted", "s", [first["all"]]),
        figure(group, "very first opening: longest wait of a request through the proxy", "ms", [first["wait"] * 1000]),
        figure(group, "very first opening: longest step of the proxy's loop, CPU", "ms", [first["step"] * 1000], 10.0),
        *(figure(group, name, unit, look.taken[name], target) for name, unit, target in _ROWS),
        figure(group, "CPU of the proxy, nobody looks", "s/s", [unseen]),
    ]


async def _idle(mitm: Mitm) -> float:
    """Return the CPU time that the proxy uses a second while nothing comes by."""
    before, began = cpu_seconds(mitm.pid), time.monotonic()
    await asyncio.sleep(_IDLE_SECONDS)
    return (cpu_seconds(mitm.pid) - before) / (time.monotonic() - began)


class _Look:
    """Looks at the page of one proxy; what each took is in `taken`."""

    def __init__(self, mitm: Mitm, url: str, browser: Chromium, count: int, steps: Path) -> None:
        self._mitm = mitm
        self._url = url
        self._browser = browser
        self._count = count
        self._steps = steps
        self._problems = 0
        self.taken: defaultdict[str, list[float]] = defaultdict(list)

    async def first(self) -> dict[str, float]:
        """Open the page at which nobody looked so far; return the seconds, and the longest wait of what came by meanwhile."""
        page = await self._browser.page()  # a browser's first tab keeps the machine busy by itself
        await page.goto(f"{PAGES[0]}/static/0.js")
        await page.close()
        waits: list[float] = []
        self._longest_step()
        passing = asyncio.create_task(self._pass_by(waits))
        try:
            page, marks = await self._open()
        finally:
            passing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await passing
        step = self._longest_step()
        await self._changes(page, 0)  # when everything was told to us, it was told to the page too, or is in its next answer
        _, self._problems = await page.evaluate(in_frames(_EVERY_ROW))
        await page.close()
        return marks | {"wait": max(waits), "step": step}

    def _longest_step(self) -> float:
        """Return the seconds of the longest step of the proxy's loop since the last call."""
        steps = [float(line) for line in self._steps.read_text(encoding="ascii").splitlines()]
        os.truncate(self._steps, 0)
        return max(steps, default=0.0)

    async def _pass_by(self, waits: list[float]) -> None:
        async with aiohttp.ClientSession() as client:
            while True:
                began = time.monotonic()
                await send(client, self._mitm.address, Ask("GET", f"{PAGES[0]}/static/0.js", {}))
                waits.append(time.monotonic() - began)

    async def _open(self) -> tuple[Page, dict[str, float]]:
        page = await self._browser.page()
        source = in_frames(_MARKS.replace("EXCHANGES", str(self._count)).replace("PROBLEMS", str(self._problems)))
        await page.send("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        await page.goto(self._url, seconds=_OPENING_SECONDS)
        return page, await page.evaluate("benchMarks()", seconds=_OPENING_SECONDS)

    async def again(self, number: int) -> None:
        """Open the page and measure everything once."""
        self._longest_step()
        page, marks = await self._open()
        self._note("opening: first rows on the screen", marks["rows"])
        self._note("opening: list complete", marks["all"])
        self._note("opening: longest step of the proxy's loop, CPU", self._longest_step() * 1000)
        taken = await self._changes(page, 0)
        self._note("snapshot: size of all answers", taken["bytes"] / 1000)
        self._note("snapshot: largest answer", taken["largest"] / 1000)
        self._note("snapshot: time of all answers", taken["ms"])
        self._note("snapshot: slowest answer", taken["slowest"])
        taken = await self._changes(page, taken["version"])
        self._note("poll, nothing new: size", taken["bytes"] / 1000)
        self._note("poll, nothing new: time", taken["ms"])
        self._note("filter: the slowest of ten letters", await page.evaluate(in_frames(TYPED)))
        self._note("CPU of the proxy, page open and idle", await _idle(self._mitm))
        await drive(self._mitm.address, visits(_NEWCOMERS, seed=number + 2))
        taken = await self._changes(page, taken["version"])
        self._note("poll, 100 new exchanges: size", taken["bytes"] / 1000)
        self._note("poll, 100 new exchanges: time", taken["ms"])
        self._note("a new flow's end until its row is there", await self._flow_to_row(page, number))
        took, self._problems = await page.evaluate(in_frames(_EVERY_ROW))
        self._note("'Show more' until every row is there", took)
        self._note("problems in the list", self._problems)
        await page.send("HeapProfiler.collectGarbage")
        self._note("JS heap", (await page.send("Runtime.getHeapUsage"))["usedSize"] / 1e6)
        await page.close()

    def _note(self, name: str, value: float) -> None:
        self.taken[name].append(value)

    async def _changes(self, page: Page, since: int) -> dict[str, Any]:
        """Ask for what changed, as often as there is more."""
        taken: dict[str, Any] = await page.evaluate(_CHANGES.replace("SINCE", str(since)))
        return taken

    async def _flow_to_row(self, page: Page, number: int) -> float:
        """Let one new problem come by and return the milliseconds from its end until it is shown."""
        path = f"/closed/{NOUNS[number % len(NOUNS)]}"  # a plain word: anything else is starred
        # Among thousands of rows the newest of its cause may be beyond those that are drawn.
        await page.evaluate(_FILTER.replace("PATH", path))
        ask = Ask("GET", f"http://api0.test{path}", {"Origin": PAGES[0], "User-Agent": "Chrome/156.0.0.0"})
        seen = asyncio.create_task(page.evaluate(in_frames(_ROW.replace("PATH", path))))
        async with aiohttp.ClientSession() as client:
            await send(client, self._mitm.address, ask)
        ended = time.time()
        took = float(await seen) - ended * 1000
        await page.evaluate("document.querySelector('#filter-reset').click()")
        return took
