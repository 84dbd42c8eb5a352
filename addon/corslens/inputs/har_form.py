"""The part of HAR 1.1 and 1.2 that is read, entry by entry: quickly where an entry has the usual types, patiently where it has not.

Bodies are skipped by the parser, never decoded and never kept.
Format: http://www.softwareishard.com/blog/har-12-spec/
"""

import json
from collections.abc import Buffer, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from corslens.fetch.messages import HeaderLine

type JsonValue = Any


class Header(Struct, gc=False):
    """A header line."""

    name: str
    value: str


_BODY = msgspec.Raw(b'"x"')
"""Stands for a body in an entry that is read patiently."""


class Content(Struct, gc=False):
    """What the capture says of a body."""

    size: float | None = None
    text: msgspec.Raw = msgspec.Raw()
    """The body, never decoded: only whether there is one counts."""
    file: msgspec.Raw = field(name="_file", default=msgspec.Raw())
    """Playwright: where the body is, beside the HAR."""


class RequestForm(Struct):
    """A request's head."""

    method: str
    url: str
    headers: list[Header]
    httpVersion: str | None = None


class ResponseForm(Struct):
    """A response's head, and what the browser says of its failure."""

    status: int
    headers: list[Header]
    httpVersion: str | None = None
    redirectURL: str | None = None
    content: Content | None = None
    error: str | None = field(name="_error", default=None)
    failure_text: str | None = field(name="_failureText", default=None)
    via_service_worker: Raw = field(name="_fetchedViaServiceWorker", default=Raw())
    """Chromium: `true` where a service worker of the page responded."""
    fetch_type: Raw = field(name="_fetchType", default=Raw())
    """Safari: `"Service Worker"`, `"Memory Cache"`, `"Disk Cache"`."""


class Timings(Struct, gc=False):
    """Durations in milliseconds; -1 for what does not apply."""

    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None
    send: float | None = None
    wait: float | None = None


class RequestLine(Struct, gc=False):
    """What was asked, for the first walk through a file."""

    method: str = ""
    url: str = ""


class WhenForm(Struct):
    """When an entry was, for the first walk through a file."""

    request: RequestLine
    startedDateTime: str = ""
    timings: Timings | None = None
    time: float | None = None


class EntryForm(Struct):
    """An entry."""

    request: RequestForm
    startedDateTime: str = ""
    response: ResponseForm | None = None
    time: float | None = None
    timings: Timings | None = None
    connection: str | int | None = None
    resource_type: str | None = field(name="_resourceType", default=None)
    pageref: str | None = None
    server_address: str | None = field(name="serverIPAddress", default=None)
    initiator: Raw = field(name="_initiator", default=Raw())
    from_cache: Raw = field(name="_fromCache", default=Raw())
    blocked_reason: Raw = field(name="_blockedReason", default=Raw())


_entries = msgspec.json.Decoder(EntryForm)
_times = msgspec.json.Decoder(WhenForm)


def entry_of(raw: Buffer) -> EntryForm:
    """Decode an entry.

    Raises: msgspec.MsgspecError (ValidationError names what is missing), RecursionError.
    """
    return _decode(raw, _entries, EntryForm)


def when_of(raw: Buffer) -> WhenForm:
    """Decode when an entry was.

    Raises: msgspec.MsgspecError, RecursionError.
    """
    return _decode(raw, _times, WhenForm)


def began_at(when: WhenForm | EntryForm) -> float:
    """Return when an entry began, in seconds since the epoch.

    Raises: ValueError, OverflowError for what is no time.
    """
    moment = datetime.fromisoformat(when.startedDateTime)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def before_sending(when: WhenForm | EntryForm) -> float:
    """Return how long it took from there until the head was sent, where the writer sees a request before it leaves."""
    timings = when.timings
    return 0.0 if timings is None else seconds(timings.blocked) + seconds(timings.dns) + seconds(timings.connect)


def answered_at(entry: EntryForm, sent: float) -> float:
    """Return when the response's head arrived."""
    timings = entry.timings
    if timings is not None and timings.wait is not None:
        return sent + seconds(timings.send) + seconds(timings.wait)
    try:
        began = began_at(entry)
    except (ValueError, OverflowError):
        began = sent
    return max(sent, began + seconds(entry.time))


def seconds(milliseconds: float | None) -> float:
    """Return a duration; a HAR writes -1 for what does not apply."""
    return milliseconds / 1000 if milliseconds is not None and 0 < milliseconds < 1e9 else 0.0


