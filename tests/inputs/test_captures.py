"""Files as real programs write them, through the whole analysis: nothing is taken for damage, and nothing that was read is called blocked."""

from pathlib import Path

import pytest
from corslens.analysis import AnalysisSettings, inspect_capture, open_capture
from corslens.engines.engine import Engine
from corslens.fetch.origins import origin_of
from corslens.inputs import files
from corslens.inputs.damage import Damage
from corslens.inspection import Inspection
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet

FOLDER = Path(__file__).parent / "captures"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules()


def analysed(name: str, rules: RuleSet) -> tuple[list[Inspection], list[str]]:
    """The last inspection of each exchange, in the order of ids first seen, and what could not be read."""
    latest: dict[str, Inspection] = {}
    damages = []
    for capture in files.read(str(FOLDER / name)):
        if isinstance(capture, Damage):
            damages.append(capture.what)
            continue
        for item in inspect_capture(capture, open_capture(capture, "x"), AnalysisSettings(rules=rules)):
            if isinstance(item, Damage):
                damages.append(item.what)
            else:
                latest[item.id] = item
    return list(latest.values()), damages


def row(inspection: Inspection) -> tuple[str, str, str]:
    """Method, path and outcome in Chromium."""
    request = inspection.observation.exchange.request
    path = request.url.removeprefix(origin_of(request.url)).partition("?")[0]
    return request.method, path, inspection.verdicts[Engine.CHROMIUM].outcome.value


def rules_of(inspections: list[Inspection], path: str) -> set[str]:
    return {finding.rule for one in inspections if row(one)[1] == path for finding in one.findings}


READ: dict[str, tuple[int, set[tuple[str, str, str]], int]] = {
    "sanitized-bearer-app.har": (6, set(), 3),
    "request-line-among-the-headers.har": (3, {("GET", "/later", "depends")}, 1),
    "pseudo-headers-empty-version.har": (2, {("GET", "/x", "blocked"), ("OPTIONS", "/other", "depends")}, 0),
    "newline-joined-vary.har": (2, set(), 0),
    "origin-twice.har": (2, set(), 0),
    "federated-module-with-its-body.har": (1, set(), 0),
    "fields-of-other-types.har": (4, set(), 0),
    "two-hars-in-one-file.har": (2, {("GET", "/x", "blocked"), ("GET", "/y", "not-judged")}, 0),
    "zip-of-a-mac.zip": (1, {("GET", "/x", "blocked")}, 0),
    "compressed-har-of-mitmproxy.zhar": (1, {("GET", "/x", "blocked")}, 0),
    "capture-stopped-midway.har": (2, {("GET", "/weather", "not-judged"), ("GET", "/ferries", "depends")}, 0),
    "archive-of-fiddler.saz": (1, {("GET", "/flour", "blocked")}, 0),
    "burp-items.xml": (3, {("GET", "/bread", "blocked")}, 1),
    "charles-session.chlsj": (4, {("GET", "/bread", "blocked"), ("GET", "/oven", "blocked")}, 1),
}
"""How many exchanges, which of them are not allowed, and how many preflights are paired."""


@pytest.mark.parametrize(("name", "count", "others", "pairs"), [(name, *rest) for name, rest in READ.items()], ids=READ)
def test_read(name: str, count: int, others: set[tuple[str, str, str]], pairs: int, rules: RuleSet) -> None:
    inspections, damages = analysed(name, rules)
    assert damages == []
    assert len(inspections) == count
    assert {row(one) for one in inspections if not one.verdicts[Engine.CHROMIUM].allowed} == others
    assert sum(one.observation.actual is not None for one in inspections) == pairs


@pytest.mark.parametrize("name", ["playwright.har", "playwright-trace.zip"])
def test_playwright(name: str, rules: RuleSet) -> None:
    """What the page read is allowed, and what its browser refused is told with its reason; called CORS's doing only where the console says so."""
    inspections, damages = analysed(name, rules)
    assert damages == []
    assert {path: outcome for _, path, outcome in map(row, inspections) if outcome != "allowed"} == {
        "/missing": "not-judged",
        "/star": "not-judged",  # the one with credentials
        "/pre-ok-actual-none": "not-judged",
        "/fail": "not-judged",
        "/": "not-judged",
        "/x": "not-judged",
        "/ad.js": "not-judged",
        "/corp.png": "not-judged",
        "/slow": "aborted",
    }
    console = name.endswith(".zip")
    assert rules_of(inspections, "/missing") == {"browser-refused"} | ({"browser-console-blocked"} if console else set())
    assert rules_of(inspections, "/x") == {"bad-port"}
    assert rules_of(inspections, "/ad.js") == {"blocked-by-extension"}
    assert rules_of(inspections, "/corp.png") == {"resource-policy-refused"}
    worst = max(finding.severity for one in inspections for finding in one.findings)
    assert worst.word == ("error" if console else "warning")


def test_chromiums_network_log(rules: RuleSet) -> None:
    """Chromium's own decisions about preflights, beside ours: they agree, and what they explain is not told twice."""
    inspections, damages = analysed("chromium-netlog.json", rules)
    assert damages == []
    assert [one.misprediction for one in inspections if one.misprediction is not None] == []
    decided = {}
    for one in inspections:
        witness = one.observation.exchange.witness
        if one.observation.role.value == "preflight" and witness is not None:
            verdict = one.verdicts[Engine.CHROMIUM]
            decided[row(one)[1]] = (witness.outcome.value, witness.reason, verdict.reason and verdict.reason.value)
    assert decided == {
        "/missing": ("failed", "PreflightMissingAllowOriginHeader", "preflight-acao-missing"),
        "/star": ("failed", "HeaderDisallowedByPreflightResponse", "preflight-header-not-allowed"),
        "/redirect": ("failed", "PreflightDisallowedRedirect", "preflight-redirect"),
        "/fail": ("failed", "PreflightMissingAllowOriginHeader", "preflight-acao-missing"),
        "/pre-ok": ("passed", None, None),
        "/pre-no-header": ("failed", "MethodDisallowedByPreflightResponse", "preflight-method-not-allowed"),
        "/pre-ok-actual-none": ("passed", None, None),
    }
    refused = [one for one in inspections if one.observation.explained_by is not None]
    assert {row(one)[:2] for one in refused} == {
        ("PUT", "/missing"), ("DELETE", "/star"), ("GET", "/star"), ("PUT", "/redirect"), ("PUT", "/fail"), ("PUT", "/pre-no-header"),
    }  # fmt: skip
    assert {finding.rule for one in refused for finding in one.findings} == set()


def test_a_flow_file_of_a_newer_version(rules: RuleSet) -> None:
    inspections, (damage,) = analysed("flow-file-of-a-newer-version.mitm", rules)
    assert inspections == []
    assert damage.startswith("was not read: mitmproxy ") and damage.endswith("please update mitmproxy")
