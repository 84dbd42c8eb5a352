"""`cors_fail_on`: mitmdump's exit status."""

import sys
from collections.abc import Callable

from mitmproxy.master import Master
from mitmproxy.tools.dump import DumpMaster


class ExitStatus:
    """End the process with status 1 when asked to, after every other addon is done.

    Raising SystemExit is how mitmproxy's own addons do it; it has to come last, because it keeps later addons from being done.
    """

    name = "corslensexitstatus"

    def __init__(self, has_failed: Callable[[], bool]) -> None:
        self.has_failed = has_failed

    @classmethod
    def attach(cls, master: Master, has_failed: Callable[[], bool]) -> None:
        """Put one at the end of mitmdump's chain, where done is called last; the other tools end when their user says so."""
        if isinstance(master, DumpMaster):
            there = master.addons.get(cls.name)
            if there is None:
                master.addons.add(cls(has_failed))
            else:
                there.has_failed = has_failed

    def done(self) -> None:
        """End the process if it has failed."""
        if self.has_failed():
            sys.exit(1)
