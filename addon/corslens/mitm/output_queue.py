"""What is put out next: inspections in the order in which their exchanges came, each with the browser's own word on it or a second later."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from corslens.inspection import Inspection

SECONDS = 1.0
"""A browser that says nothing keeps nobody waiting for longer."""
_MAX_WAITING = 1_000


class OutputQueue:
    """Inspections by exchange, the oldest exchange first; of one exchange the newest."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[float, Inspection, bool]] = OrderedDict()

    def add(self, inspection: Inspection, now: float, *, final: bool) -> None:
        """Take one, in the place of an earlier one of the same exchange; `final` when the exchange is complete."""
        since, _, was_final = self._waiting.get(inspection.id, (now, None, False))
        self._waiting[inspection.id] = (since, inspection, final or was_final)

    def due(self, now: float, awaits: Callable[[Inspection], bool]) -> Iterator[tuple[Inspection, bool]]:
        """Take out and yield those, oldest first, that wait for nothing, or have for too long, or are too many."""
        while self._waiting:
            since, inspection, final = next(iter(self._waiting.values()))
            if now - since < SECONDS and len(self._waiting) <= _MAX_WAITING and awaits(inspection):
                return
            del self._waiting[inspection.id]
            yield inspection, final
