"""Source maps: the place in the original source that a place in a bundled script comes from.

ECMA-426, https://tc39.es/ecma426/. Pure, and of text that nobody vouches for: what is malformed or too long raises SourceMapError, and a
source that a script of this origin cannot have is none.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

import ada_url
import msgspec
from msgspec import Struct

from corslens.fetch.origins import origin_of

MAX_BYTES = 1 << 24
"""Bytes of a source map."""
SLICE = 500
"""Segments that are decoded at once, and between two that are remembered."""
BUNDLERS = ("webpack://", "webpack-internal:///", "vite://", "turbopack://", "parcel://")
"""The schemes of sources that only a source map names."""

_SECTIONS = 10_000
_LONGEST_NAME = 2048
_LARGEST = 1 << 31
_SEGMENT = re.compile(r"[^,;]+|;")
_VLQ = {letter: number for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
_DECODED = 1 << 15
"""Different segments that are remembered while a map is read; most recur."""
_LIBRARY = re.compile(r"/(?:node_modules|bower_components)/|^webpack://[^/]*/webpack/|\(webpack\)")


class SourceMapError(ValueError):
    """The text is no source map, or one that is too long."""


class Original(Struct, frozen=True, gc=False):
    """A place in an original source."""

    url: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    library: bool
    """Code of others: the map's `ignoreList` names it, or it is below `node_modules`."""


class _Offset(Struct):
    line: int
    column: int


class _Map(Struct):
    mappings: str = ""
    sources: list[str | None] = []
    sourceRoot: str | None = None
    ignoreList: list[int] | None = None
    x_google_ignoreList: list[int] | None = None


class _Section(Struct):
    offset: _Offset
    map: _Map


class _Index(Struct):
    sections: list[_Section]


type _Point = tuple[int, int, int, int, int, int]
"""A state while reading: behind which segment; line, column; source, line and column of the original. Later numbers are added to these."""


_map = msgspec.json.Decoder(_Map)
_index = msgspec.json.Decoder(_Index)


def is_library(url: str) -> bool:
    """Say whether code is of others, by where it is."""
    return _LIBRARY.search(url) is not None


class SourceMap:
    """A source map that was read.

    Args:
        raw: its JSON, with or without the prefix that keeps scripts from running it.
        base: the URL that sources are relative to.
        script: the URL of the script; another origin's http sources are none of its.

    Raises: SourceMapError.
    """

    def __init__(self, raw: bytes, *, base: str, script: str) -> None:
        if len(raw) > MAX_BYTES:
            raise SourceMapError("it is too long")
        if raw[:3] == b")]}":
            raw = raw.partition(b"\n")[2]
        try:
            sections = _index.decode(raw).sections
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            try:
                sections = [_Section(_Offset(0, 0), _map.decode(raw))]
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                raise SourceMapError("it is no source map") from None
        if len(sections) > _SECTIONS:
            raise SourceMapError("it has too many sections")
        self._base, self._script = base, script
        self._parts = [_Part(one) for one in sections]
        self._offsets = [(one.offset.line, one.offset.column) for one in sections]
        self.weight = 200 + sum(one.weight for one in self._parts)
        """The estimated bytes that it takes."""

    def read(self) -> Iterator[None]:
        """Read the mappings, a slice at each step; until the last one nothing is found. Raises: SourceMapError."""
        for part in self._parts:
            yield from part.read()

    def find(self, line: int, column: int) -> Original | None:
        """Return where a place of the script comes from, None where the map does not say; line and column count from 1."""
        place = (line - 1, column - 1)
        number = bisect_right(self._offsets, place) - 1
        if number < 0:
            return None
        from_line, from_column = self._offsets[number]
        part = self._parts[number]
        found = part.find(place[0] - from_line, place[1] - (from_column if place[0] == from_line else 0))
        if found is None:
            return None
        source, original_line, original_column = found
        url = self._url_of(part, source)
        if url is None:
            return None
        library = source in part.ignored or is_library(url)
        return Original(url, original_line + 1, original_column + 1, library)

    def _url_of(self, part: "_Part", number: int) -> str | None:
        given = part.sources[number] if 0 <= number < len(part.sources) else None
        if not given:
            return None
        root = part.root
        name = f"{root.removesuffix('/')}/{given}" if root else given
        if len(name) > _LONGEST_NAME or not name.isprintable():
            return None
        if name.startswith(BUNDLERS):
            return name  # with its dots, which say where the project begins
        try:
            url = str(ada_url.URL(name, base=self._base).href)
        except ValueError:
            return None
        if url.startswith("file:") or (url.startswith(("http:", "https:")) and origin_of(url) == origin_of(self._script)):
            return url
        return None


