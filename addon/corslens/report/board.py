"""Board: the running totals that the page shows, kept up to date exchange by exchange.

The report feeds it every Inspection and takes one snapshot; the live page asks again and again for what changed since a version.
The work of an answer grows with what changed, not with what was seen, and all state is bounded; with a limit an answer is
bounded too, and the next ones tell the rest.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

from corslens.inspection import Inspection
from corslens.lint.finding import Finding, Severity
from corslens.observation.observation import Role
from corslens.observation.redaction import redact_url
from corslens.report.exchange_detail import concerned_engines
from corslens.report.groups import Key, key_of
from corslens.verdict.verdict import Outcome

type Json = dict[str, Any]
type Rest = tuple[int, int]
"""What is still to be told: what changed last after the first version and before the second one."""

EXAMPLES = 5
"""Exchanges remembered for each problem: the newest ones."""

_NAMES = 200
"""Pages and methods that a problem tells apart."""

_UNPAIRED = frozenset({Role.SAME_ORIGIN, Role.NAVIGATION})
_WORST_FIRST = (Outcome.BLOCKED, Outcome.DEPENDS, Outcome.ALLOWED, Outcome.ABORTED)


class _Part(Struct, frozen=True, gc=False):
    """What one exchange adds to one problem."""

    group: Key
    page: str
    method: str
    engines: tuple[str, ...]


class _Share(Struct, frozen=True, gc=False):
    """What one exchange adds to the totals; taken back when more becomes known of it."""

    counts: tuple[str, ...]
    cell: tuple[str, str] | None = None
    outcome: Outcome = Outcome.ALLOWED
    worst: Severity | None = None
    parts: tuple[_Part, ...] = ()


class _Cell(Struct):
    version: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)
    """Exchanges by their worst finding."""


class _Problem(Struct):
    key: str
    version: int
    finding: Finding
    first: float
    last: float
    count: int = 0
    pages: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    engines: Counter[str] = field(default_factory=Counter)
    examples: deque[str] = field(default_factory=lambda: deque(maxlen=EXAMPLES))


class _Wanted(NamedTuple):
    """What changed last after `since`, or between `after` and `before`."""

    since: int
    after: int
    before: int


class Known(Struct, frozen=True, kw_only=True):
    """A problem, for those who want to know more of it."""

    rule: str
    api: str
    shown_api: str
    """As the page knows it."""
    examples: tuple[str, ...]


class Board:
    """Counts, the matrix of origins, and the grouped problems of a session."""

    def __init__(self, *, limit: int | None = None) -> None:
        """Start empty.

        Args:
            limit: how many exchanges, problems and cells are remembered; None for all.
        """
        self._version = 0
        self.start(limit=limit)

    def start(self, *, limit: int | None) -> None:
        """Begin anew with another limit."""
        self._limit = limit
        self.clear()

    def clear(self) -> None:
        """Forget everything; whoever asks for changes is told to start anew."""
        self._version += 1
        self._waiting: OrderedDict[str, Inspection] = OrderedDict()
        self._passed = 0
        """Exchanges that came and went while nobody asked."""
        self.counts: Counter[str] = Counter()
        self._shares: OrderedDict[str, _Share] = OrderedDict()
        self._cells: OrderedDict[tuple[str, str], _Cell] = OrderedDict()
        self._problems: OrderedDict[Key, _Problem] = OrderedDict()
        self._gone: deque[tuple[int, str]] = deque(maxlen=1_000)
        self._complete_since = self._version
        """Changes since an older version cannot be told any more."""
        self._last_key = 0
        self._dropped: Counter[str] = Counter()

    def add(self, inspection: Inspection) -> None:
        """Take an exchange, or what became known of one that was taken before.

        It is counted when somebody asks: a proxy at whose page nobody looks pays next to nothing.
        """
        waiting = self._waiting
        waiting[inspection.id] = inspection
        if self._limit is not None and len(waiting) > self._limit:
            waiting.popitem(last=False)
            self._passed += 1

    @property
    def version(self) -> int:
        """The number of the last change."""
        self._count_waiting()
        return self._version

    def _count_waiting(self, limit: int | None = None) -> None:
        if self._passed:
            self._version += 1
            self.counts.update(exchanges=self._passed, passed=self._passed)
            self._passed = 0
        if limit is None or len(self._waiting) <= limit:
            waiting, self._waiting = self._waiting, OrderedDict()
            for inspection in waiting.values():
                self._add(inspection)
        else:
            for _ in range(limit):
                self._add(self._waiting.popitem(last=False)[1])

    def _add(self, inspection: Inspection) -> None:
        self._version += 1
        before = self._shares.get(inspection.id)
        share = _share(inspection)
        if before is not None:
            self._take_back(before, keep=frozenset(part.group for part in share.parts))
        self._shares[inspection.id] = share
        self.counts.update(share.counts)
        if share.cell is not None:
            cell = self._cells.setdefault(share.cell, _Cell())
            cell.outcomes[share.outcome] += 1
            if share.worst is not None:
                cell.severities[share.worst] += 1
            self._touch_cell(share.cell, cell)
        for part, finding in zip(share.parts, inspection.findings, strict=True):
            self._count(part, finding, inspection)
        self._forget()

    def _count(self, part: _Part, finding: Finding, inspection: Inspection) -> None:
        time = inspection.observation.exchange.request.time
        problem = self._problems.get(part.group)
        if problem is None:
            self._last_key += 1
            problem = _Problem(key=f"p{self._last_key}", version=0, finding=finding, first=time, last=time)
            self._problems[part.group] = problem
        problem.version = self._version
        problem.count += 1
        problem.first, problem.last = min(problem.first, time), max(problem.last, time)
        if finding.severity >= problem.finding.severity:
            problem.finding = finding
        self._name(problem.pages, part.page)
        self._name(problem.methods, part.method)
        problem.engines.update(part.engines)
        if inspection.id not in problem.examples:
            problem.examples.append(inspection.id)
        self._problems.move_to_end(part.group)

    def _take_back(self, share: _Share, keep: frozenset[Key]) -> None:
        self.counts.subtract(share.counts)
        if share.cell is not None and (cell := self._cells.get(share.cell)) is not None:
            cell.outcomes[share.outcome] -= 1
            if share.worst is not None:
                cell.severities[share.worst] -= 1
            self._touch_cell(share.cell, cell)
        for part in share.parts:
            problem = self._problems.get(part.group)
            if problem is None:
                continue
            problem.count -= 1
            problem.version = self._version
            _unname(problem.pages, part.page)
            _unname(problem.methods, part.method)
            problem.engines.subtract(part.engines)
            self._problems.move_to_end(part.group)
            if problem.count <= 0 and part.group not in keep:
                self._drop(part.group)

    def _name(self, names: Counter[str], name: str) -> None:
        if name in names or len(names) < _NAMES:
            names[name] += 1
        else:
            self._dropped["names at the page's problems"] += 1

    def _touch_cell(self, key: tuple[str, str], cell: _Cell) -> None:
        cell.version = self._version
        self._cells.move_to_end(key)

    def _drop(self, group: Key) -> None:
        problem = self._problems.pop(group)
        if len(self._gone) == self._gone.maxlen:
            self._complete_since = self._gone[0][0]
        self._gone.append((self._version, problem.key))

    def _forget(self) -> None:
        """Keep within the limit; what was counted stays counted."""
        if self._limit is None:
            return
        while len(self._shares) > self._limit:
            self._shares.popitem(last=False)
        while len(self._problems) > self._limit:
            self._drop(next(iter(self._problems)))
            self._dropped["problems of the page"] += 1
        while len(self._cells) > self._limit:
            self._cells.popitem(last=False)
            self._dropped["cells of the page"] += 1

    def dropped(self) -> Mapping[str, int]:
        """Return how many problems, cells and names were dropped because of a limit; only what was."""
        return self._dropped

    def changes(self, since: int = 0, *, rest: Rest | None = None, limit: int | None = None) -> Json:
        """Return the counts, and the cells and problems that changed after that version; everything when it is too long ago.

        Args:
            rest: what the last answer left to be told.
            limit: how many exchanges are counted, cells told and problems told at most, the newest first; more only where
                one exchange changed them all.
        Returns: `rest` when not all was told, and `more` when there is a reason to ask again at once.
        """
        self._count_waiting(limit)
        anew = since < self._complete_since or since > self._version
        if anew:
            since, rest = 0, None
        after, before = rest or (since, since)
        wanted = _Wanted(since, after, before)
        cells, cells_from = _newest(self._cells.items(), wanted, limit)
        problems, problems_from = _newest(self._problems.items(), wanted, limit)
        told_from = max(cells_from, problems_from)
        return {
            "version": self._version,
            "anew": anew,
            "more": told_from > 0 or len(self._waiting) > 0,
            "rest": (min(since, after), told_from) if told_from else None,
            "counts": {name: count for name, count in self.counts.items() if count},
            "cells": [_cell(key, cell) for key, cell in cells if cell.version >= told_from],
            "problems": [_problem(group, problem) for group, problem in problems if problem.version >= told_from],
            "gone": [key for version, key in self._gone if version > since] if not anew else [],
        }

    def example_ids(self) -> list[str]:
        """Return the ids of the exchanges that serve as examples, each once."""
        self._count_waiting()
        return list(dict.fromkeys(id for problem in self._problems.values() for id in problem.examples))

    def group(self, key: str) -> Known | None:
        """Return what is needed to show a problem that was told, or None when there is no such problem (any more)."""
        for group, problem in self._problems.items():
            if problem.key == key:
                api = group.api_origin
                return Known(rule=group.rule, api=api, shown_api=redact_url(api), examples=tuple(problem.examples))
        return None


def _newest[K, V: (_Cell, _Problem)](
    items: Iterable[tuple[K, V]], wanted: _Wanted, limit: int | None
) -> tuple[list[tuple[K, V]], int]:
    """Return the wanted ones, newest first, and from which version on they are all there; 0 for all that are wanted."""
    changed: list[tuple[K, V]] = []
    for item in reversed(items):  # type: ignore[call-overload]  # the items of an OrderedDict; what was touched last comes last
        version = item[1].version
        if version <= wanted.since and version <= wanted.after:
            break
        if version > wanted.since or wanted.after < version < wanted.before:
            if limit is not None and len(changed) >= limit and version < changed[-1][1].version:
                return changed, changed[-1][1].version
            changed.append(item)
    return changed, 0


def _share(inspection: Inspection) -> _Share:
    observation = inspection.observation
    counts = ["exchanges"]
    page = observation.page_origin or observation.origin
    cell = None
    outcome = inspection.verdict.outcome
    if observation.is_cors:
        counts.append("cors")
        counts.append(outcome.value)
        if observation.role is Role.PREFLIGHT:
            counts.append("preflights")
    # A site's own icon is fetched with mode no-cors: its role alone does not tell that it stays at home.
    if page not in (None, observation.target_origin) and observation.role not in _UNPAIRED:
        cell = (page, observation.target_origin)
    if inspection.patch is not None and inspection.patch.applied:
        counts.append("patched")
    counts += ["silenced"] * len(inspection.silenced)
    parts = []
    if inspection.findings:
        worst = inspection.worst
        assert worst is not None
        counts.append(worst.word)
        for finding in inspection.findings:
            group = key_of(inspection, finding)
            engines = concerned_engines(inspection.verdicts, finding.rule)
            parts.append(_Part(group, "" if page is None else redact_url(page), observation.exchange.request.method, engines))
    return _Share(tuple(counts), cell, outcome, inspection.worst, tuple(parts))


def _unname(names: Counter[str], name: str) -> None:
    if name in names:
        names[name] -= 1
        if not names[name]:
            del names[name]


def _present(counter: Counter[str], limit: int = 50) -> list[str]:
    return sorted(name for name, count in counter.items() if count > 0)[:limit]


def _cell(key: tuple[str, str], cell: _Cell) -> Json:
    worst = next((outcome for outcome in _WORST_FIRST if cell.outcomes[outcome] > 0), Outcome.ALLOWED)
    found = max((severity for severity, count in cell.severities.items() if count > 0), default=None)
    return {
        "page": redact_url(key[0]),
        "api": redact_url(key[1]),
        "worst": worst.value,
        "count": cell.outcomes.total(),
        "bad": cell.outcomes[worst],
        "found": None if found is None else found.word,
        "foundCount": 0 if found is None else cell.severities[found],
    }


def _problem(group: Key, problem: _Problem) -> Json:
    finding = problem.finding
    return {
        "id": problem.key,
        "rule": group.rule,
        "severity": finding.severity.word,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "fix": finding.advice,
        "api": redact_url(group.api_origin),
        "path": group.path,
        "pages": _present(problem.pages),
        "methods": _present(problem.methods),
        "engines": _present(problem.engines),
        "count": problem.count,
        "first": problem.first,
        "last": problem.last,
        "examples": list(problem.examples),
    }
