"""WebDriver BiDi's network events and log entries, put together: what Firefox says of each request, as Sightings.

Pure: messages in, sightings out. https://www.w3.org/TR/webdriver-bidi/#module-network. Measured in Firefox 153: a response that fails the
CORS check is reported as completed, and only a log entry says that the page does not get it (of a worker's, it ends in an error instead); a
preflight that fails ends in an error. So what completes says nothing until its log entry had time to come; a redirect that is followed, and a
preflight whose request gets a response, passed. No code that asked is named.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from corslens.bounded import Bounded
from corslens.witness.matching import joined
from corslens.witness.sighting import JoinedLines, Sighting
from corslens.witness.witness import Witness, WitnessOutcome

REQUESTS = 10_000
_MAX_VALUE_CHARACTERS = 8192
_LINES = 128
_SECONDS = 2.0
"""How long the log entry of a request is waited for, and the request of a log entry."""
_CLOCK_SECONDS = 0.001
"""What the browser's clock is rounded to."""
_ALL_SECONDS = 1.0
"""How long the messages on requests that were made at once are waited for."""
_MESSAGES = 1_000

EVENTS = (
    "network.beforeRequestSent",
    "network.responseStarted",
    "network.responseCompleted",
    "network.fetchError",
    "log.entryAdded",
)

_BLOCKED = re.compile(
    r"Cross-Origin Request Blocked: .{0,200}? remote resource at (\S{1,8192}?)\. \(Reason: (.{1,2000}?)\)\.?(?: Status code: (\S+?)\.?)?\s*",
    re.DOTALL,
)
"""https://searchfox.org/mozilla-central/source/dom/locales/en-US/chrome/security/security.properties"""
_REASONS = (
    ("CORS disabled", "CORSDisabled"),
    ("CORS request did not succeed", "CORSDidNotSucceed2"),
    ("CORS header ‘Origin’ cannot be added", "CORSOriginHeaderNotAdded"),
    ("CORS request external redirect not allowed", "CORSExternalRedirectNotAllowed"),
    ("CORS request not http", "CORSRequestNotHttp"),
    ("CORS header ‘Access-Control-Allow-Origin’ missing", "CORSMissingAllowOrigin2"),
    ("Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed", "CORSMultipleAllowOriginNotAllowed"),
    ("CORS header ‘Access-Control-Allow-Origin’ does not match", "CORSAllowOriginNotMatchingOrigin"),
    ("Credential is not supported if the CORS header", "CORSNotSupportingCredentials"),
    ("Did not find method in CORS header", "CORSMethodNotFound"),
    ("expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’", "CORSMissingAllowCredentials"),
    ("CORS preflight response did not succeed", "CORSPreflightDidNotSucceed3"),
    ("invalid token ", "CORSInvalidAllow"),
    ("header ‘", "CORSMissingAllowHeaderFromPreflight2"),
)
"""What a reason begins with, and its name in Firefox's source."""
_CONSEQUENCE = "CORSDidNotSucceed2"
_OF_PREFLIGHTS = frozenset({
    "CORSPreflightDidNotSucceed3", "CORSMethodNotFound", "CORSMissingAllowHeaderFromPreflight2", "CORSInvalidAllowMethod",
    "CORSInvalidAllowHeader",
})  # fmt: skip
_CSP = re.compile(r"Content-Security-Policy: .{0,200}? blocked .{0,200}? at (\S{1,8192}) because", re.DOTALL)


class _Value(Struct):
    value: Any = ""


class _Header(Struct):
    name: str = ""
    value: _Value = field(default_factory=_Value)


class _Request(Struct):
    request: str = ""
    url: str = ""
    method: str = ""
    headers: list[_Header] = []
    destination: str | None = None
    initiatorType: str | None = None


class _Response(Struct):
    status: int = 0
    headers: list[_Header] = []
    fromCache: bool = False


class _Event(Struct):
    request: _Request
    context: str | None = None
    redirectCount: int = 0
    timestamp: float = 0
    response: _Response | None = None
    errorText: str = ""


class _Source(Struct):
    context: str | None = None


class _Entry(Struct):
    text: str | None = None
    timestamp: float = 0
    source: _Source = field(default_factory=_Source)


class _Hop(Struct):
    id: str
    hop: int
    method: str
    url: str
    time: float
    context: str
    kind: str
    request_lines: JoinedLines
    status: int | None = None
    response_lines: JoinedLines | None = None
    from_cache: bool = False
    outcome: WitnessOutcome | None = None
    code: str | None = None
    reason: str | None = None
    completed: bool = False
    ended: float = 0.0
    """When its end was reported, 0 before."""
    responded: float = 0.0
    """When its response began by the browser's clock, as `time` is, and `finished` when it ended; 0 before."""
    finished: float = 0.0


