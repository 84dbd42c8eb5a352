"""From facts to findings."""

from collections.abc import Sequence

import pytest
from corslens.lint.finding import Evidence, Finding, Fix, Severity, Side, Stage
from corslens.lint.linter import NOTHING, run
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet, Suppression
from corslens.lint.rules.sample import Step

from tests.lint.make import facts, preflight

RULES = load_rules()


def test_nothing_is_found_on_a_public_file() -> None:
    assert run(RULES, facts({"access-control-allow-origin": "*", "content-type": "text/css"})) == NOTHING


def test_the_worst_comes_first_and_what_the_browser_reports_first_of_all() -> None:
    found = run(RULES, preflight({"access-control-allow-method": "PUT"}, status=204)).findings
    assert found[0].rule == "preflight-acao-missing"
    assert sorted(-one.severity for one in found) == [-one.severity for one in found]


def test_what_happened_in_the_place_of_cors_comes_before_any_talk_of_headers() -> None:
    responses = {
        "nginx-upstream-failed": facts({"server": "nginx", "content-type": "text/html"}, status=504),
        "redirect-to-login": facts({"location": "https://accounts.example/login?next=/me"}, status=302),
        "preflight-redirect-to-login": preflight({"location": "https://accounts.example/login"}, status=302),
        "preflight-refused-by-authentication": preflight({"www-authenticate": "Basic"}, status=401),
        "not-a-cors-problem": facts({}, status=418),
        "preflight-error-status": preflight({}, status=400),
        "preflight-not-routed": preflight({}, status=404),
    }
    for rule, made in responses.items():
        first, *others = run(RULES, made).findings
        assert (first.rule, first.stage <= Stage.STATUS) == (rule, True)
        assert others and [one.rule for one in others if one.rule not in _explained(first, others)] == []


def _explained(cause: Finding, others: list[Finding]) -> set[str]:
    """Return what follows from the cause, through other findings, too."""
    names, ahead = set(cause.explains), list(others)
    for _ in ahead:
        names |= {name for one in others if one.rule in names for name in one.explains}
    return names


def test_header_lines_that_a_fix_before_has_are_no_fix_of_their_own() -> None:
    """Of a server that may be somebody else's the first fix says both; without it the lines stand alone."""
    foreign, own = (
        next(one for one in run(RULES, made).findings if one.rule == "acao-missing")
        for made in (facts({}), facts({}, url="https://api.app.example/me"))
    )
    lines = ("Access-Control-Allow-Origin: https://app.example", "Vary: Origin")
    assert [fix.text[:4] for fix in foreign.fixes if fix.headers == lines] == ["Send"]
    assert [fix.text for fix in own.fixes if fix.headers == lines] == [""]


def test_a_misspelled_name_explains_what_it_was_meant_for_and_nothing_else() -> None:
    cors = {"access-control-allow-origin": "https://app.example", "access-control-allow-method": "PUT"}
    found = {one.rule: one for one in run(RULES, preflight(cors, asks="PUT")).findings}
    assert found["misspelt-header-name"].explains == {"preflight-method-not-allowed"}
    assert "preflight-method-not-allowed" in found
    found = {one.rule: one for one in run(RULES, preflight({"access-control-allow-method": "PUT"}, asks="PUT")).findings}
    assert "preflight-acao-missing" in found.keys() - found["misspelt-header-name"].explains


def test_what_the_page_does_explains_the_block() -> None:
    allowed = {"access-control-allow-origin": "https://app.example", "access-control-allow-methods": "PATCH"}
    (method,) = (one for one in run(RULES, preflight(allowed, asks="patch")).findings if one.rule == "lowercase-method")
    assert "preflight-method-not-allowed" in method.explains
    assert (method.stage, method.fix) == (
        Stage.REQUEST,
        Fix(side=Side.PAGE, text='Use method: "PATCH" in the page\'s request'),
    )
    given = {"access-control-request-headers": "access-control-allow-origin"}
    (header,) = (
        one for one in run(RULES, preflight(allowed, given=given)).findings if one.rule == "response-header-in-request"
    )
    assert "preflight-header-not-allowed" in header.explains


def test_the_method_of_a_page_is_not_called_lowercase_where_browsers_write_it_in_uppercase() -> None:
    found = run(RULES, preflight({"access-control-allow-origin": "*"}, asks="query")).findings
    assert "lowercase-method" in {one.rule for one in found}
    assert "lowercase-method" not in {one.rule for one in run(RULES, preflight({}, asks="delete")).findings}


def test_evidence_names_the_line_or_its_absence() -> None:
    made = facts({"access-control-allow-origin": "*", "access-control-allow-credentials": "true"})
    (found,) = (one for one in run(RULES, made).findings if one.rule == "wildcard-origin-with-credentials")
    assert Evidence(message="response", header="Access-Control-Allow-Origin", value="*") in found.evidence
    missing = run(RULES, facts({})).findings[0]
    assert (Evidence(message="response", header="Access-Control-Allow-Origin", value=None),) == missing.evidence


def test_evidence_holds_no_secret_and_no_megabyte() -> None:
    headers = {"access-control-allow-origin": "x" * 1_000_000, "set-cookie": "sid=verysecret"}
    found = run(RULES, facts(headers, request={"cookie": "sid=verysecret"}))
    text = repr(found)
    assert "verysecret" not in text and len(text) < 10_000


