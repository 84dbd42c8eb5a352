"""A mitmproxy script: writes down which exchanges pass the hooks, to compare what the addon knows with."""

import asyncio
import logging
from pathlib import Path

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader


class Witness:
    """Notes the beginning and the end of each exchange; a CONNECT is none."""

    def load(self, loader: Loader) -> None:
        """Declare where it writes."""
        loader.add_option("witness_file", str, "", "Gets a line `begun ID` and a line `over ID` for each exchange.")

    def running(self) -> None:
        """Wait for the end of the start, until which mitmproxy ends when it logs an error, whoever provoked it."""
        self._start = asyncio.get_running_loop().create_task(self._started())

    async def _started(self) -> None:
        check = ctx.master.addons.get("errorcheck")
        while check.logger in logging.getLogger().handlers:
            await asyncio.sleep(0)
        logging.info("The witness has started.")

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """An exchange has begun."""
        self._note("begun", flow)

    def response(self, flow: http.HTTPFlow) -> None:
        """It is over."""
        self._note("over", flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """It is over, too."""
        self._note("over", flow)

    def _note(self, event: str, flow: http.HTTPFlow) -> None:
        if flow.request.data.method != b"CONNECT":
            with Path(ctx.options.witness_file).open("a") as file:
                file.write(f"{event} {flow.id}\n")


addons = [Witness()]
