"""Every recorded request of three real browsers gets the verdict that the browser gave, outcome and first reason.

`pytest -s` or `python -m tests.truth` prints the figures.
"""

import pytest
from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.response_headers import FORBIDDEN_RESPONSE_HEADERS, readable_header_names
from corslens.observation.known import Known

from tests.truth.judged import (
    NETWORK_REASONS,
    Judged,
    Kind,
    branch,
    checked_mode,
    disagreement,
    failed_after_cors,
    inspected,
    judged,
    used_mode,
)
from tests.truth.recorded import reasons_called, scenarios
from tests.truth.twins import SHOWS_CREDENTIALS, exact_twin, near_twin, table, twin_class

pytestmark = pytest.mark.slow

engines = pytest.mark.parametrize("engine", Engine)

ENGINE_ADDS = {Engine.FIREFOX: frozenset({"x-firefox-spdy"})}
"""Readable header names that no server sent: Firefox adds this one to what it got over HTTP/2."""


def _turning(engine: Engine) -> list[Judged]:
    return [request for request in judged(engine) if request.turns_on_credentials]


@engines
def test_no_verdict_disagrees_with_the_browser(engine: Engine) -> None:
    """Zero disagreements; what is not judged has left no exchange, for a reason that is named."""
    print("\n" + "\n".join(table(engine)))
    requests = judged(engine)
    assert [f"{request.name}: {request.why}" for request in requests if request.kind is Kind.DISAGREED] == []
    assert len(requests) == sum(len(scenario["outcome"]) for scenario in scenarios(engine)) == 630
    assert [request.name for request in requests if not request.inspections and not request.why] == []


@engines
def test_both_branches_of_an_open_verdict_are_the_twins_verdicts(engine: Engine) -> None:
    """The same bytes, judged as those of a page with and without credentials, differ; the page's own branch is what the browser did."""
    for request in _turning(engine):
        verdict = request.verdict
        included = branch(request.last, engine, CredentialsMode.INCLUDE)
        without = branch(request.last, engine, CredentialsMode.SAME_ORIGIN_OR_OMIT)
        assert (included, without) == (verdict.if_credentialed, verdict.if_not_credentialed), request.name
        assert (included.outcome, included.reason) != (without.outcome, without.reason), request.name
        mode = checked_mode(request.asked, request.last, PROFILES[engine])
        own = included if mode is CredentialsMode.INCLUDE else without
        assert disagreement(engine, request.asked, request.outcome, request.last, own) is None, request.name


@engines
def test_depends_only_where_one_page_is_allowed_and_one_is_blocked(engine: Engine) -> None:
    for request in judged(engine):
        if request.kind is Kind.DEPENDS:
            verdict = request.verdict
            assert verdict.if_credentialed is not None and verdict.if_not_credentialed is not None
            assert {verdict.if_credentialed.allowed, verdict.if_not_credentialed.allowed} == {True, False}, request.name
            assert not verdict.failures, request.name


@engines
def test_every_open_verdict_is_of_a_class_that_hides_the_credentials_mode(engine: Engine) -> None:
    """No exchange of the chain shows the mode, and why it does not is known."""
    for request in _turning(engine):
        assert twin_class(request) != "unexplained", request.name
        chosen = {name.lower() for name, _ in request.asked.get("headers", ())}
        for hop in request.last.hops:
            if hop.is_cors:
                assert SHOWS_CREDENTIALS - chosen & {*hop.exchange.request.headers.names.ordered} <= chosen, request.name


@engines
def test_recorded_twins_have_the_other_mode_and_the_same_request(engine: Engine) -> None:
    """Most open verdicts have a twin among the recordings themselves."""
    named = 0
    for request in _turning(engine):
        twin = exact_twin(request) or near_twin(request)
        if twin is not None:
            named += 1
            assert twin.used_mode is not request.used_mode
            assert twin.engine is request.engine
    assert named >= {Engine.CHROMIUM: 70, Engine.FIREFOX: 10, Engine.WEBKIT: 140}[engine]


@engines
def test_what_we_know_of_the_credentials_mode_is_what_the_page_asked_for(engine: Engine) -> None:
    """No evidence ever proved the wrong mode."""
    proofs = set()
    for request in judged(engine):
        for inspection in request.inspections:
            credentials = inspection.observation.credentials
            if inspection.observation.is_cors and isinstance(credentials, Known):
                proofs.add(credentials.evidence[0])
                assert credentials.value is request.used_mode, (request.name, credentials)
    assert {"cookie", "redirect-chain", "preflight-cache"} <= proofs


@engines
def test_readable_headers_are_those_that_the_script_saw(engine: Engine) -> None:
    compared = 0
    for request in judged(engine):
        if request.outcome["result"] != "allowed" or "readable" not in request.outcome or not request.inspections:
            continue
        response = request.last.exchange.delivered
        assert response is not None
        if request.last.is_cors:
            ours = set(readable_header_names(response, request.used_mode))
        else:
            ours = response.headers.names.members - FORBIDDEN_RESPONSE_HEADERS
        compared += 1
        seen = set(request.outcome["readable"]) - ENGINE_ADDS.get(engine, frozenset())
        assert ours == seen, request.name
    assert compared > 220


@engines
def test_hindsight_finds_no_mistake_of_ours(engine: Engine) -> None:
    assert [inspection.id for inspection in inspected(engine) if inspection.misprediction is not None] == []


@engines
def test_failures_that_are_not_cors_are_told_apart(engine: Engine) -> None:
    """A `failed` load either passed CORS and then met its API's own demands, or ended in a network error that the verdict names."""
    failed = [request for request in judged(engine) if request.outcome["result"] == "failed" and request.inspections]
    after = [request for request in failed if failed_after_cors(request.asked, request.last)]
    assert {request.asked["api"] for request in after} == {"fetch", "script", "font", "module", "eventsource"}
    for request in failed:
        if request not in after:
            assert request.verdict.reason in NETWORK_REASONS, request.name


def test_each_word_of_an_engine_stands_for_a_reason() -> None:
    """No recorded reason is one that we have no name for."""
    for engine in Engine:
        for request in judged(engine):
            if request.outcome["result"] == "blocked":
                assert reasons_called(engine, request.outcome["cors_error"]), request.name


@pytest.mark.parametrize(
    ("asked", "mode"),
    [
        pytest.param({"api": "fetch", "credentials": "include"}, CredentialsMode.INCLUDE, id="fetch says it"),
        pytest.param({"api": "fetch", "credentials": "omit"}, CredentialsMode.SAME_ORIGIN_OR_OMIT, id="omit is not include"),
        pytest.param({"api": "beacon"}, CredentialsMode.INCLUDE, id="a beacon always includes"),
        pytest.param(
            {"api": "img", "crossorigin": "use-credentials"}, CredentialsMode.INCLUDE, id="an element says it by attribute"
        ),
        pytest.param(
            {"api": "font", "credentials": "include"}, CredentialsMode.SAME_ORIGIN_OR_OMIT, id="a font never includes"
        ),
    ],
)
def test_used_mode(asked: dict[str, str], mode: CredentialsMode) -> None:
    assert mode is used_mode(asked)
