"""Every format shows the same findings in the same order, deterministically; a golden file each."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from corslens.lint.rules.rule import RuleSet
from corslens.report.formats.registry import ENDINGS, Format, format_of, render, render_inspections

from tests.report.golden_files import golden_files, shop_gate
from tests.report.make import NO_RULES, session, summary
from tests.report.samples import hostile, inspected

FILES = golden_files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_golden(path: Path) -> None:
    """`scripts/render_reports` writes these files; a difference is a change that users see."""
    assert path.read_bytes() == FILES[path]


def order(form: Format) -> list[str]:
    """The rules of the findings in a report, in its order."""
    text = render(form, summary(), NO_RULES, shop_gate()).decode()
    match form:
        case Format.JSON:
            return [found["rule"] for found in json.loads(text)["problems"] if not found["known"]]
        case Format.SARIF:
            return [found["ruleId"] for found in json.loads(text)["runs"][0]["results"] if found["baselineState"] == "new"]
        case Format.MARKDOWN:
            return re.findall(r"`([^`]+)`(?:<br>`[^`]*`)? \| `http", text)
        case _:
            raise AssertionError(form)


def test_same_findings_in_the_same_order() -> None:
    expected = order(Format.JSON)
    assert len(expected) == 8
    assert order(Format.SARIF) == expected
    assert order(Format.MARKDOWN) == expected


def test_junit_has_the_same_findings() -> None:
    """Its order is by API first: a suite each."""
    root = ElementTree.fromstring(render(Format.JUNIT, summary(), NO_RULES, shop_gate()))
    cases = [case.get("name") for case in root.iter("testcase") if case.find("skipped") is None]
    assert sorted(name for name in cases if name not in ("nothing found", "readable")) == sorted(order(Format.JSON))


@pytest.mark.parametrize("form", Format)
def test_twice_the_same(form: Format) -> None:
    assert render(form, summary(), NO_RULES) == render(form, summary(), NO_RULES)


@pytest.mark.parametrize("form", sorted(set(Format) - {Format.HTML}))
def test_what_strangers_write_is_shown_and_does_nothing(form: Format) -> None:
    """The HTML report's own tests look at it in a browser."""
    found = render(form, summary(inspected(hostile(), NO_RULES)), NO_RULES)
    text = found.decode()
    assert "\x1b" not in text and "\u202e" not in text
    if form is Format.MARKDOWN:  # in code, where nothing is read
        text = re.sub("`[^`]*`", "", text)
    if form in (Format.MARKDOWN, Format.JUNIT):
        assert "<img" not in text and "</script>" not in text
    if form is Format.JUNIT:
        ElementTree.fromstring(found)


def test_inspections_render_like_what_was_collected() -> None:
    rules = RuleSet({})
    for form in set(Format) - {Format.JSONL, Format.HTML}:
        assert render_inspections(form, session(), rules) == render(form, _bare(), rules)


def _bare():
    gathered = summary([])
    gathered.inputs.clear()
    for inspection in session():
        gathered.add(inspection)
    return gathered


def test_jsonl_is_a_line_each() -> None:
    assert len(render_inspections(Format.JSONL, session(), NO_RULES).splitlines()) == 12


def test_every_format_has_an_ending() -> None:
    assert set(ENDINGS.values()) == set(Format)


def test_the_ending_names_the_format_whatever_its_case(tmp_path: Path) -> None:
    assert format_of(tmp_path / "Report.HTML") is Format.HTML


def test_what_the_help_of_cors_report_promises_can_be_written() -> None:
    assert {".html", ".json", ".sarif", ".xml", ".md"} <= set(ENDINGS)
