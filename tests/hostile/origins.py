"""A hundred thousand origins, none twice, as fast as one core takes them: `python -m tests.hostile.origins [--count N]`.

Through all hooks of the addon in this process, patching included; a table shows every tenth of the way what is held, what the
longest call took, and how large the live page's answer is. What grows from the middle to the end fails.
"""

import asyncio
import functools
import gc
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
from corslens.report.page.live_feed import changes
from msgspec import Struct

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.crowd import crowd

LONGEST_CALL_MS = 50.0
"""Of CPU, while nobody else is served."""
GROWTH = 1.02
"""How much more may be held at the end than in the middle."""
HISTORY = 10_000
_CALLS = ("requestheaders", "request", "responseheaders", "response", "error", "http_connect_error", "on_tick")


class Row(Struct, frozen=True, kw_only=True):
    """What was seen at a tenth of the way; the longest call is that of this tenth."""

    exchanges: int
    resident_mb: float
    held_mb: float
    """As `cors_history_mb` counts."""
    longest_ms: float
    call: str
    whole_page_kb: float
    """The live page's answer to who has seen nothing yet."""
    news_kb: float
    """And to who asked a hundred exchanges ago."""


class Stopwatch:
    """Times calls of an object, in CPU milliseconds."""

    def __init__(self) -> None:
        self.longest, self.call = 0.0, ""

    def watch(self, owner: object, name: str) -> None:
        """Time this method from now on."""
        setattr(owner, name, self.timed(name, getattr(owner, name)))

    def timed[**P, T](self, name: str, call: Callable[P, T]) -> Callable[P, T]:
        """Return the call, timed."""

        @functools.wraps(call)
        def timed(*arguments: P.args, **given: P.kwargs) -> T:
            started = time.thread_time()
            try:
                return call(*arguments, **given)
            finally:
                taken = (time.thread_time() - started) * 1e3
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


async def rows(count: int, **settings: Any) -> list[Row]:
    """Let the crowd pass and return what was seen at each tenth of the way."""
    found = []
    async with Chain(cors_patch="~m GET", cors_patch_origins=["any"], cors_patch_minutes=0, **settings) as chain:
        watch = Stopwatch()
        for name in _CALLS:
            watch.watch(chain.addon, name)
        exchanges, passed, version = crowd(count), 0, 0
        for _ in range(10):
            for _ in range(count // 1_000):
                await chain.send(islice(exchanges, 100))
                passed += 100
                answer = watch.timed("live page", lambda since: changes(chain.addon.summary, since))(version)
                version = answer["version"]
            assert chain.addon.session is not None
            whole = watch.timed("live page, opened", lambda: msgspec.json.encode(changes(chain.addon.summary, 0)))()
            longest, call = watch.reset()
            found.append(
                Row(
                    exchanges=passed,
                    resident_mb=resident_mb(),
                    held_mb=held_mb(chain),
                    longest_ms=longest,
                    call=call,
                    whole_page_kb=len(whole) / 1e3,
                    news_kb=len(msgspec.json.encode(answer)) / 1e3,
                )
            )
        assert not chain.addon.faults
    return found


def held_mb(chain: Chain) -> float:
    """Return the weight of the history that is kept."""
    from corslens.inspection import weigh_inspection

    assert chain.addon.session is not None
    return sum(map(weigh_inspection, chain.addon.session.recent())) / 1e6


def faults(found: list[Row]) -> Iterator[str]:
    """Yield what is not as it has to be, a sentence each."""
    middle, last = found[4], found[-1]
    for name in ("resident_mb", "whole_page_kb", "news_kb"):
        before, after = getattr(middle, name), getattr(last, name)
        if after > before * GROWTH:
            yield f"{name} grew from {before:.1f} to {after:.1f}"
    slow = max(found, key=lambda row: row.longest_ms)
    if slow.longest_ms > LONGEST_CALL_MS:
        yield f"{slow.call} took {slow.longest_ms:.0f} ms"


@click.command()
@click.option("--count", default=100_000, show_default=True, help="Exchanges, a multiple of 1,000.")
@click.option("--show", default="none", show_default=True, help="cors_show.")
def main(count: int, show: str) -> None:
    """Print the table; exit 1 where something is not flat."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rows(count, cors_history=HISTORY, cors_show=show, cors_report=f"{folder}/report.json"))
    gc.collect()
    print("exchanges  resident MB  history MB  longest ms  page KB  news KB  call")
    for row in found:
        print(
            f"{row.exchanges:9,}  {row.resident_mb:11.1f}  {row.held_mb:10.1f}  {row.longest_ms:10.1f}  "
            f"{row.whole_page_kb:7.1f}  {row.news_kb:7.1f}  {row.call}"
        )
    print(f"{time.process_time():.0f} s of CPU")
    wrong = list(faults(found))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
