"""Names: which names were seen, bounded so that the order in which they came does not show."""

from collections.abc import Iterator


class NameCounts:
    """Distinct names with how often each was seen, at most `limit` of them: the first ones in order of the alphabet."""

    __slots__ = ("_counts", "_limit", "characters", "more")

    def __init__(self, limit: int) -> None:
        self._counts: dict[str, int] = {}
        self._limit = limit
        self.characters = 0
        """Of all names."""
        self.more = False
        """Whether there were more."""

    def add(self, name: str, times: int = 1) -> None:
        """Count a name."""
        counts = self._counts
        if name not in counts and len(counts) >= self._limit:
            self.more = True
            last = max(counts)
            if name > last:
                return
            self._drop(last)
        if name not in counts:
            self.characters += len(name)
        counts[name] = counts.get(name, 0) + times

    def take_back(self, name: str) -> None:
        """Count a name once less; one that is not counted stays so."""
        left = self._counts.get(name)
        if left is not None:
            if left > 1:
                self._counts[name] = left - 1
            else:
                self._drop(name)

    def _drop(self, name: str) -> None:
        del self._counts[name]
        self.characters -= len(name)

    def absorb(self, other: "NameCounts") -> None:
        """Add the names of another."""
        self.more = self.more or other.more
        for name, times in other._counts.items():
            self.add(name, times)

    def copy(self) -> "NameCounts":
        """Return the same names, to which later ones add nothing."""
        other = NameCounts(self._limit)
        other._counts, other.characters, other.more = self._counts.copy(), self.characters, self.more
        return other

    def items(self) -> list[tuple[str, int]]:
        """Return the names in order, each with how often it was seen."""
        return sorted(self._counts.items())

    def __iter__(self) -> Iterator[str]:
        """Yield the names in order."""
        return iter(sorted(self._counts))

    def __len__(self) -> int:
        return len(self._counts)
