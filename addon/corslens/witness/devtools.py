"""The DevTools protocol's network events, put together: what Chromium says of each request, as Sightings.

Pure: messages in, sightings out. https://chromedevtools.github.io/devtools-protocol/tot/Network/. Of one request the events come from
two processes, in any order: what the page asked for from its renderer, what went over the wire (`…ExtraInfo`) from the network service.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct, field

from corslens.bounded import Bounded
from corslens.witness.devtools_events import (
    MAX_VALUE_CHARACTERS,
    IssueAdded,
    LoadingFailed,
    Received,
    ResponseExtraInfo,
    Sent,
    ServedFromCache,
    WillBeSent,
    initiator_of,
    lines_of,
    place_of,
)
from corslens.witness.sighting import JoinedLines, Sighting
from corslens.witness.witness import Initiator, WithheldCookie, Witness, WitnessOutcome

REQUESTS = 10_000
"""Under way at once; beyond that the oldest is dropped."""

_COOKIES = 20
_GHOST_SECONDS = 30.0
"""How long what went over the wire is kept without the request that it belongs to."""
_SECONDS = 2.0
"""How long what is missing of a finished request is waited for."""

CLOSED = "target-closed"
"""Of a request whose tab, frame or worker was closed before the browser told its end. Ours: the browser has no word for it."""

_PREFLIGHT_ERRORS = ("Preflight", "InvalidAllowMethods", "InvalidAllowHeaders", "MethodDisallowedBy", "HeaderDisallowedBy")
"""What the CorsErrors begin with that a preflight's response is the cause of."""


class _Hop(Struct, gc=False):
    """A request until all is known of it."""

    id: str
    hop: int
    method: str
    url: str
    time: float
    resource_type: str
    page: str
    initiator: Initiator | None
    headers: dict[str, Any]
    preflight_for: str = ""
    sent: JoinedLines | None = None
    sent_at: float | None = None
    withheld: tuple[WithheldCookie, ...] = ()
    status: int | None = None
    response_lines: JoinedLines | None = None
    from_cache: str | None = None
    outcome: WitnessOutcome | None = None
    code: str | None = None
    reason: str | None = None
    wants_wire: bool = False
    """The browser says that it shows what went over the wire, and has not yet."""
    since: float = 0.0
    by_preflight: bool = False
    preflighted: bool = False
    """The preflight for it is known to have passed, because it was sent."""


class _Chain(Struct):
    """The hops of one request, and the extra information that came before what it belongs to."""

    since: float
    session: str = ""
    """That reported it last."""
    hops: list[_Hop] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    response_infos: list[ResponseExtraInfo] = field(default_factory=list)
    wired: int = 0
    """Hops that have their request lines, and `responded` their response."""
    responded: int = 0
    preflights: list[_Hop] = field(default_factory=list)


