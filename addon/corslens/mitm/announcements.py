"""Announcements: what the addon says of itself, beside what it finds in the traffic."""

import logging
import sys
from collections.abc import Iterable

from mitmproxy import ctx
from mitmproxy.log import ALERT
from mitmproxy.master import Master

from corslens.mitm import modified_headers
from corslens.mitm.listening import warn_if_open
from corslens.mitm.live.proxy_host import LivePage
from corslens.mitm.options import Show
from corslens.mitm.outputs import Outputs
from corslens.mitm.patch_mode import PatchMode
from corslens.report.escape import escape

logger = logging.getLogger(__name__)


class Announcements:
    """Says that patching is on, and where the live page is."""

    def __init__(self, outputs: Outputs, patching: PatchMode, page: LivePage) -> None:
        self._outputs, self._patching, self._page = outputs, patching, page

    def say_to_person(self, lines: Iterable[str]) -> None:
        """Print what a person has to know even where the log is quiet; nothing where they asked for nothing to be printed."""
        if self._outputs.show is not Show.NONE:
            self._outputs.terminal.say(lines)

    def patching_is_on(self) -> None:
        """Log what patching was asked for, and what is risky about that."""
        for warning in self._patching.warnings():
            logger.warning("%s", escape(warning))
        self.patching_state()

    def patching_state(self) -> None:
        """Log what is patched and injected, and for how long."""
        logger.log(ALERT, "corslens: %s", escape(self._patching.describe()))
        for line in (*self._patching.describe_injections(), *modified_headers.describe(ctx.options)):
            logger.log(ALERT, "corslens: %s", escape(line))

    def page_is_served(self, master: Master, *, named: bool) -> None:
        """Say where the live page is, where it is to be `named`, and warn of a proxy that the whole network can use."""
        served = self._page.addresses(ctx.options.mode, self._inside_mitmweb(master))
        addresses = list(served) if named else []
        # Not by the log, which `-q` silences, where outputs are printed.
        if self._outputs.show is not Show.NONE and master.addons.get("termlog") is not None:
            self._outputs.terminal.say(addresses)
        else:
            for sentence in addresses:
                logger.info("%s", sentence)
        warn_if_open(ctx.options)

    def _inside_mitmweb(self, master: Master) -> str | None:
        if "mitmproxy.tools.web.master" not in sys.modules:
            return None
        from corslens.mitm.live import mitmweb  # with mitmweb's modules, which no other tool has to wait for

        return mitmweb.attach(master, self._page.app)
