"""The one cause of a page request, what follows from it, and what else is wrong."""

from corslens.diagnosis.diagnose import Diagnosis, diagnose
from corslens.diagnosis.page_request import PageRequest, ProblemState
from corslens.inspector import Inspector
from corslens.lint.finding import Finding, Severity, Stage
from corslens.patching.policy import PatchPolicy, parse_origins
from msgspec import structs

from tests.diagnosis.make import NO_RULES, finding, inspection, session
from tests.make import PAGE, exchange, request, response
from tests.report.samples import ask, ask_first


def diagnosed(*findings: Finding, well: bool = False) -> Diagnosis:
    """The diagnosis of a request that is blocked for acao-missing, or allowed, with these findings."""
    return diagnose(PageRequest(id="a", members=(inspection("a", *findings, well=well),)))


def rules(findings: tuple[Finding, ...]) -> list[str]:
    """Their names."""
    return [one.rule for one in findings]


def test_the_cause_of_a_block_is_what_the_browser_reports_not_what_is_worst():
    made = diagnosed(finding("reflected", Severity.ERROR), finding("acao-missing", Severity.WARNING))
    assert (made.word, made.rule, rules(made.beside)) == ("BLOCKED", "acao-missing", ["reflected"])
    assert made.severity is Severity.ERROR


def test_a_remark_is_not_why_credentials_would_block():
    """Of a request to its own site over http nothing says whether it includes credentials."""
    origin = "http://app.example"
    sent = exchange(request(url="http://api.example/", origin=origin), response(allow_origin=origin), id="a")
    remark, warning = finding("preflight-header-on-actual-answer", Severity.INFO), finding("reflected", Severity.WARNING)
    made = diagnose(PageRequest(id="a", members=tuple(session(sent, a=(remark,)))))
    assert (made.word, made.rule, made.cause, rules(made.beside)) == ("DEPENDS", "acac-not-true", None, [remark.rule])
    made = diagnose(PageRequest(id="a", members=tuple(session(sent, a=(remark, warning)))))
    assert (made.word, made.rule, rules(made.beside)) == ("DEPENDS", "reflected", [remark.rule])


def test_what_explains_the_reason_is_the_cause_and_the_reason_follows():
    status = finding("server-error", stage=Stage.STATUS, explains=frozenset({"cors-lost"}))
    lost = finding("cors-lost", explains=frozenset({"acao-missing"}))
    made = diagnosed(finding("acao-missing"), lost, status)
    assert (made.rule, set(rules(made.explained)), made.beside) == ("server-error", {"acao-missing", "cors-lost"}, ())
    assert set(made.explains["server-error"]) == {"acao-missing", "cors-lost"}


def test_the_earliest_stage_comes_first():
    late, early = finding("gateway", stage=Stage.INTERMEDIARY), finding("dead", Severity.WARNING, stage=Stage.NO_RESPONSE)
    assert diagnosed(late, early, finding("acao-missing")).rule == "dead"


def test_what_explains_the_reason_stands_before_it_at_the_same_stage():
    spelling = finding("misspelled", Severity.WARNING, explains=frozenset({"acao-missing"}))
    made = diagnosed(finding("acao-missing"), spelling)
    assert (made.rule, rules(made.explained), made.beside) == ("misspelled", ["acao-missing"], ())
    assert made.severity is Severity.ERROR


def test_two_that_explain_each_other_are_one():
    one, other = finding("one", explains=frozenset({"other"})), finding("other", explains=frozenset({"one"}))
    made = diagnosed(one, other, well=True)
    assert (made.rule, rules(made.explained), made.beside) == ("one", ["other"], ())


def test_of_an_allowed_request_the_worst_is_the_cause():
    made = diagnosed(finding("small", Severity.INFO), finding("big", Severity.WARNING), well=True)
    assert (made.word, made.rule, rules(made.beside)) == ("WARNING", "big", ["small"])


def test_the_same_rule_on_both_halves_is_found_once():
    preflight = ask_first("pre", 0, unsafe=None, allow_origin=PAGE, answer={"Access-Control-Allow-Methods": "PUT"})
    pair = session(preflight, ask("put", 0.1, "PUT", allow_origin=PAGE), pre=(finding("vary"),), put=(finding("vary"),))
    made = diagnose(PageRequest(id="pre", members=tuple(pair)))
    assert (made.rule, made.beside, made.explained) == ("vary", (), ())


def test_a_block_that_no_rule_puts_into_words_is_an_error_by_its_reason():
    made = diagnosed()
    assert (made.word, made.rule, made.cause, made.severity, made.is_problem) == (
        "BLOCKED",
        "acao-missing",
        None,
        Severity.ERROR,
        True,
    )


def test_a_block_that_a_user_suppressed_is_no_problem():
    one = structs.replace(inspection("a"), suppressed=(finding("acao-missing", justification="my.yaml:1"),))
    assert not diagnose(PageRequest(id="a", members=(one,))).is_problem


def test_a_patched_block_is_patched():
    inspector = Inspector(rules=NO_RULES, patch_policy=PatchPolicy(origins=parse_origins([PAGE])))
    (one,) = inspector.complete(ask("a", 0), patch=True)
    made = diagnose(PageRequest(id="a", members=(one,)))
    assert (made.word, made.state, made.rule) == ("PATCHED", ProblemState.PATCHED, "acao-missing")
