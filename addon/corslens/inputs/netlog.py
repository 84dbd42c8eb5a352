"""Chromium's network log (chrome://net-export, --log-net-log): messages, and what Chromium itself decided about preflights.

The one capture that holds a browser's own CORS decision: `CORS_PREFLIGHT_ERROR` names the failing check, `CORS_PREFLIGHT_RESULT` says that it
passed, and a request's load flags show its credentials mode. Of a response's check the log says nothing.
Format: https://www.chromium.org/developers/design-documents/network-stack/netlog/; a line holds one event, so that a log that was cut
off is read to where it ends.
"""

import re
from collections.abc import Buffer, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from corslens.fetch.messages import HeaderLine
from corslens.inputs.damage import Damage
from corslens.inputs.har_lines import wire_lines
from corslens.inputs.recorded import RecordedExchange, RecordedReader
from corslens.witness.witness import Witness, WitnessOutcome

CORS_ERRORS = (
    "DisallowedByMode", "InvalidResponse", "WildcardOriginNotAllowed", "MissingAllowOriginHeader", "MultipleAllowOriginValues",
    "InvalidAllowOriginValue", "AllowOriginMismatch", "InvalidAllowCredentials", "CorsDisabledScheme", "PreflightInvalidStatus",
    "PreflightDisallowedRedirect", "PreflightWildcardOriginNotAllowed", "PreflightMissingAllowOriginHeader", "PreflightMultipleAllowOriginValues",
    "PreflightInvalidAllowOriginValue", "PreflightAllowOriginMismatch", "PreflightInvalidAllowCredentials", "InvalidAllowMethodsPreflightResponse",
    "InvalidAllowHeadersPreflightResponse", "MethodDisallowedByPreflightResponse", "HeaderDisallowedByPreflightResponse", "RedirectContainsCredentials",
)  # fmt: skip
"""By their numbers in the log: https://source.chromium.org/chromium/chromium/src/+/main:services/network/public/mojom/cors.mojom"""

_SENT = {
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": "HTTP/1.1",
    "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS": "HTTP/2.0",
    "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS": "HTTP/3",
}
_WANTED = frozenset({
    *_SENT, "CORS_REQUEST", "URL_REQUEST_START_JOB", "HTTP_TRANSACTION_READ_RESPONSE_HEADERS", "CORS_PREFLIGHT_URL_REQUEST", "CORS_PREFLIGHT_ERROR",
    "CORS_PREFLIGHT_RESULT", "REQUEST_ALIVE", "HTTP_STREAM_REQUEST_BOUND_TO_JOB", "CANCELLED",
})  # fmt: skip
_LINE_BREAK = re.compile(rb"\n")
_CONSTANTS = re.compile(rb'\s*\{\s*"constants"\s*:\s*')
_BEGIN, _END = 1, 2
_MOST_SOURCES = 1_000_000


class _Constants(Struct):
    logEventTypes: dict[str, int]
    netError: dict[str, int] = {}
    loadFlag: dict[str, int] = {}
    timeTickOffset: int = 0


class _Source(Struct, gc=False):
    id: int = 0


class _Event(Struct):
    type: int
    source: _Source
    time: str = "0"
    phase: int = 0
    params: msgspec.Raw = msgspec.Raw()


class _Hop:
    """One request of a source; redirects make several."""

    def __init__(self, method: str, url: str, page: str | None, sent: float, flags: int) -> None:
        self.method, self.url, self.page, self.sent, self.flags = method, url, page, sent, flags
        self.lines: list[HeaderLine] = []
        self.version = ""
        self.status = 0
        self.response_lines: list[HeaderLine] = []
        self.responded = 0.0
        self.error: str | None = None


class _Request:
    """What one source of the log says."""

    def __init__(self) -> None:
        self.hops: list[_Hop] = []
        self.asked: tuple[str, str, list[HeaderLine], float] | None = None
        """Method, URL, header lines and time of a request that may never have been sent."""
        self.preflight: int | None = None
        self.decision: Witness | None = None
        """What Chromium decided about its preflight."""
        self.cancelled = False


