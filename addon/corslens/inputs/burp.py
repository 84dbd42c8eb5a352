"""Burp Suite's "Save items": XML with the bytes of each request and response, mostly in base64.

Format: https://portswigger.net/burp/documentation/desktop/tools/proxy/http-history (Save items); the file holds its own DTD.
Entities are refused, so that no document can expand or reach out: Burp writes none.
"""

import base64
import binascii
from collections.abc import Buffer, Iterator
from datetime import UTC, datetime
from xml.parsers import expat

from corslens.inputs.damage import Damage
from corslens.inputs.http_head import MAX_HEAD_BYTES, request_head, request_url, response_head
from corslens.inputs.recorded import RecordedExchange, RecordedReader

_CHUNK = 1 << 16
_KEPT = MAX_HEAD_BYTES // 3 * 4
"""Characters of an element that are kept: those of a head, in base64."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Refused(Exception):
    """The document holds what Burp does not write."""


def open_burp(data: Buffer, file: str, prefix: str, *, everything: bool) -> RecordedReader:
    """Return the reader of a file that Burp saved."""
    return RecordedReader("Burp Suite", _messages(memoryview(data), file), file, prefix, everything=everything)


class _Items:
    """Takes the parser's events, and gives the items that are complete."""

    def __init__(self) -> None:
        self.complete: list[dict[str, str]] = []
        self._item: dict[str, str] | None = None
        self._text: list[str] = []
        self._length = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "item":
            self._item = {}
        elif self._item is not None and attributes.get("base64") == "true":
            self._item[f"{name} base64"] = "true"
        self._text, self._length = [], 0

    def text(self, data: str) -> None:
        if self._item is not None and self._length < _KEPT:
            self._text.append(data[: _KEPT - self._length])
            self._length += len(data)

    def end(self, name: str) -> None:
        if name == "item" and self._item is not None:
            self.complete.append(self._item)
            self._item = None
        elif self._item is not None:
            self._item[name] = "".join(self._text)

    def refuse(self, *_: object) -> int:
        raise _Refused("declares entities, which Burp does not write; nothing behind that was read")


def _messages(data: memoryview, file: str) -> Iterator[RecordedExchange | Damage]:
    items = _Items()
    parser = expat.ParserCreate()
    parser.StartElementHandler = items.start
    parser.EndElementHandler = items.end
    parser.CharacterDataHandler = items.text
    parser.EntityDeclHandler = items.refuse
    parser.ExternalEntityRefHandler = items.refuse
    index, damage, last = 0, None, 0.0
    for start in range(0, len(data), _CHUNK):
        try:
            parser.Parse(bytes(data[start : start + _CHUNK]), start + _CHUNK >= len(data))
        except (expat.ExpatError, _Refused) as error:
            damage = Damage(file=file, what=str(error) if isinstance(error, _Refused) else f"is damaged or cut off: {error}")
        for item in items.complete:
            message = _message(index, item, file, last)
            last = message.sent if isinstance(message, RecordedExchange) else last
            yield message
            index += 1
        items.complete.clear()
        if damage is not None:
            yield damage
            return


def _message(index: int, item: dict[str, str], file: str, last: float) -> RecordedExchange | Damage:
    request = request_head(_bytes(item, "request"))
    if request is None:
        return Damage(file=file, entry=index, what="holds no request")
    response = response_head(_bytes(item, "response"))
    # Burp writes whole seconds only; items are in the order in which they were sent.
    sent = max(_time(item.get("time", "")), last + 0.001)
    return RecordedExchange(
        index=index,
        method=request.method,
        url=item.get("url", "").strip() or request_url(request, item.get("protocol", "http")),
        lines=request.lines,
        version=request.version,
        sent=sent,
        status=0 if response is None else response.status,
        response_lines=[] if response is None else response.lines,
        answer_version="HTTP/1.1" if response is None else response.version,
        responded=sent,
    )


def _bytes(item: dict[str, str], name: str) -> bytes:
    """Return the beginning of a message."""
    text = item.get(name, "")
    if f"{name} base64" not in item:
        return text.encode("utf-8")
    text = "".join(text.split())
    try:
        return base64.b64decode(text[: len(text) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""


def _time(text: str) -> float:
    """Return a moment as Java's Date writes it: `Tue Mar 05 14:33:21 CET 2024`. The zone's name is taken for UTC: only differences count."""
    words = text.split()
    try:
        hour, minute, second = map(int, words[3].split(":"))
        month = _MONTHS.index(words[1]) + 1
        return datetime(int(words[-1]), month, int(words[2]), hour, minute, second, tzinfo=UTC).timestamp()
    except (IndexError, TypeError, ValueError, OverflowError):
        return 0.0
