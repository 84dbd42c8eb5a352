"""One driver a browser: it runs scenarios in a page and gathers what the browser said of each request."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from tests.browser.differential.compare import Told
from tests.browser.differential.driver import RUN_SECONDS, Driver, Heard
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.webkit import WebKitDriver
from tests.browser.differential.world import World
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.firefox import Firefox, Message
from tests.browser.kit.page import NetworkRequest
from tests.browser.kit.truth import split
from tests.deadline import DEADLINE_SECONDS

LAG_SECONDS = 0.25
"""How far Firefox' console may be behind the page, when the times of its messages have to say to which request they belong."""
POLL_SECONDS = 0.05
"""How often Firefox' console is read while something is waited for in it."""
REMARKS = frozenset({"CORSAllowHeaderFromPreflightDeprecation"})
"""Categories of messages that block nothing."""
NETWORK_FAILURE = "CORSDidNotSucceed2"
"""What Firefox says of any network failure of a CORS request: a reason of its own, not CORS'."""


class ChromiumDriver(Driver):
    """Chromium tells by Network.loadingFailed's corsErrorStatus."""

    def __init__(self, proxy_port: int, *, flags: Sequence[str] = ()) -> None:
        self._chromium = Chromium(proxy=f"127.0.0.1:{proxy_port}", flags=flags)

    async def _start(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._chromium)

    async def run(self, world: World, scenarios: Sequence[Scenario]) -> Heard:
        """Run scenarios whose pages have the same scheme."""
        page = await self._chromium.page()
        try:
            await page.goto(world.page_url(scenarios[0].page_scheme))
            done = await page.evaluate(world.script(scenarios), seconds=RUN_SECONDS)
            seen = {entry["number"]: entry["seen"] for entry in done}
            # The body of an opaque answer is never read, so its loading may never finish; its status is enough.
            await page.until(
                lambda: all(
                    hop.over or hop.status
                    for one in scenarios
                    for url in {one.step_url(number) for number in range(len(one.steps))}
                    for hop in page.last_hops(url)
                )
            )
            heard: Heard = {}
            for scenario in scenarios:
                results = seen[scenario.number]
                starts = [one["t"] for one in results]
                # Some requests never reach the network (a forbidden method, mode same-origin), so each is found by its time.
                if scenario.parallel:
                    asked = [list(page.first_hops(scenario.step_url(number))) for number in range(len(starts))]
                else:
                    asked = split(page.first_hops(scenario.url("a")), starts, lambda request: request.time)
                told = [
                    _told(one, [page.last_hop(request) for request in hops]) for one, hops in zip(results, asked, strict=True)
                ]
                heard[scenario.number] = (told, starts)
            return heard
        finally:
            await page.close()


def _told(seen: dict[str, Any], hops: Sequence[NetworkRequest]) -> Told:
    """Return what was said of a request; an EventSource may have asked more than once, and the first time counts."""
    if not hops:
        return Told(result=seen["result"], detail=seen.get("error"))
    return Told(result=seen["result"], cors_error=hops[0].cors_error, detail=hops[0].error_text or seen.get("error"))


class FirefoxDriver(Driver):
    """Firefox tells by the category of a console message that names the URL."""

    def __init__(self, proxy_port: int, *, folder: Path | None = None) -> None:
        self._firefox = Firefox(proxy=f"127.0.0.1:{proxy_port}", folder=folder)
        self._last_words = count(1)

    async def _start(self, stack: AsyncExitStack) -> None:
        await stack.enter_async_context(self._firefox)

    async def run(self, world: World, scenarios: Sequence[Scenario]) -> Heard:
        """Run scenarios whose pages have the same scheme."""
        await self._firefox.goto(world.page_url(scenarios[0].page_scheme))
        done = await self._firefox.evaluate(world.script(scenarios, lag=LAG_SECONDS), seconds=RUN_SECONDS)
        seen = {entry["number"]: entry["seen"] for entry in done}
        messages = await self._messages(world.unanswerable(scenarios[0].page_scheme, next(self._last_words)))
        heard: Heard = {}
        for scenario in scenarios:
            results = seen[scenario.number]
            starts = [one["t"] for one in results]
            mine = [message for message in messages if f"/s{scenario.number}/" in message.text]
            if scenario.parallel:
                parts = [[one for one in mine if f"?n={number}" in one.text] for number in range(len(starts))]
            else:
                parts = by_request(mine, [one["result"] for one in results], starts)
            told = [_told_by_console(one, part) for one, part in zip(results, parts, strict=True)]
            heard[scenario.number] = (told, starts)
        return heard

    async def _messages(self, unanswerable: str) -> list[Message]:
        """Return the console's messages about CORS.

        They reach the console a little after the page knows its result, in order: those of a last request that is sure to have one end them.
        """
        await self._firefox.evaluate(f"fetch({json.dumps(unanswerable)}).catch(() => 0)")
        messages: list[Message] = []
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not any(unanswerable in message.text for message in messages):
                await asyncio.sleep(POLL_SECONDS if messages else 0)
                messages += [one for one in await self._firefox.messages() if one.category.startswith("CORS")]
        return messages


def by_request(messages: Sequence[Message], results: Sequence[str], starts: Sequence[float]) -> list[list[Message]]:
    """Return the messages of each of the requests that a page made one after another.

    A message bears the time at which the browser's main process got it, by when the page may be at its next request already: of a failed request
    that seems to have none the next one has too many. That a preflight's request did not succeed either, is another message on the same.
    """
    blocking = [message for message in messages if message.category not in REMARKS]
    parts = split(blocking, starts, lambda message: message.time)
    for number, (mine, following) in enumerate(pairwise(parts)):
        reasons = [message for message in following if message.category != NETWORK_FAILURE] or following[:1]
        if results[number] == "error" and not mine and len(reasons) > (results[number + 1] in ("error", "sent")):
            mine.append(following.pop(0))
    return parts


def _told_by_console(seen: dict[str, Any], messages: Sequence[Message]) -> Told:
    """Return what was said of a request. The first message counts."""
    blocking = [message for message in messages if message.category not in REMARKS]
    if seen["result"] not in ("error", "sent") or not blocking:
        return Told(result=seen["result"], detail=seen.get("error"), always_names=False)
    if blocking[0].category == NETWORK_FAILURE:
        return Told(result="error", detail=blocking[0].text)
    return Told(result="error", cors_error=blocking[0].category, detail=blocking[0].text)


DRIVERS: dict[str, Callable[[int], Driver]] = {"chromium": ChromiumDriver, "firefox": FirefoxDriver, "webkit": WebKitDriver}
