"""Charles' JSON session (.chlsj): a list with an object a transaction.

Format: https://www.charlesproxy.com/documentation/tools/export/ (Export Session, JSON Session File).
"""

from collections.abc import Buffer, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from corslens.fetch.messages import HeaderLine
from corslens.fetch.origins import DEFAULT_PORTS
from corslens.inputs.damage import Damage
from corslens.inputs.har_lines import wire_lines
from corslens.inputs.recorded import RecordedExchange, RecordedReader
from corslens.inputs.wire import http_version, isomorphic


class _Line(Struct):
    name: str = ""
    value: str | None = None


class _Header(Struct):
    firstLine: str | None = None
    headers: list[_Line] | None = None


class _Message(Struct):
    status: int | None = None
    header: _Header | None = None


class _Times(Struct):
    start: str | None = None
    requestComplete: str | None = None
    responseBegin: str | None = None


class _Transaction(Struct):
    method: str | None = None
    host: str | None = None
    status: str = ""
    protocolVersion: str | None = None
    scheme: str = "http"
    port: int | None = None
    actualPort: int | None = None
    path: str | None = None
    query: str | None = None
    tunnel: bool = False
    errorMessage: str | None = None
    clientAddress: str | None = None
    clientPort: int | None = None
    times: _Times | None = None
    request: _Message | None = None
    response: _Message | None = None


_list = msgspec.json.Decoder(list[msgspec.Raw])
_transaction = msgspec.json.Decoder(_Transaction)


def open_charles(data: Buffer, file: str, prefix: str, *, everything: bool) -> RecordedReader:
    """Return the reader of a session file of Charles'."""
    return RecordedReader("Charles", _messages(data, file), file, prefix, everything=everything)


def _messages(data: Buffer, file: str) -> Iterator[RecordedExchange | Damage]:
    try:
        transactions = _list.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        yield Damage(file=file, what=f"is a damaged or cut off session of Charles': {error}")
        return
    last = 0.0
    for index, raw in enumerate(transactions):
        try:
            transaction = _transaction.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            yield Damage(file=file, entry=index, what=str(error))
            continue
        if transaction.tunnel or not transaction.method or not transaction.host:
            continue
        message = _message(index, transaction, last)
        last = message.sent
        yield message


def _message(index: int, transaction: _Transaction, last: float) -> RecordedExchange:
    port = transaction.port or transaction.actualPort
    default = port is None or port == DEFAULT_PORTS.get(transaction.scheme)
    query = f"?{transaction.query}" if transaction.query else ""
    url = f"{transaction.scheme}://{transaction.host}{'' if default else f':{port}'}{transaction.path or '/'}{query}"
    times = transaction.times or _Times()
    sent = _time(times.requestComplete) or _time(times.start) or last + 0.001
    response = transaction.response
    status = 0 if response is None else response.status or 0
    version = http_version(transaction.protocolVersion)
    return RecordedExchange(
        index=index,
        method=transaction.method or "",
        url=url,
        lines=_lines(transaction.request, request=True),
        version=version,
        sent=sent,
        status=status,
        response_lines=_lines(response, request=False),
        answer_version=version,
        responded=_time(times.responseBegin) or sent,
        error=None if status else transaction.errorMessage,
        client=(transaction.clientAddress or "").partition("/")[2] or transaction.clientAddress or "",
        connection=None if transaction.clientPort is None else str(transaction.clientPort),
    )


def _lines(message: _Message | None, *, request: bool) -> list[HeaderLine]:
    header = None if message is None else message.header
    listed = [] if header is None else header.headers or []
    return wire_lines([(isomorphic(line.name), isomorphic(line.value or "")) for line in listed], request=request)


def _time(text: str | None) -> float:
    try:
        return datetime.fromisoformat(text).timestamp() if text else 0.0
    except (ValueError, OverflowError):
        return 0.0
