"""An addon for a mitmdump that is measured: inspects so many exchanges as if they had come by, and then writes the file that it was told.

A hundred thousand real ones would take ten minutes before the first figure. CORSLENS_BENCH_FILL is the number, CORSLENS_BENCH_FILLED the
file. From then on each step of the loop that is longer than any before is a line in the file, in seconds of CPU time: all traffic waits
for it, and other programs on the machine cannot lengthen it. Whoever empties the file begins anew.
"""

import asyncio
import os
import time
from pathlib import Path

from mitmproxy import ctx

from scripts.bench_suite.sites import exchanges

_AT_ONCE = 200
_SHORT = 0.001
"""Seconds; no shorter step is looked at, so that looking costs none."""


class Fill:
    """Fills the session once the proxy runs."""

    def running(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._fill(int(os.environ["CORSLENS_BENCH_FILL"])))

    async def _fill(self, count: int) -> None:
        addon = ctx.master.addons.get("corslens")
        for number, exchange in enumerate(exchanges(count)):
            addon.session.later(addon.session.inspector.inspect(exchange))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        _ = addon.summary  # all is counted
        _note_steps(Path(os.environ["CORSLENS_BENCH_FILLED"]))


def _note_steps(file: Path) -> None:
    file.touch()
    run, longest = asyncio.Handle._run, 0.0

    def run_and_note(handle: asyncio.Handle) -> None:
        nonlocal longest
        began = time.thread_time()
        run(handle)
        took = time.thread_time() - began
        if took < _SHORT:
            return
        if file.stat().st_size == 0:
            longest = 0.0
        if took > longest:
            longest = took
            with file.open("a", encoding="ascii") as out:
                out.write(f"{took}\n")

    asyncio.Handle._run = run_and_note  # type: ignore[assignment, method-assign]


addons = [Fill()]
