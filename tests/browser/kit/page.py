"""A tab: loading, scripts, and what the browser says about each request."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.browser.kit.devtools import DevTools, DevToolsError, Params
from tests.deadline import DEADLINE_SECONDS


class NetworkRequest(Struct, kw_only=True):
    """A request as DevTools saw it; a redirect makes a new one. Preflights are requests of the type `Preflight`."""

    id: str
    url: str
    method: str
    type: str
    time: float
    """Epoch seconds at which it was begun."""
    initiator: str
    """DevTools' initiator type; `preflight` for a preflight."""
    status: int | None = None
    from_cache: bool = False
    finished: bool = False
    error_text: str | None = None
    """`errorText` of Network.loadingFailed."""
    blocked_reason: str | None = None
    cors_error: str | None = None
    """`corsErrorStatus.corsError` of Network.loadingFailed."""
    failed_parameter: str | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, either way."""
        return self.finished or self.error_text is not None

    @property
    def is_preflight(self) -> bool:
        """Whether the browser made it of its own accord, to ask about another."""
        return self.initiator == "preflight"


class ConsoleMessage(Struct, frozen=True, kw_only=True):
    """A line of the page's console or of the browser's log about it."""

    level: str
    text: str
    url: str | None = None


class ScriptError(RuntimeError):
    """A script in the page threw."""


class Page:
    """One tab with its frames and workers, all of whose requests are collected in `requests`."""

    def __init__(self, devtools: DevTools, *, target: str, session: str, context: str | None = None) -> None:
        self.requests: list[NetworkRequest] = []
        self.console: list[ConsoleMessage] = []
        self._devtools = devtools
        self._target = target
        self._session = session
        self._context = context
        self._sessions = {session}
        self._newest: dict[str, NetworkRequest] = {}
        self._news = asyncio.Event()
        self._loaded = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._unlisten: Callable[[], None] = lambda: None
        self._closed = False

    async def start(self) -> None:
        """Listen to the tab and whatever it makes (frames in other processes, workers)."""
        self._unlisten = self._devtools.listen(self._event)
        await self._enable(self._session)

    async def close(self) -> None:
        """Close the tab and forget its context, unless that was done."""
        if self._closed:
            return
        self._closed = True
        self._unlisten()
        for task in self._tasks:
            task.cancel()
        await self._devtools.send("Target.closeTarget", {"targetId": self._target})
        if self._context is not None:
            await self._devtools.send("Target.disposeBrowserContext", {"browserContextId": self._context})

    async def goto(self, url: str, *, seconds: float = DEADLINE_SECONDS) -> None:
        """Load a URL and wait for the load event.

        Raises: DevToolsError when the browser could not; TimeoutError.
        """
        self._loaded.clear()
        reply = await self.send("Page.navigate", {"url": url})
        if text := reply.get("errorText"):
            raise DevToolsError(f"{url}: {text}")
        async with asyncio.timeout(seconds):
            await self._loaded.wait()

    async def evaluate(self, script: str, *, seconds: float = DEADLINE_SECONDS) -> Any:
        """Run a script in the page and return its value, awaiting a promise; what it returns must fit into JSON.

        Raises: ScriptError when it throws; TimeoutError.
        """
        async with asyncio.timeout(seconds):
            reply = await self.send(
                "Runtime.evaluate",
                {"expression": script, "awaitPromise": True, "returnByValue": True, "userGesture": True},
            )
        if details := reply.get("exceptionDetails"):
            raise ScriptError(details.get("exception", {}).get("description") or details["text"])
        return reply["result"].get("value")

    async def send(self, method: str, params: Params | None = None) -> Params:
        """Run a DevTools command in the tab."""
        return await self._devtools.send(method, params, session=self._session)

    def asked(self, url: str) -> list[NetworkRequest]:
        """Return the requests for a URL so far, preflights too, in order."""
        return [request for request in self.requests if request.url == url]

    def last_hops(self, url: str) -> list[NetworkRequest]:
        """Return, for each time that something in the page asked for a URL, the last hop to which redirects led."""
        return [self.last_hop(request) for request in self.first_hops(url)]

    def first_hops(self, url: str) -> list[NetworkRequest]:
        """Return, for each time that something in the page asked for a URL, that request before any redirect."""
        first: dict[str, NetworkRequest] = {}
        for request in self.requests:
            if not request.is_preflight:
                first.setdefault(request.id, request)
        return [request for request in first.values() if request.url == url]

    def last_hop(self, request: NetworkRequest) -> NetworkRequest:
        """Return where redirects of this request led."""
        return self._newest[request.id]

    async def until(self, condition: Callable[[], object], *, seconds: float = DEADLINE_SECONDS) -> None:
        """Wait for network or console events until the condition holds.

        Raises: TimeoutError, with the requests so far.
        """
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            open_ones = [request for request in self.requests if not request.over]
            lines = [
                "not seen in time; requests under way:",
                *map(repr, open_ones),
                "and the last:",
                *map(repr, self.requests[-5:]),
            ]
            raise TimeoutError("\n".join(lines)) from None

    async def _enable(self, session: str) -> None:
        for command in ("Network.enable", "Page.enable", "Log.enable", "Runtime.enable"):
            try:
                await self._devtools.send(command, session=session)
            except DevToolsError:
                if command == "Network.enable" or session == self._session:
                    raise
                # Workers have no Page, some have no Log.
        # Frames of other processes and workers are targets of their own; they wait until we listen to them.
        await self._devtools.send(
            "Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}, session=session
        )

    async def _attached(self, session: str) -> None:
        try:
            await self._enable(session)
        except DevToolsError:
            return  # it is gone already
        finally:
            with contextlib.suppress(DevToolsError):
                await self._devtools.send("Runtime.runIfWaitingForDebugger", session=session)

    def _event(self, method: str, params: Params, session: str | None) -> None:
        if session not in self._sessions:
            return
        match method:
            case "Target.attachedToTarget":
                self._sessions.add(params["sessionId"])
                task = asyncio.get_running_loop().create_task(self._attached(params["sessionId"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case "Page.loadEventFired" if session == self._session:
                self._loaded.set()
            case "Network.requestWillBeSent":
                self._will_be_sent(params)
            case "Network.responseReceived":
                if request := self._newest.get(params["requestId"]):
                    response = params["response"]
                    request.status = response["status"]
                    request.from_cache = bool(response.get("fromDiskCache"))
            case "Network.requestServedFromCache":
                if request := self._newest.get(params["requestId"]):
                    request.from_cache = True
            case "Network.loadingFinished":
                if request := self._newest.get(params["requestId"]):
                    request.finished = True
            case "Network.loadingFailed":
                self._failed(params)
            case "Log.entryAdded":
                entry = params["entry"]
                self.console.append(ConsoleMessage(level=entry["level"], text=entry["text"], url=entry.get("url")))
            case "Runtime.consoleAPICalled":
                text = " ".join(str(argument.get("value", argument.get("description", ""))) for argument in params["args"])
                self.console.append(ConsoleMessage(level=params["type"], text=text))
            case _:
                return
        self._news.set()

    def _will_be_sent(self, params: Params) -> None:
        number = params["requestId"]
        if "redirectResponse" in params and (before := self._newest.get(number)):
            before.status = params["redirectResponse"]["status"]
            before.finished = True
        request = NetworkRequest(
            id=number,
            url=params["request"]["url"] + params["request"].get("urlFragment", ""),
            method=params["request"]["method"],
            type=params.get("type", "Other"),
            time=params["wallTime"],
            initiator=params.get("initiator", {}).get("type", "other"),
        )
        self._newest[number] = request
        self.requests.append(request)

    def _failed(self, params: Params) -> None:
        request = self._newest.get(params["requestId"])
        if request is None:
            return
        request.error_text = params["errorText"]
        request.blocked_reason = params.get("blockedReason")
        if status := params.get("corsErrorStatus"):
            request.cors_error = status["corsError"]
            request.failed_parameter = status.get("failedParameter") or None
