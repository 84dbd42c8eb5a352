"""Captures in archives and compressed files, expanded within bounds."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Protocol, cast

from msgspec import structs

from corslens.inputs.damage import Damage
from corslens.inputs.files import CHUNK, ENDINGS, Capture, is_taken, magic_of, plain
from corslens.inputs.http_head import MAX_HEAD_BYTES
from corslens.inputs.kinds import InputKind
from corslens.inputs.saz import MEMBER
from corslens.inputs.trace_console import cors_messages

EXPANSION = 200
"""A compressed capture may grow to this many times its size (real ones grow to 50) …"""
EXPANSION_FLOOR = 64 << 20
"""… or to this size, whatever is more. All that is in an archive counts together."""

_LONGEST_TRACE = 64 << 20
"""Bytes of a trace's events that are looked through for messages of the console."""


class _Budget:
    """What an archive may still grow to."""

    def __init__(self, compressed: int) -> None:
        self.whole = max(EXPANSION_FLOOR, EXPANSION * compressed)
        self.left = self.whole


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def expanded(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    """Yield the captures in an open file that is compressed or an archive, by its first bytes."""
    magic = magic_of(file)
    if magic[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as inner:
            yield from _expanded(name, inner, _Budget(_size(file)))
    elif magic == b"PK\x03\x04":
        yield from _zipped(name, file)
    elif _is_zlib(magic):
        yield from _expanded(name, _Zlib(file), _Budget(_size(file)))
    else:
        yield from plain(name, file)


def _zipped(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    try:
        with zipfile.ZipFile(file) as archive:
            listed = archive.infolist()
            if any(MEMBER.fullmatch(member.filename) for member in listed):
                yield Capture(
                    name=name, kind=InputKind.SAZ, data=memoryview(b""), parts=_heads(archive, listed, _Budget(_size(file)))
                )
                return
            taken = (*ENDINGS[:-2], ".network") if _is_trace(listed) else ENDINGS[:-2]
            members = [member for member in listed if is_taken(member.filename, taken) and not member.is_dir()]
            if not members:
                yield Damage(file=name, what="is a zip without a HAR, flow file, Playwright trace or Fiddler session in it")
            budget = _Budget(_size(file))
            console = _console(archive, listed, budget)
            for number, member in enumerate(sorted(members, key=lambda member: member.filename)):
                if budget.left <= 0:
                    left = f"{len(members) - number} of its files were not read"
                    yield Damage(file=name, what=f"grows to more than {budget.whole >> 20} MiB when expanded; {left}")
                    return
                inside = f"{name}/{member.filename}"
                try:
                    with archive.open(member) as inner:
                        for found in _expanded(inside, cast(zipfile.ZipExtFile, inner), budget, _kind(member.filename)):
                            yield structs.replace(found, console=console) if console and isinstance(found, Capture) else found
                except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown method
                    yield Damage(file=inside, what=f"cannot be expanded: {error}")
    except zipfile.BadZipFile as error:
        yield Damage(file=name, what=f"is a damaged zip: {error}")


def _heads(archive: zipfile.ZipFile, listed: Iterable[zipfile.ZipInfo], budget: _Budget) -> Iterator[tuple[str, bytes]]:
    """Yield the beginning of each member of a Fiddler archive, in the order of sessions; what cannot be expanded is empty."""
    found = [(int(match[1]), match[2], member) for member in listed if (match := MEMBER.fullmatch(member.filename))]
    for _, _, member in sorted(found, key=lambda item: item[:2]):
        try:
            with archive.open(member) as inner:
                head = inner.read(min(MAX_HEAD_BYTES, budget.left))
            budget.left -= len(head)
            yield member.filename, head
        except (RuntimeError, NotImplementedError, EOFError, OSError, zlib.error, zipfile.BadZipFile):
            yield member.filename, b""


def _console(archive: zipfile.ZipFile, listed: Iterable[zipfile.ZipInfo], budget: _Budget) -> dict[str, str]:
    """Return what the console of a Playwright trace says, as far as it can be read: it is an addition."""
    found: dict[str, str] = {}
    for member in listed:
        if member.filename.endswith(".trace") and member.file_size <= min(budget.left, _LONGEST_TRACE):
            with suppress(RuntimeError, NotImplementedError, EOFError, OSError, zlib.error, zipfile.BadZipFile):
                with archive.open(member) as inner:
                    lines = inner.read(_LONGEST_TRACE).splitlines()
                budget.left -= member.file_size
                found |= cors_messages(lines)
    return found


def _is_trace(listed: Iterable[zipfile.ZipInfo]) -> bool:
    """Say whether a zip is a Playwright trace: what the page asked for stands beside what the test did."""
    return any(member.filename.endswith(".trace") for member in listed)


def _kind(filename: str) -> InputKind | None:
    return InputKind.TRACE if filename.endswith(".network") else None


def _is_zlib(magic: bytes) -> bool:
    """Say whether these bytes begin a zlib stream, https://www.rfc-editor.org/rfc/rfc1950#section-2.2"""
    return len(magic) > 1 and magic[0] == 0x78 and (magic[0] << 8 | magic[1]) % 31 == 0


class _Zlib:
    """A zlib stream, as mitmproxy writes a `.zhar`, expanded piece by piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._inflater = zlib.decompressobj()

    def read1(self, size: int, /) -> bytes:
        inflater = self._inflater
        while not inflater.eof:
            chunk = inflater.unconsumed_tail or self._file.read(size)
            expanded = inflater.decompress(chunk, size)
            if expanded:
                return expanded
            if not chunk and not inflater.eof:
                raise EOFError("it ends before the stream does")
        return b""


def _expanded(name: str, compressed: _Readable, budget: _Budget, kind: InputKind | None = None) -> Iterator[Capture | Damage]:
    with TemporaryFile() as copy:
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
        magic = magic_of(copy)
        if _is_zlib(magic):
            yield from _expanded(name, _Zlib(copy), budget)
            return
        yield from plain(name, copy, damage, kind)


def _copy(source: _Readable, target: IO[bytes], budget: _Budget) -> bool:
    """Copy as far as it goes, and say whether it was all of it."""
    try:
        # read1: what was expanded before the damage comes out before the error does.
        while chunk := source.read1(CHUNK):
            target.write(chunk[: budget.left])
            budget.left -= len(chunk)
            if budget.left < 0:
                budget.left = 0
                return False
    finally:
        target.flush()
    return True


def _size(file: IO[bytes]) -> int:
    position = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(position)
    return size
