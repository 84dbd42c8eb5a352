"""Sources: captures, logs and tables by path or URL; what is behind a URL is read through fsspec into a file of this machine."""

import errno
import glob
import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from corslens.analysis import prefixes
from corslens.corpus.extra import need
from corslens.corpus.shards import CaptureSource
from corslens.corpus.store import described, is_result
from corslens.inputs import files
from corslens.inputs.damage import Damage
from corslens.report.escape import escape

LOGS = (".jsonl", ".jsonl.gz")
"""What `cors_log` writes."""
TABLES = (".parquet",)
"""HTTP Archive's requests."""
ENDINGS = (*files.ENDINGS, *LOGS, *TABLES)

_GONE = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
_LASTING = (errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)
"""What another attempt does not change."""


_QUERY = re.compile(r"(?<=^http)(s?://[^?#]*)[?#].*", re.DOTALL)
_PASSWORD = re.compile(r"^([a-z0-9+]+://[^/@:]*):[^/@]*@", re.IGNORECASE)


class SourceError(Exception):
    """Nobody can say what a name stands for: a sentence that names it. What is judged already is kept."""


def is_remote(name: str) -> bool:
    """Say whether a name is a URL."""
    return "://" in name


def find(names: Iterable[str]) -> tuple[list[CaptureSource], list[Damage]]:
    """Return the sources that the names stand for, in the order given, and what is none. Tables of a corpus are passed over.

    Folders and prefixes of object stores are walked in the order of names; `*`, `**` and `?` match names in both (`?` begins a query
    where the URL is one of HTTP).

    Raises: MissingPackageError; SourceError when an object store cannot be listed.
    """
    found: dict[str, tuple[int, str]] = {}
    damages = []
    for name in map(without_scheme, names):
        listed = _remote(name) if is_remote(name) else _local(name)
        for one in listed:
            if isinstance(one, Damage):
                damages.append(one)
            elif not is_result(one[0]):
                found.setdefault(one[0], one[1:])
    shown = _shown(found)
    begins = prefixes(shown)
    return [_source(name, begins[one], found[name], shown=one) for one, name in shown.items()], damages


def _shown(names: Iterable[str]) -> dict[str, str]:
    """Return the names by what is shown of them: of a URL no password, and nothing that a signature may be in."""
    shown: dict[str, str] = {}
    for name in names:
        one = escape(_public(name))
        number = 1
        while (again := one if number == 1 else f"{one}?{number}") in shown:
            number += 1
        shown[again] = name
    return shown


def _public(name: str) -> str:
    return _PASSWORD.sub(r"\1:*@", _QUERY.sub(r"\1", name)) if is_remote(name) else name


def _source(name: str, prefix: str, found: tuple[int, str], *, shown: str) -> CaptureSource:
    (size, tag), place = found, located(name)
    try:
        place.encode()
    except UnicodeEncodeError:
        return CaptureSource(name=shown, place=escape(place), path=os.fsencode(place), prefix=prefix, size=size, tag=tag)
    return CaptureSource(name=shown, place=place, prefix=prefix, size=size, tag=tag)


def located(name: str) -> str:
    """Return the URL, or the path from the root: other processes work elsewhere."""
    name = without_scheme(name)
    return name if is_remote(name) else str(Path(name).absolute())


def without_scheme(name: str) -> str:
    """Return the path that a URL of this machine's files stands for, anything else as it is."""
    return name.removeprefix("file://") if name.startswith("file:///") else name


def _local(name: str) -> Iterator[tuple[str, int, str] | Damage]:
    paths = [name]
    if glob.has_magic(name) and not Path(name).exists():
        paths = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  # a Path has no pattern that begins at the root
        if not paths:
            yield Damage(file=name, what="matches no file")
    for path in files.find(paths, ENDINGS):
        if isinstance(path, Damage):
            yield path
            continue
        try:
            status = Path(path).stat()
        except OSError as error:
            yield Damage(file=path, what=f"cannot be read: {error.strerror or error}")
        else:
            yield path, status.st_size, str(status.st_mtime_ns)


def _remote(url: str) -> Iterator[tuple[str, int, str] | Damage]:
    fsspec = need("fsspec")
    scheme = url.partition("://")[0]
    why = "matches no file"
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
        if glob.has_magic(_QUERY.sub(r"\1", path)):
            listed = filesystem.glob(path, detail=True)
        else:
            info = filesystem.info(path)
            listed = filesystem.find(path, detail=True) if info["type"] == "directory" else {path: info}
            if info["type"] == "directory":
                listed = {name: one for name, one in listed.items() if files.is_taken(name[len(path) :].lstrip("/"), ENDINGS)}
    except FileNotFoundError as error:
        listed, cause = {}, error.__cause__
        if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):  # a server that cannot be reached
            raise SourceError(f"{_public(url)}: cannot be listed: {described(cause)}") from error
        if isinstance(cause, Exception) and hasattr(cause, "status"):
            why = f"cannot be read: {described(cause)}"
    except Exception as error:  # each kind of store has its own
        raise SourceError(f"{_public(url)}: cannot be listed: {described(error)}") from error
    chosen = {name: info for name, info in listed.items() if info["type"] == "file"}
    if not chosen:
        yield Damage(file=_public(url), what=why)
    for name, info in sorted(chosen.items()):
        yield name if is_remote(name) else f"{scheme}://{name}", int(info.get("size") or 0), _tag(info)


def _tag(info: dict[str, Any]) -> str:
    """Return what changes with a remote file's content, as far as its store says so."""
    for name in ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "updated", "created"):
        if info.get(name):
            return str(info[name])
    return ""


@contextmanager
def opened(one: CaptureSource) -> Iterator[IO[bytes] | Damage]:
    """Open a source as a file of this machine; what is not there, or may not be read, is a damage.

    Raises: OSError when another attempt may succeed.
    """
    try:
        path = os.fsdecode(one.path) or one.place
        file = _fetched(path) if is_remote(path) else Path(path).open("rb")  # noqa: SIM115  # closed below
    except OSError as error:
        if not isinstance(error, _GONE) and error.errno not in _LASTING:
            raise
        yield Damage(file=one.name, what=f"cannot be read: {error.strerror or error}")
        return
    with file:
        yield file


def expanded(name: str, file: IO[bytes]) -> IO[bytes]:
    """Return the file, or what a compressed one holds."""
    return cast(IO[bytes], gzip.GzipFile(fileobj=file)) if name.lower().endswith(".gz") else file


def _fetched(url: str) -> IO[bytes]:
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # whoever asked for it closes it
    try:
        with need("fsspec").open(url, "rb") as source:
            shutil.copyfileobj(source, copy, 1 << 20)
    except BaseException as error:
        copy.close()
        if isinstance(error, Exception) and not isinstance(error, OSError):  # each kind of store has its own
            raise OSError(described(error)) from error
        raise
    copy.flush()
    copy.seek(0)
    return copy
