"""Sessions of sites where everything worked for the user: nothing is called blocked, nothing is an error or a warning."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from corslens.analysis import AnalysisSettings, collect
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.verdict.headline import HeadlinePolicy

from tests.cases.sessions import write_session

SESSIONS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "healthy.yaml").read_text())
WRITTEN = [(session, writer) for session in SESSIONS for writer in session["as"]]


@pytest.mark.parametrize("engine", ["auto", "all"])
@pytest.mark.parametrize(("session", "writer"), WRITTEN, ids=[f"{session['id']}, {writer}" for session, writer in WRITTEN])
def test_a_session_that_worked_is_quiet(session: dict[str, Any], writer: str, engine: str, tmp_path: Path) -> None:
    file = write_session(session, writer, tmp_path)
    summary = SessionSummary()
    settings = AnalysisSettings(rules=load_rules(), headline=HeadlinePolicy.of_capture(engine))
    collect(str(file), "x", settings, summary, [])
    assert [one.damages for one in summary.inputs] == [[]]
    problems = [problem.diagnosis for problem in summary.problems()]
    assert [(one.word, one.rule) for one in problems if one.severity > Severity.INFO or one.word == "BLOCKED"] == []
