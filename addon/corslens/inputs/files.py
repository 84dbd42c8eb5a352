"""Captured files as bytes in memory maps: folders walked, compressed ones expanded within bounds, each told by its content."""

import codecs
import gzip
import io
import mmap
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Protocol, cast

from msgspec import Struct, structs

from corslens.inputs.damage import Damage
from corslens.inputs.http_head import LONGEST
from corslens.inputs.kinds import LOOKED_AT, InputKind, kind_of
from corslens.inputs.saz import MEMBER
from corslens.inputs.trace_console import cors_messages

STDIN = "-"
ENDINGS = (".har", ".har.gz", ".zhar", ".mitm", ".flow", ".flows", ".chlsj", ".saz", ".zip")
"""What is taken from a folder; a file named itself may be called anything."""

PASSED_BY = frozenset({"node_modules", ".git", "__MACOSX", ".venv", "site-packages"})
"""Folders whose contents are no captures of the user's: `*.flow` and `*.har` in them belong to other people's packages."""
_TYPED_SCRIPT = ".js.flow"
"""Flow's type declarations, https://flow.org/en/docs/declarations/"""

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


_LONGEST_TRACE = 64 << 20
"""Bytes of a trace's events that are looked through for messages of the console."""


class Capture(Struct, frozen=True, kw_only=True):
    """One session's worth of recorded traffic."""

    name: str
    kind: InputKind
    data: memoryview
    console: Mapping[str, str] = MappingProxyType({})
    """Why CORS blocked requests, by URL, where the capture has the browser's console beside it."""
    parts: Iterable[tuple[str, bytes]] = ()
    """Name and beginning of each member, where the capture is an archive of many; then `data` is empty."""
    damage: Damage | None = None
    """Why `data` is not all of it."""


def find(paths: Iterable[str], endings: tuple[str, ...] = ENDINGS) -> Iterator[str | Damage]:
    """Yield the files that the paths stand for: folders are walked in the order of names, each file comes once.

    Args:
        endings: of what is taken from a folder.
    """
    seen: set[str] = set()
    for path in paths:
        if path == STDIN:
            names: Iterable[str] = [STDIN]
        elif Path(path).is_dir():
            names = [
                str(file)
                for file in sorted(Path(path).rglob("*"))
                if is_taken(file.relative_to(path).as_posix(), endings) and file.is_file()
            ]
            if not names:
                yield Damage(file=path, what=f"is a folder without captures ({', '.join(endings)})")
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
                yield from captures_in("stdin", copy)
            return
        with Path(name).open("rb") as file:
            if not stat.S_ISREG(Path(name).stat().st_mode):  # a pipe cannot be mapped
                with tempfile.TemporaryFile() as copy:
                    _copy(file, copy, None)
                    yield from captures_in(name, copy)
                return
            yield from captures_in(name, file)
    except OSError as error:
        yield Damage(file=name, what=f"cannot be read: {error.strerror or error}")


def captures_in(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    """Yield the captures in an open file of this machine, as `read` does."""
    magic = _magic(file)
    if magic[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as inner:
            yield from _expanded(name, inner, _Budget(_size(file)))
    elif magic == b"PK\x03\x04":
        yield from _zipped(name, file)
    elif _is_zlib(magic):
        yield from _expanded(name, _Zlib(file), _Budget(_size(file)))
    else:
        yield from _plain(name, file, None)


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
                head = inner.read(min(LONGEST, budget.left))
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


def is_taken(path: str, endings: tuple[str, ...]) -> bool:
    """Say whether a file of a folder or zip is a capture by its name."""
    *folders, name = path.split("/")
    if not PASSED_BY.isdisjoint(folders) or name.startswith("._"):  # macOS keeps a file's attributes in the latter
        return False
    lowered = name.lower()
    return lowered.endswith(endings) and not lowered.endswith(_TYPED_SCRIPT)


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
        magic = _magic(copy)
        if _is_zlib(magic):
            yield from _expanded(name, _Zlib(copy), budget)
            return
        yield from _plain(name, copy, damage, kind)


def _magic(file: IO[bytes]) -> bytes:
    file.seek(0)
    magic = file.read(4)
    file.seek(0)
    return magic


def _plain(name: str, file: IO[bytes], damage: Damage | None, kind: InputKind | None = None) -> Iterator[Capture | Damage]:
    """Yield the file's content, told by its first bytes unless its place tells already."""
    size = _size(file)
    if size == 0:
        yield damage or Damage(file=name, what="is empty")
        return
    # Never closed by hand: a map goes when the last slice of it does.
    data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    head = bytes(data[:LOOKED_AT])
    if head.startswith(b"\xef\xbb\xbf"):
        data, head = data[3:], head[3:]
    elif _is_utf16(head):
        with tempfile.TemporaryFile() as copy:
            damage = _as_utf8(name, data, copy, "utf-16-be" if head[:1] in (b"\xfe", b"\0") else "utf-16-le") or damage
            yield from _plain(name, copy, damage, kind)
        return
    told = kind or kind_of(head)
    if isinstance(told, InputKind):
        yield Capture(name=name, kind=told, data=data, damage=damage)
    else:
        yield damage or Damage(file=name, what=told)


def _is_utf16(head: bytes) -> bool:
    """Say whether the text is UTF-16: with a byte order mark, or a brace with a zero beside it (PowerShell's `>` writes both)."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{", b"[\0", b"\0["))


def _as_utf8(name: str, data: memoryview, copy: IO[bytes], encoding: str) -> Damage | None:
    """Write UTF-16 text as UTF-8, as far as it is sound."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _CHUNK):
            text = decoder.decode(data[start : start + _CHUNK])
            copy.write(text.lstrip("\ufeff").encode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        return Damage(file=name, what=f"is UTF-16 and damaged or cut off: {error.reason}")
    finally:
        copy.flush()
    return Damage(file=name, what="is UTF-16 and cut off") if decoder.getstate()[0] else None


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
