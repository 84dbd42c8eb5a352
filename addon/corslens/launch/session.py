"""A browser behind the proxy: started with a fresh profile, ended with all its processes."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from corslens.launch import chromium, firefox
from corslens.launch.browsers import BrowserFamily, Found
from corslens.launch.profile import record

STOP_SECONDS = 5.0
"""How long a browser may take to end before it is killed."""

_LONGEST_TEMPORARY = 58
"""Characters: Chromium puts a socket below its temporary folder, and a socket's path has at most 103 (macOS)."""


class LaunchError(RuntimeError):
    """The browser does not start; the message is one sentence."""


@contextlib.asynccontextmanager
async def running_browser(
    found: Found,
    *,
    profile: Path,
    proxy: str,
    authority: Path,
    pin: str,
    urls: Sequence[str],
    headless: bool,
    wrap: Callable[[Sequence[str]], list[str]] | None = None,
    inherited: Sequence[int] = (),
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a browser, and end it and all that it started.

    Args:
        profile: a new folder of this user's alone.
        authority: the file (PEM) of the proxy's CA, and `pin` its public key as Chromium recognizes it.
        wrap: makes another command of the browser's; `inherited` are the file descriptors that it gets.
    Raises: LaunchError
    """
    if found.family is BrowserFamily.FIREFOX:
        firefox.write_profile(profile, proxy)
        if why := await asyncio.to_thread(firefox.trust, profile, authority, found.path):
            raise LaunchError(
                f"the proxy's certificate authority could not be added to Firefox's profile ({why}); try --browser chrome"
            )
        argv = firefox.command_line(found.path, profile=profile, urls=urls, headless=headless)
    else:
        argv = chromium.command_line(
            found.path,
            profile=profile,
            proxy=proxy,
            pin=pin,
            urls=urls,
            headless=headless,
            root=os.name != "nt" and os.geteuid() == 0,
        )
    environment = {**os.environ, "MOZ_CRASHREPORTER_DISABLE": "1"}
    if len(str(profile)) <= _LONGEST_TEMPORARY:
        environment["TMPDIR"] = str(profile)  # what it leaves there goes away with the profile
    try:
        process = await asyncio.create_subprocess_exec(
            *(argv if wrap is None else wrap(argv)),
            pass_fds=inherited,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, so that all of it can be ended
        )
    except OSError as error:
        raise LaunchError(f"{found.path}: {error.strerror or error}") from None
    try:
        record(profile, process.pid)
        yield process
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
    if os.name != "nt":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.returncode is None:
        process.kill()
    await process.wait()
