"""A browser that is started to be listened to: its command, and what is listened on while it runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from corslens.bridge.chromium import ChromiumListener
from corslens.bridge.firefox import FirefoxListener, find_port
from corslens.bridge.live import LiveWitness, Proxy
from corslens.bridge.pipe import Connection, PipeEnds

SETTLE_SECONDS = 0.5
LAST_SECONDS = 0.1


class Addon(Proxy, Protocol):
    """The addon, as far as a browser that is listened to has to do with it."""

    clock: Callable[[], float]

    def listen_to(self, browser: LiveWitness) -> None:
        """Hand every inspection to it."""


def witness_of(addon: Addon) -> LiveWitness:
    """Hold a browser's word beside what the addon sees from now on."""
    witness = LiveWitness(addon, addon.clock)
    addon.listen_to(witness)
    return witness


class ChromiumBridge:
    """The pipes to a Chromium, made before it starts.

    Args:
        witness: what takes its word.
        clock: seconds since the epoch.
    """

    def __init__(self, witness: LiveWitness, clock: Callable[[], float]) -> None:
        self._witness = witness
        self._clock = clock
        self._ends = PipeEnds()
        self._opened = False

    @property
    def inherited(self) -> tuple[int, int]:
        """The file descriptors that the browser gets."""
        return self._ends.inherited

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """Return the command of a browser that is listened to."""
        path, *rest = argv
        return self._ends.wrap([path, "--remote-debugging-pipe", *rest])

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen while the browser runs; whatever becomes of it, nothing else is disturbed."""
        self._opened = True
        pipe = await self._ends.open()
        listener = ChromiumListener(pipe, self._witness.sighted, self._clock)
        async with listened_to(listener, pipe, self._witness):
            yield

    def close(self) -> None:
        """Close the pipes of a browser that did not start."""
        if not self._opened:
            self._ends.close()


class FirefoxBridge:
    """The debugging port of a Firefox that is started with it.

    Args:
        witness: what takes its word.
        profile: the folder of its profile.
        urls: what it opens once it is listened to.
    """

    inherited: tuple[int, ...] = ()
    """No file descriptors."""

    def __init__(self, witness: LiveWitness, clock: Callable[[], float], *, profile: Path, urls: Sequence[str]) -> None:
        self._witness = witness
        self._clock = clock
        self._profile = profile
        self._urls = urls

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """Return the command of a browser that is listened to: it opens nothing before."""
        kept = [one for one in argv if one not in self._urls]
        return [*kept, "--remote-debugging-port=0", "about:blank"]

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen while the browser runs. Raises: WebSocketError when it does not let itself be listened to."""
        socket = await find_port(self._profile)
        listener = FirefoxListener(socket, self._witness.sighted, self._clock, urls=self._urls)
        async with listened_to(listener, socket, self._witness):
            yield

    def close(self) -> None:
        """Nothing is open before it runs."""


class BrowserListener(Protocol):
    """What listens to a browser."""

    async def listen(self) -> None:
        """Listen to its end."""

    def settle(self) -> None:
        """Hand on what waited."""


@contextlib.asynccontextmanager
async def listened_to(
    listener: BrowserListener, connection: Connection, witness: LiveWitness, ended: asyncio.Event | None = None
) -> AsyncIterator[None]:
    """Listen in the background, settle twice a second, and close the connection at the end; `ended` is set when the browser is gone."""

    async def listen() -> None:
        witness.listening = True
        try:
            await listener.listen()
        finally:
            witness.listening = False
            if ended is not None:
                ended.set()

    async def settle() -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            listener.settle()
            witness.settle()

    tasks = [asyncio.create_task(listen()), asyncio.create_task(settle())]
    try:
        yield
    finally:
        await asyncio.wait(tasks[:1], timeout=LAST_SECONDS)  # a browser that ended may have said more than was read
        connection.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listener.settle()
        witness.settle()