class DevToolsRecord:
    """Puts the events of one browser together. What is malformed is passed over; what never ends is let go."""

    def __init__(self) -> None:
        self._chains: Bounded[str, _Chain] = Bounded(REQUESTS)
        self._issues: list[tuple[float, str, Initiator | None, str]] = []
        self._urls: Bounded[str, float] = Bounded(1_000)
        """When requests of these URLs were last reported, to tell what is only an issue."""
        self._refused: Bounded[str, _Hop] = Bounded(100)
        """Requests that failed because of a preflight of which nothing is reported yet."""
        self._closed: Bounded[str, float] = Bounded(1_000)
        """When sessions ended, until what they had under way is settled."""
        self.dropped = 0

    def take(self, method: str, params: msgspec.Raw | bytes, now: float, session: str = "") -> list[Sighting]:
        """Take one event of a session, and return what is complete with it."""
        handler = _HANDLERS.get(method)
        if handler is None:
            return []
        decoder, handle = handler
        try:
            event = decoder.decode(params)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return []
        return list(handle(self, event, now, session))

    def closed(self, session: str, now: float) -> None:
        """Take note that a session's tab, frame or worker is gone: of what it had under way no more is said."""
        self._closed[session] = now

    def end(self, now: float) -> list[Sighting]:
        """Return what is known of all that is under way: the browser is gone."""
        for chain in self._chains.values():
            _close(chain, now)
        return self.settle(now + 2 * _SECONDS)

    def settle(self, now: float) -> list[Sighting]:
        """Return what has been waited for long enough, as far as it is known, and what was reported as an issue only."""
        found: list[Sighting] = []
        # The network service may speak a moment longer than the tab.
        closed = {session for session, at in self._closed.items() if now - at > _SECONDS}
        for session in closed:
            del self._closed[session]
        for id, chain in list(self._chains.items()):
            if chain.session in closed:
                _close(chain, now - 2 * _SECONDS)
            for hop in [*chain.hops, *chain.preflights]:
                if hop.outcome is not None and now - hop.since > _SECONDS:
                    hop.wants_wire = False
            found += self._complete(id, chain)
            if not chain.hops and now - chain.since > _GHOST_SECONDS:
                self._chains.pop(id, None)
        ripe = [one for one in self._issues if now - one[0] > _SECONDS]
        self._issues = [one for one in self._issues if now - one[0] <= _SECONDS]
        return [*found, *filter(None, map(self._issue_only, ripe))]

    # Events.

    def _will_be_sent(self, event: WillBeSent, now: float, session: str) -> Iterator[Sighting]:
        if not event.request.url.startswith(("http:", "https:")):
            return
        chain = self._chain(event.requestId, now, session)
        if len(event.redirectResponse) and chain.hops:
            last = chain.hops[-1]
            if last.outcome is None:
                last.outcome, last.since, last.wants_wire = WitnessOutcome.PASSED, now, event.redirectHasExtraInfo
        elif chain.hops:
            return  # the same id anew: one of two sessions that both report it
        initiator = initiator_of(event.initiator, session)
        if chain.hops and initiator is None:
            initiator = chain.hops[0].initiator
        hop = _Hop(
            id=event.requestId,
            hop=len(chain.hops),
            method=event.request.method[:64],
            url=event.request.url[:MAX_VALUE_CHARACTERS],
            time=event.wallTime or now,
            resource_type=event.type,
            page=event.documentURL[:MAX_VALUE_CHARACTERS],
            initiator=initiator,
            headers=event.request.headers,
        )
        if event.initiator.type == "preflight":
            hop.resource_type, hop.preflight_for = "Preflight", event.initiator.requestId
            hop.page = ""  # it names itself
            failed = self._refused.pop(event.initiator.requestId, None)
            if failed is not None and failed.url == hop.url:  # the page's process was quicker to tell its end
                hop.initiator, hop.page, hop.wants_wire = failed.initiator, failed.page, True
                hop.outcome, hop.code, hop.reason, hop.since = WitnessOutcome.FAILED, failed.code, failed.reason, now
                chain.hops.append(hop)
                yield from self._wire(event.requestId, chain)
                return
            parent = self._chain(event.initiator.requestId, now, session)
            if parent.hops:
                hop.initiator, hop.page = parent.hops[0].initiator, parent.hops[-1].page
            parent.preflights.append(hop)
            if len(parent.preflights) > 32:
                del parent.preflights[0]
            self._pass_preflights(parent, now)
        for preflight in chain.preflights:
            preflight.initiator, preflight.page = preflight.initiator or initiator, preflight.page or hop.page
        chain.hops.append(hop)
        if len(chain.hops) > 32:  # more than any engine follows
            self._chains.pop(event.requestId, None)
            return
        self._urls[hop.url] = now
        yield from self._wire(event.requestId, chain)

    def _sent(self, event: Sent, now: float, session: str) -> Iterator[Sighting]:
        chain = self._chain(event.requestId, now, session)
        event.at = now
        if len(chain.sent) < 32:
            chain.sent.append(event)
        yield from self._wire(event.requestId, chain)
        if chain.preflights:
            self._pass_preflights(chain, now)
            yield from self._preflights(chain)

    def _response_extra_info(self, event: ResponseExtraInfo, now: float, session: str) -> Iterator[Sighting]:
        chain = self._chain(event.requestId, now, session)
        if len(chain.response_infos) < 32:
            chain.response_infos.append(event)
        yield from self._wire(event.requestId, chain)

    def _received(self, event: Received, now: float, _session: str) -> Iterator[Sighting]:
        chain = self._chains.get(event.requestId)
        if chain is None or not chain.hops:
            return
        hop = chain.hops[-1]
        if hop.from_cache is None and not event.hasExtraInfo:
            if event.response.fromServiceWorker:
                hop.from_cache = "service worker"
            elif event.response.fromDiskCache or event.response.fromPrefetchCache:
                hop.from_cache = "disk"
        hop.wants_wire = event.hasExtraInfo
        if hop.preflight_for:
            return  # what became of it, the request that it was for tells
        if hop.outcome is None:
            hop.outcome, hop.since = WitnessOutcome.READ, now
        yield from self._complete(event.requestId, chain)

    def _failed(self, event: LoadingFailed, now: float, _session: str) -> Iterator[Sighting]:
        chain = self._chains.get(event.requestId)
        if chain is None or not chain.hops:
            return
        hop = chain.hops[-1]
        if hop.preflight_for:
            return
        reason = None if event.corsErrorStatus is None else event.corsErrorStatus.corsError[:100] or None
        by_preflight = reason is not None and reason.startswith(_PREFLIGHT_ERRORS)
        if hop.outcome is None:
            aborted = event.canceled and reason is None and event.blockedReason is None
            hop.outcome, hop.since = WitnessOutcome.UNKNOWN if aborted else WitnessOutcome.FAILED, now
            hop.code = (event.blockedReason or event.errorText or "net::ERR_FAILED")[:100]
            hop.reason, hop.by_preflight = reason, by_preflight
            # A response that failed its check came all the same, and the network service shows it; that nothing was sent only time shows.
            hop.wants_wire = not by_preflight
        if by_preflight and all(preflight.url != hop.url for preflight in chain.preflights):
            self._refused[event.requestId] = hop
        for preflight in chain.preflights:
            if preflight.outcome is None:
                preflight.outcome, preflight.since, preflight.wants_wire = WitnessOutcome.UNKNOWN, now, True
                if preflight.url != hop.url:  # of an earlier hop: the redirect was followed
                    preflight.outcome = WitnessOutcome.PASSED
                elif by_preflight:
                    preflight.outcome, preflight.code, preflight.reason = WitnessOutcome.FAILED, hop.code, reason
        yield from self._preflights(chain)
        yield from self._complete(event.requestId, chain)

    def _cached(self, event: ServedFromCache, now: float, _session: str) -> Iterator[Sighting]:
        chain = self._chains.get(event.requestId)
        if chain is not None and chain.hops:
            chain.hops[-1].from_cache = "memory"
        return iter(())

    def _issue(self, event: IssueAdded, now: float, session: str) -> Iterator[Sighting]:
        csp, mixed = event.issue.details.contentSecurityPolicyIssueDetails, event.issue.details.mixedContentIssueDetails
        code = url = ""
        place = None
        if csp is not None and csp.contentSecurityPolicyViolationType == "kURLViolation" and not csp.isReportOnly:
            code, url, place = "csp", csp.blockedURL, csp.sourceCodeLocation
        elif mixed is not None and mixed.resolutionStatus == "MixedContentBlocked":
            code, url = "mixed-content", mixed.insecureURL
        if url.startswith(("http:", "https:")) and len(self._issues) < 1_000:
            self._issues.append((now, url[:MAX_VALUE_CHARACTERS], place_of(place, session), code))
        return iter(())

    # Putting together.

    def _chain(self, id: str, now: float, session: str) -> _Chain:
        chain = self._chains.get(id)
        if chain is None:
            chain = self._chains[id] = _Chain(now)
            self.dropped = self._chains.dropped
        chain.session = session
        return chain

    def _wire(self, id: str, chain: _Chain) -> Iterator[Sighting]:
        """Give hops, in order, what went over the wire for them: the n-th extra information belongs to the n-th hop that had any."""
        while chain.wired < len(chain.sent) and chain.wired < len(chain.hops):
            hop, event = chain.hops[chain.wired], chain.sent[chain.wired]
            hop.sent, hop.sent_at = lines_of(event.headers), event.at
            hop.withheld = tuple(
                WithheldCookie(name=one.cookie.name[:100], why=one.blockedReasons[0][:60])
                for one in islice((one for one in event.associatedCookies if one.blockedReasons), _COOKIES)
            )
            chain.wired += 1
        while chain.responded < len(chain.response_infos) and chain.responded < len(chain.hops):
            hop, info = chain.hops[chain.responded], chain.response_infos[chain.responded]
            hop.status, hop.response_lines = info.statusCode or None, lines_of(info.headers)
            hop.wants_wire = False
            chain.responded += 1
        yield from self._complete(id, chain)

    def _pass_preflights(self, chain: _Chain, now: float) -> None:
        """A request that was sent passed its preflight: that for its own URL, since a redirect's target has one of its own."""
        for preflight in chain.preflights:
            sent = (hop for hop in chain.hops[: chain.wired] if hop.url == preflight.url and not hop.preflighted)
            hop = next(sent, None) if preflight.outcome is None else None
            if hop is not None:
                hop.preflighted = True
                preflight.outcome, preflight.since = WitnessOutcome.PASSED, now
                preflight.wants_wire = True  # its response may be reported only now

    def _preflights(self, chain: _Chain) -> Iterator[Sighting]:
        for preflight in chain.preflights:
            own = self._chains.get(preflight.id)
            if own is not None:
                yield from self._complete(preflight.id, own)
        chain.preflights = [one for one in chain.preflights if one.outcome is None]

    def _complete(self, id: str, chain: _Chain) -> Iterator[Sighting]:
        """Yield the hops of which everything is known, oldest first; with the last one the chain ends."""
        done = bool(chain.hops)
        for hop in chain.hops:
            if hop.outcome is None or (hop.wants_wire and hop.response_lines is None):
                done = False
            elif hop.hop >= 0:
                sighting = _sighting(hop)
                hop.hop = -1  # it was reported
                yield sighting
        if done and (
            chain.hops[-1].outcome is not WitnessOutcome.PASSED or chain.hops[-1].preflight_for
        ):  # nothing more follows
            self._chains.pop(id, None)

    def _issue_only(self, issue: tuple[float, str, Initiator | None, str]) -> Sighting | None:
        time, url, place, code = issue
        seen = self._urls.get(url)
        if seen is not None and abs(seen - time) <= 2 * _SECONDS:
            return None  # the request itself was reported
        witness = Witness(outcome=WitnessOutcome.FAILED, code=code, initiator=place, page=None if place is None else place.url)
        return Sighting(id=f"issue:{time}", method="GET", url=url, time=time, sent=False, witness=witness)


