"""A verdict on a head that was cut is certain only where what was kept decides."""

import pytest
from corslens.diagnosis.diagnose import diagnose_alone
from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange, within_limits
from corslens.patching.policy import parse_policy
from corslens.report.formats.exchange_text import render_view
from corslens.report.formats.jsonl import encode
from corslens.report.formats.text import render_problem
from corslens.verdict.cut_heads import HEAD_CUT
from corslens.verdict.verdict import Outcome
from msgspec import structs

from tests import make

RULES = load_rules()
FILLING = [(f"X-{number}", "1") for number in range(600)]
ALLOW = ("Access-Control-Allow-Origin", "https://app.example")
OTHER = ("Access-Control-Allow-Origin", "https://other.example")


def inspect(exchange: Exchange, **fields: object) -> Inspection:
    """Inspect it as it comes through the door, and print it everywhere."""
    inspector = Inspector(rules=RULES, **fields)  # type: ignore[arg-type]
    inspection = inspector.inspect(within_limits(exchange))[0]
    inspection = {one.id: one for one in (inspection, *inspector.finish())}[inspection.id]
    assert encode(inspection)
    assert render_view(inspection, inspector.get)
    assert str(render_problem(diagnose_alone(inspection)))
    assert inspection.misprediction is None
    return inspection


def rules_of(inspection: Inspection) -> list[str]:
    return [finding.rule for finding in inspection.findings]


def simple(lines: list[tuple[str, str]], **fields: object) -> Inspection:
    return inspect(make.exchange(make.request(), make.response(200, lines)), **fields)


def preflight(asked: str, granted: str, more: list[tuple[str, str]]) -> Inspection:
    lines = [ALLOW, ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", granted), *more]
    return inspect(make.exchange(make.preflight("PUT", unsafe=asked), make.response(204, lines)))


NAMES = ", ".join(f"x-{number}" for number in range(600))


@pytest.mark.parametrize("lines", [[*FILLING, ALLOW], [*FILLING, OTHER], [OTHER, *FILLING, ALLOW], [ALLOW, *FILLING, ALLOW]])
def test_a_deciding_header_that_was_cut(lines: list[tuple[str, str]]) -> None:
    inspection = simple(lines)
    for verdict in inspection.verdicts.values():
        assert (verdict.outcome, verdict.notes) == (Outcome.DEPENDS, (HEAD_CUT,))
    assert rules_of(inspection) == ["head-cut"]


@pytest.mark.parametrize(
    ("lines", "outcome", "rules"),
    [
        ([ALLOW, ("Access-Control-Allow-Credentials", "true"), *FILLING], Outcome.ALLOWED, ["head-cut"]),
        ([OTHER, *FILLING], Outcome.BLOCKED, ["acao-mismatch", "head-cut"]),
        (FILLING, Outcome.BLOCKED, ["acao-missing", "head-cut"]),
        ([ALLOW, *FILLING[:500]], Outcome.DEPENDS, []),
    ],
)
def test_what_was_cut_has_no_part_in_it(lines: list[tuple[str, str]], outcome: Outcome, rules: list[str]) -> None:
    """The last one depends on the credentials mode, as ever."""
    inspection = simple(lines)
    assert inspection.verdict.outcome is outcome
    assert HEAD_CUT not in inspection.verdict.notes
    assert set(rules) <= set(rules_of(inspection))


@pytest.mark.parametrize(
    ("asked", "granted"), [("x-a", NAMES), ("x-599", NAMES), (NAMES.replace(" ", ""), "x-0, x-1"), ("x-a", NAMES + ", x-a")]
)
def test_lists_that_were_cut(asked: str, granted: str) -> None:
    assert preflight(asked, granted, []).verdict.outcome is Outcome.DEPENDS
    assert rules_of(preflight(asked, granted, [])) == ["head-cut"]


def test_another_check_that_fails_is_certain() -> None:
    lines = [OTHER, ("Access-Control-Allow-Methods", "GET"), ("Access-Control-Allow-Headers", NAMES)]
    inspection = inspect(make.exchange(make.preflight("PUT", unsafe="x-a"), make.response(204, lines)))
    for verdict in inspection.verdicts.values():
        assert verdict.blocked
        assert {failure.header for failure in verdict.failures} == {
            "Access-Control-Allow-Origin",
            "Access-Control-Allow-Methods",
        }


def test_a_request_whose_origin_was_cut_is_judged_by_nothing() -> None:
    request = make.request(given=[*FILLING, ("Origin", "https://other.example")])
    verdict = inspect(make.exchange(request, make.response(200, [ALLOW]))).verdict
    assert verdict.outcome is Outcome.DEPENDS


def test_over_http2_a_byte_beyond_could_break_the_response() -> None:
    """Chromium and Firefox end the stream at a control byte in any header value, WebKit does not look."""
    response = structs.replace(make.response(200, [ALLOW, *FILLING]), http_version="HTTP/2.0")
    request = structs.replace(make.request(given=[("Sec-Fetch-Mode", "cors")]), http_version="HTTP/2.0")
    verdicts = inspect(make.exchange(request, response)).verdicts
    for engine in Engine:
        doubtful = PROFILES[engine].invalid_header_bytes_break_http2
        assert (HEAD_CUT in verdicts[engine].notes) is doubtful, engine


def test_a_response_that_was_cut_is_never_patched() -> None:
    """A change is made to all of the header lines, and nobody has looked at all of these."""
    policy = parse_policy(origins=["any"])
    for lines, patched in ((FILLING, False), (FILLING[:400], True)):
        inspector = Inspector(rules=RULES, patch_policy=policy)
        exchange = within_limits(make.exchange(make.request(), make.response(200, lines)))
        assert (inspector.complete(exchange, patch=True)[0].patch is not None) is patched
