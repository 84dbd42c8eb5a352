"""Sources: captures, logs and tables by path or URL; what is behind a URL is read through fsspec into a file of this machine."""

import glob
import gzip
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from corslens.analysis import prefixes
from corslens.corpus.extra import need
from corslens.corpus.shards import Source
from corslens.inputs import files
from corslens.inputs.damage import Damage

LOGS = (".jsonl", ".jsonl.gz")
"""What `cors_log` writes."""
TABLES = (".parquet",)
"""HTTP Archive's requests."""
ENDINGS = (*files.ENDINGS, *LOGS, *TABLES)

_GONE = (FileNotFoundError, PermissionError, IsADirectoryError)
"""What another attempt does not change."""


def is_remote(name: str) -> bool:
    """Say whether a name is a URL."""
    return "://" in name


def find(names: Iterable[str]) -> tuple[list[Source], list[Damage]]:
    """Return the sources that the names stand for, in the order given, and what is none.

    Folders and prefixes of object stores are walked in the order of names; `*`, `**` and `?` match names in both.

    Raises: MissingPackageError; the store's own error when it cannot be listed.
    """
    found: dict[str, tuple[int, str]] = {}
    damages = []
    for name in names:
        listed = _remote(name) if is_remote(name) else _local(name)
        for one in listed:
            if isinstance(one, Damage):
                damages.append(one)
            else:
                found.setdefault(one[0], one[1:])
    begins = prefixes(found)
    return [
        Source(name=name, place=located(name), prefix=begins[name], size=size, tag=tag) for name, (size, tag) in found.items()
    ], damages


def located(name: str) -> str:
    """Return the URL, or the path from the root: other processes work elsewhere."""
    return name if is_remote(name) else str(Path(name).absolute())


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
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        yield Damage(file=url, what=f"cannot be read: {error}")
        return
    scheme = url.partition("://")[0]
    try:
        if glob.has_magic(path):
            listed = filesystem.glob(path, detail=True)
        else:
            info = filesystem.info(path)
            listed = filesystem.find(path, detail=True) if info["type"] == "directory" else {path: info}
            if info["type"] == "directory":
                listed = {name: one for name, one in listed.items() if files.is_taken(name[len(path) :].lstrip("/"), ENDINGS)}
    except FileNotFoundError:
        listed = {}
    chosen = {name: info for name, info in listed.items() if info["type"] != "directory"}
    if not chosen:
        yield Damage(file=url, what="matches no file")
    for name, info in sorted(chosen.items()):
        yield name if is_remote(name) else f"{scheme}://{name}", int(info.get("size") or 0), _tag(info)


def _tag(info: dict[str, Any]) -> str:
    """Return what changes with a remote file's content, as far as its store says so."""
    for name in ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "mtime", "updated", "created"):
        if info.get(name):
            return str(info[name])
    return ""


@contextmanager
def opened(one: Source) -> Iterator[IO[bytes] | Damage]:
    """Open a source as a file of this machine; what is not there, or may not be read, is a damage.

    Raises: what reading it raises, when another attempt may succeed.
    """
    try:
        file = _fetched(one.place) if is_remote(one.place) else Path(one.place).open("rb")  # noqa: SIM115  # closed below
    except _GONE as error:
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
    except BaseException:
        copy.close()
        raise
    copy.flush()
    copy.seek(0)
    return copy
