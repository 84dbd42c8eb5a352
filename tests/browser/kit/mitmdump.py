"""A real mitmdump or mitmweb with the addon, as a subprocess."""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.browser.kit.forked import Forked
from tests.browser.kit.processes import Program, ProgramEndedError
from tests.deadline import DEADLINE_SECONDS

ROOT = Path(__file__).resolve().parents[3]
ADDON = ROOT / "addon" / "cors.py"
ROUTES = Path(__file__).with_name("routes_addon.py")
POLL_SECONDS = 0.02
"""How often the log file is looked at while something is waited for in it."""

_LOWEST_PORT, _PORTS = 15_000, 15_000

type Record = dict[str, Any]
type Setting = str | int | bool | Sequence[str]


def free_port() -> int:
    """Return a port that is free now: mitmweb says and signs its address with the port it was told, so 0 is no use to it.

    It is none of those that the system hands out, which other tests' servers take at any moment.
    """
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


FORKS = False
"""Whether a Mitm is forked from a process that has imported it (tests/conftest.py), if the environment allows; see `Forked`."""


class Mitm(Program):
    """mitmdump (or mitmweb) on an ephemeral port, with `-s addon/cors.py` and a configuration folder of its own.

    Args:
        options: mitmproxy options, `--set name=value`, once for each value of a list; `cors_log` goes to a file of its own unless given.
        routes: host name (`*.x.test` matches any depth) or `*` to the (http, https) ports of loopback servers (or of those at an address that follows) that answer for it; 0 keeps the URL's port.
        scripts: further scripts, loaded after the addon.
        confdir: kept between runs when given, which saves making a CA.
        forks: whether it may be forked from another process, where that is possible; what this thread is in, it may not be in then.
        on_line: called with each line of output.
    """

    def __init__(
        self,
        tool: str = "mitmdump",
        *,
        options: Mapping[str, Setting] | None = None,
        routes: Mapping[str, tuple[int, int] | tuple[int, int, str]] | None = None,
        scripts: Iterable[Path] = (),
        arguments: Iterable[str] = (),
        confdir: Path | None = None,
        addon: bool = True,
        forks: bool = True,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="corslens-mitm-")
        folder = Path(self._folder.name)
        settings: dict[str, Setting] = {
            "confdir": str(confdir or folder),
            "listen_host": "127.0.0.1",
            "listen_port": 0,
            "ssl_insecure": True,
            **({"cors_log": str(folder / "cors.jsonl")} if addon else {}),
            **({"web_open_browser": False, "web_port": free_port()} if tool == "mitmweb" else {}),
            **(options or {}),
        }
        given: list[Path] = [ADDON] if addon else []
        if routes is not None:
            given.append(ROUTES)
            settings["kit_routes"] = json.dumps(routes)
        # The tool's entry point by module: it is that of this interpreter, wherever its scripts folder is.
        argv = [sys.executable, "-c", f"from mitmproxy.tools.main import {tool}; {tool}()"]
        for script in (*given, *scripts):
            argv += ["-s", str(script)]
        for name, value in settings.items():
            for one in [value] if isinstance(value, str | int) else value:
                argv += ["--set", f"{name}={str(one).lower() if isinstance(one, bool) else one}"]
        super().__init__([*argv, *arguments], cwd=folder, env=env, on_line=on_line)
        self.log = Path(str(settings.get("cors_log", folder / "cors.jsonl")))
        self.port = 0
        self.web_url = ""
        self._tool = tool
        self._forks = forks
        self._read_to = 0
        self._records: list[Record] = []

    async def __aenter__(self) -> Self:
        try:
            await super().__aenter__()
            found = await self.line(r"(?i)proxy\b.* listening at \S*?:(\d+)\.?$")
            self.port = int(found[1])
            await self._refuse_errors()
            if self._tool == "mitmweb":
                self.web_url = (await self.line(r"Web server listening at (\S+)"))[1]
        except BaseException:
            await self.stop()
            self._folder.cleanup()
            raise
        return self

    async def _spawn(self) -> asyncio.subprocess.Process | Forked:
        # What Python itself reads from its environment it reads at its start.
        if not (FORKS and self._forks) or any(
            name.startswith("PYTHON") for name in (self._env or {}) if name not in os.environ
        ):
            return await super()._spawn()
        return await Forked.start(self._tool, self.argv[3:], cwd=self._cwd, env=self._env)

    async def page_url(self) -> str:
        """Return the live page's address behind the proxy, which is another one at each start."""
        return (await self.line(r"the live page is at (\S+) for browsers"))[1]

    async def _refuse_errors(self) -> None:
        """Fail if it logged more than its scripts and its address so far and ends because of that, as it does on errors."""
        if all("Loading script" in line or "listening at" in line or "the live page is at" in line for line in self.lines):
            return
        with contextlib.suppress(TimeoutError):
            await self.wait(seconds=1.0)
            raise ProgramEndedError("mitmproxy did not start:\n" + "\n".join(self.lines[-40:]))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self.stop()
        finally:
            self._folder.cleanup()

    @property
    def address(self) -> str:
        """HOST:PORT for a browser's proxy setting."""
        return f"127.0.0.1:{self.port}"

    def records(self) -> list[Record]:
        """Return every line of cors_log so far, in order; of two lines with one id the last is the newest."""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(self._read_to)
                data = file.read()
            whole = data.rfind(b"\n") + 1  # the rest is a line still being written
            self._read_to += whole
            self._records += [json.loads(line) for line in data[:whole].splitlines()]
        return self._records

    def latest(self) -> list[Record]:
        """Return the newest record of each exchange, in the order in which the exchanges first appeared."""
        newest: dict[str, Record] = {}
        for record in self.records():
            newest[record["id"]] = record
        return list(newest.values())

    async def until(self, condition: Callable[[list[Record]], object], *, seconds: float = DEADLINE_SECONDS) -> list[Record]:
        """Wait until the condition holds for the newest records and return them.

        Raises: TimeoutError, with what was logged and printed.
        """
        try:
            async with asyncio.timeout(seconds):
                while not condition(latest := self.latest()):
                    if not self.running:
                        raise RuntimeError("mitmproxy has ended:\n" + "\n".join(self.lines[-40:]))
                    await asyncio.sleep(POLL_SECONDS)
                return latest
        except TimeoutError:
            seen = "\n".join(json.dumps(record) for record in self.latest()[-10:])
            printed = "\n".join(self.lines[-40:])
            raise TimeoutError(f"not seen within {seconds} s. The last records:\n{seen}\nPrinted:\n{printed}") from None
