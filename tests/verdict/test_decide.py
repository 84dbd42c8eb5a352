"""Deciding and explaining: the same checks, once for a verdict and once for people."""

import pytest
from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.verdict.decide import AUTHORIZATION_COVERED_BY_WILDCARD, decide, decide_under, explain
from corslens.verdict.decide_each import decide_each
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import CheckState, Outcome, Verdict

from tests.make import PAGE, exchange, preflight, request, response
from tests.observation.observe import observe
from tests.truth.judged import inspected
from tests.verdict.judge import INCLUDE, WITHOUT, under

engines = pytest.mark.parametrize("engine", Engine)

CREDENTIALS = {"Access-Control-Allow-Credentials": "true"}
STAR = exchange(request(), response(allow_origin="*"))
EXACT = exchange(request(), response(allow_origin=PAGE))
EXACT_CREDENTIALS = exchange(request(), response(200, CREDENTIALS, allow_origin=PAGE))
MISSING = exchange(request(), response())
LEFT = exchange(request(), error="stream reset by client (CANCEL)")
RESET = exchange(request(), error="stream reset by client (INTERNAL_ERROR)")


@engines
@pytest.mark.parametrize(
    ("answer", "mode", "outcome"),
    [
        pytest.param(STAR, WITHOUT, Outcome.ALLOWED, id="known to be without"),
        pytest.param(STAR, INCLUDE, Outcome.BLOCKED, id="known to include"),
        pytest.param(STAR, None, Outcome.DEPENDS, id="the wildcard, mode unknown"),
        pytest.param(EXACT, None, Outcome.DEPENDS, id="the origin alone, mode unknown"),
        pytest.param(EXACT_CREDENTIALS, None, Outcome.ALLOWED, id="both modes pass"),
        pytest.param(MISSING, None, Outcome.BLOCKED, id="both modes fail"),
        pytest.param(LEFT, None, Outcome.ABORTED, id="the browser gave up"),
        pytest.param(RESET, None, Outcome.BLOCKED, id="the server gave up"),
    ],
)
def test_outcomes(answer: Exchange, mode: CredentialsMode | None, outcome: Outcome, engine: Engine) -> None:
    assert decide(under(observe(answer), mode), engine).outcome is outcome


@engines
def test_depends_has_both_branches_and_no_failures(engine: Engine) -> None:
    verdict = decide(under(observe(STAR), None), engine)
    assert verdict.if_credentialed is not None and verdict.if_not_credentialed is not None
    assert (verdict.reason, verdict.failures) == (None, ())
    assert verdict.if_credentialed.reason is Reason.ACAO_WILDCARD_WITH_CREDENTIALS
    assert verdict.if_not_credentialed.allowed


@engines
def test_blocked_either_way_tells_first_what_is_certain(engine: Engine) -> None:
    """With credentials ACAC would be reported, without them the method: the method fails in both."""
    asked = under(observe(exchange(preflight("PUT"), response(204, allow_origin=PAGE))), None)
    verdict = decide(asked, engine)
    assert (verdict.outcome, verdict.reason) == (Outcome.BLOCKED, Reason.PREFLIGHT_METHOD_NOT_ALLOWED)
    assert verdict.if_credentialed is not None and verdict.if_not_credentialed is not None
    assert verdict.if_credentialed.reason is Reason.PREFLIGHT_ACAC_NOT_TRUE
    assert verdict.if_not_credentialed.reason is Reason.PREFLIGHT_METHOD_NOT_ALLOWED


@engines
def test_the_wildcard_over_authorization_is_noted_where_the_engine_says_so(engine: Engine) -> None:
    answer = response(204, {"Access-Control-Allow-Headers": "*"}, allow_origin="*")
    asked = under(observe(exchange(preflight("GET", unsafe="authorization"), answer)), WITHOUT)
    noted = decide(asked, engine).notes
    assert noted == (() if engine is Engine.WEBKIT else (AUTHORIZATION_COVERED_BY_WILDCARD,))
    named = response(204, {"Access-Control-Allow-Headers": "*, Authorization"}, allow_origin="*")
    assert decide(under(observe(exchange(preflight("GET", unsafe="authorization"), named)), WITHOUT), engine).notes == ()


