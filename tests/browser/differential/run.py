"""Run scenarios in a browser behind mitmdump with the addon, and compare."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from tests.browser.differential.compare import Agreement, Comparison, Told, compare
from tests.browser.differential.drivers import DRIVERS
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.world import World
from tests.browser.kit.mitmdump import Mitm, Record, Setting
from tests.browser.kit.truth import split_by_start

NUMBER = re.compile(r"/s(\d+)/(?!cookie)")
BATCH = 60
"""Scenarios that one page load runs: enough to make loading cheap, few enough to keep the page's own state small."""


class Result(Struct, frozen=True, kw_only=True):
    """A scenario and how each of its requests compares."""

    scenario: Scenario
    comparisons: tuple[Comparison, ...]

    @property
    def disagrees(self) -> bool:
        """Whether any of its requests does."""
        return any(comparison.agreement is Agreement.DISAGREED for comparison in self.comparisons)


async def run(
    scenarios: Sequence[Scenario], engine: str, *, confdir: Path | None = None, options: Mapping[str, Setting] | None = None
) -> list[Result]:
    """Return the results in the order of the scenarios, whose numbers must differ; `options` are for the addon."""
    told: dict[int, tuple[list[Told], list[float]]] = {}
    async with World(scenarios) as world:
        # Lazy, so that the browser's side of a connection is not bound to what the server speaks: HTTP/2, as with real servers.
        settings: dict[str, Setting] = {
            "connection_strategy": "lazy",
            "cors_show": "none",
            "cors_show_values": True,  # a scenario is known by its number in the path
            "flow_detail": 0,
            **(options or {}),
        }
        async with Mitm(options=settings, routes=world.routes, confdir=confdir) as mitm:
            async with DRIVERS[engine](mitm.port) as driver:
                for batch in _batches(scenarios):
                    told |= await driver.run(world, batch)
            await mitm.stop()
            records = _by_number(mitm.latest())
    results = []
    for scenario in scenarios:
        heard, starts = told[scenario.number]
        mine = records.get(scenario.number, ())
        if scenario.parallel:
            parts = [[one for one in mine if one["url"].endswith(f"?n={number}")] for number in range(len(starts))]
        else:
            parts = split_by_start(mine, starts)
        comparisons = tuple(
            compare(
                part,
                one,
                engine,
                may_be_cached=scenario.cached is not None and number > 0,
                is_blob_worker=scenario.via == "blob-worker",
            )
            for number, (part, one) in enumerate(zip(parts, heard, strict=True))
        )
        results.append(Result(scenario=scenario, comparisons=comparisons))
    return results


def _batches(scenarios: Iterable[Scenario]) -> Iterable[list[Scenario]]:
    """One page runs the scenarios of one scheme."""
    for scheme in ("https", "http"):
        chosen = [scenario for scenario in scenarios if scenario.page_scheme == scheme]
        for at in range(0, len(chosen), BATCH):
            yield chosen[at : at + BATCH]


def _by_number(records: Iterable[Record]) -> Mapping[int, list[Record]]:
    table: dict[int, list[Record]] = {}
    for record in records:
        if found := NUMBER.search(record["url"]):
            table.setdefault(int(found[1]), []).append(record)
    return table
