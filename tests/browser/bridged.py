"""The differential's scenarios with corslens listening to the same Chromium: what is left to depend, and whether the browser's word agrees.

    python -m tests.browser.bridged --count 240

Prints how many CORS exchanges there were, how many the browser's word was matched with, what stayed `depends`, and for how many requests
what corslens shows (`confirmed`) is what the differential's own driver heard from the browser.
"""

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.browser.differential.compare import Agreement, Told, compare
from tests.browser.differential.drivers import ChromiumDriver
from tests.browser.differential.generate import KINDS, make_of
from tests.browser.differential.run import _batches, _by_number
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.world import World
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm, Record, Setting, free_port
from tests.browser.kit.truth import CORS_ROLES, split_by_start

BRIDGE = Path(__file__).parent / "kit" / "bridge_addon.py"
CHUNK = 120


async def bridged(scenarios: Sequence[Scenario], counts: Counter[str]) -> None:
    """Run scenarios and count."""
    told: dict[int, tuple[list[Told], list[float]]] = {}
    port = free_port()
    settings: dict[str, Setting] = {
        "connection_strategy": "lazy", "cors_show": "none", "cors_show_values": True, "flow_detail": 0,
    }  # fmt: skip
    env = {**os.environ, "CORSLENS_BROWSER_PORT": str(port)}
    async with (
        World(scenarios) as world,
        Mitm(options=settings, routes=world.routes, scripts=[BRIDGE], env=env) as mitm,
    ):
        driver = ChromiumDriver(mitm.port)
        driver._chromium = Chromium(proxy=f"127.0.0.1:{mitm.port}", flags=[f"--remote-debugging-port={port}"])
        async with driver:
            for batch in _batches(scenarios):
                told |= await driver.run(world, batch)
            await asyncio.sleep(5)  # what waits for its counterpart is settled by then
        await mitm.stop()
        latest = list(mitm.latest())
    _count(latest, counts)
    records = _by_number(latest)
    for scenario in scenarios:
        heard, starts = told[scenario.number]
        mine = records.get(scenario.number, [])
        if scenario.parallel:
            parts = [[one for one in mine if one["url"].endswith(f"?n={number}")] for number in range(len(starts))]
        else:
            parts = split_by_start(mine, starts)
        for number, (part, one) in enumerate(zip(parts, heard, strict=True)):
            cached = scenario.cached is not None and number > 0
            agreement = compare(part, one, "chromium", may_be_cached=cached).agreement
            shown = [said for record in part if (said := confirmed(record)) is not None]
            ours = "says nothing" if not shown else "agreed" if all(shown) else "disagreed"
            counts[f"request: driver {agreement.value}, shown {ours}"] += 1
            if agreement is Agreement.DISAGREED or ours == "disagreed":
                print(
                    scenario,
                    one,
                    [(r["method"], r["role"], r["status"], r["verdicts"]["chromium"], r["witness"]) for r in part],
                )


def confirmed(record: Record) -> bool | None:
    """Return what the record shows of the browser's word."""
    return record["verdicts"]["chromium"].get("confirmed")  # type: ignore[no-any-return]


def _count(records: Sequence[Record], counts: Counter[str]) -> None:
    for record in records:
        if record["role"] in CORS_ROLES:
            witnessed = record["witness"] is not None
            outcome = record["verdicts"]["chromium"]["outcome"]
            counts["exchange: CORS"] += 1
            counts[f"exchange: witnessed {witnessed}"] += 1
            counts[f"exchange: {outcome}, confirmed {confirmed(record)}"] += 1
            if not witnessed:
                print("NOT WITNESSED", record["method"], record["role"], record["url"], record["status"], record["error"])
            if outcome == "depends":
                print("DEPENDS", record["method"], record["url"], record["status"], record["witness"])


async def _main(kinds: Sequence[str], count: int, seed: int) -> None:
    counts: Counter[str] = Counter()
    for kind in kinds:
        scenarios = [make_of(kind, seed, number) for number in range(count)]
        for at in range(0, count, CHUNK):
            await bridged(scenarios[at : at + CHUNK], counts)
    for what, number in sorted(counts.items()):
        print(f"{number:6}  {what}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.browser.bridged")
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--kind", choices=KINDS, action="append")
    given = parser.parse_args()
    asyncio.run(_main(given.kind or ["any"], given.count, given.seed))
