"""The line of code that made a request: in the repository, and in the first lines of every report."""

import json

import pytest
from corslens.diagnosis.summary import SessionSummary, summarize
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.report.baseline import Gate
from corslens.report.formats import exchange_text, jsonl, junit, sarif
from corslens.report.formats.text import render_problem, render_summary
from corslens.report.initiators import SourceRoot, browser_reason, in_repository
from corslens.report.page.html import render_html
from corslens.report.page.live_feed import changes
from corslens.witness.witness import Initiator, WithheldCookie, Witness, WitnessOutcome
from msgspec import structs

from tests import make
from tests.observation.observe import CHROMIUM

HERE = Initiator(url="https://app.example/src/api.ts?t=12", line=42, column=7, function="loadUser")
RULES = load_rules()


def session(status: int = 401, **more: object) -> SessionSummary:
    given = {"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "cors"}
    exchange = make.exchange(make.request(given=given, origin="https://app.example"), make.response(status))
    witness = Witness(
        outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED", reason="MissingAllowOriginHeader", initiator=HERE, live=True,
        withheld=(WithheldCookie("sid", "SameSiteLax"),),
    )  # fmt: skip
    return summarize(
        Inspector(rules=RULES).inspect(structs.replace(exchange, witness=structs.replace(witness, **more))), everything=True
    )


@pytest.mark.parametrize(
    ("root", "url", "path"),
    [
        (SourceRoot(folder=""), "https://app.example/src/api.ts?t=12", "src/api.ts"),
        (SourceRoot(folder="web"), "http://localhost:5173/src/api.ts", "web/src/api.ts"),
        (SourceRoot(folder="web", prefix="http://localhost:5173/"), "http://localhost:5173/src/a%20b.ts", "web/src/a b.ts"),
        (SourceRoot(folder="web", prefix="http://localhost:5173/"), "https://cdn.example/lib.js", None),
        (SourceRoot(folder="web"), "webpack://shop/./src/api.ts?1a2b", "web/src/api.ts"),
        (SourceRoot(folder=""), "webpack-internal:///./src/api.ts", "src/api.ts"),
        (SourceRoot(folder="web"), "https://app.example/../../etc/passwd", None),
        (SourceRoot(folder=""), "https://app.example/%2e%2e/%2e%2e/x", None),
        (SourceRoot(folder=""), "https://app.example/", None),
        (SourceRoot(folder="web"), "turbopack:///[project]/src/users/[id]/page.tsx", "web/src/users/[id]/page.tsx"),
        (SourceRoot(folder="web"), "webpack://shop/../../x.ts", None),
        (SourceRoot(folder=""), "webpack://shop/./a%0a::error.ts", None),
        (SourceRoot(folder=""), "file:///home/me/app/src/api.ts", None),
        (SourceRoot(folder="", prefix="file:///home/me/app/"), "file:///home/me/app/src/api.ts", "src/api.ts"),
    ],
)
def test_in_the_repository(root: SourceRoot, url: str, path: str | None) -> None:
    """Never outside of it, whatever a page calls its files."""
    assert in_repository(Initiator(url=url), [root]) == path


@pytest.mark.parametrize(("prefix", "path"), [("https://app.example/", "web/src/api.ts"), ("https://cdn.example/", None)])
def test_a_source_that_only_a_map_names(prefix: str, path: str | None) -> None:
    """It is where its bundle came from."""
    bundle = Initiator(url="https://app.example/assets/app.min.js", line=1, column=2345)
    initiator = Initiator(url="webpack://shop/./src/api.ts", line=42, column=7, function="loadUser", generated=bundle)
    assert in_repository(initiator, [SourceRoot(folder="web", prefix=prefix)]) == path


def test_an_original_line_in_every_output() -> None:
    bundle = Initiator(url="https://app.example/assets/app.min.js", line=1, column=2345)
    initiator = Initiator(url="webpack://shop/./src/api.ts", line=42, column=7, function="loadUser", generated=bundle)
    summary = session(initiator=initiator)
    (problem,) = summary.problems()
    assert "\n  Requested by src/api.ts:42:7 in loadUser\n" in render_problem(problem.diagnosis).plain
    assert b"requested by src/api.ts:42:7 in loadUser" in junit.render_report(summary, RULES, Gate())
    assert changes(summary)["problems"][0]["requested_by"] == "src/api.ts:42:7 in loadUser"
    record = json.loads(jsonl.encode(problem.diagnosis.place, problem.diagnosis))
    assert record["witness"]["initiator"] == {
        "url": "webpack://shop/./src/api.ts", "line": 42, "column": 7, "function": "loadUser",
        "generated": {"url": "https://app.example/assets/app.min.js", "line": 1, "column": 2345, "function": None},
    }  # fmt: skip


def test_terminal() -> None:
    (problem,) = session().problems()
    lines = render_problem(problem.diagnosis).plain.splitlines()
    assert lines[4] == "  Requested by https://app.example/src/api.ts?t=*:42:7 in loadUser"
    assert lines[5] == "  Cookies that the browser did not send: sid (SameSiteLax)"


def test_content_view() -> None:
    (problem,) = session().problems()
    text = exchange_text.render_view(problem.diagnosis.place, lambda _: None, diagnosis=problem.diagnosis)
    assert "requested by https://app.example/src/api.ts" in " ".join(text.split("VERDICT")[0].split())
    assert "the browser itself: failed (MissingAllowOriginHeader), which confirms the verdict" in " ".join(text.split())
    assert "cookie not sent: sid (SameSiteLax)" in text


def test_junit() -> None:
    assert b"requested by https://app.example/src/api.ts?t=*:42:7 in loadUser" in junit.render_report(session(), RULES, Gate())


def test_html_and_live_page() -> None:
    (problem,) = changes(session())["problems"]
    assert problem["requested_by"].endswith(":42:7 in loadUser")
    assert changes(session())["counts"]["agreement"] == "Chromium agreed with 1 of 1"
    assert "42:7 in loadUser" in render_html(session(), RULES)


def result(roots: tuple[SourceRoot, ...]) -> dict[str, object]:
    (found,) = json.loads(sarif.render_report(session(), RULES, Gate(source_roots=roots)))["runs"][0]["results"]
    return found  # type: ignore[no-any-return]


def test_sarif_points_at_the_line() -> None:
    found = result((SourceRoot(folder="web"),))
    (place,) = found["locations"]  # type: ignore[misc]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "web/src/api.ts"}, "region": {"startLine": 42, "startColumn": 7},
    }  # fmt: skip
    assert place["logicalLocations"] == [{"name": "loadUser", "kind": "function"}]
    (endpoint,) = found["relatedLocations"]  # type: ignore[misc]
    assert endpoint["logicalLocations"][0]["fullyQualifiedName"] == "https://api.example/me"


