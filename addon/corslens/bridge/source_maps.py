"""SourceMaps: the original line of code behind a line of a bundle, by the source maps that a page's own scripts name.

The browser says which map a script has, and loads it as its developer tools would: from the script's own origin only, or out of the script
itself. The debugger is on for a moment only, when a new script made a request: it would slow the page down. Whatever a map is, it costs
bounded bytes, and no step of the event loop takes long.
"""

import asyncio
import base64
import binascii
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin

import msgspec
from msgspec import Struct, structs

from corslens.bounded import Bounded
from corslens.bridge.websocket import WebSocketError
from corslens.fetch.origins import origin_of
from corslens.witness.source_map import MAX_BYTES, SourceMap, SourceMapError, is_library
from corslens.witness.witness import Initiator

type Call = Callable[[str, dict[str, Any], str], Awaitable[msgspec.Raw]]
"""Send a command to a session and wait for its result. Raises: WebSocketError."""

SECONDS = 4.0
"""How long a request waits for the line that made it."""
_SCRIPTS = 5_000
_PLACES = 2_000
_INLINE_BYTES = 1 << 24
_MAPS = 200
_MAP_BYTES = 1 << 26
_SESSIONS = 2_000
_AT_ONCE = 4
_CHUNK = 1 << 20
_AGAIN_SECONDS = 0.5
"""Between two moments at which a session is asked for its scripts."""
_READ_SECONDS = 3.0
"""Of CPU that one map may take."""
_INLINE = "data:"
_SHORT = 2
"""A function's name that is no longer is a minifier's."""


class _Script(Struct):
    scriptId: str
    url: str = ""
    sourceMapURL: str = ""
    hasSourceURL: bool = False


class _Resource(Struct):
    success: bool = False
    httpStatusCode: int = 0
    stream: str = ""


class _Loaded(Struct):
    resource: _Resource


class _Read(Struct):
    data: str = ""
    base64Encoded: bool = False
    eof: bool = True


_script = msgspec.json.Decoder(_Script)
_loaded = msgspec.json.Decoder(_Loaded)
_read = msgspec.json.Decoder(_Read)


