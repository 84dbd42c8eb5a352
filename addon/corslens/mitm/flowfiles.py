"""mitmproxy's flow files to exchanges, through mitmproxy's own code, which knows every version of the format."""

import io
from collections.abc import Buffer, Iterator, Sequence
from heapq import heappop, heappush, heappushpop
from typing import Any

from mitmproxy import http
from mitmproxy.flow import Flow
from mitmproxy.io import compat, tnetstring
from msgspec import structs

from corslens.fetch.messages import NO_HEADERS
from corslens.inputs.damage import Damage
from corslens.inputs.relevance import concerns_cors
from corslens.mitm.convert import exchange_of
from corslens.mitm.fields import header_lines
from corslens.observation.exchange import Exchange, Source
from corslens.report.escape import escape

WINDOW = 4096
"""Flows are written when they end; this many are held back to bring them into the order in which they began."""


class FlowFileReader:
    """The exchanges of a flow file, in the order in which their requests came."""

    writer = "mitmproxy"
    omissions: Sequence[str] = ()

    def __init__(self, data: Buffer, file: str, prefix: str, *, everything: bool = True) -> None:
        """Open the file.

        Args:
            data: the whole file, uncompressed; a memory map will do.
            file: its name, for `source` and damages.
            prefix: begins each exchange's id.
            everything: False passes over exchanges that have nothing to do with CORS, and counts them.
        """
        self._raw = _Raw(data)
        self._file = file
        self._prefix = prefix
        self._everything = everything
        self.skipped = 0
        """How many exchanges were passed over."""
        self.cookies_skipped = False
        """Whether any of those carried a cookie."""

    @property
    def progress(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self._raw.progress

    def __iter__(self) -> Iterator[Exchange | Damage]:
        """Yield the exchanges, and a Damage where the file cannot be read on."""
        file = self._file
        waiting: list[tuple[float, int, Exchange]] = []
        damage = None
        index = -1
        try:
            for number, state in enumerate(_states(io.BufferedReader(self._raw, 1 << 16))):
                if not self._everything and self._passes_over(state):
                    index = number
                    continue
                flow = _flow_of(state)
                index = number
                if not isinstance(flow, http.HTTPFlow) or flow.request.method == "CONNECT":
                    continue
                exchange = exchange_of(flow, id=f"{self._prefix}:{index}")
                exchange = structs.replace(exchange, source=Source(file=file, index=index, flow=flow.id))
                item = (exchange.request.time, index, exchange)
                if len(waiting) < WINDOW:
                    heappush(waiting, item)
                else:
                    yield heappushpop(waiting, item)[2]
        except _NewerVersion as error:
            damage = Damage(file=file, what=f"was not read: {escape(str(error))}")
        except (_Unreadable, MemoryError):  # a length of terabytes is believed before the file is looked at
            where = "before the first flow" if index < 0 else f"after flow {index}"
            damage = Damage(file=file, what=f"is damaged or cut off {where}")
        except (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            # What mitmproxy's reader lets through when a flow has the right shape and the wrong content.
            what = f"is damaged, and nothing behind it was read ({type(error).__name__}: {escape(str(error))})"
            damage = Damage(file=file, entry=index + 1, what=what)
        while waiting:
            yield heappop(waiting)[2]
        if damage is not None:
            yield damage

    def _passes_over(self, state: dict[Any, Any]) -> bool:
        """Say whether the flow has nothing to do with CORS, and count it then. Without its URL: any Origin is one from elsewhere."""
        if state["type"] != "http" or state["request"]["method"] == b"CONNECT":
            return False
        request, response = state["request"], state["response"]
        asked = header_lines(request["headers"])[0]
        status, received = (
            (0, NO_HEADERS) if response is None else (response["status_code"], header_lines(response["headers"])[0])
        )
        if concerns_cors(request["method"].decode("latin-1"), "", asked.lines, status, received.lines):
            return False
        self.skipped += 1
        self.cookies_skipped = self.cookies_skipped or "cookie" in asked
        return True


class _Unreadable(Exception):
    """What stands here is no flow, or not a whole one."""


class _NewerVersion(Exception):
    """mitmproxy's own words about a file of another version than it reads."""


def _flow_of(state: dict[Any, Any]) -> Flow:
    try:
        return Flow.from_state(state)
    except (ValueError, TypeError, IndexError) as error:
        raise _Unreadable from error


def _states(file: io.BufferedReader) -> Iterator[dict[Any, Any]]:
    """Yield the flows' states in the present version of the format.

    mitmproxy.io.FlowReader makes a flow of each at once, which takes longer than all the rest of the reading.
    """
    while file.peek(1):
        try:
            state = tnetstring.load(file)
            if not isinstance(state, dict):
                raise _Unreadable
        except (ValueError, TypeError, IndexError) as error:
            raise _Unreadable from error
        try:
            migrated = compat.migrate_flow(state)
        except (ValueError, TypeError, IndexError) as error:
            if "flow format version" in str(error):
                raise _NewerVersion(str(error).rstrip(".")) from error
            raise _Unreadable from error
        yield migrated


class _Raw(io.RawIOBase):
    """A buffer as an unbuffered file, so that a memory map is read without a copy of it."""

    def __init__(self, data: Buffer) -> None:
        self._data = memoryview(data)
        self._position = 0

    @property
    def progress(self) -> float:
        return self._position / max(1, len(self._data))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        target = memoryview(buffer).cast("B")
        part = self._data[self._position : self._position + len(target)]
        target[: len(part)] = part
        self._position += len(part)
        return len(part)
