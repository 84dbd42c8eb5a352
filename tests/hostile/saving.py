"""Ten thousand problems are saved from the live page, in every format, while traffic passes: `PYTHONPATH=addon python -m tests.hostile.saving`.

All in this process: the page's answers are begun in the thread that traffic waits for, and worked out in another one, as the proxy does.
Shown is the longest call of that first thread by its CPU time, while the page is asked and while the file is made.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator
from itertools import count

import click
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.mitm.live.app import TOKEN_HEADER, LiveRequest, LiveResponse
from corslens.observation.exchange import Exchange
from msgspec import Struct

from scripts.bench_suite.chain import Chain
from tests.hostile.origins import LONGEST_CALL_MS, Stopwatch

_CALLS = ("requestheaders", "request", "responseheaders", "response", "on_tick")
_LEAST = 20
"""Exchanges that pass while a file is made, however short that takes."""


class Saved(Struct, frozen=True, kw_only=True):
    """What saving in one format took."""

    form: str
    kilobytes: float
    begin_ms: float
    """Until the traffic went on."""
    longest_ms: float
    call: str
    passed: int
    """Exchanges while the file was made."""


def problems() -> Iterator[Exchange]:
    """Yield exchanges each of which is a problem of its own."""
    for number in count():
        time = 1_790_000_000.0 + number / 100
        lines = [
            ("Origin", f"https://page{number % 50}.example"),
            ("Sec-Fetch-Mode", "cors"),
            ("User-Agent", "Mozilla/5.0 Chrome/156.0.0.0"),
        ]
        request = Request(
            method="GET", url=f"https://api{number}.example/list/of/things?q={number}", headers=HeaderList(lines), time=time
        )
        response = Response(status=200, headers=HeaderList([("Content-Type", "application/json")]), time=time + 0.001)
        yield Exchange(
            id=f"p{number}", request=request, response=response, client=f"client{number % 5}", connection=f"c{number}"
        )


async def save(number: int) -> list[Saved]:
    """Fill a session with so many problems, save it in every format, and return what that took."""
    found = []
    async with Chain(odd=False, cors_show="none", cors_history=number, cors_history_mb=2048) as chain:
        addon, traffic = chain.addon, problems()
        while missing := number - len(addon.summary.problems()):  # on a busy machine one may take too long to be judged
            await chain.send(exchange for exchange, _ in zip(traffic, range(missing), strict=False))
        addon._ticks.end()  # the chain's own are enough: garbage is looked for in a second without traffic, which does not come
        watch = Stopwatch()
        for name in _CALLS:
            watch.watch(addon, name)
        token = addon.page.app.token
        for form in addon.page.app._exports:
            own = addon.page.url.rstrip("/")
            asked = LiveRequest(
                method="GET",
                path="api/export",
                query=f"format={form}",
                headers={TOKEN_HEADER: token},
                own_origin=own,
                through_proxy=True,
            )
            begin = Stopwatch()
            work = begin.timed("begin", addon.page.app.begin)(asked)
            assert not isinstance(work, LiveResponse), work.body
            made: list[LiveResponse] = []
            thread = threading.Thread(target=lambda work=work, made=made: made.append(work()))
            watch.reset()
            thread.start()
            passed = 0
            while thread.is_alive() or passed < _LEAST:
                await chain.send([next(traffic)])
                passed += 1
            thread.join()
            longest, call = watch.reset()
            assert made[0].status == 200
            found.append(
                Saved(
                    form=form,
                    kilobytes=len(made[0].body) / 1e3,
                    begin_ms=begin.longest,
                    longest_ms=longest,
                    call=call,
                    passed=passed,
                )
            )
        assert not addon.faults
    return found


@click.command()
@click.option("--problems", "number", default=10_000, show_default=True, help="How many.")
def main(number: int) -> None:
    """Print what each format took; exit 1 where a call took too long."""
    logging.disable(logging.CRITICAL)
    found = asyncio.run(save(number))
    for one in found:
        print(
            f"{one.form:6} {one.kilobytes:9,.0f} KB  begun in {one.begin_ms:5.1f} ms; "
            f"longest call meanwhile {one.longest_ms:5.1f} ms ({one.call}), {one.passed} exchanges passed"
        )
    sys.exit(max(max(one.begin_ms, one.longest_ms) for one in found) > LONGEST_CALL_MS)


if __name__ == "__main__":
    main()
