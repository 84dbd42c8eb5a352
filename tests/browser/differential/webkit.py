"""The driver of WebKit, which says why it blocked a request in a sentence on its console."""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from corslens.engines.engine import Engine

from tests.browser.differential.compare import Told
from tests.browser.differential.driver import RUN_SECONDS, Driver, Heard
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.world import World
from tests.browser.kit.webkit import WebKit, console_error
from tests.truth.recorded import reasons_called

WINDOWS = 3
"""How many pages run side by side. In each the requests come one after another, so that the order of the console says whose a sentence is."""
OVER = "the scenarios are over"
NARRATED = re.compile(r"scenario (\d+) (?:at once|request (\d+))$")
CONSEQUENCE = re.compile(r"annot load \S+/s(\d+)/\w+\?n=(\d+) due to access control checks")
"""The sentence after the reason. It has the URL, and so says of parallel requests whose the reason was."""

type Sentences = dict[tuple[int, int], list[str]]
"""By the numbers of scenario and request."""


class WebKitDriver(Driver):
    """Each window runs its scenarios by itself, and the page narrates them on the console."""

    def __init__(self, proxy_port: int) -> None:
        self._webkit = WebKit(proxy=f"127.0.0.1:{proxy_port}")

    async def _start(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._webkit)

    async def run(self, world: World, scenarios: Sequence[Scenario]) -> Heard:
        """Run scenarios whose pages have the same scheme."""
        shares = [share for at in range(WINDOWS) if (share := scenarios[at::WINDOWS])]
        heard: Heard = {}
        for part in await asyncio.gather(*(self._run_in_window(world, share) for share in shares)):
            heard |= part
        return heard

    async def _run_in_window(self, world: World, scenarios: Sequence[Scenario]) -> Heard:
        script = f"{world.script(scenarios, atOnce=1, narrate=1)}.finally(() => console.log({json.dumps(OVER)}))"
        url, reported = world.errand(scenarios[0].page_scheme, script)
        async with self._webkit.window(url) as window:
            async with asyncio.timeout(RUN_SECONDS):
                done = await reported
            await window.line(OVER)
        said = sentences(window.lines)
        heard: Heard = {}
        for entry in done:
            results = entry["seen"]
            told = [_told(one, said.get((entry["number"], number), ())) for number, one in enumerate(results)]
            heard[entry["number"]] = (told, [one["t"] for one in results])
        return heard


def sentences(lines: Iterable[str]) -> Sentences:
    """Return what the console said of each request."""
    said: Sentences = {}
    asking: tuple[int, int] | None = None
    waiting: list[str] = []
    for line in lines:
        if begun := NARRATED.search(line):
            asking = None if begun[2] is None else (int(begun[1]), int(begun[2]))
            waiting.clear()
        elif (error := console_error(line)) is not None:
            if asking is not None:
                said.setdefault(asking, []).append(error)
                continue
            waiting.append(error)
            if consequence := CONSEQUENCE.search(error):
                said.setdefault((int(consequence[1]), int(consequence[2])), []).extend(waiting)
                waiting.clear()
    return said


def _told(seen: dict[str, Any], said: Sequence[str]) -> Told:
    """Return what was said of a request; the first sentence that gives a reason counts."""
    reason = next((sentence for sentence in said if reasons_called(Engine.WEBKIT, sentence)), None)
    if seen["result"] not in ("error", "sent") or reason is None:
        return Told(result=seen["result"], detail=seen.get("error") or "; ".join(said))
    return Told(result="error", cors_error=reason, detail="; ".join(said))
