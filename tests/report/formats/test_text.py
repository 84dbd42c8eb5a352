"""The terminal: one block a page request, whole in 80 columns, silent about nothing, moved by nobody."""

import pytest
from corslens.diagnosis.diagnose import diagnose_alone
from corslens.diagnosis.summary import summarize
from corslens.inspection import PatchedView
from corslens.inspector import Inspector
from corslens.lint.finding import Fix, Severity, Side, Stage
from corslens.lint.rules.loader import load_rules
from corslens.patching.injection import Injection
from corslens.patching.patch import Patch
from corslens.patching.policy import PatchPolicy, parse_origins
from corslens.report.baseline import Gate
from corslens.report.formats.text import render_lines, render_problem, render_summary, render_text
from corslens.report.page.live_feed import changes
from corslens.verdict.verdict import ALLOWED
from corslens.witness.witness import Witness, WitnessOutcome
from msgspec import structs

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.report.make import NO_RULES, finding, session, summary, suppressed_session
from tests.report.samples import hostile, inspected

GATE = Gate()


def block(inspection, width=None):
    return render_problem(diagnose_alone(inspection), width)


def one(*, findings=(), **fields):
    (inspection,) = inspected([exchange(request(**fields), response())], NO_RULES)
    return structs.replace(inspection, findings=findings)


def test_cause_and_fix_first():
    made = one(
        findings=(
            finding(
                "acao-missing",
                title="Missing Access-Control-Allow-Origin",
                message="the answer lacks Access-Control-Allow-Origin",
            ),
        )
    )
    assert block(made).plain.splitlines() == [
        f"BLOCKED  GET {API}/me  Missing Access-Control-Allow-Origin  [acao-missing]",
        "  Fix (server): Access-Control-Allow-Origin: https://app.example",
        "  the answer lacks Access-Control-Allow-Origin",
        "  from https://app.example  (all browsers)",
    ]


def test_without_a_rule_the_failing_check_speaks():
    lines = block(one()).plain.splitlines()
    assert lines[0].endswith("  [acao-missing]") and "Access-Control-Allow-Origin is missing" in lines[1]


@pytest.mark.parametrize("allow", ["*", "https://app.example"])
def test_a_verdict_that_depends_says_on_what(allow):
    (inspection,) = inspected([exchange(request(), response(allow_origin=allow))], NO_RULES)
    first, failing, _ = block(inspection).plain.splitlines()
    assert first.startswith("DEPENDS") and failing.endswith("; this blocks only a request with credentials")
    (problem,) = summarize([inspection]).problems()
    assert problem.title == "Blocked only with credentials" and problem.title in first
    assert failing.strip() == problem.message


def test_engines_that_differ_are_named():
    """Firefox takes the second of two lines, of which the first is empty."""
    given = [("Access-Control-Allow-Origin", ""), ("Access-Control-Allow-Origin", "*")]
    asked = structs.replace(
        request(given=[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]), http_version="HTTP/2.0"
    )
    (inspection,) = inspected([exchange(asked, response(given=given))], NO_RULES)
    assert "(Chromium and WebKit; " in block(inspection).plain and "in Firefox)" in block(inspection).plain


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_longer_than_the_terminal(width):
    """But for a word that is: no line is cut inside one."""
    for inspection in [*session(), *inspected(hostile(), NO_RULES)]:
        for line in block(inspection, width).plain.splitlines():
            assert len(line) <= width or len(line.split()) == 1, line
    for line in render_text(summary(), GATE, width).plain.splitlines():
        assert len(line) <= max(width, 48) or len(line.split()) == 1, line


def test_nothing_is_lost_by_folding():
    inspection = one(url=f"{API}/{'x' * 300}")
    folded, whole = (block(inspection, width).plain for width in (40, None))
    assert sorted(folded.split()) == sorted(whole.split())


@pytest.mark.parametrize(
    ("width", "heading", "sentence"),
    [
        (120, "  Missing response header  [acao-missing]", "it is missing"),
        (60, "  Missing response header", "it is missing [acao-missing]"),
        (51, "  [acao-missing]", "it is missing"),
        (45, "", "it is missing [acao-missing]"),
    ],
)
def test_the_second_line_is_the_fix_at_any_width(width, heading, sentence):
    """The heading has as much of the cause's names as fits; the rule that it leaves out ends the sentence."""
    made = one(findings=(finding("acao-missing", title="Missing response header", message="it is missing"),))
    lines = block(made, width).plain.splitlines()
    assert lines[0] == f"BLOCKED  GET {API}/me{heading}" and lines[1].startswith("  Fix (server): ")
    assert f"  {sentence}" in lines


