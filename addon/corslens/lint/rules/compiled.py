"""Compiled catalog: the shipped rules as they were read and checked once, kept in the user's cache folder for the next start.

Reading 350 files of YAML takes longer than all else that `corslens analyze` does on a small capture. What is kept is data, decoded
against the types of a rule and nothing else, and counts only for the very files and the very code that it was made with. A folder or
file that anybody else could have written is not read.
"""

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec

from corslens import __version__
from corslens.lint import facts
from corslens.lint.rules.rule import Rule
from corslens.observation import products
from corslens.observation.products.catalog import Product

SWITCH = "CORSLENS_CACHE"
"""The environment variable that names another folder for it, or is `off`."""
_LARGEST = 16 << 20
_ENDING = ".catalog"
_KEPT = 16
"""Catalogs at most: of other versions, and of clones that are at work at the same time. Each takes a little over a megabyte."""
_UNUSED_SECONDS = 30 * 86_400.0
"""After which one goes that no start has read."""
_NOTED_SECONDS = 3_600.0
"""Between two notes that one was read; a start that has nothing to note only reads."""
_CODE = (Path(__file__).parent, Path(facts.__file__).parent, Path(products.__file__).parent)
"""Where the code is that decides what a rule file says."""


class Catalog(msgspec.Struct, frozen=True):
    """The shipped rules and products, in the order of their files."""

    rules: tuple[Rule, ...]
    products: tuple[Product, ...]


def name_of(files: Iterable[Path]) -> str:
    """Return the name of the catalog made of these files: a digest of their text, of the code that reads them, and of the versions.

    Raises: OSError when one cannot be read.
    """
    digest = blake2b(f"{__version__} {sys.version} {msgspec.__version__}".encode(), digest_size=16)
    code = sorted(file.path for folder in _CODE for file in os.scandir(folder) if file.name.endswith(".py"))
    for path in (*code, *map(str, files)):  # strings and unbuffered: with Path's own ways this takes three times as long
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            content = file.read()
        named = path.rsplit(os.sep, 2)[1:]
        digest.update(f"\n{'/'.join(named)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def load(name: str) -> Catalog | None:
    """Return the catalog of this name; None where there is none, or none that only its owner can have written."""
    folder = _folder()
    if folder is None:
        return None
    path = folder / f"{name}{_ENDING}"
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not (_is_safe(folder.lstat(), stat.S_ISDIR) and _is_safe(status, stat.S_ISREG)) or status.st_size > _LARGEST:
                return None
            catalog = msgspec.msgpack.decode(file.read(), type=Catalog)
    except (OSError, ValueError):  # also what msgspec says of bytes that are no catalog
        return None
    if time.time() - status.st_mtime > _NOTED_SECONDS:
        with contextlib.suppress(OSError):  # a folder that can only be read will do
            os.utime(path)
    return catalog


def store(name: str, catalog: Catalog) -> None:
    """Keep the catalog for the next start, as far as that is possible; failing is no fault."""
    folder = _folder()
    if folder is None:
        return
    import tempfile  # late: a start that finds a catalog does without

    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_safe(folder.lstat(), stat.S_ISDIR):
            return
        handle, made = tempfile.mkstemp(dir=folder, prefix=".", suffix=_ENDING)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.msgpack.encode(catalog))
            Path(made).replace(folder / f"{name}{_ENDING}")
        except BaseException:
            Path(made).unlink()
            raise
        _tidy(folder)


def _folder() -> Path | None:
    wanted = os.environ.get(SWITCH, "")
    if wanted == "off":
        return None
    if wanted:
        return Path(wanted)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base) / "corslens" / "cache" if base else None
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "corslens"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return (home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache") / "corslens"


def _is_safe(status: os.stat_result, is_wanted: Callable[[int], bool]) -> bool:
    """Say whether it is of the wanted kind and ours, and nobody else may write to it."""
    if not is_wanted(status.st_mode):
        return False
    # Windows tells neither owner nor mode; there the folder lies in the user's own profile.
    return sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _tidy(folder: Path) -> None:
    """Remove the catalogs that were not read for long, and of too many those that were not for longest."""
    read = {file: file.lstat().st_mtime for file in folder.glob(f"*{_ENDING}")}
    in_use = [file for file in sorted(read, key=read.__getitem__, reverse=True) if time.time() - read[file] <= _UNUSED_SECONDS]
    for file in read.keys() - in_use[:_KEPT]:
        file.unlink(missing_ok=True)
