"""Comparison: what changed in outcomes and findings per endpoint between two captures, and what is resolved."""

from collections import defaultdict
from enum import StrEnum

from msgspec import Struct, field

from corslens.diagnosis.problem import endpoint_of, without_loopback_port
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.engine import Engine
from corslens.lint.finding import Severity
from corslens.observation.redaction import public_method, public_url
from corslens.verdict.verdict import WORST_FIRST, Outcome


class ComparedEndpoint(Struct, frozen=True, order=True):
    """What is compared: what one page's origin asks of one endpoint."""

    api_origin: str
    path: str
    method: str
    page: str


class EndpointState(Struct, kw_only=True):
    """What one capture says of an endpoint."""

    page_requests: int = 0
    outcomes: dict[Engine, Outcome] = field(default_factory=dict)
    """The worst in each engine."""
    reasons: set[str] = field(default_factory=set)
    findings: dict[str, Severity] = field(default_factory=dict)


class ChangeKind(StrEnum):
    """What changed, worst first."""

    WORSE = "worse"
    """A browser blocks what it allowed, or there is a new finding."""
    RESOLVED = "resolved"
    """What was blocked or found is gone, and nothing is left but info findings."""
    BETTER = "better"
    CHANGED = "changed"
    """Better in one thing and worse in another, or blocked for another reason."""
    ONLY_BEFORE = "only before"
    ONLY_AFTER = "only after"


class Change(Struct, frozen=True, kw_only=True):
    """One endpoint on which the captures differ."""

    endpoint: ComparedEndpoint
    kind: ChangeKind
    before: EndpointState | None
    after: EndpointState | None

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


def states(summary: SessionSummary) -> dict[ComparedEndpoint, EndpointState]:
    """Return what a capture says of each endpoint; the summary holds every CORS page request."""
    found: defaultdict[ComparedEndpoint, EndpointState] = defaultdict(EndpointState)
    for diagnosis in summary.held():
        request = diagnosis.page_request
        if not request.is_cors or request.outcome is Outcome.ABORTED:  # a page that was left says nothing of its API
            continue
        api, path = endpoint_of(diagnosis.place)
        page = without_loopback_port(public_url(request.page or "null"))
        state = found[ComparedEndpoint(without_loopback_port(api), path, public_method(request.method), page)]
        state.page_requests += 1
        for engine, outcome in request.outcomes.items():
            known = state.outcomes.get(engine, Outcome.ALLOWED)
            state.outcomes[engine] = min(known, outcome, key=WORST_FIRST.index)
        if diagnosis.reason is not None:
            state.reasons.add(diagnosis.reason)
        for finding in (diagnosis.cause, *diagnosis.beside):
            if finding is not None:
                state.findings[finding.rule] = max(finding.severity, state.findings.get(finding.rule, Severity.INFO))
    return dict(found)


def compare(before: dict[ComparedEndpoint, EndpointState], after: dict[ComparedEndpoint, EndpointState]) -> list[Change]:
    """Return the endpoints on which the captures differ, what got worse first."""
    changes = []
    for endpoint in before.keys() | after.keys():
        old, new = before.get(endpoint), after.get(endpoint)
        kind = _kind(old, new)
        if kind is not None:
            changes.append(Change(endpoint=endpoint, kind=kind, before=old, after=new))
    order = list(ChangeKind)
    return sorted(changes, key=lambda change: (order.index(change.kind), change.endpoint))


def _kind(before: EndpointState | None, after: EndpointState | None) -> ChangeKind | None:
    if before is None:
        return ChangeKind.ONLY_AFTER
    if after is None:
        return ChangeKind.ONLY_BEFORE
    worse = better = False
    for engine in Engine:
        old = WORST_FIRST.index(before.outcomes.get(engine, Outcome.ALLOWED))
        new = WORST_FIRST.index(after.outcomes.get(engine, Outcome.ALLOWED))
        worse |= new < old
        better |= new > old
    if not worse and not better:  # what browsers do counts for more than what rules say
        for rule in before.findings.keys() | after.findings.keys():
            was, is_ = before.findings.get(rule, 0), after.findings.get(rule, 0)
            worse |= is_ > was
            better |= is_ < was
    if better and not worse and _is_clean(after):
        return ChangeKind.RESOLVED
    if worse != better:
        return ChangeKind.WORSE if worse else ChangeKind.BETTER
    return ChangeKind.CHANGED if worse or before.reasons != after.reasons else None


def _is_clean(state: EndpointState) -> bool:
    return all(outcome is Outcome.ALLOWED for outcome in state.outcomes.values()) and all(
        severity is Severity.INFO for severity in state.findings.values()
    )
