"""The comparison of two captures, for people and programs."""

import json

from corslens.report.comparison import compare
from corslens.report.formats.diff import render_diff, render_diff_json

from tests.make import API, PAGE
from tests.report.make import finding
from tests.report.test_comparison import capture

CHANGES = compare(
    capture(PAGE) | capture(PAGE, url=f"{API}/gone"),
    capture(None, findings=(finding("acao-missing"),)) | capture(None, url=f"{API}/new"),
)


def test_text():
    assert render_diff(CHANGES, compared=1).plain.splitlines() == [
        f"WORSE  GET {API}/orders/*  from {PAGE}",
        "  allowed  →  blocked (acao-missing)",
        "  + error: acao-missing",
        "",
        "only after:",
        f"  GET {API}/new  from {PAGE}  blocked (acao-missing)",
        "",
        "only before:",
        f"  GET {API}/gone  from {PAGE}",
        "",
        "1 endpoint in both: 1 worse, 0 resolved, 0 better, 0 changed",
    ]


def test_json():
    found = json.loads(render_diff_json(CHANGES))
    assert found["schema"] == "corslens-diff/2"
    first = found["changes"][0]
    assert (first["kind"], first["endpoint"], first["new_findings"]) == ("worse", f"{API}/orders/*", {"acao-missing": "error"})
    assert first["before"]["outcomes"]["webkit"] == "allowed" and first["after"]["outcomes"]["webkit"] == "blocked"


def test_no_line_is_longer_than_the_terminal():
    text = render_diff(CHANGES, compared=1, width=60).plain
    assert max(map(len, text.splitlines())) <= 60
    assert "".join(text.split()) == "".join(render_diff(CHANGES, compared=1).plain.split())
