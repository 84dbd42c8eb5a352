"""Listen to Chromium over the DevTools protocol: every tab, frame, worker and popup, without a word to any page.

https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct, structs

from corslens.bounded import Bounded
from corslens.bridge.pipe import Connection, Message
from corslens.bridge.source_maps import SourceMaps
from corslens.bridge.websocket import WebSocketError
from corslens.fetch.origins import origin_of
from corslens.witness.devtools import DevToolsRecord
from corslens.witness.devtools_events import FRAMES
from corslens.witness.sighting import Sighting
from corslens.witness.witness import Initiator, WitnessOutcome

SESSIONS = 2_000
"""Tabs, frames and workers that are listened to at once."""

WAITING = 10_000
"""Requests that wait for the line of code that made them."""
_PLACES = 500
"""Lines of code that are asked for at once."""
_CALLS = 2_000
_FRAMES = frozenset({"page", "iframe"})
_CONSOLE = frozenset({"Runtime.consoleAPICalled", "Runtime.exceptionThrown"})

_ATTACH = {
    "autoAttach": True,
    "waitForDebuggerOnStart": True,  # the first request of a popup or a worker is not to be missed
    "flatten": True,
    "filter": [*({"type": kind, "exclude": True} for kind in ("browser", "tab", "browser_ui", "webview", "other")), {}],
}
_NETWORK = {"maxTotalBufferSize": 1 << 24, "maxResourceBufferSize": 1 << 22, "maxPostDataSize": 0}
_OURS = ("chrome://", "devtools://", "chrome-extension://", "chrome-untrusted://")


class _Target(Struct):
    targetId: str = ""
    type: str = ""
    url: str = ""


class _Attached(Struct):
    sessionId: str = ""
    targetInfo: _Target = msgspec.field(default_factory=_Target)


class _Detached(Struct):
    sessionId: str = ""


_attached = msgspec.json.Decoder(_Attached)
_detached = msgspec.json.Decoder(_Detached)


class ChromiumListener:
    """Hands on what a Chromium reports.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, connection: Connection, sighted: Callable[[Sighting], object], clock: Callable[[], float]) -> None:
        self._connection = connection
        self._sighted = sighted
        self._clock = clock
        self._ids = count(1)
        self._sessions: Bounded[str, str] = Bounded(SESSIONS)
        self._record = DevToolsRecord()
        self._maps = SourceMaps(self._call)
        self._calls: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._waiting: dict[Initiator, list[Sighting]] = {}
        """What waits for the original of the line that made it."""
        self._waits = 0
        self._wrote: set[str] = set()
        """Sessions whose console keeps objects of the page alive, because it is listened to."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def dropped(self) -> int:
        """Requests that were let go before their end, because there were too many."""
        return self._record.dropped

    async def listen(self) -> None:
        """Listen until the browser ends or closes the connection."""
        self._send("Target.setAutoAttach", _ATTACH)
        try:
            with contextlib.suppress(OSError):
                while messages := await self._connection.receive():
                    for message in messages:
                        self._take(message)
        finally:
            self._end()

    def settle(self) -> None:
        """Hand on what has been waited for long enough. To be called every second or so."""
        for sighting in self._record.settle(self._clock()):
            self._hand_on(sighting)
        for session in self._wrote:
            self._send("Runtime.releaseObjectGroup", {"objectGroup": "console"}, session)
        self._wrote.clear()

    def _take(self, message: Message) -> None:
        method, session = message.method, message.sessionId
        if method == "Target.attachedToTarget":
            self._attach(message.params, session)
        elif method == "Target.detachedFromTarget":
            with contextlib.suppress(msgspec.MsgspecError):
                gone = _detached.decode(message.params).sessionId
                self._sessions.pop(gone, None)
                self._maps.detached(gone)
                self._record.closed(gone, self._clock())
        elif method == "Debugger.scriptParsed":
            self._maps.parsed(session, message.params)
        elif method in _CONSOLE:
            self._wrote.add(session)
        elif method:
            for sighting in self._record.take(method, message.params, self._clock(), session):
                self._hand_on(sighting)
        elif (call := self._calls.pop(message.id, None)) is not None and not call.done():
            if len(message.error):
                call.set_exception(WebSocketError("the browser refuses the command"))
            else:
                call.set_result(message.result)

    def _attach(self, params: msgspec.Raw, parent: str) -> None:
        try:
            attached = _attached.decode(params)
        except msgspec.MsgspecError:
            return
        session, target = attached.sessionId, attached.targetInfo
        self._sessions[session] = target.type
        if not target.url.startswith(_OURS):
            self._maps.attached(session, target.targetId if target.type in _FRAMES else "", parent)
            self._send("Network.enable", _NETWORK, session)
            self._send("Audits.enable", {}, session)
            self._send("Runtime.enable", {}, session)  # without it a stack has one frame
            self._send("Runtime.setMaxCallStackSizeToCapture", {"size": FRAMES}, session)
            self._send("Target.setAutoAttach", _ATTACH, session)
        self._send("Runtime.runIfWaitingForDebugger", {}, session)

    def _hand_on(self, sighting: Sighting) -> None:
        """Hand on what the browser reports, with the original of the line that made it once that is known."""
        initiator = sighting.witness.initiator
        if initiator is None or initiator.script is None or not _is_shown(sighting):
            self._sighted(sighting)
            return
        known = self._maps.known(initiator)
        if known is not None:
            self._sighted(_made_by(sighting, known))
            return
        waiting = self._waiting.get(initiator)
        if self._waits >= WAITING or (waiting is None and len(self._waiting) >= _PLACES):
            self._sighted(sighting)
            return
        self._waits += 1
        if waiting is not None:
            waiting.append(sighting)
            return
        self._waiting[initiator] = [sighting]
        task = asyncio.create_task(self._find(initiator))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _find(self, initiator: Initiator) -> None:
        original = initiator
        try:
            original = await self._maps.original(initiator)
        finally:
            waiting = self._waiting.pop(initiator, [])
            self._waits -= len(waiting)
            for sighting in waiting:
                self._sighted(_made_by(sighting, original))

    def _end(self) -> None:
        """Hand on what waits: the browser says no more."""
        for sighting in self._record.end(self._clock()):
            self._hand_on(sighting)
        for call in self._calls.values():
            call.cancel()
        self._calls.clear()
        self._maps.close()
        for initiator, waiting in list(self._waiting.items()):
            self._waiting[initiator] = []
            self._waits -= len(waiting)
            for sighting in waiting:
                self._sighted(sighting)
        for task in self._tasks:
            task.cancel()

    async def _call(self, method: str, params: dict[str, Any], session: str) -> msgspec.Raw:
        """Send a command and wait for its result. Raises: WebSocketError."""
        if len(self._calls) >= _CALLS:
            raise WebSocketError("too many commands wait")
        number = self._send(method, params, session)
        call: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._calls[number] = call
        try:
            return await call
        finally:
            self._calls.pop(number, None)

    def _send(self, method: str, params: dict[str, Any], session: str = "") -> int:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._connection.send(message)
        return number


def _is_shown(sighting: Sighting) -> bool:
    """Say whether anybody may see what made the request."""
    witness = sighting.witness
    return witness.outcome is WitnessOutcome.FAILED or origin_of(witness.page or "") != origin_of(sighting.url)


def _made_by(sighting: Sighting, initiator: Initiator) -> Sighting:
    return structs.replace(sighting, witness=structs.replace(sighting.witness, initiator=initiator))
