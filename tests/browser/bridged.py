"""Scenarios with corslens listening to the browser: what is left to depend, and whether the browser's word agrees.

    python -m tests.browser.bridged --count 240                     # the differential's, in Chromium
    python -m tests.browser.bridged --engine firefox --count 120
    python -m tests.browser.bridged --recorded                      # every recorded scenario again, in Chromium

Prints how many CORS exchanges there were, how many the browser's word was matched with, what stayed `depends`, and for how many requests
what corslens shows (`confirmed`) is what somebody else heard from the browser: the differential's own driver, or the recorder.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.differential.compare import Agreement, Told, compare
from tests.browser.differential.driver import Driver
from tests.browser.differential.drivers import ChromiumDriver, FirefoxDriver
from tests.browser.differential.generate import KINDS, make_of
from tests.browser.differential.run import _batches, _by_number
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.world import World
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.devtools import DevToolsError
from tests.browser.kit.mitmdump import Mitm, Record, Setting, free_port
from tests.browser.kit.truth import CORS_ROLES, split_by_start
from tests.browser.replay import Recording, ReplayServer, recordings, run_steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

BRIDGE = Path(__file__).parent / "kit" / "bridge_addon.py"
CHUNK = 120
SETTLED_SECONDS = 5
"""After these whatever waits for its counterpart is settled."""
CLOSE_SECONDS = 1.0
"""A tab that is closed at once takes the browser's word with it."""
TABS = 4


