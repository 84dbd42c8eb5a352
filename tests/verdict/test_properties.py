"""What holds of every verdict on any exchange."""

from collections.abc import Mapping

import pytest
from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation, Role
from corslens.verdict.decide import STORED_RESPONSE_NOT_SEEN, decide, decide_under, explain
from corslens.verdict.decide_each import decide_each
from corslens.verdict.verdict import Outcome, Verdict
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.fetch.strategies import BYTES, exchanges, preflights, values
from tests.observation.observe import observe
from tests.verdict.judge import under

pytestmark = pytest.mark.slow

any_exchange = st.one_of(exchanges(), preflights())
modes = st.sampled_from([None, *CredentialsMode])

UNRELATED = st.lists(
    st.tuples(st.sampled_from(["X-Request-Id", "Server", "Date", "ETag", "X-Access-Control-Allow-Origin", "Link"]), values),
    max_size=4,
)


def _all(observation: Observation) -> Mapping[Engine, Verdict]:
    return {engine: decide(observation, engine) for engine in Engine}


def _with_response_lines(observation: Observation, lines: tuple[tuple[str, str], ...]) -> Observation:
    response = observation.exchange.response
    assert response is not None
    exchange = observation.exchange.with_response(structs.replace(response, headers=HeaderList(lines)))
    return structs.replace(observation, exchange=exchange)


@given(any_exchange, modes)
def test_never_raises_and_is_always_one_of_three(exchange: Exchange, mode: CredentialsMode | None) -> None:
    observation = observe(exchange)
    for judged in (observation, under(observation, mode)):
        for engine, verdict in _all(judged).items():
            match verdict.outcome:
                case Outcome.ALLOWED:
                    assert (verdict.failures, verdict.reason) == ((), None)
                case Outcome.BLOCKED:
                    assert verdict.failures and verdict.reason is verdict.failures[0].reason
                case Outcome.DEPENDS:
                    assert (verdict.failures, verdict.reason) == ((), None)
            explain(judged, engine)


@given(any_exchange)
def test_depends_has_two_branches_that_differ(exchange: Exchange) -> None:
    observation = under(observe(exchange), None)
    for engine, verdict in _all(observation).items():
        included = decide_under(observation, PROFILES[engine], CredentialsMode.INCLUDE)
        without = decide_under(observation, PROFILES[engine], CredentialsMode.SAME_ORIGIN_OR_OMIT)
        if STORED_RESPONSE_NOT_SEEN in included.notes:  # a page without credentials may be allowed for certain
            assert verdict == included
            continue
        differ = (included.outcome, included.reason) != (without.outcome, without.reason)
        assert (verdict.if_credentialed is not None) is differ
        if differ:
            assert (verdict.if_credentialed, verdict.if_not_credentialed) == (included, without)
        assert verdict.outcome is (included.outcome if included.outcome is without.outcome else Outcome.DEPENDS)


@given(any_exchange, UNRELATED, st.randoms(), modes)
def test_unrelated_headers_and_their_order_change_nothing(
    exchange: Exchange, more: list[tuple[str, str]], random: object, mode: CredentialsMode | None
) -> None:
    observation = under(observe(exchange), mode)
    response = observation.exchange.response
    if response is None or observation.exchange.request.http_version == "HTTP/2.0":
        return  # over HTTP/2 a control byte in any header breaks the connection, unrelated or not
    lines = list(response.headers.lines)
    places = list(range(len(lines) + 1))
    mixed = list(lines)
    for line in more:
        mixed.insert(random.choice(places), line)  # type: ignore[attr-defined]  # a random.Random
    assert _all(_with_response_lines(observation, tuple(mixed))) == _all(observation)


RIGHT = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Origin": "",
    "Access-Control-Allow-Methods": "",
    "Access-Control-Allow-Headers": "",
}


@given(any_exchange, st.sampled_from(sorted(RIGHT)), modes)
def test_setting_a_header_right_never_blocks(exchange: Exchange, name: str, mode: CredentialsMode | None) -> None:
    """Whatever was there before: with the exact origin, `true`, or everything asked for by name, what was allowed stays allowed."""
    observation = under(observe(exchange), mode)
    response, request = observation.exchange.response, observation.exchange.request
    if response is None:
        return
    value = {
        "Access-Control-Allow-Origin": observation.origin or "null",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": request.headers.get("access-control-request-method") or "GET",
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers") or "",
    }[name]
    if any(ord(character) < 33 or ord(character) > 126 for character in value.replace(", ", "")):
        return  # a hostile request asks for what no header can grant
    if (
        observation.role is Role.PREFLIGHT
        and not value.replace(",", "").replace("-", "").replace("*", "").isalnum()
        and "Origin" not in name
    ):
        return
    mended = _all(_with_response_lines(observation, response.headers.with_header(name, [value]).lines))
    for engine, verdict in _all(observation).items():
        if verdict.allowed:
            assert mended[engine].allowed, (engine, mended[engine])


@given(any_exchange, modes)
def test_every_engine_fails_the_same_checks_but_for_its_departures(exchange: Exchange, mode: CredentialsMode | None) -> None:
    """Explaining tells no other failures than deciding."""
    observation = under(observe(exchange), mode)
    for engine in Engine:
        for each in CredentialsMode:
            failures = tuple(check.failure for check in explain(observation, engine, each) if check.failure is not None)
            assert failures == decide_under(observation, PROFILES[engine], each).failures


@given(any_exchange, modes)
def test_remembered_verdicts_are_those_of_deciding(exchange: Exchange, mode: CredentialsMode | None) -> None:
    observation = under(observe(exchange), mode)
    assert dict(decide_each(observation)) == dict(decide_each(observation)) == _all(observation)
    stored = structs.replace(observation, exchange=structs.replace(observation.exchange, renewed=observation.exchange.response))
    assert dict(decide_each(stored)) == _all(stored)


@given(any_exchange, st.text(BYTES, max_size=10))
def test_a_request_header_of_a_name_that_nobody_knows_changes_no_answer_check(exchange: Exchange, value: str) -> None:
    observation = under(observe(exchange), CredentialsMode.INCLUDE)
    asked = exchange.request
    more = structs.replace(asked, headers=HeaderList((*asked.headers.lines, ("X-Nobody", value))))
    changed = structs.replace(observation, exchange=structs.replace(exchange, request=more))
    assert _all(changed) == _all(observation)