def test_a_suppressed_finding_is_counted_and_not_lost() -> None:
    suppression = Suppression(
        rule="acao-missing",
        filter="~d api.example",
        matches=lambda exchange: "api.example" in exchange.request.url,
        because="known",
        where="my.yaml:2",
    )
    suppressed = RuleSet(RULES.rules, suppressions=(suppression,))
    result = run(suppressed, facts({}))
    assert [(one.rule, one.justification) for one in result.suppressed] == [("acao-missing", "my.yaml:2: known")]
    assert "acao-missing" not in [one.rule for one in result.findings]
    assert "acao-missing" in [one.rule for one in run(suppressed, facts({}, url="https://other.test/x")).findings]


def test_a_blocked_simple_request_was_sent_and_answered() -> None:
    message = run(RULES, facts({}, status=201, method="POST", request={"content-type": "text/plain"})).findings[0].message
    assert "returned 201" in message and "the server did process the request" in message


def test_an_unreachable_server_is_no_cors_problem() -> None:
    (found,) = run(RULES, facts(error="[Errno 111] Connection refused")).findings
    assert (found.rule, found.severity) == ("actual-network-error", Severity.ERROR)
    assert "refused" in found.message and "the connection is what failed" in found.message
    assert (found.fix and found.fix.side) is Side.SETUP


def test_a_refusal_that_a_list_explains_is_a_warning_and_advises_both_ways() -> None:
    partner = Step(
        request={"origin": "https://partner.test"},
        response={"access-control-allow-origin": "https://partner.test", "vary": "Origin"},
    )
    (found,) = run(RULES, facts({"vary": "Origin"}, request={"origin": "https://evil.net"}, before=(partner,))).findings
    assert (found.rule, found.severity) == ("acao-missing", Severity.WARNING)
    assert found.fixes[0].text.startswith("If https://evil.net is yours, add it")
    told = run(RULES, facts({"vary": "Origin"}, request={"origin": "null"}, before=(partner,))).findings
    assert {one.severity for one in told} == {Severity.WARNING}
    assert next(one.fixes[0].text for one in told if one.rule == "acao-missing").startswith("No change needed:")
    (found,) = run(RULES, facts({"vary": "Origin"}, request={"origin": "https://evil.net"})).findings
    assert (found.severity, found.fixes[0].lines) == (
        Severity.ERROR,
        (
            "Add https://evil.net to the allowed origins of the server's CORS setting (it sends Vary: Origin, so it has one)",
            "Access-Control-Allow-Origin: https://evil.net",
        ),
    )


def test_partners_are_no_error_and_seven_unrelated_sites_are() -> None:
    def allowed(*origins: str, elsewhere: Sequence[str] = ()) -> Severity:
        steps = [
            Step(
                url="https://api.example/elsewhere" if origin in elsewhere else "https://api.example/me",
                request={"origin": origin},
                response={
                    "access-control-allow-origin": origin,
                    "access-control-allow-credentials": "true",
                    "vary": "Origin",
                },
            )
            for origin in (*elsewhere, *origins)
        ]
        *before, last = steps
        findings = run(RULES, facts(last.response, request=last.request, before=tuple(before))).findings
        return next(one.severity for one in findings if one.rule == "any-origin-reflected-with-credentials")

    assert allowed("https://a.com", "https://b.com") is Severity.INFO
    assert allowed("https://a.com", "https://b.com", elsewhere=("https://c.com",)) is Severity.INFO
    assert allowed("https://a.com", "https://b.com", elsewhere=("https://c.com", "https://d.com")) is Severity.WARNING
    assert allowed("https://a.com", "https://b.com", "https://c.com") is Severity.WARNING
    seven = [f"https://{letter}.com" for letter in "abcdefg"]
    assert allowed(*seven[1:]) is Severity.WARNING
    assert allowed(*seven) is Severity.ERROR
    assert allowed("https://a.com", "https://nobody.invalid") is Severity.ERROR


REFUSED = Step(request={"origin": "https://evil.test"}, response={"vary": "Origin"})
LETS_IN = {"access-control-allow-credentials": "true", "vary": "Origin"}


@pytest.mark.parametrize(
    ("rule", "origin", "before", "severity"),
    [
        ("localhost-origin-trusted", "http://localhost:3000", (), Severity.INFO),
        ("localhost-origin-trusted", "http://localhost:3000", (REFUSED,), Severity.WARNING),
        ("insecure-origin-trusted", "http://shop.example", (), Severity.INFO),
        ("insecure-origin-trusted", "http://shop.example", (REFUSED,), Severity.ERROR),
        ("insecure-origin-trusted", "http://www.api.example", (), Severity.ERROR),
    ],
)
def test_who_allows_anybody_has_no_list_with_a_mistake_in_it(
    rule: str, origin: str, before: tuple[Step, ...], severity: Severity
) -> None:
    """A collector of somebody else's reflects whoever asks; that there is a list shows when it refuses somebody."""
    made = facts({"access-control-allow-origin": origin, **LETS_IN}, request={"origin": origin}, before=before)
    found = {finding.rule: finding.severity for finding in run(load_rules(), made).findings}
    assert found.get(rule) is severity
