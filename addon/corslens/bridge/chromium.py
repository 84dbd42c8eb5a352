"""Listen to Chromium over the DevTools protocol: every tab, frame, worker and popup, without a word to any page.

https://chromedevtools.github.io/devtools-protocol/
"""

import contextlib
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct

from corslens.bounded import Bounded
from corslens.bridge.pipe import Connection, Message
from corslens.witness.devtools import DevToolsRecord
from corslens.witness.sighting import Sighting

SESSIONS = 2_000
"""Tabs, frames and workers that are listened to at once."""

_ATTACH = {
    "autoAttach": True,
    "waitForDebuggerOnStart": True,  # the first request of a popup or a worker is not to be missed
    "flatten": True,
    "filter": [*({"type": kind, "exclude": True} for kind in ("browser", "tab", "browser_ui", "webview", "other")), {}],
}
_NETWORK = {"maxTotalBufferSize": 1 << 24, "maxResourceBufferSize": 1 << 22, "maxPostDataSize": 0}
_OURS = ("chrome://", "devtools://", "chrome-extension://", "chrome-untrusted://")


class _Target(Struct):
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

    @property
    def dropped(self) -> int:
        """Requests that were let go before their end, because there were too many."""
        return self._record.dropped

    async def listen(self) -> None:
        """Listen until the browser ends or closes the connection."""
        self._send("Target.setAutoAttach", _ATTACH)
        with contextlib.suppress(OSError):
            while messages := await self._connection.receive():
                for message in messages:
                    self._take(message)

    def settle(self) -> None:
        """Hand on what has been waited for long enough. To be called every second or so."""
        for sighting in self._record.settle(self._clock()):
            self._sighted(sighting)

    def _take(self, message: Message) -> None:
        method = message.method
        if method == "Target.attachedToTarget":
            self._attach(message.params)
        elif method == "Target.detachedFromTarget":
            with contextlib.suppress(msgspec.MsgspecError):
                self._sessions.pop(_detached.decode(message.params).sessionId, None)
        elif method:
            for sighting in self._record.take(method, message.params, self._clock()):
                self._sighted(sighting)

    def _attach(self, params: msgspec.Raw) -> None:
        try:
            attached = _attached.decode(params)
        except msgspec.MsgspecError:
            return
        session, target = attached.sessionId, attached.targetInfo
        self._sessions[session] = target.type
        if not target.url.startswith(_OURS):
            self._send("Network.enable", _NETWORK, session)
            self._send("Audits.enable", {}, session)
            self._send("Target.setAutoAttach", _ATTACH, session)
        self._send("Runtime.runIfWaitingForDebugger", {}, session)

    def _send(self, method: str, params: dict[str, Any], session: str = "") -> None:
        message: dict[str, Any] = {"id": next(self._ids), "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._connection.send(message)
