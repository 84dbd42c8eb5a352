"""What is not printed yet: page requests on which the browser's own word is still to come, for a second at most."""

from collections import OrderedDict

from corslens.diagnosis.summary import Update
from corslens.inspection import Inspection

SECONDS = 1.0
"""A browser that says nothing keeps nobody waiting for longer."""
_MOST = 1_000


class AwaitedPrints:
    """Updates by exchange, the oldest first."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[float, Inspection, Update | None]] = OrderedDict()

    def hold(self, inspection: Inspection, update: Update | None, now: float) -> tuple[Inspection, Update | None] | None:
        """Hold one back, in place of an earlier one of the same exchange; return one that has to make room."""
        since, _, earlier = self._waiting.pop(inspection.id, (now, None, None))
        self._waiting[inspection.id] = (since, inspection, update or earlier)
        return self._first() if len(self._waiting) > _MOST else None

    def release(self, id: str) -> tuple[Inspection, Update | None] | None:
        """Return what is held back of an exchange."""
        held = self._waiting.pop(id, None)
        return None if held is None else held[1:]

    def ripe(self, now: float | None = None) -> list[tuple[Inspection, Update | None]]:
        """Return what has waited long enough; without a time everything."""
        found = []
        while self._waiting:
            since = next(iter(self._waiting.values()))[0]
            if now is not None and now - since < SECONDS:
                break
            found.append(self._first())
        return found

    def _first(self) -> tuple[Inspection, Update | None]:
        return self._waiting.popitem(last=False)[1][1:]
