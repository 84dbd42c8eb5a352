"""SARIF 2.1.0, for code scanning.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
Code scanning on GitHub refuses a whole file when one location has another scheme than `file:`
(https://github.com/github/codeql-action/issues/754), so a physical location is the URL without its scheme and the whole URL stands
in the logical location.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from corslens import __version__
from corslens.diagnosis.contribution import Suppressed
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Confidence, Severity
from corslens.lint.rules.rule import Family, Rule, RuleSet
from corslens.report.baseline import Gate, is_known
from corslens.report.escape import escape
from corslens.report.initiators import in_repository, initiator_of, made_by
from corslens.report.limits import SENTENCES, first, notes_of, worst
from corslens.report.plain import also, examples, fix_lines

type SarifObject = dict[str, Any]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
"""GitHub's scale: over 7 is high, from 4 medium, below that low."""
_PRECISION = {Confidence.CONFIRMED: "very-high"}
"""Where GitHub's word is another one."""


TOP = 5_000
"""Results of a run: GitHub shows as many, and refuses a file with more than 25,000.

Source: https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
"""
_MAX_RESULTS = 24_999
"""Results of a run, however many the user wants."""


def render_report(summary: SessionSummary, rules: RuleSet, gate: Gate, top: int = TOP) -> bytes:
    """Return the log, with one result a problem.

    Args:
        rules: the catalog, for the metadata of the rules that fired.
    """
    problems, left_out = worst(summary.problems(), top, most=_MAX_RESULTS)
    every = summary.suppressed_at()
    suppressed = every[: min(top, _MAX_RESULTS) - len(problems)]
    not_shown = f"{len(suppressed):,} of {len(every):,} suppressed results." if len(suppressed) < len(every) else None
    used = sorted({*(problem.key.rule for problem in problems), *(one.rule for one, _ in suppressed)})
    places = {rule: place for place, rule in enumerate(used)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "corslens",
                        "semanticVersion": __version__,
                        "rules": [_rule(rule, rules.rules.get(rule)) for rule in used],
                    }
                },
                "automationDetails": {"id": "corslens/"},
                "invocations": [_invocation(summary, filter(None, [left_out, not_shown]))],
                "columnKind": "unicodeCodePoints",
                "results": [
                    *(_result(problem, places[problem.key.rule], gate) for problem in problems),
                    *(_suppressed(one, count, places[one.rule]) for one, count in suppressed),
                ],
            }
        ],
    }
    return (json.dumps(log, indent=2) + "\n").encode()


def _rule(id: str, rule: Rule | None) -> SarifObject:
    if rule is None:
        return {"id": id}
    properties: SarifObject = {
        "tags": ["cors", rule.family.value],
        "precision": _PRECISION.get(rule.confidence, rule.confidence.value),
    }
    if rule.family is Family.SECURITY:
        properties["security-severity"] = _SECURITY_SEVERITY[rule.worst]
    found: SarifObject = {
        "id": id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": "\n".join((rule.why, *rule.sources)),
            "markdown": "\n\n".join((rule.why, *(f"- <{url}>" for url in rule.sources))),
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }
    if rule.sources:
        found["helpUri"] = rule.sources[0]
    return found


def _result(problem: Problem, place: int, gate: Gate) -> SarifObject:
    confidence = None if problem.cause is None else problem.cause.confidence.value
    result: SarifObject = {
        "ruleId": problem.key.rule,
        "ruleIndex": place,
        "level": _LEVELS[problem.severity],
        "message": {"text": "\n".join(map(escape, (problem.message, *fix_lines(problem), *also(problem))))},
        **_places(problem, gate),
        "occurrenceCount": problem.count,
        "partialFingerprints": {"corslens/v1": problem.key.fingerprint},
        "properties": {
            **({} if confidence is None else {"confidence": confidence}),
            "outcome": problem.word.lower(),
            "state": problem.state.value,
            "fixes": []
            if problem.cause is None
            else [
                {"side": fix.side.value, "text": escape(fix.text), "headers": list(map(escape, fix.headers))}
                for fix in problem.cause.fixes
            ],
            "methods": list(map(escape, problem.methods)),
            "pages": list(map(escape, problem.pages)),
            "examples": list(map(escape, examples(problem))),
        },
    }
    if gate.known:
        result["baselineState"] = "unchanged" if is_known(problem, gate.known) else "new"
    return result


def _places(problem: Problem, gate: Gate) -> SarifObject:
    """Return where a result is: at the line that made the request, where that is in the repository, else at the endpoint."""
    endpoint = _location(problem.key.endpoint)
    initiator = initiator_of(problem.diagnosis)
    if initiator is None:
        return {"locations": [endpoint]}
    region = {"startLine": initiator.line or 1, **({} if initiator.column is None else {"startColumn": initiator.column})}
    made = made_by(problem.diagnosis)
    path = None if made is None else in_repository(made, gate.source_roots)
    uri = _relative(initiator.url) if path is None else quote(path, safe="/%!$&'()*+,;=@-._~")
    code: SarifObject = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
    if initiator.function is not None:
        code["logicalLocations"] = [{"name": escape(initiator.function), "kind": "function"}]
    if path is not None:
        return {"locations": [code], "relatedLocations": [{**endpoint, "id": 1, "message": {"text": "the endpoint"}}]}
    return {"locations": [endpoint], "relatedLocations": [{**code, "id": 1, "message": {"text": "the code that requested it"}}]}


def _suppressed(one: Suppressed, count: int, place: int) -> SarifObject:
    return {
        "ruleId": one.rule,
        "ruleIndex": place,
        "level": "note",
        "message": {"text": f"{one.rule} is suppressed"},
        "locations": [_location(f"{one.api_origin}{one.path}")],
        "occurrenceCount": count,
        "suppressions": [{"kind": "external", "justification": escape(one.note)}],
    }


def _location(endpoint: str) -> SarifObject:
    return {
        "physicalLocation": {"artifactLocation": {"uri": _relative(endpoint)}, "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": escape(endpoint), "kind": "resource"}],
    }


def _relative(url: str) -> str:
    """Return the URL as a relative reference, which no colon may make look like a scheme."""
    return quote(url.partition("://")[2], safe="/%!$&'()*+,;=@-._~")


def _invocation(summary: SessionSummary, left_out: Iterable[str]) -> SarifObject:
    damages = [sentence for one in summary.inputs for sentence in one.damages]
    sentences = [
        {"level": level, "message": {"text": escape(sentence)}}
        for level, sentences in (("error", damages), ("note", notes_of(summary.inputs)))
        for sentence in sentences
    ]
    notifications, more = first(sentences, SENTENCES, "notes and errors of inputs")
    said = [*left_out, *filter(None, [more])]
    notifications = [*({"level": "note", "message": {"text": sentence}} for sentence in said), *notifications]
    return {
        "executionSuccessful": not any(one.damages for one in summary.inputs),
        "toolExecutionNotifications": notifications,
    }
