"""Counts over many inspections, of which the last one of an id counts; bounded, however long the session."""

from collections import Counter, OrderedDict

from msgspec import Struct

from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import CORS_ROLES, Role
from corslens.report.problems import JUDGED, LABELS, label, reported_reason


class _Share(Struct, frozen=True, gc=False):
    """What one exchange adds to the counts."""

    label: str
    role: Role
    paired: bool
    names: tuple[tuple[str, str], ...]
    worst: Severity | None
    silenced: tuple[tuple[str, str], ...] = ()


class Tally:
    """Count what was seen.

    Args:
        remember: how many exchanges back an id is known again; what fell out stays counted as it was.
    """

    def __init__(self, remember: int = 10_000) -> None:
        self.exchanges = 0
        self.pairs = 0
        self.labels: Counter[str] = Counter()
        self.roles: Counter[Role] = Counter()
        self.names: Counter[tuple[str, str]] = Counter()
        """By word (`BLOCKED`, `WARNING`…) and reason or rule."""
        self.severities: Counter[Severity] = Counter()
        """Exchanges by their worst finding."""
        self.silenced: Counter[tuple[str, str]] = Counter()
        """Findings that the user's own rules silence, by rule and by who silenced it and why."""
        self._remember = remember
        self._recent: OrderedDict[str, _Share] = OrderedDict()

    def add(self, inspection: Inspection) -> None:
        """Count an inspection, in place of an earlier one with the same id."""
        earlier = self._recent.pop(inspection.id, None)
        if earlier is not None:
            self._count(earlier, -1)
        share = _share(inspection)
        self._recent[inspection.id] = share
        self._count(share, 1)
        if len(self._recent) > self._remember:
            self._recent.popitem(last=False)

    def absorb(self, other: "Tally") -> None:
        """Add the counts of other inputs, whose ids are not among these."""
        self.exchanges += other.exchanges
        self.pairs += other.pairs
        self.labels += other.labels
        self.roles += other.roles
        self.names += other.names
        self.severities += other.severities
        self.silenced += other.silenced

    @property
    def cors(self) -> int:
        """Exchanges on which a CORS check was made."""
        return sum(self.roles[role] for role in CORS_ROLES)

    def worst_first(self) -> list[tuple[tuple[str, str], int]]:
        """Return the counted names: what blocks before errors, errors before warnings, then by count and name."""
        return sorted(
            ((key, count) for key, count in self.names.items() if count),
            key=lambda item: (LABELS.index(item[0][0]), -item[1], item[0][1]),
        )

    def silenced_first(self) -> list[tuple[tuple[str, str], int]]:
        """Return what was silenced, the most frequent first."""
        return sorted(((key, count) for key, count in self.silenced.items() if count), key=lambda item: (-item[1], item[0]))

    def _count(self, share: _Share, by: int) -> None:
        self.exchanges += by
        self.pairs += by * share.paired
        self.labels[share.label] += by
        self.roles[share.role] += by
        for name in share.names:
            self.names[name] += by
        for silence in share.silenced:
            self.silenced[silence] += by
        if share.worst is not None:
            self.severities[share.worst] += by


_NOTHING = {(role, paired): _Share("ALLOWED", role, paired, (), None) for role in Role for paired in (False, True)}
"""What an exchange of which there is nothing to tell adds, by role and whether its preflight was seen."""


def _share(inspection: Inspection) -> _Share:
    observation = inspection.observation
    paired = observation.preflight is not None
    nothing = not inspection.findings and not inspection.silenced and inspection.patch is None
    if nothing and (not observation.is_cors or inspection.verdict.allowed):
        return _NOTHING[observation.role, paired]
    word = label(inspection)
    names = [(finding.severity.word.upper(), finding.rule) for finding in inspection.findings]
    reason = reported_reason(inspection)
    if reason is not None and word in JUDGED:
        names = [(word, reason), *(name for name in names if name[1] != reason)]
    silenced = tuple((finding.rule, finding.accepted) for finding in inspection.silenced)
    return _Share(word, observation.role, paired, tuple(names), inspection.worst, silenced)
