"""Captured files as bytes in memory maps: folders walked, each kind recognized by its content."""

import codecs
import io
import mmap
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO

from msgspec import Struct

from corslens.inputs.damage import Damage
from corslens.inputs.kinds import LOOKED_AT, InputKind, kind_of

STDIN = "-"
ENDINGS = (".har", ".har.gz", ".zhar", ".mitm", ".flow", ".flows", ".chlsj", ".saz", ".zip")
"""What is taken from a folder; a file named itself may be called anything."""

PASSED_BY = frozenset({"node_modules", ".git", "__MACOSX", ".venv", "site-packages"})
"""Folders whose contents are no captures of the user's: `*.flow` and `*.har` in them belong to other people's packages."""
_TYPED_SCRIPT = ".js.flow"
"""Flow's type declarations, https://flow.org/en/docs/declarations/"""

CHUNK = 1 << 20
"""Bytes that are copied at a time."""


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
            with copied(sys.stdin.buffer) as copy:
                yield from captures_in("stdin", copy)
            return
        with Path(name).open("rb") as file:
            if not stat.S_ISREG(Path(name).stat().st_mode):  # a pipe cannot be mapped
                with copied(file) as copy:
                    yield from captures_in(name, copy)
                return
            yield from captures_in(name, file)
    except OSError as error:
        yield Damage(file=name, what=f"cannot be read: {error.strerror or error}")


def captures_in(name: str, file: IO[bytes]) -> Iterator[Capture | Damage]:
    """Yield the captures in an open file of this machine, as `read` does."""
    if magic_of(file).startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x78")):
        from corslens.inputs.archives import (
            expanded,
        )  # late, like each form but HAR: importing them all takes as long as judging a small one

        yield from expanded(name, file)
    else:
        yield from plain(name, file)


def is_taken(path: str, endings: tuple[str, ...]) -> bool:
    """Say whether a file of a folder or zip is a capture by its name."""
    *folders, name = path.split("/")
    if not PASSED_BY.isdisjoint(folders) or name.startswith("._"):  # macOS keeps a file's attributes in the latter
        return False
    lowered = name.lower()
    return lowered.endswith(endings) and not lowered.endswith(_TYPED_SCRIPT)


def magic_of(file: IO[bytes]) -> bytes:
    """Return the first bytes of a file."""
    file.seek(0)
    magic = file.read(4)
    file.seek(0)
    return magic


def plain(
    name: str, file: IO[bytes], damage: Damage | None = None, kind: InputKind | None = None
) -> Iterator[Capture | Damage]:
    """Yield the file's content, recognized by its first bytes unless its place says what it is (`kind`).

    Args:
        damage: why it is not all of it.
    """
    if file.seek(0, io.SEEK_END) == 0:
        yield damage or Damage(file=name, what="is empty")
        return
    # Never closed by hand: a map goes when the last slice of it does.
    data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    head = bytes(data[:LOOKED_AT])
    if head.startswith(b"\xef\xbb\xbf"):
        data, head = data[3:], head[3:]
    elif _is_utf16(head):
        with _scratch() as copy:
            damage = _as_utf8(name, data, copy, "utf-16-be" if head[:1] in (b"\xfe", b"\0") else "utf-16-le") or damage
            yield from plain(name, copy, damage, kind)
        return
    found = kind or kind_of(head)
    if isinstance(found, InputKind):
        yield Capture(name=name, kind=found, data=data, damage=damage)
    else:
        yield damage or Damage(file=name, what=found)


def _is_utf16(head: bytes) -> bool:
    """Say whether the text is UTF-16: with a byte order mark, or a brace with a zero beside it (PowerShell's `>` writes both)."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{", b"[\0", b"\0["))


def _as_utf8(name: str, data: memoryview, copy: IO[bytes], encoding: str) -> Damage | None:
    """Write UTF-16 text as UTF-8, as far as it is sound."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), CHUNK):
            text = decoder.decode(data[start : start + CHUNK])
            copy.write(text.lstrip("\ufeff").encode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        return Damage(file=name, what=f"is UTF-16 and damaged or cut off: {error.reason}")
    finally:
        copy.flush()
    return Damage(file=name, what="is UTF-16 and cut off") if decoder.getstate()[0] else None


def copied(source: IO[bytes]) -> IO[bytes]:
    """Return a temporary file with what can be read of another that cannot be mapped."""
    copy = _scratch()
    while chunk := source.read(CHUNK):
        copy.write(chunk)
    copy.flush()
    return copy


def _scratch() -> IO[bytes]:
    from tempfile import TemporaryFile  # late: it brings half of the standard library along

    return TemporaryFile()
