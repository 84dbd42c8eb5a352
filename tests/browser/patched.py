"""Blocked scenarios through a real browser and a mitmdump that patches: how many the page can read then, and why not the rest.

python -m tests.browser.patched                                    # every recorded scenario that Chromium blocked
python -m tests.browser.patched --generated 1000 --seed 7 --engine firefox
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from tests.browser.differential.generate import make
from tests.browser.differential.run import run
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm, Record, Setting
from tests.browser.replay import Recording, Replayed, ReplayServer, blocked_recordings, replay

PATCHING: Mapping[str, Setting] = {
    "cors_patch": "~all",
    "cors_patch_origins": ["loopback", "null"],
    "cors_show": "none",
    "cors_show_values": True,
    "flow_detail": 0,
}
TABS = 4

NOT_ANSWERED = "the server gave no answer, so the browser got mitmproxy's own error page"
LOOP = "the server redirects for ever"
ERROR_STATUS = "the browser lets the page have it, but an element or EventSource fails on an error status"


class Outcome(Struct, frozen=True, kw_only=True):
    """One request that is blocked without patching."""

    name: str
    readable: bool
    why_not: str | None = None
    """Why no proxy can mend it; None when it is readable, or when there is no such reason: then patching has failed."""
    detail: str = ""


async def run_recordings(
    recordings: Iterable[Recording], options: Mapping[str, Setting] = PATCHING, *, shared: Chromium | None = None
) -> list[Outcome]:
    """Replay the recordings, those that were made over HTTP/1.1 over it again.

    Args:
        shared: a browser in whose tabs they are replayed; None starts one.
    """
    outcomes: list[Outcome] = []
    for http1 in (False, True):
        chosen = [recording for recording in recordings if recording.http1 is http1]
        if chosen:
            outcomes += [_of_replayed(*pair) for pair in await _replay(chosen, {**options, "http2": not http1}, shared)]
    return outcomes


async def _replay(
    recordings: Sequence[Recording], options: Mapping[str, Setting], shared: Chromium | None
) -> list[tuple[Replayed, list[Record]]]:
    replayed: list[Replayed] = []
    async with (
        ReplayServer(recordings) as server,
        Mitm(options=options, routes=server.routes) as mitm,
        Chromium(proxy=mitm.address) if shared is None else shared.behind(mitm.address) as chromium,
    ):
        left = list(recordings)

        async def work() -> None:
            page = await chromium.page()
            while left:
                replayed.extend(await replay(page, left.pop(0)))
            await page.close()

        await asyncio.gather(*(work() for _ in range(min(TABS, len(left)))))
        await mitm.stop()
        records = mitm.latest()
    return [(one, [record for record in records if f"/s/{one.recording.id}/" in record["url"]]) for one in replayed]


def _of_replayed(one: Replayed, records: Sequence[Record]) -> Outcome:
    detail = f"{one.result} {one.cors_error or one.net_error or ''}".strip()
    if one.readable:
        return Outcome(name=one.name, readable=True)
    # The browser ends a loop at its own count; whether the log has come to as many hops does not matter.
    why_not = LOOP if one.net_error == "net::ERR_TOO_MANY_REDIRECTS" else _beyond(records)
    if why_not is None and one.cors_error is None and (records[-1]["status"] or 0) >= 400:
        why_not = ERROR_STATUS
    return Outcome(name=one.name, readable=False, why_not=why_not, detail=detail)


async def run_generated(
    count: int, seed: int, engine: str, options: Mapping[str, Setting] = PATCHING, first: int = 0
) -> list[Outcome]:
    """Run the differential's scenarios; return what became of the requests that are blocked without patching.

    Such are those that still are, and those for which something was patched.
    """
    outcomes: list[Outcome] = []
    for result in await run([make(seed, number) for number in range(first, first + count)], engine, options=options):
        for number, comparison in enumerate(result.comparisons):
            name = f"{seed}/{result.scenario.number}#{number}"
            told = comparison.told
            if told.cors_error is not None:
                why_not = _beyond(comparison.records)
                outcomes.append(Outcome(name=name, readable=False, why_not=why_not, detail=told.cors_error))
            elif any(record["patch"] is not None and record["patch"]["applied"] for record in comparison.records):
                outcomes.append(Outcome(name=name, readable=True))
    return outcomes


def _beyond(records: Iterable[Record]) -> str | None:
    """Return what no proxy can mend about these exchanges, as the log says it."""
    for record in records:
        if record["status"] is None and record["role"] in ("preflight", "actual", "simple", "same-origin"):
            return NOT_ANSWERED
        if record["patch"] is not None and record["patch"]["beyond"] and not record["patch"]["applied"]:
            return str(record["patch"]["beyond"][0])
    return None


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the figures, and every request that should have been readable and is not."""
    readable = sum(outcome.readable for outcome in outcomes)
    lines = [f"{len(outcomes)} blocked requests, {readable} readable with patching"]
    beyond = Counter(outcome.why_not for outcome in outcomes if outcome.why_not is not None)
    lines += [f"{count:5} beyond any proxy: {why}" for why, count in beyond.most_common()]
    lines += [f"      FAILED {one.name}: {one.detail}" for one in failures(outcomes)]
    return "\n".join(lines)


def failures(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return what should have been readable and is not."""
    return [outcome for outcome in outcomes if not outcome.readable and outcome.why_not is None]


def main() -> int:
    """Run what the command line asks for, print the figures, and fail if something should have been readable."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.patched", description=__doc__.splitlines()[0])
    parser.add_argument("--generated", type=int, metavar="N", help="so many generated scenarios instead of the recorded ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("chromium", "firefox"), default="chromium", help="for the generated ones")
    arguments = parser.parse_args()
    if arguments.generated is None:
        outcomes = asyncio.run(run_recordings(blocked_recordings()))
    else:
        outcomes = asyncio.run(run_generated(arguments.generated, arguments.seed, arguments.engine))
    print(summary(outcomes))
    return 1 if failures(outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
