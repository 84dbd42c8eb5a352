"""Held: what is kept in detail of page requests that are not known again. Bounded."""

from collections import OrderedDict
from copy import copy

from corslens.diagnosis.diagnose import Diagnosis, diagnose
from corslens.diagnosis.example import place_of
from corslens.diagnosis.page_request import PageRequest
from corslens.inspection import Inspection


class Held:
    """Diagnoses by the id of their page request: of one session the latest, of sessions that merged the first in order.

    Args:
        most: how many are held.
        everything: hold every CORS page request, and not only those with something to report.
    """

    def __init__(self, most: int, *, everything: bool) -> None:
        self._most, self._everything = most, everything
        self._held: OrderedDict[str, Diagnosis] = OrderedDict()
        self._last: tuple[object, ...] | None = None
        """The place of the last that is held, once merging left others out."""

    def get(self, root: str) -> Diagnosis | None:
        """Return the diagnosis of this page request, None when it is not held."""
        return self._held.get(root)

    def diagnoses(self) -> dict[str, Diagnosis]:
        """Return what is held, by page request."""
        return dict(self._held)

    def worth(self, root: str, diagnosis: Diagnosis | None, members: tuple[Inspection, ...]) -> Diagnosis | None:
        """Return the diagnosis of a page request if it is to be held in detail."""
        if diagnosis is not None and says_something(diagnosis):
            return diagnosis
        if self._everything and any(one.observation.is_cors for one in members):
            return diagnosis or diagnose(PageRequest(id=root, members=members))
        return None

    def settle(self, root: str, diagnosis: Diagnosis | None, members: tuple[Inspection, ...]) -> int:
        """Keep of a page request that is not known again what is to be held of it; return how many are left out because of that."""
        if not self._most:
            return diagnosis is not None and diagnosis.is_problem
        held = self.worth(root, diagnosis, members)
        if held is not None:
            self._held[root] = held
            self._last = None
            if len(self._held) > self._most:
                self._held.popitem(last=False)
                return 1
        return 0

    def absorb(self, other: "Held") -> int:
        """Hold these, too, the first of all, and return how many are left out: most of those of later captures are not even sorted."""
        left_out = 0
        for root, diagnosis in other._held.items():
            if self._last is None or order(diagnosis) < self._last:
                self._held[root] = diagnosis
            else:
                left_out += 1
        if len(self._held) > self._most:
            first = sorted(self._held.items(), key=lambda item: order(item[1]))
            left_out += len(first) - self._most
            self._held = OrderedDict(first[: self._most])
            self._last = order(first[self._most - 1][1]) if self._most else None
        return left_out

    def snapshot(self) -> "Held":
        """Return it as it is now, to be read in any thread."""
        other = copy(self)
        other._held = self._held.copy()
        return other


def says_something(diagnosis: Diagnosis) -> bool:
    """Say whether there is something to report of it."""
    if diagnosis.cause is not None or diagnosis.word != "ALLOWED":
        return True
    return any(one.suppressed for one in diagnosis.page_request.members)


def order(diagnosis: Diagnosis) -> tuple[object, ...]:
    """Return what sorts diagnoses by capture and time."""
    return place_of(diagnosis)[1:]
