"""Start a program, read its output line by line, and stop it whatever happens."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.browser.kit.forked import Forked
from tests.deadline import DEADLINE_SECONDS

STOP_SECONDS = 60.0
"""How long a program may take to end after SIGTERM before it is killed."""
LAST_WORDS_SECONDS = 5.0
"""How long its output is read on after its end."""
LINE_LIMIT = 1 << 24
"""Bytes in one line of output; a browser can log a whole document in one."""


class ProgramEndedError(RuntimeError):
    """A program ended before it printed what was waited for."""


class Program:
    """A child process whose output (both streams) is kept in `lines` and can be waited for.

    `async with` starts it and stops it again, also when the body fails or is cancelled.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.argv = list(argv)
        self._on_line = on_line
        self.lines: list[str] = []
        self._cwd = cwd
        self._env = env
        self._process: asyncio.subprocess.Process | Forked | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._process = await self._spawn()
        self._reader = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _spawn(self) -> asyncio.subprocess.Process | Forked:
        return await asyncio.create_subprocess_exec(
            *self.argv,
            cwd=self._cwd,
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_LIMIT,
            start_new_session=True,  # Ctrl-C in a terminal goes to us alone, and we stop our children in order
        )

    async def _read(self, process: asyncio.subprocess.Process | Forked) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
            self.lines.append(text)
            self._on_line(text)
            self._news.set()
        await process.wait()
        self._news.set()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.returncode is None

    async def line(self, pattern: str, *, after: int = 0, seconds: float = DEADLINE_SECONDS) -> re.Match[str]:
        """Return the match of the first line (from number `after` on) in which the pattern is found, waiting for it.

        Raises: ProgramEndedError when the program ends without it; TimeoutError.
        """
        wanted = re.compile(pattern)
        at = after
        async with asyncio.timeout(seconds):
            while True:
                self._news.clear()
                while at < len(self.lines):
                    if found := wanted.search(self.lines[at]):
                        return found
                    at += 1
                if self._reader is None or self._reader.done():
                    raise ProgramEndedError(
                        f"{self.argv[0]} ended without printing {pattern!r}:\n" + "\n".join(self.lines[-40:])
                    )
                await self._news.wait()

    async def wait(self, *, seconds: float = DEADLINE_SECONDS) -> int:
        """Return the exit status, waiting for the end and for the last output.

        Raises: TimeoutError.
        """
        assert self._process is not None
        assert self._reader is not None
        async with asyncio.timeout(seconds):
            await asyncio.shield(self._reader)
            return await self._process.wait()

    async def ended(self) -> int:
        """Return the exit status, however long it takes to come."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> int | None:
        """End it with SIGTERM (SIGKILL if it does not listen) and return its exit status. Safe to call twice."""
        process = self._process
        if process is None:
            return None
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except (TimeoutError, asyncio.CancelledError) as error:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                if isinstance(error, asyncio.CancelledError):
                    raise
        if self._reader is not None:
            try:
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await asyncio.shield(self._reader)
            except TimeoutError:  # a grandchild still holds the pipe open
                self._reader.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._reader
        return process.returncode