def test_a_folded_header_line_is_no_two_lines():
    """Its rest stands deeper than the header lines beside it."""
    names = "Access-Control-Allow-Headers: content-type, x-first, x-second"
    fix = Fix(side=Side.SERVER, text="Send both", headers=(names, "Vary: Origin"))
    lines = block(one(findings=(finding(fixes=(fix,)),)), 60).plain.splitlines()
    assert lines[1:5] == [
        "  Fix (server): Send both",
        "    Access-Control-Allow-Headers: content-type, x-first,",
        "      x-second",
        "    Vary: Origin",
    ]


def test_what_comes_off_the_wire_stays_in_its_line():
    text = render_text(summary(inspected(hostile(), NO_RULES)), GATE).plain
    assert all(character == "\n" or character.isprintable() for character in text)


def test_secrets_are_not_shown():
    text = block(one(url=f"https://u:pa55@{API[8:]}/?token=s3cr3t")).plain
    assert "pa55" not in text and "s3cr3t" not in text


def test_a_problem_is_told_once_and_counted():
    made = inspected([exchange(request(url=f"{API}/o/{n}"), response()) for n in range(5)], NO_RULES)
    text = render_text(summary(made), GATE).plain
    assert text.count("BLOCKED  ") == 1 and "… and 4 more like it" in text


def test_a_network_error_is_the_cause_and_the_browsers_reason_follows():
    (inspection,) = inspected([exchange(request(), None, error="[Errno 111] refused", got_proxy_error_page=True)], NO_RULES)
    follows = frozenset({"acao-missing"})
    rule = finding("actual-network-error", message="no response: refused", stage=Stage.NO_RESPONSE, explains=follows)
    lines = block(structs.replace(inspection, findings=(finding("acao-missing"), rule))).plain.splitlines()
    assert lines[0].endswith("  [actual-network-error]") and lines[1].startswith("  Fix (server): ")
    assert lines[2] == "  no response: refused" and len(lines) == 4


def test_remarks_are_told_only_when_they_fail_the_run():
    text = render_text(summary(), GATE).plain
    assert "INFO  " not in text and "1  info    no-max-age" in text
    assert "INFO  " in render_text(summary(), Gate(fail_on=Severity.INFO)).plain


def test_summary():
    lines = render_summary(summary(session())).plain.splitlines()
    assert lines[0].startswith("10 page requests: 8 blocked, ")
    assert lines[1].endswith("; 12 exchanges, 12 CORS, 1 preflighted pair")
    assert lines[2].split() == ["2", "blocked", "acao-mismatch"]
    assert lines[-2].split() == ["1", "info", "no-max-age"]
    assert lines[-1] == "More on each: corslens explain NAME"
    assert render_summary(summary(session()), pointer=False).plain.splitlines() == lines[:-1]


def test_words_have_colours():
    assert {style for _, _, style in block(session()[1]).spans} >= {"bold red", "green"}


def test_a_long_origin_does_not_fill_the_terminal():
    asked = request("PUT", f"{API}/" + "p" * 60_000, origin="https://" + "a" * 60_000 + ".example")
    (inspection,) = inspected([exchange(asked, response())], NO_RULES)
    assert len(block(inspection).plain) < 3_000


@pytest.mark.parametrize("width", [None, 60])
def test_what_is_suppressed_is_counted_with_its_note(width):
    text = render_text(summary(suppressed_session()), GATE, width).plain
    assert text.splitlines()[-2].strip() == "2  suppressed acao-missing (my.yaml:2: known <so>)"
    assert "[acao-missing]" not in text
    assert "suppressed" not in render_text(summary(), GATE, width).plain


def test_what_else_is_wrong_takes_one_line():
    made = one(findings=(finding("acao-missing"), finding("x", Severity.INFO), finding("y", Severity.WARNING), finding("z")))
    lines = block(made).plain.splitlines()
    assert lines[-1] == "  Also: z (z); y (y)." and len(lines) == 5


def test_a_fix_without_a_header_is_a_sentence_and_headers_follow_in_lines_of_their_own():
    both = Fix(side=Side.GATEWAY, text="Send what the API sends", headers=("A: 1", "B: 2"))
    lines = block(one(findings=(finding(fixes=(both, Fix(side=Side.PAGE, text="Or not"))),))).plain.splitlines()
    assert lines[1:4] == ["  Fix (gateway): Send what the API sends", "    A: 1", "    B: 2"]


