"""The terminal: three lines a problem, whole in 80 columns, silent about nothing, moved by nobody."""

import pytest
from corslens.inspection import PatchedView
from corslens.lint.finding import Severity, Stage
from corslens.lint.loader import load_rules
from corslens.patching.patch import Patch
from corslens.report.as_text import render_lines, render_problem, render_summary, render_text
from corslens.report.tally import Tally
from msgspec import structs

from tests.make import API, exchange, request, response
from tests.report.make import NO_RULES, collection, finding, session, silenced_session
from tests.report.samples import hostile, inspected


def one(*, findings=(), **fields):
    (inspection,) = inspected([exchange(request(**fields), response())], NO_RULES)
    return structs.replace(inspection, findings=findings)


def test_three_lines():
    made = one(findings=(finding("acao-missing", message="the answer lacks Access-Control-Allow-Origin"),))
    assert render_problem(made).plain.splitlines() == [
        f"BLOCKED  GET {API}/me  from https://app.example  (Chromium; also Firefox, WebKit)",
        "  the answer lacks Access-Control-Allow-Origin  [acao-missing]",
        "  fix: Access-Control-Allow-Origin: https://app.example",
    ]


def test_without_a_rule_the_failing_check_speaks():
    lines = render_problem(one()).plain.splitlines()
    assert "Access-Control-Allow-Origin is missing" in lines[1] and lines[1].endswith("[acao-missing]")


@pytest.mark.parametrize("allow", ["*", "https://app.example"])
def test_a_verdict_that_depends_says_on_what(allow):
    (inspection,) = inspected([exchange(request(), response(allow_origin=allow))], NO_RULES)
    first, failing = render_problem(inspection).plain.splitlines()
    assert first.startswith("DEPENDS") and "; this blocks only a request with credentials  [" in failing


def test_engines_that_differ_are_named():
    made = [
        exchange(request(given=[("Cookie", "a=1"), ("User-Agent", "Mozilla/5.0 Firefox/150.0")]), response(allow_origin="*"))
    ]
    (inspection,) = inspected(made, NO_RULES)
    assert "(Firefox; also Chromium, WebKit)" in render_problem(inspection).plain


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_longer_than_the_terminal(width):
    for inspection in [*session(), *inspected(hostile(), NO_RULES)]:
        for line in render_problem(inspection, width).plain.splitlines():
            assert len(line) <= width, line
    for line in render_text(collection(), width).plain.splitlines():
        assert len(line) <= max(width, 48), line


def test_nothing_is_lost_by_folding():
    inspection = one(url=f"{API}/{'x' * 300}")
    folded, whole = (render_problem(inspection, width).plain for width in (40, None))
    assert "".join(folded.split()) == "".join(whole.split())


def test_what_comes_off_the_wire_stays_in_its_line():
    text = render_text(collection(inspected(hostile(), NO_RULES))).plain
    assert all(character == "\n" or character.isprintable() for character in text)


def test_secrets_are_not_shown():
    text = render_problem(one(url=f"https://u:pa55@{API[8:]}/?token=s3cr3t")).plain
    assert "pa55" not in text and "s3cr3t" not in text


def test_a_problem_is_told_once_and_counted():
    made = inspected([exchange(request(url=f"{API}/o/{n}"), response()) for n in range(5)], NO_RULES)
    text = render_text(collection(made)).plain
    assert text.count("BLOCKED  ") == 1 and "… and 4 more like it" in text


def test_an_error_is_told_before_the_headers():
    (inspection,) = inspected([exchange(request(), None, error="connection\x1b refused", answered_by_proxy=True)], NO_RULES)
    assert render_problem(inspection).plain.splitlines()[1:] == [
        r"  no response: connection\x1b refused",
        "  so the browser blames the proxy's own error page (status 502), which lacks Access-Control-Allow-Origin  [acao-missing]",
    ]


def test_an_error_is_told_once():
    (inspection,) = inspected([exchange(request(), None, error="[Errno 111] refused", answered_by_proxy=True)], NO_RULES)
    rule = finding("actual-network-error", message="the API got no answer: [Errno 111] refused", stage=Stage.NO_RESPONSE)
    lines = render_problem(structs.replace(inspection, findings=(rule,))).plain.splitlines()
    assert lines[1] == "  the API got no answer: [Errno 111] refused  [actual-network-error]"
    assert lines[2].startswith("  fix: ") and len(lines) == 3
    (inspection,) = inspected([exchange(request(), None, error="[Errno 111] refused")], NO_RULES)
    lines = render_problem(structs.replace(inspection, findings=(rule,))).plain.splitlines()
    assert lines[1].endswith("[actual-network-error]") and len(lines) == 3


