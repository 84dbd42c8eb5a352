"""A folder for one session, a browser's profile say: its user's alone, removed at the end, by the next start if need be."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PREFIX = "corslens-open-"
"""Begins the name of a profile."""
_LOCK = "lock"
_PID = "browser.pid"
START = "start.html"


@contextlib.contextmanager
def fresh_folder(prefix: str = PREFIX) -> Iterator[Path]:
    """Make a folder that only its user can read, and remove it at the end.

    Args:
        prefix: begins its name, by which `remove_stale` knows it.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))  # 0700
    lock = (folder / _LOCK).open("w")
    try:
        _lock(lock)
        yield folder
    finally:
        lock.close()
        remove(folder)


def remove_stale(prefix: str = PREFIX) -> int:
    """Remove the folders of sessions that were killed, end the browsers that use them, and return how many there were."""
    count = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            if _is_own_folder(folder) and not _is_in_use(folder):
                end_recorded(folder)
                remove(folder)
                count += 1
    return count


def record(folder: Path, pid: int) -> None:
    """Remember which process group uses the profile."""
    (folder / _PID).write_text(str(pid))


def end_recorded(folder: Path) -> None:
    """Kill what uses the profile, if it still does: a process id may be somebody else's by now."""
    if os.name == "nt":
        return
    try:
        pid = int((folder / _PID).read_text())
        listed = subprocess.run(["ps", "-A", "-ww", "-o", "pgid=,args="], capture_output=True, text=True, errors="replace")
    except (OSError, ValueError):
        return
    for line in listed.stdout.splitlines():
        group, _, arguments = line.strip().partition(" ")
        if group == str(pid) and str(folder) in arguments:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            return


def remove(folder: Path) -> None:
    """Remove the folder, also while a browser that was killed still writes its last, and the folder of Chromium's socket."""
    with contextlib.suppress(OSError):
        socket = (folder / "profile" / "SingletonSocket").readlink()
        if socket.name == "SingletonSocket" and socket.parent.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(socket.parent, ignore_errors=True)
    for _ in range(5):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def start_page(folder: Path, url: str) -> str:
    """Write a page that leads to a URL that must not be on a command line, and return the page's own."""
    file = folder / START
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as page:
        page.write(
            f'<!doctype html><meta charset="utf-8"><title>corslens</title><meta http-equiv="refresh" content="0;url={url}">'
        )
    return file.as_uri()


def _is_own_folder(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and (os.name == "nt" or status.st_uid == os.geteuid())


def _is_in_use(folder: Path) -> bool:
    with (folder / _LOCK).open("a") as lock:
        try:
            _lock(lock)
        except OSError:
            return True
    return False


def _lock(file: IO[str]) -> None:
    """Lock a file until it is closed, or this process ends. Raises: OSError when another process has."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
