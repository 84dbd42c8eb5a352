"""SARIF 2.1.0, for code scanning.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
Code scanning on GitHub refuses a whole file when one location has another scheme than `file:`
(https://github.com/github/codeql-action/issues/754), so a physical location is the URL without its scheme and the whole URL stands
in the logical location.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from corslens import __version__
from corslens.lint.finding import Severity
from corslens.lint.rule import Family, Rule
from corslens.report.collection import Collection
from corslens.report.escape import escape
from corslens.report.groups import Group, examples_text

type Json = dict[str, Any]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.INFO: "2.0"}
"""GitHub's scale: over 7 is high, from 4 medium, below that low."""


def render_sarif(collection: Collection, rules: Mapping[str, Rule]) -> str:
    """Return the log, with one result a group of findings; silenced ones are suppressed results.

    Args:
        rules: the catalogue, for the metadata of the rules that fired.
    """
    groups = [*collection.groups(), *collection.silenced()]
    used = sorted({group.key.rule for group in groups})
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
                        "rules": [_rule(rule, rules.get(rule)) for rule in used],
                    }
                },
                "automationDetails": {"id": "corslens/"},
                "invocations": [_invocation(collection)],
                "columnKind": "unicodeCodePoints",
                "results": [_result(group, places[group.key.rule], collection) for group in groups],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(id: str, rule: Rule | None) -> Json:
    if rule is None:
        return {"id": id}
    properties: Json = {"tags": ["cors", rule.family.value], "precision": rule.confidence.value}
    if rule.family is Family.SECURITY:
        properties["security-severity"] = _SECURITY_SEVERITY[rule.worst]
    found: Json = {
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


def _result(group: Group, place: int, collection: Collection) -> Json:
    result: Json = {
        "ruleId": group.key.rule,
        "ruleIndex": place,
        "level": _LEVELS[group.severity],
        "message": {"text": _text(group)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _relative(group.key.endpoint)}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": escape(group.key.endpoint), "kind": "resource"}],
            }
        ],
        "occurrenceCount": group.count,
        "partialFingerprints": {"corslens/v1": group.key.fingerprint},
        "properties": {
            "confidence": group.confidence.value,
            "methods": sorted(map(escape, group.methods)),
            "pages": sorted(map(escape, group.pages)),
            "examples": list(map(escape, examples_text(group))),
        },
    }
    if group.accepted:
        result["suppressions"] = [{"kind": "external", "justification": escape(group.accepted)}]
    if collection.known:
        result["baselineState"] = "unchanged" if collection.is_known(group) else "new"
    return result


def _text(group: Group) -> str:
    message = escape(group.message)
    return f"{message}\nFix: {escape(group.fix)}" if group.fix else message


def _relative(url: str) -> str:
    """Return the URL as a relative reference, which no colon may make look like a scheme."""
    return quote(url.partition("://")[2], safe="/%!$&'()*+,;=@-._~")


def _invocation(collection: Collection) -> Json:
    notifications = [
        {"level": level, "message": {"text": escape(sentence)}}
        for one in collection.inputs
        for level, sentences in (("error", one.damages), ("note", one.notes))
        for sentence in sentences
    ]
    return {
        "executionSuccessful": not any(one.damages for one in collection.inputs),
        "toolExecutionNotifications": notifications,
    }
