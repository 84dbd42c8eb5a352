"""Bounded: a mapping that a session of any length cannot fill."""

from collections import OrderedDict


class Bounded[K, V](OrderedDict[K, V]):
    """A mapping that drops its oldest entry over its limit, and counts what it dropped."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self.dropped = 0

    def __reduce__(self) -> tuple[object, ...]:
        """Return how it is made anew in another process."""
        return Bounded, (self._limit,), {"dropped": self.dropped}, None, iter(self.items())

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._limit:
            self.popitem(last=False)
            self.dropped += 1
