"""diagnose: of one page request the one cause, what follows from it, and what else is wrong."""

from collections.abc import Iterable, Mapping

from msgspec import Struct, structs

from corslens.diagnosis.page_request import PageRequest, ProblemState
from corslens.inspection import Inspection
from corslens.lint.finding import Finding, Severity, Stage
from corslens.verdict.verdict import Outcome

WORDS = ("BLOCKED", "DEPENDS", "PATCHED", "ERROR", "WARNING", "INFO", "ABORTED", "ALLOWED")
"""The words that stand before a page request, worst first."""

JUDGED = frozenset(WORDS[:3])
"""Those that say what browsers make of it."""

QUIET = frozenset(WORDS[-3:])
"""Those of which nobody needs to know at once."""


def worst_word(counts: Mapping[str, int]) -> str:
    """Return the worst of the words that page requests go by, the last one where there are none.

    Args:
        counts: how many go by each word; a Counter.
    """
    return next((word for word in WORDS if counts[word] > 0), WORDS[-1])


class Diagnosis(Struct, frozen=True, kw_only=True, gc=False):
    """What is wrong with one page request. Text is redacted and not escaped."""

    page_request: PageRequest
    word: str
    """One of WORDS."""
    reason: str | None
    """The reason that the browser reports, or would without the patch."""
    cause: Finding | None
    """None where no rule says why, or nothing is wrong."""
    place: Inspection
    """The exchange on which the cause was found, or which decides."""
    explained: tuple[Finding, ...] = ()
    """What follows from the cause, or from one of the others."""
    beside: tuple[Finding, ...] = ()
    """What else is wrong, worst first."""
    explains: Mapping[str, tuple[str, ...]] = {}
    """By rule the rules that it explains here."""
    severity: Severity = Severity.INFO
    """The worst of what is wrong, what follows included; of a block that no rule puts into words, an error."""

    @property
    def rule(self) -> str | None:
        """The name of what is wrong: the cause's rule, or the reason of a browser that no rule puts into words."""
        return self.reason if self.cause is None else self.cause.rule

    @property
    def state(self) -> ProblemState:
        """How it stands by itself: open or patched."""
        return ProblemState.PATCHED if self.word == "PATCHED" else ProblemState.OPEN

    @property
    def is_problem(self) -> bool:
        """Whether anything is wrong that a user did not suppress."""
        return self.cause is not None or (self.word in JUDGED and self.reason is not None and not self._is_suppressed)

    @property
    def is_loud(self) -> bool:
        """Whether it is a problem of which the terminal says so: more than an info finding."""
        return self.is_problem and self.word not in QUIET

    @property
    def _is_suppressed(self) -> bool:
        return any(finding.rule == self.reason for one in self.page_request.members for finding in one.suppressed)


def diagnose(page_request: PageRequest) -> Diagnosis:
    """Return what is wrong with a page request."""
    decisive = page_request.decisive
    found: dict[str, tuple[Finding, Inspection]] = {}
    for one in page_request.judged:
        for finding in one.findings:
            known = found.get(finding.rule)
            if known is None or finding.severity > known[0].severity:
                found[finding.rule] = finding, one
    if not found:
        if decisive.is_plain and (len(page_request.members) == 1 or not page_request.patched):
            return Diagnosis(page_request=page_request, word="ALLOWED", reason=None, cause=None, place=decisive)
        word, reason = _word(page_request, None), page_request.reason
        severity = Severity.ERROR if word in ("BLOCKED", "PATCHED") else Severity.INFO
        return Diagnosis(page_request=page_request, word=word, reason=reason, cause=None, place=decisive, severity=severity)
    reason = page_request.reason
    depends = reason is not None and page_request.outcome is Outcome.DEPENDS
    if len(found) == 1 and not depends:
        ((first, place),) = found.values()
        return Diagnosis(
            page_request=page_request,
            word=_word(page_request, first.severity),
            reason=reason,
            cause=first,
            place=place,
            severity=first.severity,
        )
    closures = {rule: _closure(finding, found) for rule, (finding, _) in found.items()}
    troubled = reason is not None
    order = {rule: place for place, rule in enumerate(found)}

    def concerns(rule: str) -> bool:
        finding, one = found[rule]
        return rule == reason or reason in closures[rule] or (finding.stage <= Stage.STATUS and one is decisive)

    def rank(rule: str) -> tuple[bool, int, bool, int, int]:
        finding, _ = found[rule]
        if not troubled:
            return False, -finding.severity, False, finding.stage, order[rule]
        concerned = concerns(rule)
        return not concerned, finding.stage if concerned else 0, rule == reason, -finding.severity, order[rule]

    ranked = sorted(found, key=rank)
    explained: dict[str, None] = {}
    for rule in ranked:
        # Of two that explain each other, the first one stands.
        by = [other for other in ranked if other != rule and rule in closures[other]]
        if any(other not in closures[rule] or (other not in explained and rank(other) < rank(rule)) for other in by):
            explained[rule] = None
    roots = [rule for rule in ranked if rule not in explained]
    explains = {rule: follows for rule in roots if (follows := tuple(other for other in explained if other in closures[rule]))}
    first, place = found[roots[0]]
    if first.fix is None:
        # What the cause would fix cannot be said here (an origin "null" in it): what follows from it may have a fix that can.
        fixes = (found[rule][0].fixes for rule in explains.get(roots[0], ()))
        first = structs.replace(first, fixes=next(filter(None, fixes), ()))
    cause: Finding | None = first
    if depends and first.severity is Severity.INFO and not concerns(roots[0]):
        cause, place = None, decisive  # what is only worth a remark is not why credentials would block it
    others = sorted((found[rule][0] for rule in roots[cause is not None :]), key=lambda finding: -finding.severity)
    return Diagnosis(
        page_request=page_request,
        word=_word(page_request, max(found[rule][0].severity for rule in roots)),
        reason=reason,
        cause=cause,
        place=place,
        explained=tuple(found[rule][0] for rule in explained),
        beside=tuple(others),
        explains=explains,
        severity=max(finding.severity for finding, _ in found.values()),
    )


def diagnose_alone(inspection: Inspection) -> Diagnosis:
    """Return what is wrong with one exchange by itself, as if it were the whole page request."""
    return diagnose(PageRequest(id=inspection.id, members=(inspection,)))


def _closure(finding: Finding, found: Mapping[str, tuple[Finding, Inspection]]) -> set[str]:
    """Return what the finding explains: itself, or through what it explains."""
    reached: set[str] = set()
    ahead: list[Iterable[str]] = [finding.explains]
    while ahead:
        for name in ahead.pop():
            if name not in reached:
                reached.add(name)
                if name in found:
                    ahead.append(found[name][0].explains)
    return reached


def _word(page_request: PageRequest, worst: Severity | None) -> str:
    if page_request.patched:
        return "PATCHED"
    outcome = page_request.outcome
    if outcome is Outcome.BLOCKED:
        return "BLOCKED"
    if page_request.is_cors:
        # What a pending preflight depends on, its actual request shows within milliseconds.
        if outcome is Outcome.DEPENDS and not page_request.pending and page_request.reason is not None:
            return "DEPENDS"
        if outcome is Outcome.ABORTED and worst in (None, Severity.INFO):
            return "ABORTED"
    return "ALLOWED" if worst is None else worst.word.upper()
