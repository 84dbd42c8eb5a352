"""SessionSummary: everything that is shown of a session, kept up to date exchange by exchange; the one aggregate behind every output.

A later inspection of an exchange takes back, in one place, what an earlier one said. Summaries of sessions merge, in any order
and grouping, to the same: counts are sums, names the first of the alphabet, examples the first of the worst, never "the first that
came". Counts never depend on what is held in detail.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import reduce
from heapq import nsmallest
from sys import maxsize

from msgspec import Struct, field, structs

from corslens.bounded import Bounded
from corslens.diagnosis.contribution import Agreement, Contribution, Suppressed, contribution_of, with_member
from corslens.diagnosis.diagnose import WORDS, Diagnosis, diagnose, worst_word
from corslens.diagnosis.example import PutAway
from corslens.diagnosis.held import Held, order
from corslens.diagnosis.matrix import Cell, Endpoint, Endpoints, Matrix, OriginPair
from corslens.diagnosis.page_request import PageRequest, ProblemState, page_request_id
from corslens.diagnosis.problem import Key, Problem, endpoint_of, worst_first
from corslens.diagnosis.problem_store import ProblemStore
from corslens.diagnosis.repeats import Repeats
from corslens.engines.engine import Engine
from corslens.inspection import Inspection, weigh_alone
from corslens.lint.finding import Severity
from corslens.observation.observation import CORS_ROLES

REMEMBER = 10_000
"""Page requests that are known again when more becomes known of them."""
HOLD = 20_000
"""Page requests held in detail."""
LIVE_PROBLEMS = 10_000
"""Problems of a live session; what is read from files makes as many as there are."""
_ENDPOINTS = 10_000
"""Endpoints of a live session."""
_CELLS = 2_000
"""Pairs of a page's origin and an API of a live session."""


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


class Standing(Struct, frozen=True, kw_only=True):
    """How a problem stands."""

    rule: str
    state: ProblemState
    word: str
    severity: Severity


class Update(Struct, frozen=True, gc=False):
    """What an inspection changed."""

    before: Diagnosis | None
    """What was said of the page request so far; None when it is new."""
    now: Diagnosis
    resolved: tuple[Problem, ...] = ()
    """Problems that are resolved now."""


