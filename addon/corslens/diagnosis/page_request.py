"""PageRequest: what a page did once (a `fetch()`, an `<img crossorigin>`, a font), with everything that it became on the wire."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.preflight import requested_method
from corslens.inspection import Inspection
from corslens.observation.known import Known
from corslens.observation.observation import Followed, Observation, Role
from corslens.verdict.verdict import WORST_FIRST, Outcome, Verdict

_RANK = {outcome: rank for rank, outcome in enumerate(WORST_FIRST)}

REPEATED_STATUSES = frozenset({401, 408, 421})
"""After these a browser's network stack sends the same request again by itself, and the page never sees them."""


class ProblemState(StrEnum):
    """How a problem stands."""

    OPEN = "open"
    PATCHED = "patched"
    """The page got what it asked for, because the proxy changed a response."""
    RESOLVED = "resolved"
    """The same page request passes now."""


class Signature(Struct, frozen=True, gc=False):
    """What makes a later page request to an endpoint the same one again."""

    method: str
    page: str
    header_names: tuple[str, ...]
    credentialed: bool


def page_request_id(observation: Observation) -> str:
    """Return the id of the first exchange of the page request that the observation is part of.

    A redirect from the page's own server is the first hop of its page request; a preflight made for it comes before the first hop.
    One that was only remembered (from the preflight cache) belongs to an earlier page request. What the browser recorded of a request
    that it did not send for its preflight's response belongs to that preflight.
    """
    if observation.explained_by is not None and observation.role is Role.ACTUAL:
        return observation.explained_by
    first = observation
    while first.redirected_from is not None:
        first = first.redirected_from
    covering = first.preflight
    return first.id if covering is None or covering.from_cache else covering.id


class PageRequest:
    """The exchanges of one page request. A preflight that was never followed is one, too.

    Args:
        id: of its first exchange.
        members: oldest first.
    """

    __slots__ = ("_hops", "_known_outcome", "decisive", "id", "is_cors", "judged", "members")

    def __init__(self, *, id: str, members: tuple[Inspection, ...]) -> None:
        self.id = id
        self.members = members
        self.judged = members if len(members) == 1 else _judged(members)
        """All but those that the network stack repeated by itself, and whose responses no page saw."""
        self.decisive = self.judged[0] if len(self.judged) == 1 else _decisive(self.judged)
        """The exchange that decides the outcome: the first of those with the worst one, of an allowed page request the last."""
        self.is_cors = members[0].observation.is_cors or any(one.observation.is_cors for one in members[1:])
        """Whether any CORS check was made on it."""
        self._hops: tuple[Inspection, ...] | None = None
        self._known_outcome: Outcome | None = None

    @property
    def preflights(self) -> tuple[Inspection, ...]:
        """The preflights, oldest first."""
        return tuple(one for one in self.judged if one.observation.role is Role.PREFLIGHT)

    @property
    def hops(self) -> tuple[Inspection, ...]:
        """The requests that the preflights were for, oldest first: each but the last one was redirected."""
        hops = self._hops
        if hops is None:
            hops = self._hops = tuple([one for one in self.judged if one.observation.role is not Role.PREFLIGHT])
        return hops

    @property
    def final(self) -> Inspection | None:
        """The last hop; None when only preflights were seen."""
        hops = self.hops
        return hops[-1] if hops else None

    @property
    def headline(self) -> Engine:
        """The engine whose verdict counts."""
        return self.decisive.headline

    @property
    def outcome(self) -> Outcome:
        """What became of it, in the engine that counts; not judged where there is no CORS in it, or no request in sight."""
        outcome = self._known_outcome
        if outcome is None:
            outcome = self._known_outcome = self._of_all(_outcome(self.decisive))
        return outcome

    @property
    def outcomes(self) -> Mapping[Engine, Outcome]:
        """What each engine makes of it."""
        judged = self.judged
        return {
            engine: self._of_all(min((_outcome_in(one, engine) for one in judged), key=WORST_FIRST.index)) for engine in Engine
        }

    def _of_all(self, worst: Outcome) -> Outcome:
        if worst is Outcome.ALLOWED and (self.final is None or not self.is_cors):
            return Outcome.NOT_JUDGED
        return worst

    @property
    def pending(self) -> bool:
        """Whether its preflight was responded to and the request may still come."""
        return self.members[-1].observation.followed is Followed.PENDING

    @property
    def patched(self) -> bool:
        """Whether it passed because the proxy changed a response, or made one. What was injected on purpose is no patch."""
        views = [one.patch for one in self.members if one.patch is not None]
        changed = bool(views) and any(view.applied and not view.injected for view in views)
        return changed and _outcome(self.decisive) is not Outcome.BLOCKED

    @property
    def verdict(self) -> Verdict:
        """The verdict that counts, of what the browser got; where the proxy patched, of what the server sent."""
        if self.patched:
            worst = min(self.judged, key=lambda one: WORST_FIRST.index(one.verdict.outcome))
            return worst.verdict
        return self.decisive.delivered_verdict

    @property
    def reason(self) -> str | None:
        """The reason that the browser reports: of `depends`, the one of the branch that blocks."""
        return reported_reason(self.verdict)

    @property
    def method(self) -> str:
        """The method that the page used."""
        first = self.hops[0] if self.hops else self.members[0]
        request = first.observation.exchange.request
        return requested_method(request) if first.observation.role is Role.PREFLIGHT else request.method

    @property
    def url(self) -> str:
        """The URL that the page requested; not redacted."""
        return self.members[0].observation.exchange.request.url

    @property
    def page(self) -> str | None:
        """The origin of the page, None when no request says so; not redacted."""
        for one in self.members:
            page = one.observation.page_origin or one.observation.origin
            if page is not None:
                return page
        return None

    @property
    def signature(self) -> Signature:
        """What makes a later page request the same one again."""
        last = self.members[-1].observation
        need, credentials = last.need, last.credentials
        return Signature(
            self.method,
            self.page or "",
            () if need is None else need.header_names,
            isinstance(credentials, Known) and credentials.value is CredentialsMode.INCLUDE,
        )


def reported_reason(verdict: Verdict) -> str | None:
    """Return the reason that the browser reports: of `depends`, the one of the branch that blocks."""
    for branch in (verdict, verdict.if_credentialed, verdict.if_not_credentialed):
        if branch is not None and branch.failures:
            return branch.failures[0].reason.value
    return None


def _outcome(inspection: Inspection) -> Outcome:
    return _outcome_in(inspection, inspection.headline)


def _outcome_in(inspection: Inspection, engine: Engine) -> Outcome:
    # What the browser went on from, it did not block, whatever we make of it.
    if inspection.misprediction is not None and inspection.misprediction.engine is engine:
        return inspection.misprediction.outcome
    return inspection.delivered_verdicts[engine].outcome


def _judged(members: tuple[Inspection, ...]) -> tuple[Inspection, ...]:
    repeated = [
        one
        for place, one in enumerate(members)
        if one.observation.exchange.response is not None
        and one.observation.exchange.response.status in REPEATED_STATUSES
        and any(_same_request(one, later) for later in members[place + 1 :])
    ]
    return tuple(one for one in members if one not in repeated) if repeated else members


def _decisive(judged: tuple[Inspection, ...]) -> Inspection:
    ranks = [_RANK[_outcome(one)] for one in judged]
    worst = min(ranks)
    return judged[-1] if worst == _RANK[Outcome.ALLOWED] else judged[ranks.index(worst)]


def _same_request(one: Inspection, later: Inspection) -> bool:
    first, second = one.observation.exchange.request, later.observation.exchange.request
    return (first.method, first.url) == (second.method, second.url)
