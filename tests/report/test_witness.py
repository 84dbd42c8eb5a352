"""What a browser recorded of a request stands in the record and, for the code that asked, beside the problem."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from corslens.cli import main

from tests.inputs.make_har import entry, har

CALL = {
    "functionName": "loadUser",
    "scriptId": "7",
    "url": "https://app.example/api.js?v=secret",
    "lineNumber": 41,
    "columnNumber": 10,
}


def analyzed(folder: Path, form: str, **response: object) -> str:
    """What `analyze` prints of a HAR with one entry."""
    one: dict[str, Any] = entry(_initiator={"type": "script", "stack": {"callFrames": [CALL]}}, _resourceType="fetch")
    one["response"] |= response
    path = folder / "a.har"
    path.write_text(json.dumps(har(one, creator="WebInspector")))
    return CliRunner().invoke(main, ["analyze", str(path), "--format", form]).stdout


def test_the_code_that_asked_is_named_with_the_problem(tmp_path: Path) -> None:
    text = analyzed(tmp_path, "text", _error="net::ERR_FAILED")
    assert "Requested by https://app.example/api.js?v=*:42:11 in loadUser" in text


def test_the_record_holds_the_browsers_word(tmp_path: Path) -> None:
    (line, *_) = analyzed(tmp_path, "jsonl", status=0, _error="net::ERR_BLOCKED_BY_CLIENT").splitlines()
    found = json.loads(line)
    assert found["witness"] == {
        "outcome": "failed",
        "reason": "net::ERR_BLOCKED_BY_CLIENT",
        "from_cache": None,
        "initiator": {"url": "https://app.example/api.js?v=*", "line": 42, "column": 11, "function": "loadUser"},
        "explained_by": None,
    }
    assert found["verdicts"]["chromium"]["outcome"] == "not-judged"


def test_without_a_browser_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text(json.dumps(har(entry(), creator="mitmproxy")))
    (line, *_) = CliRunner().invoke(main, ["analyze", str(path), "--format", "jsonl"]).stdout.splitlines()
    assert json.loads(line)["witness"] is None
