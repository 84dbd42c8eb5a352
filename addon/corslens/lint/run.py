"""run: rules and the facts of one exchange in, findings out."""

from typing import Any

from msgspec import Struct

from corslens.fetch.constants import canonical_name
from corslens.lint.condition import leaves
from corslens.lint.fact import Kind
from corslens.lint.facts import VOCABULARY, Facts
from corslens.lint.finding import Evidence, Finding, Severity
from corslens.lint.rule import Fireable, RuleSet
from corslens.lint.template import render
from corslens.observation.evidence import Unknown
from corslens.observation.redaction import redact_header
from corslens.verdict.verdict import Failure

_LONGEST_EVIDENCE = 500


class LintResult(Struct, frozen=True):
    """What fired: worst first, and among equals what the browser reports first."""

    findings: tuple[Finding, ...] = ()
    silenced: tuple[Finding, ...] = ()
    """What fired and what a user's own rules silence for this exchange."""


NOTHING = LintResult()


def run(rules: RuleSet, facts: Facts) -> LintResult:
    """Lint one exchange."""
    fired = rules.index.collect(facts)
    if not fired:
        return NOTHING
    findings: list[tuple[tuple[int, int, int], Finding]] = []
    silenced: list[Finding] = []
    for fireable in fired:
        finding = _finding(fireable, facts)
        if fireable.silences and any(silence.matches(facts.observation.exchange) for silence in fireable.silences):
            silenced.append(finding)
        else:
            findings.append(((-finding.severity, _place(fireable, facts), fireable.order), finding))
    if len(findings) > 1:
        findings.sort(key=lambda pair: pair[0])
    return LintResult(tuple(finding for _, finding in findings), tuple(silenced))


def _place(fireable: Fireable, facts: Facts) -> int:
    """Return the place of the rule's reason among the verdict's failures; every other rule comes after."""
    reason, verdict = fireable.rule.reason, facts.verdict
    if reason is None or verdict is None:
        return 99
    return next((place for place, failure in enumerate(verdict.failures) if failure.reason is reason), 99)


def _finding(fireable: Fireable, facts: Facts) -> Finding:
    rule = fireable.rule
    failure = None if rule.reason is None else facts.failure(rule.reason)
    return Finding(
        rule=rule.id,
        severity=_severity(fireable, facts),
        confidence=rule.confidence,
        message=render(rule.message, facts, failure, VOCABULARY),
        fix=render(rule.fix, facts, failure, VOCABULARY),
        evidence=_evidence(fireable, facts, failure),
    )


def _severity(fireable: Fireable, facts: Facts) -> Severity:
    for severity, holds in fireable.cases:
        if holds(facts):
            return severity
    return fireable.severity


def _evidence(fireable: Fireable, facts: Facts, failure: Failure | None) -> tuple[Evidence, ...]:
    """Return the header lines behind the failing check and behind the facts that the rule asks for."""
    found: dict[tuple[str, str], Evidence] = {}
    if failure is not None and failure.header is not None:
        _add(found, "response", failure.header.lower(), failure.value)
    condition = fireable.rule.when
    for leaf in () if condition is None else leaves(condition):
        fact = VOCABULARY[leaf.fact]
        if fact.message is None:
            continue
        if fact.header is not None:
            _add(found, fact.message, fact.header, _line(facts, fact.message, fact.header))
        elif fact.kind is Kind.SET:
            value: Any = getattr(facts, fact.attribute)
            for name in sorted(value) if value and not isinstance(value, Unknown) else ():
                _add(found, fact.message, name.lower(), _line(facts, fact.message, name.lower()))
    return tuple(found.values())


def _add(found: dict[tuple[str, str], Evidence], message: str, header: str, value: str | None) -> None:
    if (message, header) in found:
        return
    if value is not None:
        value = redact_header(header, value)
        value = value if len(value) <= _LONGEST_EVIDENCE else f"{value[: _LONGEST_EVIDENCE - 1]}…"
    found[message, header] = Evidence(message=message, header=canonical_name(header), value=value)


def _line(facts: Facts, message: str, header: str) -> str | None:
    if message == "request":
        return facts.sent_headers.get(header)
    if message == "response":
        return facts.got_headers.get(header)
    preflight = facts.observation.preflight
    response = None if preflight is None else preflight.exchange.response
    return None if response is None else response.headers.get(header)