_constants = msgspec.json.Decoder(_Constants)
_event = msgspec.json.Decoder(_Event)
_params = msgspec.json.Decoder(dict[str, Any])


def open_netlog(data: Buffer, file: str, prefix: str, *, everything: bool) -> RecordedReader:
    """Return the reader of a network log."""
    return RecordedReader("Chromium's network log", _Log(data, file).messages(), file, prefix, everything=everything)


class _Log:
    def __init__(self, data: Buffer, file: str) -> None:
        self._data = memoryview(data)
        self._file = file
        self._requests: dict[int, _Request] = {}
        self._constants = _Constants(logEventTypes={})
        self._names: Mapping[int, str] = {}
        self._not_credentialed = 0

    def messages(self) -> Iterator[RecordedExchange | Damage]:
        """Yield what the log holds, and a Damage where it is no such log or is cut off."""
        lines = self._lines()
        first = _CONSTANTS.sub(b"", bytes(next(lines, b""))).rstrip().rstrip(b",")
        try:
            self._constants = constants = _constants.decode(first)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield Damage(file=self._file, what="is a network log whose constants cannot be read")
            return
        self._names = {number: name for name, number in constants.logEventTypes.items() if name in _WANTED}
        self._not_credentialed = constants.loadFlag.get("DO_NOT_SAVE_COOKIES", 0)
        unreadable = self._read(lines)
        yield from self._made()
        if unreadable:
            yield Damage(
                file=self._file,
                what=f"holds {unreadable} line{'' if unreadable == 1 else 's'} that cannot be read; it was cut off or edited",
            )

    def _lines(self) -> Iterator[memoryview]:
        start = 0
        for line_break in _LINE_BREAK.finditer(self._data):
            yield self._data[start : line_break.start()]
            start = line_break.end()
        yield self._data[start:]

    def _read(self, lines: Iterator[memoryview]) -> int:
        """Take the events, and return how many lines were none."""
        unreadable = 0
        for line in lines:
            text = bytes(line).strip()
            if not text.startswith(b"{"):
                continue  # the list's own brackets, and the state of the browser at the end
            text = text.removesuffix(b",").removesuffix(b"]}").removesuffix(b"]")
            try:
                event = _event.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                unreadable += 1
                continue
            name = self._names.get(event.type)
            if name is not None and len(self._requests) < _MOST_SOURCES:
                try:
                    self._take(name, event)
                except (msgspec.MsgspecError, TypeError, ValueError, AttributeError, OverflowError):
                    unreadable += 1
        return unreadable

    def _take(self, name: str, event: _Event) -> None:
        time = (int(event.time) + self._constants.timeTickOffset) / 1000
        params = _params.decode(event.params) if len(event.params) > 1 else {}
        request = self._requests.setdefault(event.source.id, _Request())
        hop = request.hops[-1] if request.hops else None
        if name == "URL_REQUEST_START_JOB" and event.phase == _BEGIN and "url" in params:
            page = params.get("initiator")
            page = page if isinstance(page, str) and "://" in page else None
            request.hops.append(
                _Hop(str(params.get("method", "GET")), str(params["url"]), page, time, int(params.get("load_flags", 0)))
            )
        elif name == "CORS_REQUEST" and event.phase == _BEGIN and "url" in params:
            headers = params.get("request_headers") or {}
            method = str(headers.get("line", "GET ")).partition(" ")[0]
            request.asked = (method, str(params["url"]), _lines(headers.get("headers")), time)
        elif name == "CORS_PREFLIGHT_URL_REQUEST":
            request.preflight = int(params["source_dependency"]["id"])
        elif name == "CORS_PREFLIGHT_ERROR":
            number = params.get("cors-error")
            reason = CORS_ERRORS[number] if isinstance(number, int) and 0 <= number < len(CORS_ERRORS) else None
            request.decision = Witness(
                outcome=WitnessOutcome.FAILED, code=f"net::{params.get('error', 'ERR_FAILED')}", reason=reason
            )
        elif name == "CORS_PREFLIGHT_RESULT":
            request.decision = Witness(outcome=WitnessOutcome.PASSED)
        elif name == "CANCELLED":
            request.cancelled = True
        elif hop is None:
            return
        elif name in _SENT:
            hop.version, hop.lines, hop.sent = _SENT[name], _lines(params.get("headers")), time
        elif name == "HTTP_TRANSACTION_READ_RESPONSE_HEADERS":
            status, *rest = [str(line) for line in params.get("headers") or [""]]
            number = status.partition(" ")[2][:3]
            hop.status, hop.response_lines, hop.responded = int(number) if number.isdigit() else 0, _lines(rest), time
        elif event.phase == _END and params.get("net_error"):
            hop.error = self._error(int(params["net_error"]))

    def _error(self, number: int) -> str:
        return next((f"net::{name}" for name, known in self._constants.netError.items() if known == number), f"net::{number}")

    def _made(self) -> Iterator[RecordedExchange]:
        decided = {
            request.preflight: request.decision
            for request in self._requests.values()
            if request.preflight is not None and request.decision is not None
        }
        credentialed = {
            request.preflight: self._credentialed(request.hops[0])
            for request in self._requests.values()
            if request.preflight is not None and request.hops
        }
        index = 0
        for id, request in self._requests.items():
            for hop in request.hops:
                # What no page asked for and what failed is the browser's own (updates, accounts).
                if hop.lines or (hop.error and hop.page is not None):
                    yield self._recorded(index, request, hop, decided.get(id), self._mode(hop, credentialed.get(id)))
                    index += 1
            refused = self._refused(index, request)
            if refused is not None:
                yield refused
                index += 1

    def _refused(self, index: int, request: _Request) -> RecordedExchange | None:
        """Return the request that was not made because its preflight failed."""
        decision = request.decision
        if decision is None or decision.outcome is not WitnessOutcome.FAILED or request.asked is None or request.hops:
            return None
        method, url, lines, asked = request.asked
        preflight = self._requests.get(request.preflight or -1)
        hop = preflight.hops[0] if preflight is not None and preflight.hops else None
        return RecordedExchange(
            index=index,
            method=method,
            url=url,
            lines=lines,
            sent=asked if hop is None else max(asked, hop.sent, hop.responded) + 1e-6,
            error=decision.code,
            by_browser=True,
            resource_type="fetch",
            witness=msgspec.structs.replace(decision, page=None if hop is None else hop.page),
        )

    def _credentialed(self, hop: _Hop) -> bool | None:
        return not hop.flags & self._not_credentialed if self._not_credentialed else None

    def _mode(self, hop: _Hop, actual: bool | None) -> bool | None:
        """Return whether the request, or the one that a preflight is for, includes credentials."""
        return (
            actual
            if hop.method == "OPTIONS" and any(line[0].lower() == "access-control-request-method" for line in hop.lines)
            else self._credentialed(hop)
        )

    def _recorded(
        self, index: int, request: _Request, hop: _Hop, decision: Witness | None, credentialed: bool | None
    ) -> RecordedExchange:
        error = None if hop.status else hop.error or ("net::ERR_ABORTED" if request.cancelled else None)
        if decision is not None:
            witness = msgspec.structs.replace(decision, page=hop.page, credentialed=credentialed)
        elif error is not None:
            witness = Witness(outcome=WitnessOutcome.FAILED, code=error, page=hop.page, credentialed=credentialed)
        else:
            witness = Witness(outcome=WitnessOutcome.UNKNOWN, page=hop.page, credentialed=credentialed)
        return RecordedExchange(
            index=index,
            method=hop.method,
            url=hop.url,
            lines=hop.lines,
            version=hop.version or "HTTP/1.1",
            sent=hop.sent,
            status=hop.status,
            response_lines=hop.response_lines,
            answer_version=hop.version or "HTTP/1.1",
            responded=hop.responded,
            error=error,
            by_browser=True,
            witness=witness,
        )


def _lines(headers: object) -> list[HeaderLine]:
    """Return header lines of `Name: value` texts; pseudo-headers (`:method: GET`) are none."""
    lines: list[HeaderLine] = []
    for text in headers if isinstance(headers, list) else ():
        if isinstance(text, str):
            name, _, value = text.partition(": ")
            lines.append((name.rstrip(":"), value))
    return wire_lines(lines, request=False)
