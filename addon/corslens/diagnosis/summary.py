"""SessionSummary: everything that is shown of a session, kept up to date exchange by exchange; the one aggregate behind every output.

A later inspection of an exchange takes back, in one place, what an earlier one said. Summaries of sessions merge, in any order
and grouping, to the same: counts are sums, names the first of the alphabet, examples the first of the worst, never "the first that
came". Counts never depend on what is held in detail.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from copy import copy
from heapq import heappush, heapreplace
from sys import maxsize

from msgspec import Struct, field, structs

from corslens.bounded import Bounded
from corslens.diagnosis.contribution import Agreement, Contribution, Suppressed, contribution_of, with_member
from corslens.diagnosis.diagnose import WORDS, Diagnosis, diagnose
from corslens.diagnosis.page_request import PageRequest, State
from corslens.diagnosis.problem import Key, Problem, endpoint_of, place_of, worst_first
from corslens.diagnosis.repeats import Repeats
from corslens.engines.engine import Engine
from corslens.inspection import Inspection, weigh_alone
from corslens.lint.finding import Severity
from corslens.observation.observation import CORS_ROLES, Role

REMEMBER = 10_000
"""Page requests that are known again when more becomes known of them."""
HOLD = 20_000
"""Page requests held in detail."""
LIVE_PROBLEMS = 10_000
"""Problems of a live session; what is read from files makes as many as there are."""
_ENDPOINTS = 10_000
"""Endpoints of a live session."""
_CELLS = 2_000
_GONE = 1_000


class Input(Struct, kw_only=True):
    """A capture, or a live session."""

    name: str
    exchanges: int = 0
    filtered_out: int = 0
    """Exchanges that the user's filters leave out of the report."""
    damages: list[str] = field(default_factory=list)
    """What could not be read, a sentence each."""
    notes: list[str] = field(default_factory=list)
    """What the capture could not show, a sentence each."""


class Update(Struct, frozen=True, gc=False):
    """What an inspection changed."""

    before: Diagnosis | None
    """What was said of the page request so far; None when it is new."""
    now: Diagnosis
    resolved: tuple[Problem, ...] = ()
    """Problems that are resolved now."""


class Cell(Struct):
    """What one page's origin requests of one API."""

    version: int = 0
    words: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    """How many snapshots had been taken when it was made."""


class _Entry(Struct, gc=False):
    members: tuple[Inspection, ...]
    share: Contribution
    diagnosis: Diagnosis | None


class _Last:
    """An endpoint in a heap whose top is the last in order."""

    __slots__ = ("endpoint",)

    def __init__(self, endpoint: tuple[str, str]) -> None:
        self.endpoint = endpoint

    def __lt__(self, other: "_Last") -> bool:
        return self.endpoint > other.endpoint


