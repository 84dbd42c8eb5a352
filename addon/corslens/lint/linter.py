"""run: rules and the facts of one exchange in, findings out."""

from msgspec import Struct, structs

from corslens.fetch.budget import UNLIMITED, Budget
from corslens.fetch.constants import canonical_name
from corslens.fetch.messages import NO_HEADERS, HeaderList
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.finding import Evidence, Finding, Fix, Severity, Stage
from corslens.lint.rules.message_template import Unfillable, render, render_known
from corslens.lint.rules.rule import CompiledRule, FixTemplate, RuleSet
from corslens.observation.known import Unknown
from corslens.observation.redaction import redact_header
from corslens.verdict.cut_heads import is_cut
from corslens.verdict.verdict import Failure

_LONGEST_EVIDENCE = 500


class LintResult(Struct, frozen=True):
    """What fired: what happened before any CORS header mattered, then worst first, and among equals what the browser reports first."""

    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    """What fired and what a user's own rules suppress for this exchange."""


NOTHING = LintResult()


def run(rules: RuleSet, facts: Facts, budget: Budget = UNLIMITED) -> LintResult:
    """Lint one exchange.

    Raises: OverBudgetError when the exchange's time is over.
    """
    fired = rules.matching_rules(facts)
    if is_cut(facts.observation):
        # The absence of what was not looked at is no fault; what the verdict names has been found certain.
        fired = [one for one in fired if one.mentions_cut or one.rule.reason is not None]
    if not fired:
        return NOTHING
    findings: list[tuple[tuple[int, int, int], Finding]] = []
    suppressed: list[Finding] = []
    for compiled in fired:
        budget.check()
        finding = _finding(compiled, facts)
        exchange = facts.observation.exchange
        suppression = (
            next((one for one in compiled.suppressions if one.matches(exchange)), None) if compiled.suppressions else None
        )
        if suppression is not None:
            suppressed.append(structs.replace(finding, justification=suppression.note))
        else:
            key = (min(finding.stage, Stage.REQUEST), -finding.severity, _place(compiled, facts))
            findings.append((key, finding))
    if len(findings) > 1:
        findings.sort(key=lambda pair: pair[0])
    return LintResult(tuple(finding for _, finding in findings), tuple(suppressed))


def _place(compiled: CompiledRule, facts: Facts) -> int:
    """Return the place of the rule's reason among the verdict's failures; every other rule comes after."""
    reason, verdict = compiled.rule.reason, facts.verdict
    if reason is None or verdict is None:
        return 99
    return next((place for place, failure in enumerate(verdict.failures) if failure.reason is reason), 99)


def _finding(compiled: CompiledRule, facts: Facts) -> Finding:
    rule = compiled.rule
    failure = None if rule.reason is None else facts.failure(rule.reason)
    return Finding(
        rule=rule.id,
        severity=_severity(compiled, facts),
        confidence=rule.confidence,
        title=rule.title,
        stage=rule.stage,
        whole_host=rule.whole_host,
        message=render(rule.message, facts, failure, VOCABULARY),
        fixes=_fixes(compiled, facts, failure),
        evidence=_evidence(compiled, facts, failure),
        explains=_explains(compiled, facts),
    )


def _severity(compiled: CompiledRule, facts: Facts) -> Severity:
    for severity, holds in compiled.cases:
        if holds(facts):
            return severity
    return compiled.severity


def _fixes(compiled: CompiledRule, facts: Facts, failure: Failure | None) -> tuple[Fix, ...]:
    fixes = [_fix(fix, facts, failure) for fix, holds in compiled.fixes if holds is None or holds(facts)]
    found = tuple([fix for fix in fixes if fix is not None])
    return (
        found
        if len(found) < 2
        else tuple([fix for place, fix in enumerate(found) if fix.text or not _is_said(fix, found[:place])])
    )


def _is_said(fix: Fix, before: tuple[Fix, ...]) -> bool:
    """Say whether a fix without words repeats the header lines of one before, which has words for them."""
    return any(fix.side is other.side and fix.headers == other.headers for other in before)


def _fix(fix: FixTemplate, facts: Facts, failure: Failure | None) -> Fix | None:
    """Fill a fix in, None when what it says stands on a value that cannot be known."""
    try:
        text = "" if fix.text is None else render_known(fix.text, facts, failure, VOCABULARY) or ""
    except Unfillable:
        return None
    try:
        lines = [render_known(line, facts, failure, VOCABULARY, exact=True) for line in fix.headers]
    except Unfillable:
        lines = []  # half of the lines would be no fix
    headers = tuple(line for line in lines if line is not None)
    return Fix(side=fix.side, text=text, headers=headers) if text or headers else None


_NOTHING_EXPLAINED: frozenset[str] = frozenset()


def _explains(compiled: CompiledRule, facts: Facts) -> frozenset[str]:
    found = [names for names, holds in compiled.explains if holds is None or holds(facts)]
    match found:
        case []:
            return _NOTHING_EXPLAINED
        case [names]:
            return names
        case _:
            return frozenset().union(*found)


def _evidence(compiled: CompiledRule, facts: Facts, failure: Failure | None) -> tuple[Evidence, ...]:
    """Return the header lines behind the failing check and behind the facts that the rule asks for."""
    found: dict[tuple[str, str], Evidence] = {}
    if failure is not None and failure.header is not None:
        header = failure.header.lower()
        found["response", header] = _line("response", header, failure.value)
    for place in compiled.evidence:
        if place not in found:
            found[place] = _line(*place, _headers(facts, place[0]).get(place[1]))
    for message, attribute in compiled.evidence_sets:
        value = getattr(facts, attribute)
        for name in sorted(value) if value and not isinstance(value, Unknown) else ():
            header = name.lower()
            if (message, header) not in found:
                found[message, header] = _line(message, header, _headers(facts, message).get(header))
    return tuple(found.values())


def _headers(facts: Facts, message: str) -> HeaderList:
    if message == "request":
        return facts.request_head
    if message == "response":
        return facts.response_head
    preflight = facts.observation.preflight
    response = None if preflight is None else preflight.exchange.response
    return NO_HEADERS if response is None else response.headers


def _line(message: str, header: str, value: str | None) -> Evidence:
    if value is not None:
        shown = redact_header(header, value)
        value = shown if len(value) <= _LONGEST_EVIDENCE else f"{shown[: _LONGEST_EVIDENCE - 1]}…"
    return Evidence(message=message, header=canonical_name(header), value=value)
