"""Flows that have begun and not ended, and what is known of each meanwhile."""

from collections.abc import Iterator
from sys import maxsize

from mitmproxy import http

from corslens.bounded import Bounded
from corslens.inspection import Inspection
from corslens.mitm.heads import FlowResponseHead
from corslens.observation.exchange import Exchange
from corslens.observation.weight import HISTORY_BYTES, weigh_exchange

IN_FLIGHT = 10_000
"""Flows that have begun and not ended; more than this is a leak, and the oldest is dropped."""

IN_FLIGHT_BYTES = HISTORY_BYTES // 16
"""And what is kept of them, estimated: some of them are only known to us, because no hook told of their end."""


class InFlight:
    """A flow that we have seen the beginning of."""

    __slots__ = ("apart", "exchange", "inspection", "left", "made", "page", "patched", "refused", "wanted")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.inspection: Inspection | None = None
        self.left: FlowResponseHead | None = None
        """The response's head as we left it, to see whether others changed it after us."""
        self.apart = False
        """It has nothing to do with CORS as far as was seen, and is only there for a log that wants everything."""
        self.wanted = False
        """Whether the patch mode's filter matched it."""
        self.page: str | None = None
        """The origin of the page whose redirect brought the request here, where that is proven."""
        self.patched = False
        self.made: http.Response | None = None
        """Our own response to a preflight."""
        self.refused = False
        """An earlier addon responded that the proxy wants its password first."""


class FlowsInFlight(Bounded[str, InFlight]):
    """By the flow's id, the oldest first. It drops none by itself, for something is to be said of each: see `excess`."""

    def __init__(self) -> None:
        super().__init__(maxsize, weigh=lambda state: weigh_exchange(state.exchange), budget=maxsize)

    def excess(self) -> Iterator[InFlight]:
        """Take out the oldest while there are too many, and yield them."""
        while len(self) > IN_FLIGHT or (self.weight > IN_FLIGHT_BYTES and len(self) > 1):
            yield self.popitem(last=False)[1]