class SessionSummary:
    """Page requests, problems and counts of a session, or of several.

    Args:
        remember: how many page requests are known again.
        hold: how many with something to report are held in detail.
        problems: how many problems there may be; None for any number.
        everything: hold every CORS page request in detail.
        version: where to begin counting changes; higher than that of a summary that this one replaces.
        history_bytes: how many bytes, estimated, the session keeps. Of these half are what the page requests known again take (they
            are the exchanges that the session remembers), and an eighth the problems.
    """

    def __init__(
        self,
        *,
        remember: int = REMEMBER,
        hold: int = HOLD,
        problems: int | None = None,
        everything: bool = False,
        version: int = 0,
        history_bytes: int = maxsize,
    ) -> None:
        self.inputs: list[Input] = []
        self.everything = everything
        self._remember, self._hold, self._most = remember, hold, problems
        self.version = version
        self._recent_bytes, self._problem_bytes = history_bytes // 2, history_bytes // 8
        self._start()

    def _start(self) -> None:
        self.counts: Counter[Hashable] = Counter()
        """By `exchanges`, a Role, `pairs`, `page requests`, a word and rule, a Severity, and so on."""
        self.left_out = 0
        """Page requests with something to report that are not held in detail any more."""
        self._recent: Bounded[str, _Entry] = Bounded(maxsize, weigh=_weigh_entry, budget=maxsize)  # see add
        self._held: OrderedDict[str, Diagnosis] = OrderedDict()
        self._last: tuple[object, ...] | None = None
        """The place of the last that is held, once merging left others out."""
        self._problems: Bounded[Key, Problem] = Bounded(maxsize, weigh=Problem.weight, budget=maxsize)  # see _count
        self._cells: OrderedDict[tuple[str, str], Cell] = OrderedDict()
        self._at: dict[tuple[str, str], set[Key]] = {}
        """Problems by endpoint, to see when they are resolved."""
        self._by_id: dict[str, Key] = {}
        self._taken = 0
        """How many snapshots were taken: a problem or pair of an earlier one is copied before it changes."""
        self._endpoints: dict[tuple[str, str], None] = {}
        self._last_endpoints: list[_Last] = []
        """A heap of them where they are bounded, with the last in order of the alphabet at its top."""
        self._suppressed: Counter[Suppressed] = Counter()
        self._repeats = Repeats(self._remember)
        self._gone: OrderedDict[str, int] = OrderedDict()
        self.complete_since = self.version
        """What went before this version is not known any more."""
        self._dropped: Counter[str] = Counter()

    def clear(self) -> None:
        """Begin anew."""
        self.version += 1
        self._start()

    def begin(self, name: str) -> Input:
        """Begin an input; what is added next came from it."""
        self.inputs.append(Input(name=name))
        return self.inputs[-1]

    def part(self) -> "SessionSummary":
        """Return an empty summary with the same limits, to be merged into this one."""
        return SessionSummary(remember=self._remember, hold=self._hold, problems=self._most, everything=self.everything)

    def note(self, sentence: str) -> None:
        """Say something of the whole, once, with the first input."""
        if self.inputs and sentence not in self.inputs[0].notes:
            self.inputs[0].notes.insert(0, sentence)

    def add(self, inspection: Inspection) -> Update | None:
        """Take an inspection, in place of an earlier one of the same exchange.

        Returns: what it changed; None when it says nothing that was not known, or nothing at all.
        """
        observation = inspection.observation
        root = self._repeats.link(observation)
        entry = self._recent.get(root)
        members = (inspection,) if entry is None else with_member(entry.members, inspection)
        share, diagnosis = contribution_of(root, members)
        if entry is not None and entry.share is share:
            entry.members = members
            return None
        self.version += 1
        if entry is not None:
            self._take_back(entry.share, share.key)
            del self._recent[root]
        self._recent[root] = _Entry(members, share, diagnosis)
        resolved = self._count(share, members)
        recent = self._recent
        while len(recent) > self._remember or (recent.weight > self._recent_bytes and len(recent) > 1):
            self._settle(*recent.popitem(last=False))
        before = None if entry is None else entry.diagnosis
        if diagnosis is None and before is None and not resolved:
            return None
        return Update(before, diagnosis or diagnose(PageRequest(id=root, members=members)), resolved)

    def add_unseen(self, number: int) -> None:
        """Count exchanges that have nothing to do with CORS and were passed over."""
        self.counts["exchanges"] += number

    def diagnosis_of(self, inspection: Inspection) -> Diagnosis:
        """Return the diagnosis of the page request that the exchange is part of, as far as it is still known."""
        root = self._repeats.root(inspection.observation)
        entry = self._recent.get(root)
        if entry is not None and entry.diagnosis is not None:
            return entry.diagnosis
        held = self._held.get(root)
        if held is not None:
            return held
        members = (inspection,) if entry is None else with_member(entry.members, inspection)
        return diagnose(PageRequest(id=root, members=members))

    def merge(self, other: "SessionSummary") -> None:
        """Add the summary of another session, whose exchanges are not among these. The other one is not to be used after it."""
        self.version += 1
        other._settle_all()
        self._settle_all()
        self.inputs += other.inputs
        self.counts += other.counts
        self.left_out += other.left_out
        self._dropped += other._dropped
        self._suppressed += other._suppressed
        for key, problem in other._problems.items():
            known = self._problems.get(key)
            if known is None:
                self._problems[key] = problem
            else:
                self._own(known).absorb(problem)
            self._by_id[key.id] = key
            self._touch(key)
        for place, cell in other._cells.items():
            mine = self._own_cell(place) or self._cells.setdefault(place, Cell(taken=self._taken))
            mine.words += cell.words
            mine.version = self.version
        for endpoint in other._endpoints:
            self._note(endpoint)
        self._hold_first(other._held)

    def add_totals(
        self,
        counts: Mapping[Hashable, int],
        cells: Mapping[tuple[str, str], Mapping[str, int]],
        endpoints: Iterable[tuple[str, str]],
        suppressed: Mapping[Suppressed, int],
    ) -> None:
        """Add what sessions came to whose exchanges are not at hand: all but their inputs and problems.

        Args:
            cells: by page's origin and API the number of page requests that go by each word.
        """
        self.version += 1
        self.counts.update(counts)
        self._suppressed.update(suppressed)
        for place, words in cells.items():
            cell = self._cells.setdefault(place, Cell())
            cell.words.update(words)
            cell.version = self.version
        for endpoint in endpoints:
            self._note(endpoint)

    def snapshot(self) -> "SessionSummary":
        """Return what is known now, to be read in any thread while this one goes on. The other one is not to be added to."""
        other = copy(self)
        other.inputs = [structs.replace(one, damages=list(one.damages), notes=list(one.notes)) for one in self.inputs]
        other.counts, other._suppressed, other._dropped = (
            Counter(self.counts),
            Counter(self._suppressed),
            Counter(self._dropped),
        )
        self._taken += 1
        other._recent, other._problems = _copied(self._recent), _copied(self._problems)
        other._held, other._cells, other._by_id = self._held.copy(), self._cells.copy(), self._by_id.copy()
        other._endpoints, other._gone = self._endpoints.copy(), self._gone.copy()
        other._last_endpoints = self._last_endpoints.copy()
        return other

    def _hold_first(self, others: Mapping[str, Diagnosis]) -> None:
        """Hold these, too, the first of all: most of those of later captures are not even sorted among them."""
        for root, diagnosis in others.items():
            if self._last is None or _order(diagnosis) < self._last:
                self._held[root] = diagnosis
            else:
                self.left_out += 1
        if len(self._held) > self._hold:
            first = sorted(self._held.items(), key=lambda item: _order(item[1]))
            self.left_out += len(first) - self._hold
            self._held = OrderedDict(first[: self._hold])
            self._last = _order(first[self._hold - 1][1]) if self._hold else None

    # What outputs read.

    def problems(self) -> list[Problem]:
        """Return the problems, worst first."""
        return worst_first(self._problems.values())

    def problem(self, id: str) -> Problem | None:
        """Return the problem of this id, None when there is none (any more)."""
        key = self._by_id.get(id)
        return None if key is None else self._problems.get(key)

    def held(self) -> list[Diagnosis]:
        """Return what is held in detail, in the order of captures and of time."""
        found = dict(self._held)
        found |= {root: made for root, entry in self._recent.items() if (made := self._worth(root, entry)) is not None}
        return sorted(found.values(), key=_order)

    def reported(self) -> list[Diagnosis]:
        """Return those of them with something to report, which do not depend on whether everything is held."""
        return [diagnosis for diagnosis in self.held() if _says_something(diagnosis)]

    def inspections(self) -> Iterator[Inspection]:
        """Yield the exchanges of what is held in detail."""
        for diagnosis in self.held():
            yield from diagnosis.page_request.members

    def endpoints(self) -> list[tuple[str, str]]:
        """Return the endpoints with CORS traffic, as API origin and path; the first of the alphabet where there are too many."""
        return sorted(self._endpoints)

    def cells(self) -> Mapping[tuple[str, str], Cell]:
        """Return what each page's origin requests of each API, by these two; what changed last comes last."""
        return self._cells

    def changed_problems(self) -> Mapping[Key, Problem]:
        """Return the problems; what changed last comes last."""
        return self._problems

    def gone(self, since: int) -> list[str]:
        """Return the ids of the problems that are gone since that version."""
        return [id for id, version in self._gone.items() if version > since]

    def dropped(self) -> Mapping[str, int]:
        """Return how many of what were dropped because of a limit; only what was."""
        return {name: count for name, count in self._dropped.items() if count}

    @property
    def exchanges(self) -> int:
        """Exchanges seen."""
        return self.counts["exchanges"]

    @property
    def cors(self) -> int:
        """Exchanges on which a CORS check was made."""
        return sum(self.counts[role] for role in CORS_ROLES)

    def number(self, word: str) -> int:
        """Return how many page requests go by this word."""
        return self.counts[word]

    def causes(self) -> list[tuple[str, str, int]]:
        """Return words and causes with the number of page requests, worst first."""
        found = [(*key, count) for key, count in self.counts.items() if isinstance(key, tuple) and count]
        return sorted(found, key=lambda one: (WORDS.index(one[0]), -one[2], one[1]))

    def agreement(self) -> list[tuple[Engine, int, int]]:
        """Return for each browser that was listened to: its engine, with how many page requests' verdicts it agreed, and of how many it said so."""
        found = []
        for engine in Engine:
            agreed, not_agreed = (self.counts[Agreement(engine, one)] for one in (True, False))
            if agreed or not_agreed:
                found.append((engine, agreed, agreed + not_agreed))
        return found

    def suppressed(self) -> list[tuple[str, str, int]]:
        """Return rules, who suppresses them and why, and how often; the most frequent first."""
        found: Counter[tuple[str, str]] = Counter()
        for one, count in self._suppressed.items():
            found[one.rule, one.note] += count
        return sorted(((*key, count) for key, count in found.items() if count), key=lambda one: (-one[2], one[0], one[1]))

    def suppressed_at(self) -> list[tuple[Suppressed, int]]:
        """Return what is suppressed at each endpoint, and how often."""
        return sorted((one, count) for one, count in self._suppressed.items() if count)

    def worst(self) -> Severity | None:
        """Return the worst severity of anything found, resolved or not."""
        return max((key for key, count in self.counts.items() if isinstance(key, Severity) and count), default=None)

    # How it is kept.

    def _count(self, share: Contribution, members: tuple[Inspection, ...]) -> tuple[Problem, ...]:
        counts = self.counts
        for name in share.counted:
            counts[name] += 1
        endpoint = endpoint_of(members[-1])
        for one in share.suppressed:
            if one in self._suppressed or self._most is None or len(self._suppressed) < self._most:
                self._suppressed[one] += 1
            else:
                self._dropped["suppressed findings"] += 1
        if share.cell is not None:
            cell = self._own_cell(share.cell)
            if cell is None:
                cell = self._cells[share.cell] = Cell(taken=self._taken)
                if self._most is not None and len(self._cells) > _CELLS:
                    self._cells.popitem(last=False)
                    self._dropped["pairs of origins"] += 1
            cell.words[share.word] += 1
            cell.version = self.version
            self._cells.move_to_end(share.cell)
            self._note(endpoint)
        if share.key is None or share.example is None:
            return self._resolved(members, endpoint) if self._at else ()
        problem = self._problems.get(share.key)
        if problem is None:
            problem = self._problems[share.key] = Problem(share.key, share.example)
            problem.taken = self._taken
            self._by_id[share.key.id] = share.key
            self._gone.pop(share.key.id, None)
            self._at.setdefault((share.key.api_origin, share.key.path), set()).add(share.key)
        self._own(problem).add(share.example)
        self._touch(share.key)
        problems = self._problems
        most = maxsize if self._most is None else self._most
        while len(problems) > most or (problems.weight > self._problem_bytes and len(problems) > 1):
            self._drop(next(iter(problems)))
            self._dropped["problems"] += 1
        return self._resolved(members, endpoint, share.key)

    def _take_back(self, share: Contribution, keep: Key | None) -> None:
        counts = self.counts
        for name in share.counted:
            counts[name] -= 1
        for one in share.suppressed:
            if one in self._suppressed:
                self._suppressed[one] -= 1
        if share.cell is not None and (cell := self._own_cell(share.cell)) is not None:
            cell.words[share.word] -= 1
        problem = None if share.key is None else self._problems.get(share.key)
        if problem is None or share.key is None or share.example is None:
            return
        problem = self._own(problem)
        problem.take_back(share.example)
        if share.key == keep:
            return  # it is counted there again at once
        self._touch(share.key)
        if problem.count <= 0:
            self._drop(share.key)

    def _resolved(
        self, members: tuple[Inspection, ...], endpoint: tuple[str, str], own: Key | None = None
    ) -> tuple[Problem, ...]:
        """Return the problems that are resolved because this page request passed, whatever else is wrong with it (`own`)."""
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
            self._touch(problem.key)
        return tuple(problem for problem in found if problem.state is State.RESOLVED)

    def _there(self, api: str, path: str) -> list[Problem]:
        return [self._own(self._problems[key]) for key in self._at.get((api, path), ()) if key in self._problems]

    def _own(self, problem: Problem) -> Problem:
        """Return the problem, to be changed: in no snapshot."""
        if problem.taken != self._taken:
            problem = self._problems[problem.key] = problem.snapshot()
            problem.taken = self._taken
        return problem

    def _own_cell(self, place: tuple[str, str]) -> Cell | None:
        cell = self._cells.get(place)
        if cell is not None and cell.taken != self._taken:
            cell = self._cells[place] = Cell(cell.version, Counter(cell.words), self._taken)
        return cell

    def _touch(self, key: Key) -> None:
        problem = self._own(self._problems[key])
        problem.version = self.version
        self._problems[key] = problem  # it may weigh more now
        self._problems.move_to_end(key)

    def _drop(self, key: Key) -> None:
        del self._problems[key]
        self._by_id.pop(key.id, None)
        here = self._at.get((key.api_origin, key.path))
        if here is not None:
            here.discard(key)
            if not here:
                del self._at[key.api_origin, key.path]
        self._gone[key.id] = self.version
        if len(self._gone) > _GONE:
            self.complete_since = self._gone.popitem(last=False)[1]

    def _note(self, endpoint: tuple[str, str]) -> None:
        if endpoint in self._endpoints:
            return
        if self._most is not None:
            entry = _Last(endpoint)
            if len(self._endpoints) >= _ENDPOINTS:
                self._dropped["endpoints of the report"] += 1
                if endpoint > self._last_endpoints[0].endpoint:
                    return
                del self._endpoints[heapreplace(self._last_endpoints, entry).endpoint]
            else:
                heappush(self._last_endpoints, entry)
        self._endpoints[endpoint] = None

    def _worth(self, root: str, entry: _Entry) -> Diagnosis | None:
        """Return the diagnosis of an entry if it is to be held in detail."""
        diagnosis = entry.diagnosis
        if diagnosis is not None and _says_something(diagnosis):
            return diagnosis
        if self.everything and any(one.observation.is_cors for one in entry.members):
            return diagnosis or diagnose(PageRequest(id=root, members=entry.members))
        return None

    def _settle(self, root: str, entry: _Entry) -> None:
        """Keep of a page request that is not known again what is to be held of it."""
        if not self._hold:
            self.left_out += entry.diagnosis is not None and entry.diagnosis.is_problem
            return
        held = self._worth(root, entry)
        if held is not None:
            self._held[root] = held
            self._last = None
            if len(self._held) > self._hold:
                self._held.popitem(last=False)
                self.left_out += 1

    def _settle_all(self) -> None:
        while self._recent:
            self._settle(*self._recent.popitem(last=False))
        self._repeats = Repeats(self._remember)


def _says_something(diagnosis: Diagnosis) -> bool:
    if diagnosis.cause is not None or diagnosis.word != "ALLOWED":
        return True
    return any(one.suppressed for one in diagnosis.page_request.members)


def _copied[K, V](items: Bounded[K, V]) -> Bounded[K, V]:
    copied: Bounded[K, V] = Bounded(maxsize)
    OrderedDict.update(copied, items)
    return copied


def _weigh_entry(entry: _Entry) -> int:
    example = entry.share.example
    return example.weight if example is not None else sum(map(weigh_alone, entry.members))


def _order(diagnosis: Diagnosis) -> tuple[object, ...]:
    return place_of(diagnosis)[1:]


def summarize(inspections: Iterable[Inspection], *, everything: bool = False) -> SessionSummary:
    """Return the summary of these exchanges; of an id that comes again, the last one counts."""
    summary = SessionSummary(everything=everything)
    for inspection in inspections:
        summary.add(inspection)
    return summary
