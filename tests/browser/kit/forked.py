"""mitmdump and mitmweb forked from a process that has imported them: the imports are half of a short test's time.

What runs is the same as from a command line, which stays with the tests whose subject it is (tests/mitm/test_wrappers.py, tests/cli).
"""

import asyncio
import atexit
import contextlib
import gc
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Self

from msgspec import Struct, json

AVAILABLE = sys.platform == "linux"
"""macOS' system libraries do not outlive a fork, and Windows has none."""
ADDON_PATH = Path(__file__).resolve().parents[3] / "addon"
LARGEST_ORDER = 1 << 20


class _Order(Struct, frozen=True, kw_only=True):
    tool: str
    arguments: list[str]
    cwd: str
    env: dict[str, str]


class Forked:
    """A forked tool, with what is used here of `asyncio.subprocess.Process`. A process group and a session of its own."""

    pid: int
    returncode: int | None = None
    stdout: asyncio.StreamReader
    """Both streams."""
    _end: asyncio.Task[int]

    @classmethod
    async def start(cls, tool: str, arguments: Sequence[str], *, cwd: Path | None, env: Mapping[str, str] | None) -> Self:
        """Fork `mitmdump` or `mitmweb`."""
        order = _Order(tool=tool, arguments=list(arguments), cwd=str(cwd or Path.cwd()), env=dict(env or os.environ))
        output, output_end = os.pipe()
        status, status_end = os.pipe()
        try:
            socket.send_fds(_parent(), [json.encode(order)], [output_end, status_end])
        finally:
            os.close(output_end)
            os.close(status_end)
        self = cls()
        self.stdout = await _reader(output)
        told = await _reader(status)
        self.pid = int(await told.readline())
        self._end = asyncio.create_task(self._wait(told))
        return self

    async def _wait(self, told: asyncio.StreamReader) -> int:
        self.returncode = int(await told.readline())
        return self.returncode

    async def wait(self) -> int:
        """Return the exit status, minus the signal's number for one that ended it."""
        return await asyncio.shield(self._end)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    return reader


@cache
def _parent() -> socket.socket:
    """The connection to the process that forks, which ends when this one does."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST_ORDER)
    with its:
        subprocess.Popen(
            [sys.executable, __file__, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return ours


def _serve(orders: socket.socket) -> None:
    """Fork for every order until nobody is left to give one."""
    sys.path.insert(0, str(ADDON_PATH))
    for name in ("mitmproxy.tools.main", "mitmproxy.tools.dump", "corslens.mitm.addon"):
        import_module(name)

    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, LARGEST_ORDER, 2)
        if not message:
            return
        if os.fork() == 0:
            _keep(json.decode(message, type=_Order), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(order: _Order, output: int, status: int) -> NoReturn:
    """Start the tool, say its process id, and in the end its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _run(order, output)
    os.close(output)
    with contextlib.suppress(BrokenPipeError), os.fdopen(status, "w", buffering=1) as told:
        print(pid, file=told)
        _, ended = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(ended), file=told)
    os._exit(0)


def _run(order: _Order, output: int) -> NoReturn:
    """Be the tool."""
    code: object = 1
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, 64)
        os.environ.clear()
        os.environ.update(order.env)
        os.chdir(order.cwd)
        random.seed()
        sys.argv = [order.tool, *order.arguments]
        from mitmproxy.tools import main

        code = getattr(main, order.tool)()
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
    # As an interpreter that ends by itself does.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
