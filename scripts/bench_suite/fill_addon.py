"""An addon for a mitmdump that is measured: inspects so many exchanges as if they had come by, and then writes the file that it was told.

A hundred thousand real ones would take ten minutes before the first figure. CORSLENS_BENCH_FILL is the number, CORSLENS_BENCH_FILLED the file.
"""

import asyncio
import os
from pathlib import Path

from mitmproxy import ctx

from scripts.bench_suite.sites import exchanges

_AT_ONCE = 200


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
        Path(os.environ["CORSLENS_BENCH_FILLED"]).touch()


addons = [Fill()]