class Bridged:
    """What was counted in the sessions of one browser."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.counts: Counter[str] = Counter()
        self.records: list[Record] = []
        """Of the last session, once it is over."""

    @asynccontextmanager
    async def session(
        self, routes: "Mapping[str, tuple[int, int]]", *, http2: bool = True
    ) -> "AsyncIterator[tuple[Mitm, list[str], Path | None]]":
        """Run a proxy that listens to a browser: give it, the flags for a Chromium, and the folder for a Firefox' profile."""
        settings: dict[str, Setting] = {
            "connection_strategy": "lazy", "cors_show": "none", "cors_show_values": True, "flow_detail": 0, "http2": http2,
        }  # fmt: skip
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="corslens-bridged-", ignore_cleanup_errors=True) as name:
            folder, told = Path(name) / "profile", Path(name) / "counts.json"
            folder.mkdir()
            by = {"chromium": ("PORT", str(port)), "firefox": ("PROFILE", str(folder))}[self.engine]
            env = {**os.environ, f"CORSLENS_BROWSER_{by[0]}": by[1], "CORSLENS_BRIDGE_COUNTS": str(told)}
            async with Mitm(options=settings, routes=routes, scripts=[BRIDGE], env=env) as mitm:
                flags = [f"--remote-debugging-port={port}"]
                yield mitm, flags, folder
                await mitm.stop()
                self.records = list(mitm.latest())
            for what, number in json.loads(told.read_text()).items():
                self.counts[f"browser's word: {what}"] += number
        self._count_exchanges()

    async def generated(self, scenarios: Sequence[Scenario]) -> None:
        """Run the differential's scenarios, and hold what is shown against what its driver heard."""
        told: dict[int, tuple[list[Told], list[float]]] = {}
        async with World(scenarios) as world, self.session(world.routes) as (mitm, flags, folder):
            driver: Driver = (
                ChromiumDriver(mitm.port, flags=flags) if self.engine == "chromium" else FirefoxDriver(mitm.port, folder=folder)
            )
            async with driver:
                for batch in _batches(scenarios):
                    told |= await driver.run(world, batch)
                await asyncio.sleep(SETTLED_SECONDS)
        by_number = _by_number(self.records)
        for scenario in scenarios:
            heard, starts = told[scenario.number]
            mine = by_number.get(scenario.number, [])
            if scenario.parallel:
                parts = [[one for one in mine if one["url"].endswith(f"?n={number}")] for number in range(len(starts))]
            else:
                parts = split_by_start(mine, starts)
            for number, (part, one) in enumerate(zip(parts, heard, strict=True)):
                cached = scenario.cached is not None and number > 0
                self._count_request(part, one, f"{scenario.number}#{number} {scenario}", may_be_cached=cached)

    async def recorded(self, chosen: Sequence[Recording], *, http2: bool) -> None:
        """Replay recordings in Chromium, and hold what is shown against what the recorder heard."""
        seen: dict[str, list[float]] = {}
        async with (
            ReplayServer(chosen) as server,
            self.session(server.routes, http2=http2) as (mitm, flags, _),
            Chromium(proxy=mitm.address, flags=flags) as chromium,
        ):
            left = list(chosen)

            async def work() -> None:
                while left:
                    recording = left.pop(0)
                    page = await chromium.page()  # cookies are the scenario's own
                    try:
                        seen[recording.id] = [one["t"] for one in await run_steps(page, recording)]
                        with suppress(TimeoutError):  # of a body that nobody reads the end is not told
                            await page.until(
                                lambda: all((hops := page.last_hops(url)) and hops[-1].over for url in recording.urls),  # noqa: B023
                                seconds=CLOSE_SECONDS,
                            )
                    except DevToolsError as error:  # this machine's network changed, or it is too busy
                        self.counts["recording not replayed"] += 1
                        print("NOT REPLAYED", recording.id, error)
                    await page.close()

            await asyncio.gather(*(work() for _ in range(TABS)))
            await asyncio.sleep(SETTLED_SECONDS)
        for recording in (one for one in chosen if one.id in seen):
            mine = [record for record in self.records if f"/s/{recording.id}/" in record["url"]]
            for number, part in enumerate(split_by_start(mine, seen[recording.id])):
                self._count_request(part, recording.told[number], f"{recording.id}#{number}")

    def _count_request(self, part: Sequence[Record], told: Told, name: str, *, may_be_cached: bool = False) -> None:
        compared = compare(part, told, self.engine, may_be_cached=may_be_cached)
        shown = [said for record in part if (said := self.confirmed(record)) is not None]
        ours = "says nothing" if not shown else "agreed" if all(shown) else "disagreed"
        self.counts[f"request: told and judged {compared.agreement.value}, shown {ours}"] += 1
        if (
            compared.agreement in (Agreement.DISAGREED, Agreement.DEPENDS, Agreement.AGREED)
            and ours != "agreed"
            and not (ours == "says nothing" and compared.ours == "not-cors" and compared.agreement is Agreement.AGREED)
        ):
            print("REQUEST", name, compared.agreement, compared.ours, ours, told)
            for one in part:
                print(
                    "   ", one["method"], one["role"], one["url"], one["status"], one["verdicts"][self.engine], one["witness"]
                )

    def confirmed(self, record: Record) -> bool | None:
        """Return what the record shows of the browser's word."""
        return record["verdicts"][self.engine].get("confirmed")  # type: ignore[no-any-return]

    def _count_exchanges(self) -> None:
        for record in self.records:
            if record["role"] not in CORS_ROLES:
                continue
            witnessed = record["witness"] is not None
            outcome = record["verdicts"][self.engine]["outcome"]
            self.counts["exchange: CORS"] += 1
            self.counts[f"exchange: witnessed {witnessed}"] += 1
            self.counts[f"exchange: {outcome}, confirmed {self.confirmed(record)}"] += 1
            if not witnessed:
                print("NOT WITNESSED", record["method"], record["role"], record["url"], record["status"], record["error"])
            if outcome == "depends":
                print("DEPENDS", record["method"], record["role"], record["url"], record["status"], record["witness"])


async def _main(given: argparse.Namespace) -> None:
    bridged = Bridged(given.engine)
    if given.recorded:
        for http1 in (False, True):
            chosen = [one for one in recordings() if one.http1 is http1][given.first :][: given.count]
            for at in range(0, len(chosen), CHUNK):
                await bridged.recorded(chosen[at : at + CHUNK], http2=not http1)
    for kind in [] if given.recorded else given.kind or ["any"]:
        scenarios = [make_of(kind, given.seed, number) for number in range(given.first, given.first + (given.count or CHUNK))]
        for at in range(0, len(scenarios), CHUNK):
            await bridged.generated(scenarios[at : at + CHUNK])
    for what, number in sorted(bridged.counts.items()):
        print(f"{number:6}  {what}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.browser.bridged")
    parser.add_argument("--engine", choices=("chromium", "firefox"), default="chromium")
    parser.add_argument("--recorded", action="store_true", help="the recorded scenarios instead of the differential's")
    parser.add_argument("--count", type=int, help="how many scenarios (of each kind)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (default 0)")
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--kind", choices=KINDS, action="append")
    asyncio.run(_main(parser.parse_args()))
