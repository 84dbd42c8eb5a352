"""The first two lines of every surface hold the fix of each of the demo's problems; tests/browser/test_fixes.py does what they say."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import fromstring

import pytest
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.report.formats.exchange_text import render_view
from corslens.report.formats.registry import Format, render
from corslens.report.formats.text import render_problem

from tests.demo_fixes import RULES, recorded

pytestmark = pytest.mark.slow  # starts a program


def lines(problems: Mapping[str, Problem], summary: SessionSummary) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each surface, and of each path what stands below its first line."""
    for width in (80, 140):
        shown = {path: render_problem(one.diagnosis, width).plain for path, one in problems.items()}
        yield f"terminal, {width} columns", {path: text.partition("\n")[2] for path, text in shown.items()}
    for name, width in (("mitmweb", 74), ("console", 78)):
        shown = {
            path: render_view(one.diagnosis.place, lambda _: None, width, diagnosis=one.diagnosis)
            for path, one in problems.items()
        }
        yield f"content view, {name}", {path: text.partition("\n")[2] for path, text in shown.items()}
    by_id = {problem.key.id: path for path, problem in problems.items()}
    order = [by_id.get(problem.key.id) for problem in summary.problems()]
    sarif = json.loads(render(Format.SARIF, summary, RULES))["runs"][0]["results"]
    yield "SARIF", dict(zip(order, (one["message"]["text"].split("\n")[1] for one in sarif), strict=True))
    markdown = render(Format.MARKDOWN, summary, RULES).decode()
    rows = [row for row in markdown.splitlines() if row.startswith("|") and "<br>" in row]
    yield "Markdown", dict(zip(order, (re.split(r"<br>`", row)[1] for row in rows), strict=True))
    cases = fromstring(render(Format.JUNIT, summary, RULES)).iter("testcase")
    failed = {urlsplit(case.get("classname", "")).path or "/dead": text for case in cases if (text := case.findtext("failure"))}
    yield "JUnit", {path: text.split("\n")[1] for path, text in failed.items()}


async def test_the_second_line_is_the_fix(tmp_path: Path) -> None:
    """After one line that names the problem comes what to do, on each of seven surfaces, 15 of 15; a narrow one may fold it."""
    summary, problems, wanted = await recorded(tmp_path)
    assert set(problems) == set(wanted)
    surfaces = dict(lines(problems, summary))
    missed = {
        (surface, path): shown.get(path)
        for surface, shown in surfaces.items()
        for path, line in wanted.items()
        if not " ".join(shown.get(path, "").split()).startswith(line)
    }
    assert len(surfaces) == 7 and not missed
