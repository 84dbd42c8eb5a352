"""Faults: what goes wrong in corslens itself, which never reaches the user's traffic."""

import logging
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Protocol

from mitmproxy import exceptions, http

from corslens.inspection import Inspection
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import redact_method, redact_url
from corslens.report.escape import escape

logger = logging.getLogger(__name__)

EXCHANGE_SECONDS = 0.04
"""CPU time after which an exchange passes unjudged: all other traffic waits for it."""

_TOLD_OF = 5
"""Exchanges that took too long of which a line is logged each; all are counted."""


class Faults:
    """Logs each kind of fault once, and counts them all."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._took_too_long = 0

    def report(self, error: Exception, concerned: object = None) -> None:
        """Log a fault of ours the first time that it happens at a place.

        Args:
            concerned: the flow or inspection that was being handled, if any.
        """
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
        key = (type(error).__name__, place)
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] > 1:
            return
        exchange = concerned.observation.exchange if isinstance(concerned, Inspection) else concerned
        where = ""
        if isinstance(exchange, http.HTTPFlow | Exchange):
            where = f" while handling {escape(redact_url(exchange.request.url))}"
        # Without the error's message, which may hold what a header held.
        places = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        logger.error(
            "Internal error in corslens%s; traffic is not affected. Please report this: %s at\n%s", where, key[0], places
        )

    def report_time(self, exchange: Exchange) -> None:
        """Log that an exchange took too long; after a few, only count."""
        self._took_too_long += 1
        if self._took_too_long <= _TOLD_OF:
            logger.warning(
                "corslens: %s %s is not judged: it takes more than %d ms of CPU time. Traffic is not affected.%s",
                escape(redact_method(exchange.request.method[:32])),
                escape(redact_url(exchange.request.url)),
                EXCHANGE_SECONDS * 1000,
                " From now on such exchanges are only counted." if self._took_too_long == _TOLD_OF else "",
            )

    def __bool__(self) -> bool:
        """Whether there were any."""
        return bool(self._counts)

    def summarize(self) -> None:
        """Log how often those happened that happened more than once."""
        for (_, place), count in self._counts.items():
            if count > 1:
                logger.error("Internal errors in corslens: %d at %s.", count, place)


class HasFaults(Protocol):
    """Who keeps faults."""

    faults: Faults


def guarded[S: HasFaults, **P](method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """Make a hook tell of its faults instead of raising them; an exception that is meant for mitmproxy goes through."""

    @wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except exceptions.AddonHalt:
            raise
        except Exception as error:
            self.faults.report(error, args[0] if args else None)

    return call
