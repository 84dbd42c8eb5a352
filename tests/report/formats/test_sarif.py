"""SARIF is valid against its schema, and made so that code scanning takes it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from corslens.report.baseline import Gate
from corslens.report.formats.sarif import render_report

from tests.report.make import NO_RULES, rules, summary, suppressed_session
from tests.report.samples import all_of, hostile, inspected, shop

SCHEMA = json.loads((Path(__file__).parent.parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())


def run(**settings: Any) -> dict[str, Any]:
    """The one run of the shop's log."""
    found: dict[str, Any] = json.loads(render_report(summary(), rules(), Gate(**settings)))["runs"][0]
    return found


@pytest.mark.parametrize("catalog", [rules(), NO_RULES], ids=["rules", "no rules"])
def test_valid(catalog: Any) -> None:
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(render_report(summary(), catalog, Gate())))


def test_hostile_text_is_valid_too() -> None:
    log = json.loads(render_report(summary(inspected(all_of(shop(), hostile()), NO_RULES)), NO_RULES, Gate()))
    jsonschema.Draft4Validator(SCHEMA).validate(log)


def test_no_location_has_a_scheme() -> None:
    """GitHub refuses a whole file for one `https:` (https://github.com/github/codeql-action/issues/754); a port looks like a scheme, too."""
    for result in run()["results"]:
        location = result["locations"][0]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert urlsplit(uri).scheme == "" and ":" not in uri
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("https://")


def test_rules_come_with_their_metadata() -> None:
    driver = run()["tool"]["driver"]
    described = {rule["id"]: rule for rule in driver["rules"]}
    reflected = described["reflected-origin"]
    assert reflected["shortDescription"]["text"] == "Summary of reflected-origin"
    assert reflected["helpUri"] == "https://fetch.spec.whatwg.org/#cors-check"
    assert reflected["properties"]["security-severity"] == "5.0"
    assert "security-severity" not in described["acao-missing"]["properties"]
    for result in run()["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_fingerprints_are_stable_and_unlike() -> None:
    first, second = ([result["partialFingerprints"]["corslens/v1"] for result in run()["results"]] for _ in range(2))
    assert first == second and len(set(first)) == len(first)


def test_the_baseline_is_told() -> None:
    known = frozenset({run()["results"][0]["partialFingerprints"]["corslens/v1"]})
    states = [result["baselineState"] for result in run(known=known)["results"]]
    assert states[0] == "unchanged" and set(states[1:]) == {"new"}


def test_what_could_not_be_read_is_a_notification() -> None:
    (invocation,) = run()["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error", "note"]


def test_what_is_suppressed_is_a_suppression() -> None:
    log = json.loads(render_report(summary(suppressed_session()), rules(), Gate()))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    found = {result["ruleId"]: result.get("suppressions") for result in log["runs"][0]["results"]}
    assert found.pop("acao-missing") == [{"kind": "external", "justification": "my.yaml:2: known <so>"}]
    assert set(found.values()) == {None}