def _decode[T](raw: Buffer, decoder: msgspec.json.Decoder[T], form: type[T]) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        entry = _usual(_patiently(raw))
        if entry is None:
            raise error
    except (msgspec.DecodeError, UnicodeDecodeError):
        loaded = _patiently(raw)
        entry = _usual(loaded) or loaded
    return msgspec.convert(entry, form)


def _patiently(raw: Buffer) -> JsonValue:
    """Load what msgspec refuses: lone surrogates (mitmproxy writes a header's odd bytes so), and bytes that are no UTF-8, as such."""
    return json.loads(bytes(raw).decode("utf-8", "surrogateescape"))


def _usual(entry: JsonValue) -> JsonValue:
    """Return an entry whose fields have odd types with the usual ones; what no verdict needs is left out. None for what is no entry."""
    if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict):
        return None
    request = entry["request"] | {"headers": _header_lines(entry["request"].get("headers"))}
    usual = {
        "startedDateTime": _time(entry.get("startedDateTime")),
        "request": request | {"httpVersion": _text(request.get("httpVersion"))},
        "time": _number(entry.get("time")),
        "timings": _timings(entry.get("timings")),
        "connection": _text(entry.get("connection")),
        "pageref": _text(entry.get("pageref")),
        "serverIPAddress": _text(entry.get("serverIPAddress")),
        "_resourceType": _text(entry.get("_resourceType")),
        "_initiator": _raw(entry.get("_initiator")),
        "_fromCache": _raw(entry.get("_fromCache")),
        "_blockedReason": _raw(entry.get("_blockedReason")),
    }
    response = entry.get("response")
    if isinstance(response, dict):
        content = response.get("content")
        usual["response"] = {
            "status": _status(response.get("status")),
            "headers": _header_lines(response.get("headers")),
            "httpVersion": _text(response.get("httpVersion")),
            "redirectURL": _text(response.get("redirectURL")),
            "content": {
                "size": _number(content.get("size")),
                "text": _BODY if content.get("text") or content.get("_file") else msgspec.Raw(),
            }
            if isinstance(content, dict)
            else None,
            "_error": _failure(response.get("_error")),
            "_failureText": _failure(response.get("_failureText")),
            "_fetchedViaServiceWorker": _raw(response.get("_fetchedViaServiceWorker")) or Raw(),
            "_fetchType": _raw(response.get("_fetchType")) or Raw(),
        }
    return {name: value for name, value in usual.items() if value is not None}


def _header_lines(headers: JsonValue) -> list[Mapping[str, str]]:
    """Return header lines of what a writer has in their place: a list of pairs or a mapping, with texts, numbers, lists or null."""
    if isinstance(headers, dict):
        pairs = list(headers.items())
    elif isinstance(headers, list):
        pairs = [(line.get("name"), line.get("value")) for line in headers if isinstance(line, dict)]
    else:
        return []
    lines: list[HeaderLine] = []
    for name, value in pairs:
        if not isinstance(name, str):
            continue
        lines += [(name, text) for text in map(_text, value if isinstance(value, list) else [value]) if text is not None]
    return [{"name": name, "value": value} for name, value in lines]


def _text(value: JsonValue) -> str | None:
    """Return what is text or can be written as such."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:100] if isinstance(value, int | float) else None


def _number(value: JsonValue) -> float | None:
    try:
        return float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None


def _status(value: JsonValue) -> int:
    """Return a status; 0, which stands for no response, for what is none."""
    number = _number(value)
    return int(number) if number is not None and 100 <= number <= 999 else 0


def _time(value: JsonValue) -> JsonValue:
    """Return a moment as text; some writers count milliseconds since the epoch."""
    if isinstance(value, int | float) and 0 <= value < 4e12:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return value


def _timings(value: JsonValue) -> JsonValue:
    return {name: _number(one) for name, one in value.items()} if isinstance(value, dict) else None


def _failure(value: JsonValue) -> str | None:
    """Return what a writer says of a failure: a text, or an object with a message."""
    if isinstance(value, dict):
        words = [value[key] for key in ("message", "errorText", "code") if isinstance(value.get(key), str)]
        return words[0] if words else None
    return value if isinstance(value, str) else None


def _raw(value: JsonValue) -> Raw | None:
    return None if value is None else Raw(msgspec.json.encode(value))
