"""Clients that are not this process: a device of the local network (in a network namespace of its own), and another user of this machine."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence

HOST, DEVICE = "198.51.100.1", "198.51.100.2"
"""The two ends of the cable: addresses for documentation, which nobody has."""
NOBODY = 65534
SECONDS = 30

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
    async with asyncio.timeout(SECONDS):
        out, said = await process.communicate(data)
    if process.returncode:
        raise OSError(f"{' '.join(argv[:6])}: {said.decode(errors='replace').strip()}")
    return out


@contextlib.asynccontextmanager
async def device() -> AsyncIterator[str]:
    """A device at DEVICE, on a cable to this machine's HOST: yield the name of its network namespace.

    Raises: OSError when this machine does not allow it: it takes root and iproute2.
    """
    ip = shutil.which("ip")
    if os.geteuid() != 0 or ip is None:
        raise OSError("it takes root and the command ip")
    number = f"{os.getpid()}-{next(_numbers)}"
    name, here, there = f"corslens-{number}", f"ch{number}"[:15], f"cd{number}"[:15]
    await run(ip, "netns", "add", name)
    try:
        await run(ip, "link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
        try:
            await run(ip, "addr", "add", f"{HOST}/30", "dev", here)
            await run(ip, "link", "set", here, "up")
            for command in (
                ["addr", "add", f"{DEVICE}/30", "dev", there],
                ["link", "set", there, "up"],
                ["link", "set", "lo", "up"],
            ):
                await run(ip, "-n", name, *command)
            yield name
        finally:
            with contextlib.suppress(OSError):
                await run(ip, "link", "del", here)
    finally:
        await run(ip, "netns", "del", name)


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
