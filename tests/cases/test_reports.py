"""Rebuilt reports: the first sentence names the cause, and what to do about it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from corslens.analysis import AnalysisSettings, collect
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules

REPORTS: list[dict[str, Any]] = [
    report for file in sorted(Path(__file__).parent.glob("reports*.yaml")) for report in yaml.safe_load(file.read_text())
]
PAGE = "https://app.example"
AGENTS = {
    "chrome": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    "firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
    "safari": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
}


def entries(step: dict[str, Any], page: str) -> Iterator[dict[str, Any]]:
    """The HAR entries of a step: its preflight, where it has one, and itself."""
    url = step["url"]
    asked = step.get("preflight-first")
    if asked:
        method, _, names = asked.partition(" ")
        granted = {
            "access-control-allow-origin": page,
            "access-control-allow-methods": method,
            "access-control-allow-headers": names,
        }
        yield from entries({"url": url, "preflight": asked, "status": 204, "headers": granted}, page)
    headers = {"user-agent": AGENTS["chrome"], "referer": f"{page}/", "accept": "*/*"}
    method = step.get("method", "GET")
    secure = urlsplit(url).scheme == "https" or urlsplit(url).hostname == "localhost"
    if secure:
        headers |= {"sec-fetch-mode": step.get("mode", "cors"), "sec-fetch-dest": "empty"}
    if not step.get("same-origin"):
        headers["origin"] = page
    if "preflight" in step:
        requested, _, names = step["preflight"].partition(" ")
        method = "OPTIONS"
        headers |= {"access-control-request-method": requested, "access-control-request-headers": names}
    if "type" in step:
        headers["content-type"] = step["type"]
    headers |= step.get("request", {})
    answered = {"status": step.get("status", 0), "headers": step.get("headers", {})}
    yield {
        "startedDateTime": "2026-11-28T20:00:00.000Z",
        "time": 5,
        "request": {"method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": lines(headers), "queryString": [], "cookies": []},
        "response": {
            "status": answered["status"],
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "headers": lines(answered["headers"]),
            "cookies": [],
            "content": {"size": 0, "mimeType": ""},
            "redirectURL": answered["headers"].get("location", ""),
            **({"_error": step["error"]} if "error" in step else {}),
        },
        "cache": {},
        "timings": {"send": 1, "wait": 1, "receive": 1},
    }  # fmt: skip


def lines(headers: dict[str, str | None]) -> list[dict[str, str]]:
    """Headers as a HAR has them."""
    return [{"name": name, "value": value} for name, value in headers.items() if value is not None]


def problems_of(report: dict[str, Any], folder: Path) -> list[Diagnosis]:
    """The problems of a report's traffic, the worst first."""
    page = report.get("page", PAGE)
    found = [entry for step in report["steps"] for entry in entries(step, page)]
    for second, entry in enumerate(found):
        agent = next(line for line in entry["request"]["headers"] if line["name"] == "user-agent")
        agent["value"] = AGENTS[report.get("agent", "chrome")]
        entry["startedDateTime"] = f"2026-11-28T20:00:{second:02}.000Z"
    file = folder / "report.har"
    file.write_text(
        json.dumps(
            {"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": found}}
        )
    )
    summary = SessionSummary()
    collect(str(file), "x", AnalysisSettings(rules=load_rules()), summary, [])
    return [problem.diagnosis for problem in summary.problems()]


def first_of(diagnosis: Diagnosis) -> str:
    """What a person reads first: a problem's message and its first fix."""
    assert diagnosis.cause is not None
    fix = diagnosis.cause.fix
    said = "\n".join([diagnosis.cause.message, *([fix.text, *fix.headers] if fix else [])])
    # A URL names products that the sentence does not; an origin it may.
    return re.sub(r"(https?://[^\s/]+)/\S*", r"\1/…", said)


@pytest.mark.parametrize("report", REPORTS, ids=[report["id"] for report in REPORTS])
def test_the_first_sentence_names_the_cause(report: dict[str, Any], tmp_path: Path) -> None:
    found = problems_of(report, tmp_path)
    if "worst" in report:
        allowed = Severity[report["worst"].upper()]
        worse = [first_of(one) for one in found if one.cause is not None and one.cause.severity > allowed]
        assert not worse, worse
        return
    said = first_of(found[0])
    for pattern in report["says"]:
        assert re.search(pattern, said, re.IGNORECASE), f"{pattern!r} is not in:\n{said}"
    for pattern in report.get("says-not", ()):
        assert not re.search(pattern, said, re.IGNORECASE), f"{pattern!r} is in:\n{said}"
    loud = {
        rule.rule for one in found for rule in (one.cause, *one.beside) if rule is not None and rule.severity > Severity.INFO
    }
    assert len(loud) <= report.get("at-most", len(loud)), loud
