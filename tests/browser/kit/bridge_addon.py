"""An addon for a mitmdump under test: corslens listens to the browser whose debugging port CORSLENS_BROWSER_PORT names."""

import asyncio
import os

from corslens.bridge.attach import attach_whenever
from corslens.bridge.session import witness_of
from mitmproxy import ctx


class Bridge:
    """Listens from the start to the end."""

    def running(self) -> None:
        """Begin."""
        addon = ctx.master.addons.get("corslens")
        port = int(os.environ["CORSLENS_BROWSER_PORT"])
        self.task = asyncio.create_task(attach_whenever(port, witness_of(addon), addon.clock))

    def done(self) -> None:
        """End."""
        self.task.cancel()


addons = [Bridge()]