def test_sarif_without_a_source_root() -> None:
    found = result(())
    assert found["locations"][0]["logicalLocations"][0]["kind"] == "resource"  # type: ignore[index]
    assert found["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 42  # type: ignore[index]


def test_agreement() -> None:
    assert "\nChromium agreed with 1 of 1" in render_summary(session()).plain
    disagreed = session(reason="AllowOriginMismatch")
    assert "\nChromium agreed with 0 of 1" in render_summary(disagreed).plain
    (problem,) = disagreed.problems()
    text = render_problem(problem.diagnosis).plain
    assert (
        "corslens predicted blocked (acao-missing), but the browser blocked it for another reason: AllowOriginMismatch" in text
    )
    assert "please report this" in text


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("CORSMissingAllowHeaderFromPreflight2", "CORSMissingAllowHeaderFromPreflight2"),
        ("PreflightMissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"),
        ("net::ERR_FAILED", "net::ERR_FAILED"),
        ("eyJhbGciOiJIUzI1NiJ9Xm4pQ7tZ", "*"),
        (None, None),
    ],
)
def test_a_code_of_the_browser_is_shown_and_a_token_is_not(reason: str | None, shown: str | None) -> None:
    assert browser_reason(Witness(outcome=WitnessOutcome.FAILED, reason=reason)) == shown