def test_a_resolved_problem_says_so():
    made = summary([one(findings=(finding(),))])
    (problem,) = made.problems()
    problem.resolve_all()
    text = render_text(made, GATE).plain
    assert "  resolved: the same page request passed later" in text.splitlines()


def test_an_injection_that_only_credentials_block_says_so():
    inspector = Inspector(rules=NO_RULES, patch_policy=PatchPolicy(origins=parse_origins(["https://app.example"])))
    star = Injection(name="star", set={"Access-Control-Allow-Origin": ("*",)})
    (made,) = inspector.complete(exchange(request(), response()), injections=[star])
    assert "is then blocked only with credentials (acao-wildcard-with-credentials)" in block(made).plain


def test_an_injection_says_its_name_its_reason_and_what_it_led_to():
    inspector = Inspector(rules=NO_RULES, patch_policy=PatchPolicy(origins=parse_origins(["https://app.example"])))
    breaking = Injection(name="break", because="to try it", remove=("Access-Control-Allow-Origin",))
    (made,) = inspector.complete(exchange(request(), response(allow_origin="*")), injections=[breaking])
    text = block(made).plain
    assert text.startswith("BLOCKED") and "injection 'break': to try it" in text and "is then blocked (acao-missing)" in text
    (problem,) = summary([made]).problems()
    assert problem.title == "An injected header blocks the response"
    assert (
        problem.message == "The proxy injected no Access-Control-Allow-Origin, and browsers block the response (acao missing)"
    )


def test_a_response_that_the_proxy_made_is_said_to_be_its():
    inspector = Inspector(rules=NO_RULES, patch_policy=PatchPolicy(origins=parse_origins(["https://app.example"])))
    (made,) = inspector.complete(exchange(preflight(), response(204)), patch=True, made_by_proxy=True)
    text = block(made).plain
    assert text.startswith("PATCHED") and "The proxy itself responded to the preflight, which did not reach the server." in text


def test_what_was_patched_is_said_to_be_without_the_patch():
    made = one(findings=(finding("acao-missing", message="app.example cannot read the response"),))
    view = PatchedView(patch=Patch(), applied=True, verdicts_after=dict.fromkeys(made.verdicts, ALLOWED))
    assert "  Without the patch: app.example cannot read the response" in block(structs.replace(made, patch=view)).plain
    assert "Without the patch" not in block(made).plain


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


def test_the_block_says_why_there_was_a_preflight():
    """In one clause; and the URL stands in the heading alone."""
    (inspection,) = inspected([exchange(preflight("PUT", f"{API}/a", "x-a,x-b,x-c,x-d"), response(204))], load_rules())
    _, fix, *_, sentence, asked = block(inspection).plain.splitlines()
    assert fix.startswith("  Fix (server): ")
    assert asked.endswith("(all browsers; preflight because of PUT, x-a, x-b, x-c, 1 more header)")
    assert f"{API}/a" not in sentence and "/a " in sentence


def test_no_line_breaks_within_the_engines():
    (inspection,) = inspected([exchange(preflight("PUT", f"{API}/a"), response(204))], NO_RULES)
    text = block(inspection, 60).plain
    assert "(all browsers" in text and "\N{NO-BREAK SPACE}" not in text


def test_what_the_browser_refused_itself_is_neither_allowed_nor_blocked():
    refused = Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED")
    aborted = Witness(outcome=WitnessOutcome.UNKNOWN, code="net::ERR_ABORTED")
    made = [
        exchange(
            request(url=f"{API}/read", given={"Cookie": "a=1"}),
            response(given={"Access-Control-Allow-Credentials": "true"}, allow_origin=PAGE),
        ),
        exchange(request(url=f"{API}/refused"), error="net::ERR_FAILED", witness=refused, by_browser=True),
        exchange(request(url=f"{API}/aborted"), error="net::ERR_ABORTED", witness=aborted, by_browser=True),
    ]
    found = summary(inspected(made, load_rules()))
    assert render_summary(found).plain.splitlines()[0] == "3 page requests: 1 aborted, 1 allowed, 1 not judged"
    counts = changes(found)["counts"]
    assert (counts["requests"], counts["aborted"], counts["allowed"], counts["unjudged"]) == (3, 1, 1, 1)
