"""Grouping: the same mistake on many exchanges is one problem with a count, its first and last time, and examples. Bounded."""

from collections import OrderedDict, deque

from msgspec import Struct

from corslens.lint.finding import Finding, Severity
from corslens.observation.observation import Observation
from corslens.observation.path_shape import path_shape as path_shape

EXAMPLES = 5
_REMEMBERED_IDS = 64


class GroupKey(Struct, frozen=True):
    """What makes two findings the same problem."""

    rule: str
    target_origin: str
    path_shape: str


class Group(Struct, frozen=True, kw_only=True):
    """One problem: a rule that fired on exchanges with one API origin and path shape."""

    key: GroupKey
    finding: Finding
    """The worst one, the newest among equals."""
    severity: Severity
    count: int
    first_seen: float
    """Seconds since the epoch."""
    last_seen: float
    examples: tuple[str, ...]
    """Ids of the newest exchanges, newest last."""


class _Growing:
    __slots__ = ("count", "examples", "finding", "first", "ids", "last")

    def __init__(self, finding: Finding, time: float) -> None:
        self.finding = finding
        self.count = 0
        self.first = self.last = time
        self.examples: deque[str] = deque(maxlen=EXAMPLES)
        self.ids: deque[str] = deque(maxlen=_REMEMBERED_IDS)


class Grouping:
    """The problems of a session, at most `limit` of them: the one not seen for the longest time goes first."""

    def __init__(self, limit: int = 1_000) -> None:
        self._limit = max(limit, 1)
        self._groups: OrderedDict[GroupKey, _Growing] = OrderedDict()
        self.dropped = 0
        """Problems that were forgotten because there were too many."""

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, observation: Observation, finding: Finding) -> Group:
        """Count a finding and return its problem; `count` is 1 when it is new. The same exchange counts once."""
        request = observation.exchange.request
        key = GroupKey(finding.rule, observation.target_origin, path_shape(request.url))
        growing = self._groups.get(key)
        if growing is None:
            growing = self._groups[key] = _Growing(finding, request.time)
            if len(self._groups) > self._limit:
                self._groups.popitem(last=False)
                self.dropped += 1
        else:
            self._groups.move_to_end(key)
        if finding.severity >= growing.finding.severity:
            growing.finding = finding
        if observation.id not in growing.ids:
            growing.ids.append(observation.id)
            growing.examples.append(observation.id)
            growing.count += 1
            growing.first, growing.last = min(growing.first, request.time), max(growing.last, request.time)
        return _snapshot(key, growing)

    def groups(self) -> tuple[Group, ...]:
        """Return the problems, worst first, then the most frequent."""
        found = [_snapshot(key, growing) for key, growing in self._groups.items()]
        return tuple(sorted(found, key=lambda group: (-group.severity, -group.count, group.key.rule, group.first_seen)))


def _snapshot(key: GroupKey, growing: _Growing) -> Group:
    return Group(
        key=key,
        finding=growing.finding,
        severity=growing.finding.severity,
        count=growing.count,
        first_seen=growing.first,
        last_seen=growing.last,
        examples=tuple(growing.examples),
    )
