"""Comparison: what changed in verdicts and findings per endpoint between two captures."""

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field

from corslens.engines.engine import Engine
from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.observation import Role
from corslens.observation.redaction import endpoint_path, public_url
from corslens.report.groups import without_loopback_port
from corslens.verdict.verdict import Outcome

_WORST_FIRST = (Outcome.BLOCKED, Outcome.DEPENDS, Outcome.ALLOWED)


class Endpoint(Struct, frozen=True, order=True):
    """What is compared: what one page's origin asks of one endpoint."""

    api_origin: str
    path: str
    method: str
    role: Role
    page: str


class State(Struct, kw_only=True):
    """What one capture says of an endpoint."""

    exchanges: int = 0
    outcomes: dict[Engine, Outcome] = field(default_factory=dict)
    """The worst in each engine."""
    reasons: set[str] = field(default_factory=set)
    findings: dict[str, Severity] = field(default_factory=dict)


class Kind(StrEnum):
    """What changed, worst first."""

    WORSE = "worse"
    """A browser blocks what it allowed, or there is a new finding."""
    BETTER = "better"
    CHANGED = "changed"
    """Better in one thing and worse in another, or blocked for another reason."""
    ONLY_BEFORE = "only before"
    ONLY_AFTER = "only after"


class Change(Struct, frozen=True, kw_only=True):
    """One endpoint on which the captures differ."""

    endpoint: Endpoint
    kind: Kind
    before: State | None
    after: State | None

    @property
    def new_findings(self) -> dict[str, Severity]:
        """The rules that fire now and did not, or not as badly."""
        before = {} if self.before is None else self.before.findings
        after = {} if self.after is None else self.after.findings
        return {rule: severity for rule, severity in sorted(after.items()) if severity > before.get(rule, 0)}

    @property
    def gone_findings(self) -> list[str]:
        """The rules that fired and do not any more."""
        if self.before is None or self.after is None:
            return []
        return sorted(self.before.findings.keys() - self.after.findings.keys())


def states(inspections: Iterable[Inspection]) -> dict[Endpoint, State]:
    """Return what a capture says of each endpoint, CORS exchanges only."""
    found: defaultdict[Endpoint, State] = defaultdict(State)
    for inspection in inspections:
        observation = inspection.observation
        if not observation.is_cors or observation.exchange.aborted:  # a page that was left says nothing of its API
            continue
        request = observation.exchange.request
        state = found[
            Endpoint(
                without_loopback_port(observation.target_origin),
                endpoint_path(request.url),
                request.method,
                observation.role,
                without_loopback_port(public_url(observation.page_origin or observation.origin or "null")),
            )
        ]
        state.exchanges += 1
        for engine, verdict in inspection.verdicts.items():
            known = state.outcomes.get(engine, Outcome.ALLOWED)
            state.outcomes[engine] = min(known, verdict.outcome, key=_WORST_FIRST.index)
            if verdict.reason is not None:
                state.reasons.add(verdict.reason.value)
        for finding in inspection.findings:
            state.findings[finding.rule] = max(finding.severity, state.findings.get(finding.rule, Severity.INFO))
    return dict(found)


def compare(before: dict[Endpoint, State], after: dict[Endpoint, State]) -> list[Change]:
    """Return the endpoints on which the captures differ, what got worse first."""
    changes = []
    for endpoint in before.keys() | after.keys():
        old, new = before.get(endpoint), after.get(endpoint)
        kind = _kind(old, new)
        if kind is not None:
            changes.append(Change(endpoint=endpoint, kind=kind, before=old, after=new))
    order = list(Kind)
    return sorted(changes, key=lambda change: (order.index(change.kind), change.endpoint))


def _kind(before: State | None, after: State | None) -> Kind | None:
    if before is None:
        return Kind.ONLY_AFTER
    if after is None:
        return Kind.ONLY_BEFORE
    worse = better = False
    for engine in Engine:
        old = _WORST_FIRST.index(before.outcomes.get(engine, Outcome.ALLOWED))
        new = _WORST_FIRST.index(after.outcomes.get(engine, Outcome.ALLOWED))
        worse |= new < old
        better |= new > old
    if not worse and not better:  # what browsers do counts for more than what rules say
        for rule in before.findings.keys() | after.findings.keys():
            was, is_ = before.findings.get(rule, 0), after.findings.get(rule, 0)
            worse |= is_ > was
            better |= is_ < was
    if worse != better:
        return Kind.WORSE if worse else Kind.BETTER
    return Kind.CHANGED if worse or before.reasons != after.reasons else None
