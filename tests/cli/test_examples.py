"""What `explain` says of a pasted line: the diagnosis of that very request, as far as the line goes."""

import pytest
from corslens.cli.examples import example_of, example_of_line
from corslens.lint.docs.console_request import request_in
from corslens.lint.docs.terminal import rules_meant
from corslens.lint.rules.loader import load_rules

from tests.lint.docs.test_console_lines import CHROME, FIREFOX, SAFARI

RULES = load_rules()
FETCH = "Access to fetch at 'http://localhost:8100/items' from origin 'http://localhost:3100' has been blocked by CORS policy: "


def of_line(line: str) -> tuple[str, str, tuple[str, ...]]:
    example = example_of_line(RULES, RULES.rules[rules_meant(RULES, line)[0]], request_in(line))
    assert example is not None
    fix = example.finding.fix
    return example.finding.rule, example.finding.message, () if fix is None else fix.lines


def test_a_missing_header_is_the_one_that_this_page_needs() -> None:
    rule, message, fix = of_line(f"{FETCH}No 'Access-Control-Allow-Origin' header is present on the requested resource.")
    assert rule == "acao-missing" and "http://localhost:8100/items" in message
    assert fix == ("Access-Control-Allow-Origin: http://localhost:3100", "Vary: Origin")


def test_a_method_and_a_header_are_those_of_the_line() -> None:
    _, _, fix = of_line(f"{FETCH}Method PATCH is not allowed by Access-Control-Allow-Methods in preflight response.")
    assert fix[-1].endswith(", PATCH")
    _, message, fix = of_line(
        f"{FETCH}Request header field x-trace is not allowed by Access-Control-Allow-Headers in preflight response."
    )
    assert "x-trace" in message and fix == ("Access-Control-Allow-Headers: x-trace",)


@pytest.mark.parametrize(("status", "cause"), [("502", "status-bad-gateway"), ("500", "status-server-error")])
def test_a_status_that_the_line_tells_is_the_cause(status: str, cause: str) -> None:
    line = (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at http://a.test/me. "
        f"(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: {status}."
    )
    rule, message, _ = of_line(line)
    assert rule == cause and "http://a.test/me" in message and status in message


def test_a_status_that_the_line_does_not_tell_is_not_made_up() -> None:
    """The first sample of `preflight-acao-missing` is a 404."""
    rule, message, _ = of_line(
        f"{FETCH}Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present."
    )
    assert rule == "preflight-acao-missing" and "404" not in message


def test_a_status_without_which_the_rule_has_nothing_to_say_is_an_example() -> None:
    refused = f"{FETCH}Response to preflight request doesn't pass access control check: "
    rule, message, _ = of_line(f"{refused}It does not have HTTP ok status.")
    assert rule == "preflight-status-not-ok" and "http://localhost:8100/items returned 405" in message
    rule, message, _ = of_line(f"{refused}Redirect is not allowed for a preflight request.")
    assert rule == "preflight-redirect" and "(301 to http://localhost:8100/items/)" in message


def test_the_value_that_the_server_sent_is_the_lines() -> None:
    line = f"{FETCH}The 'Access-Control-Allow-Origin' header has a value 'http://localhost:3000' that is not equal to the supplied origin."
    rule, message, _ = of_line(line)
    assert rule == "acao-mismatch" and "with Access-Control-Allow-Origin: http://localhost:3000, but the page is" in message


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        ("GET https://a.test/x net::ERR_NAME_NOT_RESOLVED", "Check that the name in https://a.test resolves"),
        ("GET https://a.test/x net::ERR_CERT_DATE_INVALID", "Renew the certificate"),
        ("[Error] Failed to load resource: The request timed out. (x, line 0)", "Check that nothing (a firewall"),
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://a.example/x. (Reason: CORS "
            "request did not succeed). Status code: (null).",
            "Start the server at https://a.example",
        ),
    ],
)
def test_a_failure_of_the_network_is_the_lines(words: str, fix: str) -> None:
    rule, _, told = of_line(words)
    assert rule == "actual-network-error" and told[0].startswith(fix)


def test_an_extension_lacks_a_permission() -> None:
    line = "Access to fetch at 'https://a.test/x' from origin 'chrome-extension://abcdefghijklmnopabcdefghijklmnop' has been blocked by CORS policy: "
    missing = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    assert of_line(f"{line}{missing}")[0] == "extension-permission"
    refused = f"{line}Response to preflight request doesn't pass access control check: {missing}"
    assert of_line(refused)[0] == "extension-without-permission"


def test_behind_a_redirect_it_is_the_last_response_that_lacks_the_header() -> None:
    line = "Access to fetch at 'https://login.test/' (redirected from 'https://a.test/me') from origin 'https://b.test' has been blocked by CORS policy: "
    _, message, _ = of_line(f"{line}No 'Access-Control-Allow-Origin' header is present on the requested resource.")
    assert message.startswith("GET https://login.test/ returned 200 without")


@pytest.mark.parametrize("line", [*CHROME, *FIREFOX, *SAFARI])
def test_whatever_is_shown_comes_from_the_line_or_is_called_an_example(line: str) -> None:
    """Neither another rule's sample, nor an exception, whatever the line leaves out."""
    rule = RULES.rules[rules_meant(RULES, line)[0]]
    own = example_of_line(RULES, rule, request_in(line))
    shown = own or example_of(RULES, rule)
    assert shown is None or shown.about.startswith("Your request (what" if own else "Example (")
    assert shown is not None or rule.never is not None