def _states(exchange: Exchange, engine: Engine, mode: CredentialsMode | None = WITHOUT) -> dict[str, CheckState]:
    return {check.name: check.state for check in explain(observe(exchange), engine, mode)}


def test_explained_in_the_engines_own_order() -> None:
    """A 404 without any CORS header: each engine stops at another check, and each tells all."""
    bare = exchange(preflight("PUT"), response(404))
    chromium, firefox, webkit = (explain(observe(bare), engine, WITHOUT) for engine in Engine)
    assert [check.name for check in chromium][:4] == ["redirect", "allow-origin", "allow-credentials", "status"]
    assert [check.name for check in webkit][:2] == ["redirect", "status"]
    assert [check.name for check in firefox][-4:] == ["allow-methods-syntax", "method", "allow-headers-syntax", "headers"]
    for engine, first in ((Engine.CHROMIUM, "allow-origin"), (Engine.FIREFOX, "allow-origin"), (Engine.WEBKIT, "status")):
        failed = [name for name, state in _states(bare, engine).items() if state is CheckState.FAILED]
        assert failed == [first]


def test_what_is_not_reached_may_still_fail() -> None:
    """A check behind the first failing one was not made by the browser; what it would have said is told."""
    checks = {
        check.name: check for check in explain(observe(exchange(preflight("PUT"), response(404))), Engine.CHROMIUM, WITHOUT)
    }
    assert checks["redirect"].state is CheckState.PASSED
    assert (checks["method"].state, checks["method"].failure is not None) == (CheckState.NOT_REACHED, True)
    assert (checks["allow-headers-syntax"].state, checks["allow-headers-syntax"].failure) == (CheckState.NOT_REACHED, None)


def test_a_check_names_the_header_line_that_decided() -> None:
    check = explain(observe(exchange(request(), response(allow_origin="https://other.example"))), Engine.CHROMIUM, WITHOUT)[0]
    assert (check.header, check.value) == ("Access-Control-Allow-Origin", "https://other.example")
    assert check.title and check.failure is not None and check.failure.wanted == PAGE


def test_without_a_mode_the_known_one_is_explained_else_none() -> None:
    observation = observe(STAR)
    assert {check.state for check in explain(under(observation, INCLUDE), Engine.CHROMIUM)} >= {CheckState.FAILED}
    states = {check.name: check.state for check in explain(under(observation, None), Engine.CHROMIUM)}
    assert states == {"allow-origin": CheckState.PASSED, "allow-credentials": CheckState.NOT_NEEDED}


@pytest.mark.slow  # every recording
@engines
def test_explaining_and_deciding_agree_on_every_recorded_exchange(engine: Engine) -> None:
    """And so do both memories of it: deciding all engines at once gives what deciding each gives."""
    for inspection in inspected(engine):
        observation = inspection.observation
        for mode in CredentialsMode:
            failures = tuple(check.failure for check in explain(observation, engine, mode) if check.failure is not None)
            assert failures == decide_under(observation, PROFILES[engine], mode).failures
        assert dict(decide_each(observation)) == {each: decide(observation, each) for each in Engine}


EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


def test_an_extension_may_have_a_permission_for_the_host() -> None:
    """The wire does not show it; a preflight does, which a request with one does without."""
    own = observe(exchange(request(origin=EXTENSION), response()))
    for engine in Engine:
        assert decide(own, engine) == Verdict(outcome=Outcome.DEPENDS, notes=("extension-permission",))
    listed = observe(exchange(request(origin=EXTENSION), response(allow_origin=EXTENSION)))
    assert not decide(listed, Engine.CHROMIUM).notes
    asked = exchange(
        preflight("PUT", origin=EXTENSION),
        response(204, {"Access-Control-Allow-Methods": "PUT"}, allow_origin=EXTENSION, time=0.01),
    )
    sent = observe(asked, exchange(request("PUT", origin=EXTENSION, time=0.02), response(time=0.03)))
    assert decide(sent, Engine.CHROMIUM).blocked