class _Part:
    """One section of a map, or all of it."""

    def __init__(self, section: _Section) -> None:
        given = section.map
        self.sources = given.sources
        self.root = given.sourceRoot or ""
        self.ignored = frozenset(given.ignoreList or given.x_google_ignoreList or ())
        self._mappings = given.mappings
        self._points: list[_Point] = [(0, 0, 0, 0, 0, 0)]
        self._keys = [(0, -1)]
        self.weight = 500 + len(self._mappings) // 10 + len(self._mappings) + sum(80 + len(one or "") for one in self.sources)

    def read(self) -> Iterator[None]:
        """Remember a point every so many segments."""
        for count, point in enumerate(_walk(self._mappings, self._points[0]), 1):
            if count % SLICE == 0:
                self._points.append(point)
                self._keys.append(point[1:3])
                yield

    def find(self, line: int, column: int) -> tuple[int, int, int] | None:
        """Return source, line and column of the last mapping in a line at or before a column."""
        place = (line, column)
        number = max(0, bisect_right(self._keys, place) - 1)
        start = self._points[number]
        found = start[3:] if number and start[1] == line else None
        for point in _walk(self._mappings, start):
            if point[1:3] > place:
                break
            if point[1] == line:
                found = point[3:]
        return None if found is None or found[0] < 0 else found


def _walk(mappings: str, start: _Point) -> Iterator[_Point]:
    """Yield the state after each segment or line end behind a point; where there is no source, its number is -1 - its predecessor's."""
    _, line, column, source, original_line, original_column = start
    if source < 0:
        source = -1 - source
    decoded: dict[str, tuple[int, ...]] = {}
    for match in _SEGMENT.finditer(mappings, start[0]):
        text = match[0]
        if text == ";":
            line, column = line + 1, 0
            yield match.end(), line, 0, -1 - source, original_line, original_column
            continue
        numbers = decoded.get(text)
        if numbers is None:
            if len(decoded) >= _DECODED:
                decoded.clear()
            numbers = decoded[text] = _numbers(text)
        column += numbers[0]
        if len(numbers) == 1:
            yield match.end(), line, column, -1 - source, original_line, original_column
            continue
        source += numbers[1]
        original_line += numbers[2]
        original_column += numbers[3]
        if column < 0 or source < 0 or original_line < 0 or original_column < 0:
            raise SourceMapError("a mapping leads out of the file")
        yield match.end(), line, column, source, original_line, original_column


def _numbers(segment: str) -> tuple[int, ...]:
    """Return the numbers of a segment: base64 digits of five bits each, the lowest first, the sign in the last bit."""
    if len(segment) > 40:
        raise SourceMapError("a mapping is too long")
    found: list[int] = []
    number = shift = 0
    for letter in segment:
        digit = _VLQ.get(letter)
        if digit is None:
            raise SourceMapError("a mapping has a letter that none has")
        number |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            value = number >> 1
            if value > _LARGEST:
                raise SourceMapError("a mapping has a number that is too large")
            found.append(-value if number & 1 else value)
            number = shift = 0
    if shift or len(found) not in (1, 4, 5):
        raise SourceMapError("a mapping is cut")
    return tuple(found)