def _close(chain: _Chain, since: float) -> None:
    for hop in chain.hops:
        if hop.outcome is None:
            hop.outcome, hop.code, hop.since = WitnessOutcome.UNKNOWN, CLOSED, since


def _sighting(hop: _Hop) -> Sighting:
    assert hop.outcome is not None
    # Of a tab that was closed at once nobody says what went over the wire: the proxy knows.
    sent = hop.sent is not None or hop.code == CLOSED
    witness = Witness(
        outcome=hop.outcome,
        code=hop.code,
        reason=hop.reason,
        initiator=hop.initiator,
        from_cache=None if sent else hop.from_cache,
        page=hop.page or None,
        withheld=hop.withheld,
        live=True,
    )
    return Sighting(
        id=hop.id,
        hop=hop.hop,
        method=hop.method,
        url=hop.url,
        time=hop.time,
        sent_at=hop.sent_at,
        sent=sent,
        request_lines=hop.sent if hop.sent is not None else lines_of(hop.headers),
        status=hop.status,
        response_lines=hop.response_lines or {},
        resource_type=hop.resource_type or None,
        witness=witness,
        explained=hop.by_preflight,
    )


_HANDLERS: dict[str, tuple[msgspec.json.Decoder[Any], Any]] = {
    "Network.requestWillBeSent": (msgspec.json.Decoder(WillBeSent), DevToolsRecord._will_be_sent),
    "Network.requestWillBeSentExtraInfo": (msgspec.json.Decoder(Sent), DevToolsRecord._sent),
    "Network.responseReceivedExtraInfo": (msgspec.json.Decoder(ResponseExtraInfo), DevToolsRecord._response_extra_info),
    "Network.responseReceived": (msgspec.json.Decoder(Received), DevToolsRecord._received),
    "Network.loadingFailed": (msgspec.json.Decoder(LoadingFailed), DevToolsRecord._failed),
    "Network.requestServedFromCache": (msgspec.json.Decoder(ServedFromCache), DevToolsRecord._cached),
    "Audits.issueAdded": (msgspec.json.Decoder(IssueAdded), DevToolsRecord._issue),
}
