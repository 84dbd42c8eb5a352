"""JUnit's XML is valid against Jenkins' schema, and fails where the gate fails."""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
import xmlschema
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Severity
from corslens.report.baseline import Gate
from corslens.report.formats.junit import render_report

from tests.report.make import NO_RULES, summary, suppressed_session
from tests.report.samples import hostile, inspected

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "schemas" / "junit-10.xsd")


def render(made: SessionSummary) -> str:
    """Its document."""
    return render_report(made, NO_RULES, Gate()).decode()


def suites(**settings: Any) -> Element:
    """The shop's document."""
    return fromstring(render_report(summary(), NO_RULES, Gate(**settings)))


def test_valid() -> None:
    SCHEMA.validate(render(summary()))


def test_hostile_text_is_valid_too() -> None:
    SCHEMA.validate(render(summary(inspected(hostile(), NO_RULES))))


def test_a_clean_run_is_not_an_empty_one() -> None:
    clean = summary(list(inspected([], NO_RULES)))
    assert fromstring(render(clean)).get("tests") == "0"
    root = suites()
    assert root.find(".//testcase[@name='nothing found']") is not None


@pytest.mark.parametrize(("fail_on", "failures"), [(None, 0), (Severity.ERROR, 7), (Severity.WARNING, 8), (Severity.INFO, 9)])
def test_failures_are_those_of_the_gate(fail_on: Severity | None, failures: int) -> None:
    root = suites(fail_on=fail_on)
    assert root.get("failures") == str(failures) == str(len(list(root.iter("failure"))))


def test_what_the_baseline_knows_is_skipped() -> None:
    problem = summary().problems()[0]
    root = suites(known=frozenset({problem.key.fingerprint}))
    (skipped,) = [case for case in root.iter("testcase") if case.find("skipped") is not None]
    assert (skipped.get("classname"), skipped.get("name")) == (problem.key.endpoint, problem.key.rule)


def test_what_could_not_be_read_is_an_error() -> None:
    (error,) = suites().iter("error")
    assert error.get("message") == "shop.har: is cut off in entry 12"


def test_counts_are_those_of_the_elements() -> None:
    for suite in suites().iter("testsuite"):
        assert int(suite.get("tests", "")) == len(list(suite.iter("testcase")))


def test_what_is_suppressed_is_skipped_with_its_note() -> None:
    document = render(summary(suppressed_session()))
    SCHEMA.validate(document)
    found = {
        (case.get("name"), skipped.get("message"))
        for case in fromstring(document).iter("testcase")
        if (skipped := case.find("skipped")) is not None
    }
    assert found == {("acao-missing", "suppressed 2 times: my.yaml:2: known <so>")}
