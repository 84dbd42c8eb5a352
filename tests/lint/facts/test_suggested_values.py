"""Lists as fixes write them: whole, and never cut short in the middle."""

import pytest
from corslens.lint.facts.vocabulary import Facts
from corslens.lint.linter import run
from corslens.lint.rules.loader import load_rules
from corslens.observation.known import Unknown
from corslens.patching.policy import parse_policy
from corslens.patching.propose import propose

from tests.lint.make import facts, preflight

RULES = load_rules()
ORIGIN = {"access-control-allow-origin": "https://app.example"}
POLICY = parse_policy(origins=["https://app.example"])


def _asks(listed: dict[str, str], names: str = "content-type,x-id") -> Facts:
    return preflight({**ORIGIN, **listed}, asks="DELETE", given={"access-control-request-headers": names})


def test_what_the_server_lists_stays_in_the_fix() -> None:
    made = _asks({"access-control-allow-headers": "x-id", "access-control-allow-methods": "GET, POST"})
    assert made.completed_allow_headers == "x-id, content-type"
    assert made.completed_allow_methods == "GET, POST, DELETE"


@pytest.mark.parametrize(
    "listed",
    [
        {},
        {"access-control-allow-headers": "x-id"},
        {"access-control-allow-headers": "Content-Type, content-type"},
        {"access-control-allow-headers": "x-id: 1, content-type", "access-control-allow-methods": "GET, POST"},
        {"access-control-allow-methods": "GET PUT, PATCH", "access-control-allow-headers": "*"},
        {"access-control-allow-methods": "delete", "access-control-allow-headers": "X-ID"},
    ],
)
def test_fix_and_patch_send_the_same_list(listed: dict[str, str]) -> None:
    made = _asks(listed)
    beginnings = ("Access-Control-Allow-Methods: ", "Access-Control-Allow-Headers: ")
    told = {
        line
        for finding in run(RULES, made).findings
        for fix in finding.fixes
        for line in fix.headers
        if line.startswith(beginnings)
    }
    assert told
    assert told <= {f"{change.header}: {change.after}" for change in propose(made.observation, POLICY).changes}


def test_a_long_list_is_not_cut_where_it_would_be_copied() -> None:
    made = _asks({"access-control-allow-headers": ", ".join(f"x-header-{number}" for number in range(200))})
    assert isinstance(made.completed_allow_headers, Unknown)


def test_nothing_belongs_into_a_list_that_nobody_asked_for() -> None:
    assert preflight(ORIGIN).completed_allow_headers is None


def test_exposed_headers_stay_exposed() -> None:
    made = facts({**ORIGIN, "x-total-count": "9", "x-request-id": "1", "access-control-expose-headers": "X-Request-Id"})
    assert made.completed_expose_headers == "X-Request-Id, X-Total-Count"
    assert facts(ORIGIN).completed_expose_headers is None


def test_vary_keeps_what_it_names() -> None:
    assert facts({**ORIGIN, "vary": "Accept-Encoding"}).completed_vary == "Accept-Encoding, Origin"
    assert facts({**ORIGIN, "vary": "Origin"}).completed_vary == "Origin"
    assert facts(ORIGIN).completed_vary == "Origin"
