"""The command line of scripts/differential."""

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.browser.differential import development
from tests.browser.differential.compare import Agreement
from tests.browser.differential.drivers import DRIVERS
from tests.browser.differential.generate import KINDS, make_of
from tests.browser.differential.run import Result, run
from tests.browser.differential.scenario import Scenario, parse
from tests.browser.differential.shrink import shrink, symptoms
from tests.browser.kit.chromium import NoChromiumError
from tests.browser.kit.firefox import NoFirefoxError
from tests.browser.kit.mitmdump import ROOT
from tests.browser.kit.webkit import NoWebKitError

URL = re.compile(r"https?://\S+")
CHUNK = 240
"""Scenarios that one browser and one proxy run before new ones take over."""


def main() -> int:
    """Run scenarios, print what was found, and return 1 if any verdict disagrees with the browser."""
    parser = argparse.ArgumentParser(
        prog="scripts/differential",
        description="Seeded scenarios through a real browser: corslens' verdicts against the browser's.",
    )
    parser.add_argument("--count", type=int, default=200, help="how many scenarios (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="which sequence of scenarios (default 1)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one in the sequence (default 0)")
    parser.add_argument("--kind", choices=KINDS, default="any", help="what the scenarios are about (default any)")
    parser.add_argument("--engine", choices=sorted(DRIVERS), default="chromium", help="the browser (default chromium)")
    parser.add_argument("--scenario", type=Path, help="run the one scenario in this JSON file, as a disagreement prints it")
    parser.add_argument("--no-shrink", action="store_true", help="print disagreeing scenarios as they are")
    parser.add_argument(
        "--development",
        action="store_true",
        help="instead: sessions of localhost:3000 with localhost:8000 and of two hosts of a site, eight servers each; how many verdicts stay open",
    )
    parser.add_argument(
        "--tree", type=Path, action="append", default=[], help="with --development: another clone of corslens to compare with"
    )
    arguments = parser.parse_args()
    try:
        if arguments.development:
            return asyncio.run(development.main(arguments.engine, [*arguments.tree, ROOT]))
        return asyncio.run(_main(arguments))
    except (NoChromiumError, NoFirefoxError, NoWebKitError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


async def _main(arguments: argparse.Namespace) -> int:
    engine: str = arguments.engine
    if arguments.scenario is not None:
        scenarios = [parse(arguments.scenario.read_text())]
    else:
        scenarios = [
            make_of(arguments.kind, arguments.seed, number)
            for number in range(arguments.first, arguments.first + arguments.count)
        ]
    results: list[Result] = []
    for at in range(0, len(scenarios), CHUNK):
        results += await run(scenarios[at : at + CHUNK], engine)
        print(f"{len(results)} scenarios ...", file=sys.stderr)
    print(summary(results, engine))

    async def again(candidates: Sequence[Scenario]) -> list[Result]:
        return await run(candidates, engine)

    shown: set[frozenset[tuple[str, str]]] = set()
    for result in results:
        if result.disagrees and symptoms(result) not in shown:
            shown.add(symptoms(result))
            print(describe(result if arguments.no_shrink else await shrink(result, again), engine, result.scenario.number))
    return 1 if any(result.disagrees for result in results) else 0


def summary(results: Sequence[Result], engine: str) -> str:
    """Return the table: how many requests agreed, and what the browser said how often."""
    comparisons = [one for result in results for one in result.comparisons]
    agreements = Counter(one.agreement for one in comparisons)
    lines = [f"{engine}: {len(results)} scenarios, {len(comparisons)} requests"]
    lines += [f"  {agreements[agreement]:6}  {agreement}" for agreement in Agreement]
    lines.append("what the browser said:")
    said = Counter(URL.sub("URL", one.told.cors_error or one.told.result) for one in comparisons)
    lines += [f"  {number:6}  {name}" for name, number in said.most_common()]
    return "\n".join(lines)


def describe(result: Result, engine: str, number: int) -> str:
    """Return what one scenario shows: what it is, what was seen, what each side said."""
    lines = [f"\nscenario {number} disagrees:", result.scenario.text()]
    for at, one in enumerate(result.comparisons):
        lines.append(f"request {at}: {one.agreement}: corslens {one.ours}, {engine} {one.told.cors_error or one.told.result}")
        if one.told.detail:
            lines.append(f"  {one.told.detail}")
        for record in one.records:
            verdict = record["verdicts"][engine]
            lines.append(
                f"  {record['role']} {record['method']} {record['url']} -> {record['status']}, Origin {record['origin']}, "
                f"credentials {record['credentials']['mode']} {record['credentials']['evidence']}: {verdict['outcome']} {verdict['reason'] or ''} {record['error'] or ''}"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
