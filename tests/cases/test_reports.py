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
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules.loader import load_rules

REPORTS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("reports.yaml").read_text())
PAGE = "https://app.example"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"


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
    headers = {"user-agent": AGENT, "referer": f"{page}/", "accept": "*/*"}
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


def lines(headers: dict[str, str]) -> list[dict[str, str]]:
    """Headers as a HAR has them."""
    return [{"name": name, "value": value} for name, value in headers.items()]


def first_of(report: dict[str, Any], folder: Path) -> str:
    """What a person reads first: the worst problem's message and its first fix."""
    page = report.get("page", PAGE)
    found = [entry for step in report["steps"] for entry in entries(step, page)]
    for second, entry in enumerate(found):
        entry["startedDateTime"] = f"2026-11-28T20:00:{second:02}.000Z"
    file = folder / "report.har"
    file.write_text(
        json.dumps(
            {"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": found}}
        )
    )
    summary = SessionSummary()
    collect(str(file), "x", AnalysisSettings(rules=load_rules()), summary, [])
    diagnosis = next(iter(summary.problems())).diagnosis
    assert diagnosis.cause is not None
    fix = diagnosis.fix
    said = "\n".join([diagnosis.cause.message, *([fix.text, *fix.headers] if fix else [])])
    # A URL names products that the sentence does not; an origin it may.
    return re.sub(r"(https?://[^\s/]+)/\S*", r"\1/…", said)


@pytest.mark.parametrize("report", REPORTS, ids=[report["id"] for report in REPORTS])
def test_the_first_sentence_names_the_cause(report: dict[str, Any], tmp_path: Path) -> None:
    said = first_of(report, tmp_path)
    for pattern in report["says"]:
        assert re.search(pattern, said, re.IGNORECASE), f"{pattern!r} is not in:\n{said}"
    for pattern in report.get("says-not", ()):
        assert not re.search(pattern, said, re.IGNORECASE), f"{pattern!r} is in:\n{said}"
