"""Large sessions: each format lists the worst problems, says how many of how many, and counts all."""

import json
from xml.etree import ElementTree

import pytest
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Severity
from corslens.report.formats import json_report, junit, sarif, text
from corslens.report.formats.registry import Format, render
from corslens.report.limits import first, left_out, notes_of, worst
from corslens.report.page import html

from tests.diagnosis.make import finding, inspection
from tests.make import API
from tests.report.make import NO_RULES

LISTS = [form for form in Format if form is not Format.JSONL]


def path(number: int) -> str:
    """A path that is no id."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def session(problems: int, *, hold: int = 0, everything: bool = False) -> SessionSummary:
    """That many problems, each of one page request; the last third are warnings."""
    summary = SessionSummary(hold=hold, everything=everything)
    for number in range(problems):
        severity = Severity.WARNING if number >= problems * 2 // 3 else Severity.ERROR
        summary.add(
            inspection(f"x{number}", finding("acao-missing", severity), url=f"{API}/{path(number)}", at=number, well=False)
        )
    whole = SessionSummary(hold=hold, everything=everything)
    whole.merge(summary)
    return whole


def listed(form: Format, report: bytes) -> int:
    """How many problems a report lists."""
    text = report.decode()
    match form:
        case Format.TEXT:
            return sum(line.startswith("BLOCKED  ") for line in text.splitlines())
        case Format.JSON:
            return len(json.loads(text)["problems"])
        case Format.SARIF:
            return len(json.loads(text)["runs"][0]["results"])
        case Format.JUNIT:
            return len(ElementTree.fromstring(text).findall(".//testcase"))
        case Format.MARKDOWN:
            return text.count("<details>")
        case _:
            return len(embedded(text)["problems"])


def embedded(page: str) -> dict[str, object]:
    """What an HTML report holds of the session."""
    text = page.partition('<script type="application/json" id="summary">')[2].partition("</script>")[0]
    found: dict[str, object] = json.loads(text)
    return found


@pytest.mark.parametrize("form", LISTS)
def test_the_worst_are_listed_and_how_many_of_how_many_is_said(form: Format) -> None:
    report = render(form, session(30), NO_RULES, top=7)
    assert listed(form, report) == 7
    assert b"7 of 30 problems; these are the worst. List all with --top 30." in report.replace(b"-o FILE.json ", b"")


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("top", [30, 1_000])
def test_nothing_is_said_where_all_are_listed(form: Format, top: int) -> None:
    report = render(form, session(30), NO_RULES, top=top)
    assert listed(form, report) == 30 and b"of 30 problems" not in report


DEFAULTS = {Format.TEXT: 50, Format.HTML: 500, Format.JSON: 5_000, Format.SARIF: 5_000, Format.JUNIT: 5_000}


def test_what_suits_each_format() -> None:
    modules = {
        Format.TEXT: text, Format.HTML: html, Format.JSON: json_report, Format.SARIF: sarif, Format.JUNIT: junit,
    }  # fmt: skip
    assert {form: module.TOP for form, module in modules.items()} == DEFAULTS
    summary = session(60)
    assert listed(Format.TEXT, render(Format.TEXT, summary, NO_RULES)) == 50
    assert b"50 of 60 problems; " in render(Format.TEXT, summary, NO_RULES)


def test_code_scanning_never_gets_more_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub refuses a run with more than 25,000 results, whatever the user wants."""
    assert sarif._MAX_RESULTS < 25_000
    monkeypatch.setattr(sarif, "_MAX_RESULTS", 20)
    report = render(Format.SARIF, session(30), NO_RULES, top=100_000)
    assert listed(Format.SARIF, report) == 20
    assert b"20 of 30 problems; these are the worst. List all with -o FILE.json --top 30." in report