def test_remarks_are_told_only_when_they_fail_the_run():
    text = render_text(collection()).plain
    assert "INFO  " not in text and "1  info    no-max-age" in text
    assert "INFO  " in render_text(collection(fail_on=Severity.INFO)).plain


def test_summary():
    tally = Tally()
    for inspection in session():
        tally.add(inspection)
    lines = render_summary(tally).plain.splitlines()
    assert lines[0] == "12 exchanges, 12 CORS, 1 pair, 8 blocked"
    assert lines[1] == "  times   blocked, depends, patched: by the browser's reason; else by finding"
    assert lines[2].split() == ["2", "blocked", "acao-mismatch"]
    assert lines[-1].split() == ["1", "info", "no-max-age"]


def test_words_have_colours():
    assert {span.style for span in render_problem(session()[1]).spans} >= {"bold red", "green"}


def test_a_long_origin_does_not_fill_the_terminal():
    asked = request("PUT", f"{API}/" + "p" * 60_000, origin="https://" + "a" * 60_000 + ".example")
    (inspection,) = inspected([exchange(asked, response())], NO_RULES)
    assert len(render_problem(inspection).plain) < 3_000


@pytest.mark.parametrize("width", [None, 60])
def test_what_is_silenced_is_counted_with_its_note(width):
    text = render_text(collection(silenced_session()), width).plain
    assert text.splitlines()[-1].strip() == "2  silenced acao-missing (my.yaml:2: known <so>)"
    assert "[acao-missing]" not in text
    assert "silenced" not in render_text(collection(), width).plain


def test_a_dead_server_is_told_once():
    rule = finding("actual-network-error", message="the API got no answer", stage=Stage.NO_RESPONSE)
    asked = [exchange(request(url=f"{API}/{name}"), None, error="refused", answered_by_proxy=True) for name in ("a", "b", "c")]
    made = [structs.replace(one, findings=(rule,)) for one in inspected(asked, NO_RULES)]
    lines = render_text(collection(made)).plain.splitlines()
    assert sum("the API got no answer" in line for line in lines) == 1
    brief = [line for line in lines if line.endswith("no answer either")]
    assert brief == [f"BLOCKED  GET {API}/{name}  from https://app.example  no answer either" for name in "bc"]


def test_a_severity_that_is_not_the_blocks_is_said():
    made = one(findings=(finding("acao-missing"), finding("x", Severity.INFO), finding("y", Severity.WARNING)))
    lines = [line for line in render_problem(made).plain.splitlines() if "what is wrong" in line]
    assert lines == [
        "  what is wrong is acao-missing  [acao-missing]",
        "  warning: what is wrong is y  [y]",
        "  info: what is wrong is x  [x]",
    ]


def test_what_was_patched_is_told_as_what_would_have_been():
    """In every sentence of every rule that says what a browser did."""
    rules = load_rules()
    said = 0
    for rule in rules.rules.values():
        if rule.reason is None or rule.stage < Stage.REQUEST:
            continue
        made = one(findings=(finding(str(rule.reason), message=rule.message.text),))
        failure = structs.replace(made.verdict.failures[0], reason=rule.reason)
        verdicts = {engine: structs.replace(verdict, failures=(failure,)) for engine, verdict in made.verdicts.items()}
        view = PatchedView(patch=Patch(), applied=True, verdicts_after={})
        told = render_problem(structs.replace(made, verdicts=verdicts, patch=view)).plain
        assert "was not sent" not in told and "did not send" not in told and "cannot read" not in told, rule.id
        said += "would" in told
    assert said >= 10
    assert "the page cannot read it" in render_problem(one(findings=(finding(message="the page cannot read it"),))).plain


@pytest.mark.parametrize("width", [40, 80])
def test_lines_break_between_words(width):
    lines = [
        "2 changes:",
        "  https://api.example/a",
        f"    preflight: list {'x-something, ' * 9}in Access-Control-Allow-Headers\x1b",
    ]
    text = render_lines(lines, width).plain
    assert max(map(len, text.splitlines())) <= width and "\x1b" not in text
    assert "".join(text.split()) == "".join("".join(lines).replace("\x1b", "\\x1b").split())
    assert text.splitlines()[3].startswith("      ")