class SourceMaps:
    """The source maps of one browser's scripts."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._frames: Bounded[str, tuple[str, str]] = Bounded(_SESSIONS)
        """The session and the frame that load for each session: a worker loads nothing, and its page does."""
        self._asked: Bounded[str, asyncio.Task[None]] = Bounded(_SESSIONS)
        self._scripts: Bounded[tuple[str, str], _Script] = Bounded(
            _SCRIPTS, weigh=lambda one: 300 + len(one.url) + len(one.sourceMapURL), budget=_INLINE_BYTES
        )
        self._maps: Bounded[tuple[str, str], SourceMap | None] = Bounded(
            _MAPS, weigh=lambda one: 0 if one is None else one.weight, budget=_MAP_BYTES
        )
        self._found: Bounded[Initiator, Initiator] = Bounded(_PLACES)
        """The originals of what made requests before."""
        self._loading: dict[tuple[str, str], asyncio.Task[SourceMap | None]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def attached(self, session: str, frame: str, parent: str) -> None:
        """Take note of a session; the frame is empty for a worker's, whose parent is the session that it was reported in."""
        self._frames[session] = (session, frame) if frame else self._frames.get(parent, ("", ""))

    def detached(self, session: str) -> None:
        """Drop a session."""
        self._frames.pop(session, None)
        self._asked.pop(session, None)

    def parsed(self, session: str, params: msgspec.Raw) -> None:
        """Take a `Debugger.scriptParsed`."""
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            one = _script.decode(params)
            self._scripts[session, one.scriptId[:100]] = one

    def known(self, initiator: Initiator) -> Initiator | None:
        """Return what made a request by its original place, as far as that is known already; None when it has to be asked for."""
        found = self._found.get(initiator)
        if found is None:
            found = self._look_up(initiator)
            if found is not None:
                self._found[initiator] = found
        return found

    def _look_up(self, initiator: Initiator) -> Initiator | None:
        """Return the innermost place that is no library's, by its original where it has one."""
        library = None
        for place in (initiator, *initiator.callers):
            if place.script is None or place.line is None or place.column is None:
                continue
            script = self._scripts.get(place.script)
            if script is None and place.script[0] in self._frames:
                return None
            key = None if script is None else _key(place.script, script)
            if key is not None and key not in self._maps:
                return None
            map_ = None if key is None else self._maps[key]
            original = None if map_ is None else map_.find(place.line, place.column)
            if original is None:
                if not is_library(place.url):
                    return place
                continue
            mapped = Initiator(
                url=original.url,
                line=original.line,
                column=original.column,
                function=None if len(place.function or "") <= _SHORT else place.function,
                generated=structs.replace(place, callers=(), script=None),
            )
            if not original.library:
                return mapped
            library = library or mapped
        return library or initiator

    async def original(self, initiator: Initiator) -> Initiator:
        """Return what made a request by its original place; as it was given where that is not known in time."""
        with contextlib.suppress(TimeoutError, WebSocketError):
            async with asyncio.timeout(SECONDS):
                places = [one.script for one in (initiator, *initiator.callers) if one.script is not None]
                await self._learn(places)
                for place in places:
                    await self._have(place)
                    if (found := self.known(initiator)) is not None:
                        return found
        return initiator

    def close(self) -> None:
        """Stop what is under way."""
        for task in (*self._loading.values(), *self._asked.values()):
            task.cancel()

    async def _learn(self, places: list[tuple[str, str]]) -> None:
        """Know these scripts, as far as they are still there."""
        for session in {session for session, _ in places if session in self._frames}:
            wanted = [one for one in places if one[0] == session]
            under_way = self._asked.get(session)
            if under_way is not None and not all(one in self._scripts for one in wanted):
                await asyncio.shield(under_way)  # it may have been asked before these came
            if not all(one in self._scripts for one in wanted):
                again = under_way is not None
                task = self._asked[session] = asyncio.create_task(self._ask_for_scripts(session, again=again))
                await asyncio.shield(task)
            for one in wanted:
                if one not in self._scripts:  # it is gone
                    self._scripts[one] = _Script(one[1])

    async def _have(self, place: tuple[str, str]) -> None:
        """Have the map of a script, if it has one."""
        script = self._scripts.get(place)
        key = None if script is None else _key(place, script)
        if key is None or key in self._maps:
            return
        assert script is not None
        loading = self._loading.get(key)
        if loading is None:
            if len(self._loading) >= _MAPS:
                return
            loading = self._loading[key] = asyncio.create_task(self._load(key, place[0], script))
            loading.add_done_callback(lambda _: self._loading.pop(key, None))
        await asyncio.shield(loading)

    async def _ask_for_scripts(self, session: str, *, again: bool) -> None:
        """Have the browser report all scripts of a session: that is what it does when its debugger is switched on."""
        if again:
            await asyncio.sleep(_AGAIN_SECONDS)
        with contextlib.suppress(WebSocketError):
            on = self._call("Debugger.enable", {}, session)
            off = self._call("Debugger.disable", {}, session)
            await asyncio.gather(on, off)

    async def _load(self, key: tuple[str, str], session: str, script: _Script) -> SourceMap | None:
        async with self._slots:
            found = None
            with contextlib.suppress(SourceMapError, WebSocketError, TimeoutError, msgspec.MsgspecError, UnicodeDecodeError):
                async with asyncio.timeout(SECONDS):
                    inline = key[1] == _INLINE
                    raw = decoded(script.sourceMapURL) if inline else await self._fetch(session, key[1])
                    found = await _whole(SourceMap(raw, base=script.url if inline else key[1], script=script.url))
            self._maps[key] = found
            return found

    async def _fetch(self, session: str, url: str) -> bytes:
        """Return a map's bytes. Raises: SourceMapError, WebSocketError."""
        session, frame = self._frames.get(session, ("", ""))
        if not frame:
            raise SourceMapError("no page loads it")
        given = {"frameId": frame, "url": url, "options": {"disableCache": False, "includeCredentials": True}}
        resource = _loaded.decode(await self._call("Network.loadNetworkResource", given, session)).resource
        if not resource.stream:
            raise SourceMapError("it is not served")
        try:
            if not resource.success or resource.httpStatusCode != 200:
                raise SourceMapError("it is not served")
            body = bytearray()
            while True:
                part = _read.decode(await self._call("IO.read", {"handle": resource.stream, "size": _CHUNK}, session))
                body += base64.b64decode(part.data) if part.base64Encoded else part.data.encode()
                if len(body) > MAX_BYTES:
                    raise SourceMapError("it is too long")
                if part.eof:
                    return bytes(body)
        finally:
            with contextlib.suppress(WebSocketError):
                await self._call("IO.close", {"handle": resource.stream}, session)


def _key(place: tuple[str, str], script: _Script) -> tuple[str, str] | None:
    """Return what a script's map is remembered by, and its URL; None where it has none, or one of another origin."""
    given = script.sourceMapURL
    if not given or not script.url:
        return None
    if given.startswith(_INLINE):
        return f"{place[0]} {place[1]}", _INLINE
    if script.hasSourceURL:  # its URL is what it says itself
        return None
    try:
        url = urljoin(script.url, given)
    except ValueError:
        return None
    if not url.startswith(("http:", "https:")) or origin_of(url) != origin_of(script.url):
        return None
    return script.url, url


def decoded(url: str) -> bytes:
    """Return the bytes of a `data:` URL. Raises: SourceMapError."""
    head, comma, body = url.partition(",")
    if not comma or len(body) > 2 * MAX_BYTES:
        raise SourceMapError("it is not a data: URL, or it is too long")
    try:
        return base64.b64decode(unquote_to_bytes(body)) if head.rstrip().endswith(";base64") else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        raise SourceMapError("it is not base64") from None


async def _whole(map_: SourceMap) -> SourceMap:
    """Read a map, a slice at a time. Raises: SourceMapError."""
    spent = 0.0
    steps = map_.read()
    while True:
        started = time.thread_time()
        done = next(steps, steps) is steps
        spent += time.thread_time() - started
        if done:
            return map_
        if spent > _READ_SECONDS:
            raise SourceMapError("it takes too long")
        await asyncio.sleep(0)