@pytest.mark.parametrize("hold", [0, 3, 1_000])
@pytest.mark.parametrize("everything", [False, True])
def test_counts_are_of_all_whatever_is_held_or_listed(hold: int, everything: bool) -> None:
    summary = session(30, hold=hold, everything=everything)
    counted = json.loads(render(Format.JSON, summary, NO_RULES, top=2))["summary"]
    assert (counted["exchanges"], counted["blocked"], counted["problems"]) == (30, 30, 30)
    assert (counted["errors"], counted["warnings"]) == (20, 10)
    page = embedded(render(Format.HTML, summary, NO_RULES, top=2).decode())
    assert page["total"] == 30 and page["counts"] == {"exchanges": 30, "cors": 30, "requests": 30, "blocked": 30}
    for form in (Format.TEXT, Format.MARKDOWN, Format.SARIF, Format.JUNIT):
        assert render(form, summary, NO_RULES, top=2) == render(form, session(30), NO_RULES, top=2)


def test_the_html_report_holds_the_worst_pairs_of_origins_and_says_how_many_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(html, "PAIRS", 3)
    summary = SessionSummary()
    for number in range(7):
        page, well = f"https://page{number}.example", number != 5
        summary.add(inspection(f"x{number}", *(() if well else (finding(),)), url=f"{API}/a", well=well, origin=page))
    shown = embedded(render(Format.HTML, summary, NO_RULES).decode())
    cells: object = shown["cells"]
    assert isinstance(cells, list) and [cell["page"][12:] for cell in cells] == ["5.example", "0.example", "1.example"]
    assert shown["cells_left_out"] == 4


def test_json_lists_the_same_exchanges_whether_an_html_report_is_written_or_not() -> None:
    lists = []
    for everything in (False, True):
        part, summary = SessionSummary(everything=everything), SessionSummary(everything=everything)
        part.add(inspection("bad", finding(), url=f"{API}/a", well=False))
        part.add(inspection("good", url=f"{API}/b", at=1, well=True))
        summary.merge(part)
        lists.append([one["id"] for one in json.loads(render(Format.JSON, summary, NO_RULES))["exchanges"]])
    assert lists == [["bad"], ["bad"]]


@pytest.mark.parametrize("form", LISTS)
def test_many_inputs_do_not_fill_a_report(form: Format) -> None:
    summary = session(1)
    for number in range(2_500):
        entry = summary.begin(f"{number}.har")
        entry.notes.append(f"{number}.har holds no preflight at all")
        entry.damages.append(f"{number}.har: is cut off")
    report = render(form, summary, NO_RULES)
    assert len(report) < 2_000_000
    match form:
        case Format.JSON:
            document = json.loads(report)
            assert len(document["inputs"]) + document["inputs_left_out"] == len(summary.inputs)
            assert len(document["inputs"]) == 2_000
        case Format.HTML:
            assert b"more" in report
        case Format.TEXT | Format.MARKDOWN:
            assert report.count(b".har holds no preflight") == 1 and b"likewise 2,499 more captures" in report
        case _:
            assert report.count(b".har: is cut off") <= 1_000
            assert "… and ".encode() in report.replace(b"\\u2026", "…".encode())


def test_notes_that_say_the_same_of_many_inputs_are_one() -> None:
    one = SessionSummary()
    for number, name in enumerate(("a/1.har", "a/2.har", "b.har", "c.har", "1,000.har")):
        one.begin(name).notes.append(
            f"{name} holds no preflight at all, and {number + 1:,}00 requests that need one: not judged"
        )
    one.inputs[2].notes.append("b.har holds no cookie")
    assert notes_of(one.inputs) == [
        "a/1.har holds no preflight at all, and 100 requests that need one: not judged; likewise 4 more captures",
        "b.har holds no cookie",
    ]
    assert len(notes_of(one.inputs[:3])) == 4


def test_sentences() -> None:
    problems = session(3).problems()
    assert worst(problems, 3) == (problems, None)
    assert worst(problems, 2)[0] == problems[:2]
    assert left_out(5_000, 26_055) == "5,000 of 26,055 problems; these are the worst. List all with --top 26055."
    assert first([1, 2, 3], 3, "notes") == ([1, 2, 3], None)
    assert first([1, 2, 3], 1, "notes") == ([1], "… and 2 more notes.")
