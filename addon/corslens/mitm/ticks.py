"""Ticks: what is done as time goes by, whether traffic passes or not."""

import asyncio
import logging
from collections.abc import Callable

from corslens.lint.rules.loader import RuleFiles
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.faults import Faults, guarded
from corslens.mitm.session import Session
from corslens.report.escape import escape

logger = logging.getLogger(__name__)

SECONDS = 1.0
"""How often time is looked at: for preflights that were never followed, and for the end of patching."""

AT_ONCE = 50
"""Earlier exchanges that are inspected anew at once; then others have their turn."""

JUMP_SECONDS = 5.0
"""A clock that goes back by less is only being kept right."""


class Ticks:
    """Calls somebody once a second, and sees when the clock was set back.

    Args:
        clock: seconds since the epoch.
        each: what is called.
    """

    def __init__(self, clock: Callable[[], float], each: Callable[[], None]) -> None:
        self._clock, self._each = clock, each
        self._next: asyncio.TimerHandle | None = None
        self._looked_at = clock()

    def begin(self) -> None:
        """Begin; there has to be a loop."""
        self._next = asyncio.get_running_loop().call_later(SECONDS, self._tick)

    def end(self) -> None:
        """Call nobody any more."""
        if self._next is not None:
            self._next.cancel()

    def _tick(self) -> None:
        self.begin()
        self._each()

    def set_back(self) -> float:
        """Return by how many seconds the clock was set back since the last look at it; 0 when it was not."""
        now, before = self._clock(), self._looked_at
        self._looked_at = now
        return before - now if now < before - JUMP_SECONDS else 0.0


class Settling:
    """Settles preflights that were never followed, a part at once.

    Args:
        clock: seconds since the epoch.
        current: returns the session of which it settles; of an earlier one nothing more is.
    """

    def __init__(self, clock: Callable[[], float], faults: Faults, current: Callable[[], Session | None]) -> None:
        self.faults = faults
        self._clock, self._current = clock, current
        self._rest: asyncio.Handle | None = None
        """There is more to settle."""

    def on_tick(self) -> None:
        """Settle some of what waits, and soon the rest: what came at once is not to be worked off at once."""
        session = self._current()
        if session is not None and session.live and self._rest is None:
            self._settle(session)

    def _settle(self, session: Session) -> None:
        settled = session.inspector.settle(self._clock())
        session.later(settled)
        if len(settled) == AT_ONCE:
            self._rest = asyncio.get_running_loop().call_soon(self._settle_more, session)

    @guarded
    def _settle_more(self, session: Session) -> None:
        self._rest = None
        if session is self._current():
            self._settle(session)


def edited_rules(files: RuleFiles) -> RuleSet | None:
    """Return the rules of files that were edited, ready for use; None when none were, or they have mistakes, which are listed."""
    refreshed = files.refresh()
    if refreshed is None:
        return None
    if refreshed.problems:
        listed = "\n".join(escape(str(problem)) for problem in refreshed.problems)
        logger.warning("corslens: cors_rules: the edited files have mistakes; the previous rules stay in force:\n%s", listed)
        return None
    refreshed.rules.prepare()
    logger.info("corslens: cors_rules: the edited rules are in force.")
    return refreshed.rules
