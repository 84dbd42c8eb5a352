"""Files that hold traffic: for their owner alone, written through no link, and into no other user's file.

Whoever else may write to the folder (`/tmp`, a shared one) could put a link or a file of theirs where ours is going to be.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path

_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/")
"""Links of the system to what the process has open already."""


def open_private(path: str, flags: int) -> int:
    """Open a file for writing and return its descriptor (an opener for `open`); a new one is its owner's alone.

    Raises: OSError, also for a symbolic link, a hard link, a file of another user, a socket, a disk, and a pipe that nothing reads.
    """
    cut = flags & os.O_TRUNC
    flags &= ~os.O_TRUNC  # not before it is known whose file that is
    flags |= getattr(os, "O_CLOEXEC", 0)
    if path.startswith(_STREAMS):
        return os.open(path, flags)
    _refuse_links_of_others(Path(path))
    with contextlib.suppress(FileNotFoundError):
        _refuse_others(path, os.lstat(path))  # before it is opened, which does something to a device
    file = _open_at_once(path, flags | getattr(os, "O_NOFOLLOW", 0))
    try:
        status = os.fstat(file)
        _refuse_others(path, status)
        if cut and stat.S_ISREG(status.st_mode):
            os.ftruncate(file, 0)
    except BaseException:
        os.close(file)
        raise
    return file


def _open_at_once(path: str, flags: int) -> int:
    """Open a file as `os.open` does, but for a pipe: that is not waited for until somebody reads it, which may be never."""
    if os.name == "nt":
        return os.open(path, flags, 0o600)
    try:
        file = os.open(path, flags | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "is a pipe that nothing reads", path) from None
        raise
    os.set_blocking(file, True)
    return file


def write_whole(path: Path, content: bytes) -> None:
    """Write the whole file, or leave it as it was. A new one is its owner's alone, an own one that is there keeps its mode.

    A device and a pipe are written to, never replaced.

    Raises: OSError, also for a symbolic link.
    """
    mode = None
    if str(path).startswith(_STREAMS):
        return _write_into(path, content)
    _refuse_links_of_others(path)
    with contextlib.suppress(FileNotFoundError):
        status = path.lstat()
        _refuse_kind(str(path), status)
        if stat.S_ISCHR(status.st_mode) or stat.S_ISFIFO(status.st_mode):
            return _write_into(path, content)
        if _is_own(status) and stat.S_ISREG(status.st_mode):
            mode = stat.S_IMODE(status.st_mode)
    from tempfile import mkstemp  # late: most commands write no file

    handle, name = mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp's file is its owner's alone, which fits what holds URLs and headers; whoever shares a file once, goes on to.
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_into(path: Path, content: bytes) -> None:
    with open(path, "wb", opener=open_private) as file:  # a Path's own takes no opener
        file.write(content)


def _refuse_others(path: str, status: os.stat_result) -> None:
    _refuse_kind(path, status)
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise OSError(errno.EMLINK, "has other names (hard links), whose content it would change", path)
    if not stat.S_ISCHR(status.st_mode) and not _is_own(status):
        raise PermissionError(errno.EACCES, "is another user's file", path)


def _refuse_kind(path: str, status: os.stat_result) -> None:
    """Refuse what is neither a file, nor a pipe, nor a device that takes text."""
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link", path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", path)
    if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        raise OSError(errno.EINVAL, "is a socket" if stat.S_ISSOCK(mode) else "is a disk", path)


def _refuse_links_of_others(path: Path) -> None:
    """Refuse a folder's name that another user made a link, and can lead elsewhere at any time."""
    for folder in path.absolute().parents:
        status = folder.lstat()
        if stat.S_ISLNK(status.st_mode) and not _is_own(status) and status.st_uid != 0:
            raise PermissionError(errno.EACCES, f"goes through another user's link ({folder})", str(path))


def _is_own(status: os.stat_result) -> bool:
    return os.name == "nt" or status.st_uid == os.geteuid()