class _Message(Struct):
    url: str
    context: str
    since: float
    at: float
    """By the browser's clock."""
    reason: str


_event = msgspec.json.Decoder(_Event)
_entry = msgspec.json.Decoder(_Entry)


class BidiRecord:
    """Puts the events of one Firefox together. What is malformed is passed over; what never ends is let go."""

    def __init__(self) -> None:
        self._hops: Bounded[tuple[str, int], _Hop] = Bounded(REQUESTS)
        self._messages: list[_Message] = []
        self._refused: Bounded[tuple[str, str], float] = Bounded(1_000)
        """When preflights of a URL failed, by URL and tab."""
        self._unclear: Bounded[str, float] = Bounded(1_000)
        """When messages about a URL came that nobody knows the request of."""
        self.unmatched_messages = 0
        """Log entries about CORS whose request was not found, or not for certain."""
        self.matched_messages = 0

    @property
    def dropped(self) -> int:
        """Requests that were let go before their end."""
        return self._hops.dropped

    def take(self, method: str, params: msgspec.Raw | bytes, now: float) -> None:
        """Take one event; what is complete with it, `settle` returns after a while."""
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if method == "log.entryAdded":
                self._log(_entry.decode(params), now)
            elif method in EVENTS:
                self._network(method, _event.decode(params), now)

    def settle(self, now: float) -> list[Sighting]:
        """Return what is known of each request that ended a while ago."""
        self._attribute(now)
        found = []
        for hop in self._hops.values():
            if hop.ended and hop.kind == "preflight" and hop.outcome is WitnessOutcome.FAILED:
                self._refused[hop.url, hop.context] = hop.ended
        for key, hop in sorted(self._hops.items(), key=lambda item: (item[1].ended, item[1].kind != "preflight")):
            if hop.ended and now - hop.ended > _SECONDS:  # a preflight comes before what it was for
                del self._hops[key]
                refused = self._refused.get((hop.url, hop.context), 0.0)
                unclear = hop.url in self._unclear or any(message.url == hop.url for message in self._messages)
                explained = hop.status is None and abs(hop.ended - refused) < 2 * _SECONDS
                found.append(_sighting(hop, explained=explained, unclear=unclear))
        return found

    def _network(self, method: str, event: _Event, now: float) -> None:
        request = event.request
        if not request.url.startswith(("http:", "https:")):
            return
        key = (request.request, event.redirectCount)
        hop = self._hops.get(key)
        if hop is None:
            hop = self._hops[key] = _Hop(
                id=request.request[:100],
                hop=event.redirectCount,
                method=request.method[:64],
                url=request.url[:_MAX_VALUE_CHARACTERS],
                time=event.timestamp / 1000 or now,
                context=event.context or "",
                kind="preflight"
                if request.method == "OPTIONS" and request.initiatorType is None
                else request.initiatorType or "",
                request_lines=_lines(request.headers),
            )
            before = self._hops.get((request.request, event.redirectCount - 1))
            if before is not None and before.outcome is None:
                before.outcome, before.ended = WitnessOutcome.PASSED, before.ended or now
        if event.response is not None:
            hop.request_lines = _lines(request.headers)  # with what the network added
            hop.status, hop.response_lines = event.response.status or None, _lines(event.response.headers)
            hop.responded = hop.responded or event.timestamp / 1000
            hop.from_cache = event.response.fromCache
            if hop.kind != "preflight":
                self._pass_preflight(hop, now)
        hop.completed = hop.completed or method == "network.responseCompleted"
        if method in ("network.responseCompleted", "network.fetchError"):
            hop.ended, hop.finished = hop.ended or now, hop.finished or event.timestamp / 1000
        if method == "network.fetchError":
            hop.code = event.errorText[:100]
            aborted = hop.code == "NS_BINDING_ABORTED"
            hop.outcome = hop.outcome or (WitnessOutcome.UNKNOWN if aborted else WitnessOutcome.FAILED)

    def _pass_preflight(self, hop: _Hop, now: float) -> None:
        """The request that a preflight was for got a response: it passed."""
        for other in self._about(hop.url, hop.context):
            wanted = other.request_lines.get("access-control-request-method")
            if (
                other.kind == "preflight"
                and other.outcome is None
                and wanted == hop.method
                and other.time >= hop.time - _SECONDS
            ):
                other.outcome, other.ended = WitnessOutcome.PASSED, other.ended or now
                return

    def _log(self, entry: _Entry, now: float) -> None:
        text = (entry.text or "")[: 2 * _MAX_VALUE_CHARACTERS]
        blocked = _BLOCKED.match(text)
        if blocked is not None:
            url, reason = blocked[1].strip("‘’"), reason_of(blocked[2])
        else:
            policy = _CSP.match(text)
            if policy is None:
                return
            url, reason = policy[1], "csp"
        if len(self._messages) < _MESSAGES:
            self._messages.append(_Message(url, entry.source.context or "", now, entry.timestamp / 1000 or now, reason))
        self._attribute(now)

    def _attribute(self, now: float) -> None:
        """Give each message to the one request that it can be about; to none where there are several, and not one for each."""
        kept = []
        for place, message in enumerate(self._messages):
            about = [hop for hop in self._about(message.url, message.context) if hop.time <= message.at + _CLOCK_SECONDS]
            fitting = _fitting(message.reason, about)
            candidates = [hop for hop in fitting if hop.reason is None]
            if len(candidates) > 1:
                candidates = _last_of_several(candidates, message.at)
            if now - message.since > _ALL_SECONDS:
                if fitting and not candidates:  # it says more than one thing of a request
                    self.matched_messages += 1
                    continue
                pending = self._messages[place:]
                same = sum(
                    (one.url, one.context, one.reason) == (message.url, message.context, message.reason) for one in pending
                )
                candidates = candidates[-1:] if same == len(candidates) else candidates
            if len(candidates) == 1:
                self.matched_messages += 1
                hop = candidates[0]
                hop.outcome, hop.ended = WitnessOutcome.FAILED, hop.ended or now
                if message.reason not in ("csp", _CONSEQUENCE):
                    hop.reason, hop.code = message.reason, hop.code or message.reason
            elif now - message.since > _SECONDS:
                self.unmatched_messages += 1
                self._unclear[message.url] = now
            else:
                kept.append(message)
        self._messages = kept

    def _about(self, url: str, context: str) -> Iterator[_Hop]:
        return (hop for hop in reversed(self._hops.values()) if hop.url == url and (not context or hop.context == context))


