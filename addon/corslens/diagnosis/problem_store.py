"""ProblemStore: the problems of a session, with what became of them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from copy import copy
from sys import maxsize

from corslens.bounded import Bounded
from corslens.diagnosis.example import Example, PutAway
from corslens.diagnosis.page_request import PageRequest, ProblemState
from corslens.diagnosis.problem import Key, Problem
from corslens.inspection import Inspection
from corslens.observation.observation import Role

_GONE = 1_000
"""Problems that are gone of which the id is still known."""
_AT_HAND = 10_000
"""Problems of merged sessions of which the examples are in memory, where they can be put away."""


class ProblemStore:
    """Problems by key; what changed last comes last. Snapshots share them: each is copied before it changes.

    Args:
        most: how many are kept; None for any number.
        budget: how many bytes of them, estimated, are kept.
        version: where the counting of changes begins.
        put_away: keeps the examples of problems that come from merging too many; without it they stay in memory.
    """

    def __init__(self, *, most: int | None, budget: int, version: int, put_away: PutAway | None = None) -> None:
        self._most = maxsize if most is None else most
        self._budget = budget
        self._put = put_away
        self._puts_away = False
        self.complete_since = version
        """What went before this version is not known any more."""
        self.dropped = 0
        """Problems dropped because of a limit."""
        # It does not drop by itself: see add.
        self._problems: Bounded[Key, Problem] = Bounded(maxsize, weigh=Problem.weight, budget=maxsize)
        self._by_id: dict[str, Key] = {}
        self._at: dict[tuple[str, str], set[Key]] = {}
        """Keys by endpoint, to see when problems are resolved."""
        self._gone: OrderedDict[str, int] = OrderedDict()
        self._taken = 0
        """How many snapshots were taken."""

    def all(self) -> Mapping[Key, Problem]:
        """Return the problems; what changed last comes last."""
        return self._problems

    def by_id(self, id: str) -> Problem | None:
        """Return the problem of this id, None when there is none (any more)."""
        key = self._by_id.get(id)
        return None if key is None else self._problems.get(key)

    def gone(self, since: int) -> list[str]:
        """Return the ids of the problems that are gone since that version."""
        return [id for id, version in self._gone.items() if version > since]

    def add(self, key: Key, example: Example, version: int) -> None:
        """Add a page request with this problem."""
        problem = self._problems.get(key)
        if problem is None:
            problem = self._problems[key] = Problem(key, example)
            problem.taken = self._taken
            self._by_id[key.id] = key
            self._gone.pop(key.id, None)
            self._at.setdefault((key.api_origin, key.path), set()).add(key)
        self._own(problem).add(example)
        self._touch(key, version)
        problems = self._problems
        while len(problems) > self._most or (problems.weight > self._budget and len(problems) > 1):
            self._drop(next(iter(problems)), version)
            self.dropped += 1

    def take_back(self, key: Key, example: Example, version: int, *, comes_again: bool) -> None:
        """Take a page request back, which may be added to the same problem again at once."""
        problem = self._problems.get(key)
        if problem is None:
            return
        problem = self._own(problem)
        problem.take_back(example)
        if comes_again:
            return
        self._touch(key, version)
        if problem.count <= 0:
            self._drop(key, version)

    def settle(self, key: Key, example: Example) -> None:
        """Take note that a page request is not taken back any more."""
        problem = self._problems.get(key)
        if problem is not None:
            self._own(problem).settle(example)

    def resolve(
        self, members: tuple[Inspection, ...], endpoint: tuple[str, str], own: Key | None, version: int
    ) -> tuple[Problem, ...]:
        """Return the problems that are resolved because this page request passed, whatever else is wrong with it (`own`)."""
        if not self._at:
            return ()
        last = members[-1]
        api, path = endpoint
        found: list[Problem] = []
        if last.observation.exchange.response is not None:
            found += [problem for problem in self._there(api, "") if problem.resolve_all()]
        open_here = [problem for problem in self._there(api, path) if problem.key != own]
        if open_here and last.observation.role is not Role.PREFLIGHT and last.delivered_verdict.allowed:
            signature = PageRequest(id="", members=members).signature
            found += [problem for problem in open_here if problem.resolve(signature)]
        for problem in found:
            self._touch(problem.key, version)
        return tuple(problem for problem in found if problem.state is ProblemState.RESOLVED)

    def absorb(self, other: "ProblemStore", version: int) -> None:
        """Add the problems of another session."""
        for key, problem in other._problems.items():
            known = self._problems.get(key)
            if known is None:
                self._problems[key] = problem
            else:
                self._own(known).absorb(problem)
            self._by_id[key.id] = key
            self._touch(key, version)
        self.dropped += other.dropped
        if self._put is not None and len(self._problems) > _AT_HAND:
            self._put_away(self._put, list(other._problems if self._puts_away else self._problems))

    def _put_away(self, put: PutAway, keys: Iterable[Key]) -> None:
        self._puts_away = True
        try:
            for key in keys:
                self._problems[key].put_away(put)
        except OSError:  # memory is what is left
            self._put = None

    def snapshot(self) -> "ProblemStore":
        """Return them as they are now, to be read in any thread."""
        self._taken += 1
        other = copy(self)
        other._problems = Bounded(maxsize)
        OrderedDict.update(other._problems, self._problems)  # without weighing them anew
        other._by_id, other._gone = self._by_id.copy(), self._gone.copy()
        return other

    def _there(self, api: str, path: str) -> list[Problem]:
        return [self._own(self._problems[key]) for key in self._at.get((api, path), ()) if key in self._problems]

    def _own(self, problem: Problem) -> Problem:
        """Return the problem, to be changed: in no snapshot."""
        if problem.taken != self._taken:
            problem = self._problems[problem.key] = problem.snapshot()
            problem.taken = self._taken
        return problem

    def _touch(self, key: Key, version: int) -> None:
        problem = self._own(self._problems[key])
        problem.version = version
        self._problems[key] = problem  # it may weigh more now
        self._problems.move_to_end(key)

    def _drop(self, key: Key, version: int) -> None:
        del self._problems[key]
        self._by_id.pop(key.id, None)
        here = self._at.get((key.api_origin, key.path))
        if here is not None:
            here.discard(key)
            if not here:
                del self._at[key.api_origin, key.path]
        self._gone[key.id] = version
        if len(self._gone) > _GONE:
            self.complete_since = self._gone.popitem(last=False)[1]
