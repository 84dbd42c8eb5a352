"""What each page's origin requests of each API, in numbers, and the endpoints that were asked."""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from copy import copy
from heapq import heappush, heapreplace

from msgspec import Struct, field

type OriginPair = tuple[str, str]
"""A page's origin and an API's."""

type Endpoint = tuple[str, str]
"""An API's origin and a path."""


class Cell(Struct):
    """What one page's origin requests of one API."""

    version: int = 0
    words: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    """How many snapshots had been taken when it was made."""


class Matrix:
    """Cells by page's origin and API; what changed last comes last. Snapshots share them: each is copied before it changes.

    Args:
        most: how many are kept; None for any number.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._cells: OrderedDict[OriginPair, Cell] = OrderedDict()
        self._taken = 0
        self.dropped = 0

    def cells(self) -> Mapping[OriginPair, Cell]:
        """Return the cells; what changed last comes last."""
        return self._cells

    def count(self, pair: OriginPair, word: str, version: int) -> None:
        """Count a page request that goes by this word."""
        cell = self._own(pair)
        cell.words[word] += 1
        cell.version = version
        self._cells.move_to_end(pair)
        if self._most is not None and len(self._cells) > self._most:
            self._cells.popitem(last=False)
            self.dropped += 1

    def take_back(self, pair: OriginPair, word: str) -> None:
        """Count one less, where the cell is still known."""
        if pair in self._cells:
            self._own(pair).words[word] -= 1

    def absorb(self, other: "Matrix", version: int) -> None:
        """Add another session's."""
        for pair, cell in other._cells.items():
            own = self._own(pair)
            own.words.update(cell.words)
            own.version = version
        self.dropped += other.dropped

    def snapshot(self) -> "Matrix":
        """Return it as it is now, to be read in any thread."""
        self._taken += 1
        other = copy(self)
        other._cells = self._cells.copy()
        return other

    def _own(self, pair: OriginPair) -> Cell:
        """Return the cell, to be changed: in no snapshot."""
        cell = self._cells.get(pair)
        if cell is None:
            cell = self._cells[pair] = Cell(taken=self._taken)
        elif cell.taken != self._taken:
            cell = self._cells[pair] = Cell(cell.version, Counter(cell.words), self._taken)
        return cell


class _Last:
    """An endpoint in a heap whose top is the last in order."""

    __slots__ = ("endpoint",)

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def __lt__(self, other: "_Last") -> bool:
        return self.endpoint > other.endpoint


class Endpoints:
    """API origins and paths; the first of the alphabet where there are too many, whatever order they come in.

    Args:
        most: how many are kept; None for any number.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._endpoints: dict[Endpoint, None] = {}
        self._last: list[_Last] = []
        """A heap of them where they are bounded, with the last in order of the alphabet at its top."""
        self.dropped = 0

    def __iter__(self) -> Iterator[Endpoint]:
        """Yield them as they came."""
        return iter(self._endpoints)

    def add(self, endpoint: Endpoint) -> None:
        """Take note of an endpoint."""
        if endpoint in self._endpoints:
            return
        if self._most is not None:
            entry = _Last(endpoint)
            if len(self._endpoints) >= self._most:
                self.dropped += 1
                if endpoint > self._last[0].endpoint:
                    return
                del self._endpoints[heapreplace(self._last, entry).endpoint]
            else:
                heappush(self._last, entry)
        self._endpoints[endpoint] = None

    def absorb(self, other: "Endpoints") -> None:
        """Add another session's."""
        for endpoint in other._endpoints:
            self.add(endpoint)
        self.dropped += other.dropped

    def snapshot(self) -> "Endpoints":
        """Return them as they are now."""
        other = copy(self)
        other._endpoints, other._last = self._endpoints.copy(), self._last.copy()
        return other
