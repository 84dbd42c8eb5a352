"""Fiddler's session archive (.saz): a zip with three files a session under raw/, the request, the response, and times in XML.

Format: https://docs.telerik.com/fiddler/knowledge-base/saz-format (`raw/N_c.txt`, `raw/N_s.txt`, `raw/N_m.xml`).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from corslens.inputs.damage import Damage
from corslens.inputs.http_head import request_head, request_url, response_head
from corslens.inputs.recorded import RecordedExchange, RecordedReader

MEMBER = re.compile(r"raw/0*(\d{1,9})_([csm])\.(?:txt|xml)", re.IGNORECASE)
"""The name of a session's file: its number, and which of the three."""

_TIMER = re.compile(rb'\b(ClientBeginRequest|ClientDoneRequest|ServerBeginResponse)="([^"]{10,40})"')
_FLAG = re.compile(
    rb'<SessionFlag\s+N="(x-clientip|x-clientport|x-processinfo|x-serversocket)"\s+V="([^"]{0,200})"', re.IGNORECASE
)
_FRACTION = re.compile(r"(\.\d{6})\d+")


def open_saz(parts: Iterable[tuple[str, bytes]], file: str, prefix: str, *, everything: bool) -> RecordedReader:
    """Return the reader of an archive.

    Args:
        parts: name and beginning of each member under raw/, those of a session one after the other.
    """
    return RecordedReader("Fiddler", _messages(parts, file), file, prefix, everything=everything)


def _messages(parts: Iterable[tuple[str, bytes]], file: str) -> Iterator[RecordedExchange | Damage]:
    number, session = -1, dict[str, bytes]()
    last = 0.0
    for name, data in parts:
        member = MEMBER.fullmatch(name)
        if member is None:
            continue
        if int(member[1]) != number and session:
            message = _message(number, session, file, last)
            last = message.sent if isinstance(message, RecordedExchange) else last
            yield message
            session = {}
        number = int(member[1])
        session[member[2].lower()] = data
    if session:
        yield _message(number, session, file, last)


def _message(number: int, session: dict[str, bytes], file: str, last: float) -> RecordedExchange | Damage:
    request = request_head(session.get("c", b""))
    if request is None:
        return Damage(file=file, entry=number, what="holds no request")
    metadata = session.get("m", b"")
    times = {name.decode(): _time(text) for name, text in _TIMER.findall(metadata)}
    flags = {name.decode().lower(): text.decode("utf-8", "replace") for name, text in _FLAG.findall(metadata)}
    sent = times.get("ClientDoneRequest") or times.get("ClientBeginRequest") or last + 0.001
    response = response_head(session.get("s", b""))
    port = flags.get("x-clientport")
    return RecordedExchange(
        index=number,
        method=request.method,
        url=request_url(request, "http"),
        lines=request.lines,
        version=request.version,
        sent=sent,
        status=0 if response is None else response.status,
        response_lines=[] if response is None else response.lines,
        answer_version="HTTP/1.1" if response is None else response.version,
        responded=times.get("ServerBeginResponse") or sent,
        client=flags.get("x-processinfo", ""),
        connection=f"{flags.get('x-clientip', '')}:{port}" if port else None,
    )


def _time(text: bytes) -> float:
    """Return a moment; Fiddler writes seven digits of a second, and the year 1 for what did not happen."""
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text.decode("ascii")))
    except ValueError:
        return 0.0
    if moment.year < 1970:
        return 0.0
    return moment.timestamp() if moment.tzinfo is not None else moment.replace(tzinfo=UTC).timestamp()