def _fitting(reason: str, about: list[_Hop]) -> list[_Hop]:
    """Return those that a message with this reason can be about."""
    if reason == _CONSEQUENCE:
        return [hop for hop in about if hop.code is not None and hop.kind != "preflight"]
    left = [hop for hop in about if hop.outcome is not WitnessOutcome.PASSED]
    preflights = [hop for hop in left if hop.kind == "preflight"]
    if reason in _OF_PREFLIGHTS or any(hop.reason is None for hop in preflights):
        return preflights
    return [hop for hop in left if hop.status is not None]


def _last_of_several(candidates: list[_Hop], at: float) -> list[_Hop]:
    """Return the last that had a response, or its end, by then, if all others were over before it began; else all.

    Measured in Firefox 153: a message is made 1 to 80 ms after the response began, and before the page learns of the failure.
    """
    had = [hop for hop in candidates if 0 < (hop.responded or hop.finished) <= at + _CLOCK_SECONDS]
    if not had:
        return candidates
    last = max(had, key=lambda hop: hop.time)
    before = (hop for hop in candidates if hop is not last and hop.time <= last.time)
    late = any(hop.time > last.time for hop in candidates)
    return [last] if not late and all(0 < hop.finished <= last.time for hop in before) else candidates


def reason_of(words: str) -> str:
    """Return Firefox's name for the reason that a message gives, the words themselves where it is none that is known."""
    name = next((name for beginning, name in _REASONS if words.startswith(beginning)), words[:100])
    if name == "CORSInvalidAllow":
        return "CORSInvalidAllowMethod" if "Allow-Methods" in words else "CORSInvalidAllowHeader"
    return name


def _lines(headers: list[_Header]) -> JoinedLines:
    return joined((header.name, str(header.value.value)[:_MAX_VALUE_CHARACTERS]) for header in headers[:_LINES])


def _sighting(hop: _Hop, *, explained: bool, unclear: bool) -> Sighting:
    sent = hop.status is not None and not hop.from_cache
    return Sighting(
        id=hop.id,
        hop=hop.hop,
        method=hop.method,
        url=hop.url,
        time=hop.time,
        sent=sent,
        request_lines=hop.request_lines,
        status=hop.status,
        response_lines=hop.response_lines or {},
        resource_type=hop.kind or None,
        witness=Witness(
            outcome=hop.outcome or WitnessOutcome.UNKNOWN,
            code=hop.code,
            reason=hop.reason,
            from_cache="disk" if hop.from_cache and hop.status is not None else None,
            page=hop.request_lines.get("referer"),
            unrefused=sent and hop.completed and hop.outcome is None and hop.code is None and not unclear,
            live=True,
        ),
        explained=explained,
    )