class _Entry(Struct, gc=False):
    members: tuple[Inspection, ...]
    contribution: Contribution
    diagnosis: Diagnosis | None


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
        put_away: keeps elsewhere what is known of examples, where merging brings many problems; without it they stay in memory.
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
        put_away: PutAway | None = None,
    ) -> None:
        self._put_away = put_away
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
        self._held = Held(self._hold, everything=self.everything)
        live = self._most is not None
        self._problems = ProblemStore(
            most=self._most, budget=self._problem_bytes, version=self.version, put_away=self._put_away
        )
        self._matrix = Matrix(_CELLS if live else None)
        self._endpoints = Endpoints(_ENDPOINTS if live else None)
        self._suppressed: Counter[Suppressed] = Counter()
        self._suppressed_dropped = 0
        self._repeats = Repeats(self._remember)

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
        self._move(page_request_id(observation), root)
        entry = self._recent.get(root)
        members = (inspection,) if entry is None else with_member(entry.members, inspection)
        contribution, diagnosis = contribution_of(root, members)
        if entry is not None and entry.contribution is contribution:
            entry.members = members
            return None
        self.version += 1
        if entry is not None:
            self._take_back(entry.contribution, contribution.key)
            del self._recent[root]
        self._recent[root] = _Entry(members, contribution, diagnosis)
        resolved = self._count(contribution, members)
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
        self._suppressed += other._suppressed
        self._suppressed_dropped += other._suppressed_dropped
        self._problems.absorb(other._problems, self.version)
        self._matrix.absorb(other._matrix, self.version)
        self._endpoints.absorb(other._endpoints)
        self.left_out += self._held.absorb(other._held)

    def add_totals(self, counts: Mapping[Hashable, int], suppressed: Mapping[Suppressed, int]) -> None:
        """Add what sessions came to whose exchanges are not at hand."""
        self.version += 1
        self.counts.update(counts)
        self._suppressed.update(suppressed)

    def snapshot(self) -> "SessionSummary":
        """Return what is known now, to be read in any thread while this one goes on. The other one is not to be added to."""
        other = copy(self)
        other.inputs = [structs.replace(one, damages=list(one.damages), notes=list(one.notes)) for one in self.inputs]
        other.counts, other._suppressed = Counter(self.counts), Counter(self._suppressed)
        other._recent = Bounded(maxsize)
        OrderedDict.update(other._recent, self._recent)  # without weighing them anew
        other._held = self._held.snapshot()
        other._problems, other._matrix = self._problems.snapshot(), self._matrix.snapshot()
        other._endpoints = self._endpoints.snapshot()
        return other

    # What outputs read.

    def problems(self) -> Sequence[Problem]:
        """Return the problems, worst first."""
        return worst_first(self._problems.all().values())

    def standings(self) -> Counter[Standing]:
        """Return how many problems stand how."""
        return Counter(
            Standing(rule=one.key.rule, state=one.state, word=one.word, severity=one.severity)
            for one in self._problems.all().values()
        )

    def problem(self, id: str) -> Problem | None:
        """Return the problem of this id, None when there is none (any more)."""
        return self._problems.by_id(id)

    def held(self) -> list[Diagnosis]:
        """Return what is held in detail, in the order of captures and of time."""
        held = self._held
        found = held.diagnoses()
        for root, entry in self._recent.items():
            if (made := held.worth(root, entry.diagnosis, entry.members)) is not None:
                found[root] = made
        return sorted(found.values(), key=order)

    def held_with(self, _problems: Iterable[Problem]) -> Iterable[Diagnosis]:
        """Return what is held in detail; of a corpus, which holds nothing, the examples of the problems that are listed."""
        return self.held()

    def inspections(self) -> Iterator[Inspection]:
        """Yield the exchanges of what is held in detail."""
        for diagnosis in self.held():
            yield from diagnosis.page_request.members

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints with CORS traffic, as API origin and path; the first of the alphabet where there are too many."""
        return sorted(self._endpoints)

    def endpoints_without_problems(self, most: int) -> tuple[Sequence[Endpoint], int]:
        """Return the first endpoints without a problem, and how many there are."""
        with_problems = {(key.api_origin, key.path) for key in self._problems.all()}
        found = [one for one in self.endpoints() if one not in with_problems]
        return found[:most], len(found)

    def cells(self) -> Mapping[OriginPair, Cell]:
        """Return what each page's origin requests of each API, by these two; what changed last comes last."""
        return self._matrix.cells()

    def worst_cells(self, most: int) -> tuple[Sequence[tuple[OriginPair, Cell]], int]:
        """Return the worst and busiest of them, and how many there are."""
        cells = self._matrix.cells()
        return nsmallest(most, cells.items(), key=_worst_pair), len(cells)

    def changed_problems(self) -> Mapping[Key, Problem]:
        """Return the problems; what changed last comes last."""
        return self._problems.all()

    @property
    def complete_since(self) -> int:
        """What went before this version is not known any more."""
        return self._problems.complete_since

    def gone(self, since: int) -> list[str]:
        """Return the ids of the problems that are gone since that version."""
        return self._problems.gone(since)

    def dropped(self) -> Mapping[str, int]:
        """Return how many of what were dropped because of a limit; only what was."""
        dropped = {
            "suppressed findings": self._suppressed_dropped,
            "pairs of origins": self._matrix.dropped,
            "endpoints of the report": self._endpoints.dropped,
            "problems": self._problems.dropped,
        }
        return {name: count for name, count in dropped.items() if count}

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

    def _count(self, contribution: Contribution, members: tuple[Inspection, ...]) -> tuple[Problem, ...]:
        counts = self.counts
        for name in contribution.counted:
            counts[name] += 1
        endpoint = endpoint_of(members[-1])
        for one in contribution.suppressed:
            if one in self._suppressed or self._most is None or len(self._suppressed) < self._most:
                self._suppressed[one] += 1
            else:
                self._suppressed_dropped += 1
        if contribution.origin_pair is not None:
            self._matrix.count(contribution.origin_pair, contribution.word, self.version)
            self._endpoints.add(endpoint)
        if contribution.key is not None and contribution.example is not None:
            self._problems.add(contribution.key, contribution.example, self.version)
        return self._problems.resolve(members, endpoint, contribution.key, self.version)

    def _take_back(self, contribution: Contribution, keep: Key | None) -> None:
        counts = self.counts
        for name in contribution.counted:
            counts[name] -= 1
        for one in contribution.suppressed:
            if one in self._suppressed:
                self._suppressed[one] -= 1
        if contribution.origin_pair is not None:
            self._matrix.take_back(contribution.origin_pair, contribution.word)
        if contribution.key is not None and contribution.example is not None:
            self._problems.take_back(contribution.key, contribution.example, self.version, comes_again=contribution.key == keep)

    def _move(self, own: str, root: str) -> None:
        """Let what was counted as a page request of its own count as the repetition of another, which it turned out to be."""
        moved = self._recent.pop(own, None) if own != root else None
        if moved is None:
            return
        self.version += 1
        self._take_back(moved.contribution, None)
        entry = self._recent.pop(root, None)
        members = moved.members if entry is None else reduce(with_member, moved.members, entry.members)
        contribution, diagnosis = contribution_of(root, members)
        if entry is not None:
            self._take_back(entry.contribution, contribution.key)
        self._recent[root] = _Entry(members, contribution, diagnosis)
        self._count(contribution, members)

    def _settle(self, root: str, entry: _Entry) -> None:
        contribution = entry.contribution
        if contribution.key is not None and contribution.example is not None:
            self._problems.settle(contribution.key, contribution.example)
        self.left_out += self._held.settle(root, entry.diagnosis, entry.members)

    def _settle_all(self) -> None:
        while self._recent:
            self._settle(*self._recent.popitem(last=False))
        self._repeats = Repeats(self._remember)


def _worst_pair(item: tuple[OriginPair, Cell]) -> tuple[int, int, OriginPair]:
    pair, cell = item
    worst = worst_word(cell.words)
    return WORDS.index(worst), -cell.words[worst], pair


def _weigh_entry(entry: _Entry) -> int:
    example = entry.contribution.example
    return example.weight if example is not None else sum(map(weigh_alone, entry.members))


def summarize(inspections: Iterable[Inspection], *, everything: bool = False) -> SessionSummary:
    """Return the summary of these exchanges; of an id that comes again, the last one counts."""
    summary = SessionSummary(everything=everything)
    for inspection in inspections:
        summary.add(inspection)
    return summary
