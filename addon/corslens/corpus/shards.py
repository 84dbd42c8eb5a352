"""Shards: which captures are judged together, so that a capture that is added or changed makes one shard new, and no other."""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec
from msgspec import Struct

import corslens
from corslens.analysis import Judging
from corslens.lint.rules.bundled import bundled_folder

SHARD_BYTES = 64 << 20
"""Bytes of captures in a shard, on average, of a large corpus: starting on one costs about as much as reading a megabyte."""
_SMALLEST = 1 << 20
_SHARDS = 32
"""How many shards a smaller corpus is cut into, so that several machines have something to do to the end."""
_MAX_SIZES = 4
"""Times that, at most, unless one capture alone is larger."""
_FORM = 1
"""Counts changes of what is stored; a shard of another form is judged anew."""


class CaptureSource(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A capture, a log, or a table."""

    name: str
    """Path or URL, as it is shown."""
    place: str
    """The same, from wherever it is opened."""
    path: bytes = b""
    """In its stead where that is no text."""
    prefix: str
    """What the ids of its exchanges begin with."""
    size: int
    tag: str
    """Changes when its content does: an ETag, or when it was written."""


class Work(Judging, frozen=True, kw_only=True):
    """How captures are judged, in a form that another machine can be given."""

    rules: str = ""
    """A hash of the user's rule files: each machine is to read the same."""
    version: str = ""
    """Of corslens, as `build()` names it: each machine is to have the same."""


class Shard(Struct, frozen=True, kw_only=True):
    """Captures that are judged together."""

    name: str
    """The same for the same captures, judged in the same way by the same version: 32 hexadecimal digits."""
    sources: tuple[CaptureSource, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(source.size for source in self.sources)


@cache
def build() -> str:
    """Return what says whether two machines have the same corslens: its version, and a hash of its code and rules.

    A checkout changes without its version; what one process judged then would not be what another does.
    """
    hashed = blake2b(digest_size=8)
    for folder, pattern in ((Path(corslens.__file__).parent, "*.py"), (bundled_folder(), "*.yaml")):
        for file in sorted(folder.rglob(pattern)):
            content = file.read_bytes()
            hashed.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return f"{corslens.__version__}+{hashed.hexdigest()}"


def shard_bytes(sources: Iterable[CaptureSource]) -> int:
    """Return the bytes of a shard, on average, that suit a corpus of these sources."""
    return min(max(sum(source.size for source in sources) // _SHARDS, _SMALLEST), SHARD_BYTES)


def cut(sources: Iterable[CaptureSource], work: Work, *, size: int = SHARD_BYTES) -> list[Shard]:
    """Return the sources in shards, the largest first.

    A shard ends where the hash of a capture's name says so, which no other capture changes.

    Args:
        size: bytes of a shard, on average.
    """
    shards: list[Shard] = []
    members: list[CaptureSource] = []
    weight = 0
    for source in sorted(sources, key=lambda source: source.name):
        if members and weight + source.size > _MAX_SIZES * size:
            shards.append(_shard(members, work))
            members, weight = [], 0
        members.append(source)
        weight += source.size
        if _draw(source.name) * size < source.size:
            shards.append(_shard(members, work))
            members, weight = [], 0
    if members:
        shards.append(_shard(members, work))
    return sorted(shards, key=lambda shard: (-shard.size, shard.name))


def _draw(name: str) -> float:
    """Return a number from 0 to 1 that depends on the name alone."""
    return int.from_bytes(blake2b(_bytes(name), digest_size=8).digest()) / 2**64


def _shard(sources: Sequence[CaptureSource], work: Work) -> Shard:
    # The user's rule files count by what is in them, wherever they are.
    how = msgspec.structs.replace(work, rule_paths=())
    content = msgspec.json.encode((_FORM, how, [(one.name, one.prefix, one.size, one.tag) for one in sources]))
    return Shard(name=blake2b(content, digest_size=16).hexdigest(), sources=tuple(sources))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
