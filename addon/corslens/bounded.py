"""Bounded: a mapping that a session of any length, and messages of any size, cannot fill."""

from collections import OrderedDict
from collections.abc import Callable


class Bounded[K, V](OrderedDict[K, V]):
    """A mapping that drops its oldest entries over its limit, in number or in weight, and counts what it dropped."""

    def __init__(
        self,
        limit: int,
        *,
        weigh: Callable[[V], int] | None = None,
        budget: int = 0,
        too_heavy: Callable[[K], object] | None = None,
    ) -> None:
        """Start empty.

        Args:
            limit: how many entries are kept.
            weigh: the estimated bytes of an entry; None: all are small, and only counted.
            budget: how many bytes are kept. The newest entry stays, whatever its weight.
            too_heavy: called with the key of each entry that was dropped for its weight, or for that of newer ones.
        """
        super().__init__()
        self._limit = limit
        self._weigh = weigh
        self._budget = budget
        self._too_heavy = too_heavy
        self._weights: dict[K, int] = {}
        self.weight = 0
        """The estimated bytes of all entries, where they are weighed."""
        self.dropped = 0

    def __reduce__(self) -> tuple[object, ...]:
        """Return how it is made anew in another process, where nothing is called any more."""
        state = {"dropped": self.dropped}
        return _anew, (self._limit, self._weigh, self._budget), state, None, iter(self.items())

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        weigh = self._weigh
        if weigh is not None:
            weights = self._weights
            weight = weigh(value)
            self.weight += weight - weights.get(key, 0)
            weights[key] = weight
            if self.weight > self._budget:
                self._lighten()
        if len(self) > self._limit:
            self.popitem(last=False)
            self.dropped += 1

    def _lighten(self) -> None:
        while self.weight > self._budget and len(self) > 1:
            oldest, _ = self.popitem(last=False)
            self.dropped += 1
            if self._too_heavy is not None:
                self._too_heavy(oldest)

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        self._unweigh(key)

    def pop(self, key: K, *default: V | None) -> V | None:  # type: ignore[override]  # of the overloads those that are used
        """Remove an entry and return it; without one the default, or KeyError."""
        value: V | None = super().pop(key, *default)
        self._unweigh(key)
        return value

    def popitem(self, last: bool = True) -> tuple[K, V]:
        """Remove the newest entry, or the oldest, and return it."""
        key, value = super().popitem(last)
        self._unweigh(key)
        return key, value

    def clear(self) -> None:
        """Remove all."""
        super().clear()
        self._weights.clear()
        self.weight = 0

    def _unweigh(self, key: K) -> None:
        if self._weights:
            self.weight -= self._weights.pop(key, 0)


def _anew[K, V](limit: int, weigh: Callable[[V], int] | None, budget: int) -> Bounded[K, V]:
    return Bounded(limit, weigh=weigh, budget=budget)
