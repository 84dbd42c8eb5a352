"""A hundred thousand origins, none twice, as fast as one core takes them: `PYTHONPATH=addon python -m tests.hostile.origins`.

Through all hooks of the addon in this process, patching included; a table shows every tenth of the way what is held, what the
longest call took, and how large the live page's answer is. What grows from the middle to the end fails.
"""

import asyncio
import functools
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec
from corslens.inspection import weigh_inspection
from corslens.mitm.live.app import CHANGES_AT_ONCE
from corslens.report.page.live_feed import changes
from msgspec import Struct

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.crowd import crowd

LONGEST_CALL_MS = 50.0
"""Of CPU, while nobody else is served."""
GROWTH = 1.05
"""How much more may be held at the end than in the middle."""
EXCHANGES_OF_EIGHT = 11
"""How many exchanges eight origins of the crowd make."""
HISTORY = 10_000
_CALLS = ("requestheaders", "request", "responseheaders", "response", "error", "http_connect_error", "on_tick")


class Row(Struct, frozen=True, kw_only=True):
    """What was seen at a tenth of the way; the longest call is that of this tenth."""

    origins: int
    resident_mb: float
    blocks: int
    """Of memory that Python has allocated."""
    held_mb: float
    """As `cors_history_mb` counts."""
    longest_ms: float
    call: str
    whole_page_kb: float
    """The live page's answer to who has seen nothing yet."""
    news_kb: float
    """And to who asked a hundred exchanges ago."""
    garbage_ms: float
    """Looking for garbage, where that was overdue: once in ten minutes at most while no second passes without traffic."""


class Stopwatch:
    """Times calls of an object, in CPU milliseconds.

    Args:
        within: another one, which does not count the time of these calls.
    """

    def __init__(self, within: "Stopwatch | None" = None) -> None:
        self.longest, self.call = 0.0, ""
        self._within, self._not_counted = within, 0.0

    def watch(self, owner: object, name: str) -> None:
        """Time this method from now on."""
        setattr(owner, name, self.timed(name, getattr(owner, name)))

    def timed[**P, T](self, name: str, call: Callable[P, T]) -> Callable[P, T]:
        """Return the call, timed."""

        @functools.wraps(call)
        def timed(*arguments: P.args, **given: P.kwargs) -> T:
            started, not_counted = time.thread_time(), self._not_counted
            try:
                return call(*arguments, **given)
            finally:
                taken = (time.thread_time() - started) * 1e3 - (self._not_counted - not_counted)
                if self._within is not None:
                    self._within._not_counted += taken
                if taken > self.longest:
                    self.longest, self.call = taken, name

        return timed

    def reset(self) -> tuple[float, str]:
        """Return the longest call so far, and begin anew."""
        found = self.longest, self.call
        self.longest, self.call = 0.0, ""
        return found


def resident_mb() -> float:
    """Return what this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def rows(origins: int, **settings: Any) -> list[Row]:
    """Let the crowd pass and return what was seen at each tenth of the way."""
    found: list[Row] = []
    count = origins * EXCHANGES_OF_EIGHT // 8
    async with Chain(cors_patch="~m GET", cors_patch_origins=["any"], cors_patch_minutes=0, **settings) as chain:
        addon = chain.addon
        assert addon.session is not None
        addon._ticks.end()  # the chain's own ticks are enough: a second without traffic does not come
        watch = Stopwatch()
        garbage = Stopwatch(watch)
        garbage.watch(addon._garbage, "on_tick")
        for name in _CALLS:
            watch.watch(addon, name)

        def ask(since: int) -> tuple[int, float]:
            answer = changes(addon.summary, since, limit=CHANGES_AT_ONCE)
            return answer["version"], len(msgspec.json.encode(answer)) / 1e3

        page = watch.timed("the live page", ask)
        exchanges, version, news = crowd(count), 0, 0.0
        for tenth in range(1, 11):
            for _ in range(count // 1_000):
                await chain.send(islice(exchanges, 100))
                version, news = page(version)
            _, whole = page(0)
            longest, call = watch.reset()
            collected, _ = garbage.reset()
            found.append(
                Row(
                    origins=origins * tenth // 10,
                    resident_mb=resident_mb(),
                    blocks=sys.getallocatedblocks(),
                    held_mb=sum(map(weigh_inspection, addon.session.recent())) / 1e6,
                    longest_ms=longest,
                    call=call,
                    whole_page_kb=whole,
                    news_kb=news,
                    garbage_ms=collected,
                )
            )
        assert not addon.faults
    return found


def faults(found: list[Row]) -> Iterator[str]:
    """Yield what is not as it has to be, a sentence each."""
    middle, last = found[4], found[-1]
    for name in ("resident_mb", "blocks", "held_mb", "whole_page_kb"):
        before, after = getattr(middle, name), getattr(last, name)
        if after > before * GROWTH:
            yield f"{name} grew from {before:,.1f} to {after:,.1f}"
    slow = max(found, key=lambda row: row.longest_ms)
    if slow.longest_ms > LONGEST_CALL_MS:
        yield f"{slow.call} took {slow.longest_ms:.0f} ms"


@click.command()
@click.option("--origins", default=100_000, show_default=True, help="How many; a multiple of 8,000.")
def main(origins: int) -> None:
    """Print the table; exit 1 where something is not flat, or takes too long."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rows(origins, cors_history=HISTORY, cors_show="none", cors_report=f"{folder}/report.json"))
    print("  origins  resident MB      blocks  history MB  page KB  news KB  garbage ms  longest ms")
    for row in found:
        print(
            f"{row.origins:9,}  {row.resident_mb:11.1f}  {row.blocks:10,}  {row.held_mb:10.1f}  {row.whole_page_kb:7.1f}  "
            f"{row.news_kb:7.1f}  {row.garbage_ms:10.1f}  {row.longest_ms:10.1f} {row.call}"
        )
    print(f"{time.process_time():.0f} s of CPU")
    wrong = list(faults(found))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
