"""LiveWitness: what a browser says, held beside what the proxy sees while both go on."""

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct, structs

from corslens.bounded import Bounded
from corslens.fetch.limits import limited_request
from corslens.fetch.messages import HeaderList, Request
from corslens.fetch.origins import origin_of
from corslens.inspection import Inspection
from corslens.observation.exchange import Exchange
from corslens.witness.matching import Match, Matcher, Passed, joined
from corslens.witness.sighting import Sighting
from corslens.witness.witness import Witness, WitnessOutcome

REMEMBERED = 20_000
"""Exchanges that are known to have been handed on."""
UNSENT = 2_000
"""Page requests that never left the browser and are reported; what comes beyond is counted."""

_PROXY_FAILURES = (
    "net::ERR_PROXY",
    "net::ERR_TUNNEL",
    "net::ERR_CERT",
    "net::ERR_SSL",
    "net::ERR_CONNECTION",
    "net::ERR_EMPTY",
)
"""Of what did leave, and came to an end before the proxy had a request."""


class Proxy(Protocol):
    """What the proxy takes of a browser's word."""

    def attest(self, id: str, witness: Witness) -> None:
        """Take what the browser says of an exchange."""

    def never_left(self, exchange: Exchange) -> None:
        """Take a request that the browser did not send."""


class Bridged(Struct, frozen=True):
    """How much of both sides was matched."""

    matched: int
    unmatched: int
    """CORS requests that the browser says were sent, and that did not come by."""
    dropped: int


class LiveWitness:
    """Matches one browser's word with one proxy's exchanges.

    Args:
        client: as the proxy names the browser's machine.
    """

    def __init__(self, proxy: Proxy, clock: Callable[[], float], *, client: str = "127.0.0.1") -> None:
        self._proxy = proxy
        self._clock = clock
        self._client = client
        self._matcher = Matcher()
        self._known: Bounded[str, bool] = Bounded(REMEMBERED)
        """Exchanges that were handed on, and whether the browser's word on them has come."""
        self._unsent = 0
        self.listening = False
        """Whether the browser is still there to say anything."""

    def saw(self, inspection: Inspection) -> None:
        """Take an inspection of the proxy's; the first of each exchange counts."""
        exchange = inspection.observation.exchange
        if exchange.id in self._known or exchange.by_browser:
            return
        self._known[exchange.id] = False
        response = exchange.replaced or exchange.response
        status = response.status if response is not None else 502 if exchange.got_proxy_error_page else None
        match = self._matcher.passed(
            Passed(
                id=exchange.id,
                method=exchange.request.method,
                url=exchange.request.url,
                time=exchange.request.time,
                request_lines=joined(exchange.request.headers.lines),
                status=status,
                response_lines={} if response is None else joined(response.headers.lines),
            ),
            self._clock(),
        )
        if match is not None:
            self._attest([match])

    def awaits(self, inspection: Inspection) -> bool:
        """Say whether the browser's word on an exchange may still come."""
        return self.listening and self._known.get(inspection.id) is False

    def sighted(self, sighting: Sighting) -> None:
        """Take what the browser says of a request."""
        if sighting.sent:
            match = self._matcher.sighted(sighting, self._clock())
            if match is not None:
                self._attest([match])
        elif _is_news(sighting):
            self._unsent += 1
            if self._unsent <= UNSENT:
                self._proxy.never_left(_unsent_exchange(sighting, self._client))

    def settle(self) -> None:
        """Match what has waited long enough. To be called every second or so."""
        self._attest(list(self._matcher.settle(self._clock())))

    @property
    def counts(self) -> Bridged:
        """How much was matched so far."""
        matcher = self._matcher
        return Bridged(matcher.matched, matcher.unmatched, matcher.dropped + max(0, self._unsent - UNSENT))

    def _attest(self, matches: Iterable[Match]) -> None:
        for match in matches:
            self._known[match.exchange] = True
            self._proxy.attest(match.exchange, match.sighting.witness)


def _is_news(sighting: Sighting) -> bool:
    """Say whether nothing that passed the proxy shows why it was not sent, as its preflight does, or a connection that failed."""
    witness = sighting.witness
    if witness.outcome is WitnessOutcome.FAILED:
        return not sighting.explained and not (witness.code or "").startswith(_PROXY_FAILURES)
    if witness.page is None or origin_of(witness.page) == origin_of(sighting.url):
        return False
    return witness.from_cache is not None or (witness.outcome is WitnessOutcome.UNKNOWN and witness.code is not None)


def _unsent_exchange(sighting: Sighting, client: str) -> Exchange:
    request = Request(
        method=sighting.method,
        url=sighting.url,
        headers=HeaderList(tuple(sighting.request_lines.items())),
        http_version="",
        time=sighting.time,
    )
    return Exchange(
        id=f"browser-{sighting.id}-{sighting.hop}",
        request=limited_request(request),
        client=client,
        by_browser=True,
        resource_type=sighting.resource_type,
        witness=structs.replace(sighting.witness, mixed_content=sighting.witness.code == "mixed-content"),
    )
