"""Captured files as bytes in memory maps: folders walked, compressed ones expanded within bounds, each told by its content."""

import gzip
import io
import mmap
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, Protocol, cast

from msgspec import Struct

from corslens.inputs.damage import Damage

STDIN = "-"
ENDINGS = (".har", ".har.gz", ".mitm", ".flow", ".flows", ".zip")
"""What is taken from a folder; a file named itself may be called anything."""

EXPANSION = 200
"""A compressed capture may grow to this many times its size (real ones grow to 50) …"""
EXPANSION_FLOOR = 64 << 20
"""… or to this size, whatever is more. All that is in an archive counts together."""

_CHUNK = 1 << 20


class _Budget:
    """What an archive may still grow to."""

    def __init__(self, compressed: int) -> None:
        self.whole = max(EXPANSION_FLOOR, EXPANSION * compressed)
        self.left = self.whole


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class Kind(StrEnum):
    """What a capture is written in."""

    HAR = "har"
    FLOWS = "flows"


class Capture(Struct, frozen=True, kw_only=True):
    """One session's worth of recorded traffic."""

    name: str
    kind: Kind
    data: memoryview
    damage: Damage | None = None
    """Why `data` is not all of it."""


def find(paths: Iterable[str]) -> Iterator[str | Damage]:
    """Yield the files that the paths stand for: folders are walked in the order of names, each file comes once."""
    seen: set[str] = set()
    for path in paths:
        if path == STDIN:
            names: Iterable[str] = [STDIN]
        elif Path(path).is_dir():
            names = [
                str(file) for file in sorted(Path(path).rglob("*")) if file.name.lower().endswith(ENDINGS) and file.is_file()
            ]
            if not names:
                yield Damage(file=path, what=f"is a folder without captures ({', '.join(ENDINGS)})")
        else:
            names = [path]
        for name in names:
            if name not in seen:
                seen.add(name)
                yield name


def read(name: str) -> Iterator[Capture | Damage]:
    """Yield the captures in a file (a zip may hold several). Each one's data is valid until the next is asked for."""
    try:
        if name == STDIN:
            with tempfile.TemporaryFile() as copy:
                _copy(cast(io.BufferedReader, sys.stdin.buffer), copy, None)
                yield from _captures("stdin", copy)
            return
        with Path(name).open("rb") as file:
            if not stat.S_ISREG(Path(name).stat().st_mode):  # a pipe cannot be mapped
                with tempfile.TemporaryFile() as copy:
                    _copy(file, copy, None)
                    yield from _captures(name, copy)
                return
            yield from _captures(name, file)
    except OSError as error:
        yield Damage(file=name, what=f"cannot be read: {error.strerror or error}")


def _captures(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    file.seek(0)
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as inner:
            yield from _expanded(name, inner, _Budget(_size(file)))
    elif magic == b"PK\x03\x04":
        yield from _zipped(name, file)
    else:
        yield from _plain(name, file, None)


def _zipped(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(ENDINGS[:-1])]
            if not members:
                yield Damage(file=name, what="is a zip without a HAR or flow file in it")
            budget = _Budget(_size(file))
            for number, member in enumerate(sorted(members, key=lambda member: member.filename)):
                if budget.left <= 0:
                    left = f"{len(members) - number} of its files were not read"
                    yield Damage(file=name, what=f"grows to more than {budget.whole >> 20} MiB when expanded; {left}")
                    return
                inside = f"{name}/{member.filename}"
                try:
                    with archive.open(member) as inner:
                        yield from _expanded(inside, cast(zipfile.ZipExtFile, inner), budget)
                except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown method
                    yield Damage(file=inside, what=f"cannot be expanded: {error}")
    except zipfile.BadZipFile as error:
        yield Damage(file=name, what=f"is a damaged zip: {error}")


def _expanded(name: str, compressed: _Readable, budget: _Budget) -> Iterator[Capture | Damage]:
    with tempfile.TemporaryFile() as copy:
        damage = None
        try:
            if not _copy(compressed, copy, budget):
                damage = Damage(
                    file=name, what=f"grows to more than {budget.whole >> 20} MiB when expanded; the rest was not read"
                )
        except (EOFError, zlib.error, OSError, zipfile.BadZipFile) as error:
            damage = Damage(file=name, what=f"is compressed and damaged or cut off: {error}")
        copy.seek(0)
        if copy.read(2) == b"\x1f\x8b" and name.lower().endswith(".gz"):  # a .har.gz in a zip
            copy.seek(0)
            with gzip.GzipFile(fileobj=copy) as inner:
                yield from _expanded(name[:-3], inner, budget)
            return
        yield from _plain(name, copy, damage)


def _plain(name: str, file: IO[bytes], damage: Damage | None) -> Iterator[Capture | Damage]:
    """Yield the file's content, told by its first byte."""
    size = _size(file)
    if size == 0:
        yield damage or Damage(file=name, what="is empty")
        return
    # Never closed by hand: a map goes when the last slice of it does.
    data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    head = bytes(data[:64])
    if head.startswith(b"\xef\xbb\xbf"):
        data, head = data[3:], head[3:]
    start = head.lstrip()[:1]
    if start == b"{":
        yield Capture(name=name, kind=Kind.HAR, data=data, damage=damage)
    elif start.isdigit() and b":" in head:
        yield Capture(name=name, kind=Kind.FLOWS, data=data, damage=damage)
    elif damage is not None:
        yield damage
    elif head.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Damage(file=name, what="is UTF-16; a HAR is UTF-8")
    else:
        yield Damage(file=name, what="is neither a HAR (a JSON object) nor a mitmproxy flow file")


def _copy(source: _Readable, target: IO[bytes], budget: _Budget | None) -> bool:
    """Copy as far as it goes, and say whether it was all of it."""
    try:
        # read1: what was expanded before the damage comes out before the error does.
        while chunk := source.read1(_CHUNK):
            if budget is not None:
                target.write(chunk[: budget.left])
                budget.left -= len(chunk)
                if budget.left < 0:
                    budget.left = 0
                    return False
            else:
                target.write(chunk)
    finally:
        target.flush()
    return True


def _size(file: IO[bytes]) -> int:
    position = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(position)
    return size
