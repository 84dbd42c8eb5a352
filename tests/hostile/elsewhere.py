"""Clients that are not this process: a device of the local network (in a network namespace of its own), and another user of this machine."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from tests.deadline import DEADLINE_SECONDS

HOST, DEVICE = "198.51.100.1", "198.51.100.2"
"""The two ends of the cable: addresses for documentation, which nobody has."""
NOBODY = 65534

_SEND = """
import json, socket, sys
answers = []
for host, port, text in json.load(sys.stdin):
    try:
        with socket.create_connection((host, port), timeout=10) as connection:
            connection.sendall(text.encode("latin-1"))
            got = b""
            while part := connection.recv(65536):
                got += part
    except OSError as error:
        got = str(error).encode()
    answers.append(got.decode("latin-1"))
print(json.dumps(answers))
"""

type Request = tuple[str, int, str]
"""Where to connect to, and what to send."""

_numbers = itertools.count(1)


async def run(*argv: str, data: bytes = b"", user: int | None = None) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        out, said = await process.communicate(data)
    if process.returncode:
        raise OSError(f"{' '.join(argv[:6])}: {said.decode(errors='replace').strip()}")
    return out


async def device_on(stack: contextlib.AsyncExitStack) -> str:
    """Return the namespace of a `device` that lasts as long as the stack; skip the test where this machine does not allow one."""
    try:
        return await stack.enter_async_context(device())
    except OSError as error:
        pytest.skip(f"no network namespace here: {error}")


@contextlib.asynccontextmanager
async def device() -> AsyncIterator[str]:
    """A device at DEVICE, on a cable to HOST: yield the name of its network namespace.

    HOST is in a namespace of its own, too, and so is what is started in the meantime: an interface that comes or goes in the machine's would
    break off what every browser on it is loading (net::ERR_NETWORK_CHANGED). A Mitm wants `forks=False`, to be started from here.

    Raises: OSError when this machine does not allow it: it takes root and iproute2.
    """
    ip = shutil.which("ip")
    if os.geteuid() != 0 or ip is None:
        raise OSError("it takes root and the command ip")
    number = f"{os.getpid()}-{next(_numbers)}"
    here, there = f"corslens-here-{number}", f"corslens-there-{number}"
    async with contextlib.AsyncExitStack() as stack:
        for name in (here, there):
            await run(ip, "netns", "add", name)
            stack.push_async_callback(run, ip, "netns", "del", name)  # and the cable with it
            await run(ip, "-n", name, "link", "set", "lo", "up")
        await run(ip, "-n", here, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", there)
        for name, address in ((here, HOST), (there, DEVICE)):
            await run(ip, "-n", name, "addr", "add", f"{address}/30", "dev", "cable")
            await run(ip, "-n", name, "link", "set", "cable", "up")
        with _within(here):
            yield there


@contextlib.contextmanager
def _within(namespace: str) -> Iterator[None]:
    """Let this thread be in another network namespace. Sockets stay in the one in which they were made, programs in which they were started."""
    with Path("/proc/thread-self/ns/net").open() as before, Path("/run/netns", namespace).open() as there:
        os.setns(there.fileno(), os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(before.fileno(), os.CLONE_NEWNET)


async def send_from(namespace: str, requests: Sequence[Request]) -> list[str]:
    """Send requests from a device and return what came back, whole."""
    out = await run("ip", "netns", "exec", namespace, sys.executable, "-c", _SEND, data=json.dumps(requests).encode())
    return list(json.loads(out))


async def send_as_nobody(requests: Sequence[Request]) -> list[str]:
    """Send requests as another user of this machine and return what came back, whole.

    Raises: OSError when this machine does not allow it.
    """
    return list(json.loads(await run_as_nobody(_SEND, json.dumps(requests).encode())))


async def run_as_nobody(script: str, data: bytes = b"") -> bytes:
    """Run a Python script as another user of this machine and return what it printed.

    Raises: OSError when this machine does not allow it.
    """
    if os.geteuid() != 0:
        raise OSError("only root can become another user")
    # The system's interpreter: a virtual environment may lie where others may not look.
    python = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin") or sys.executable
    return await run(python, "-c", script, data=data, user=NOBODY)
