"""Facts about the verdicts."""

from corslens.engines.engine import Engine
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Outcome

from tests.lint.make import facts, preflight


def test_the_engine_that_asked_has_the_headline() -> None:
    assert facts({}, engine=Engine.WEBKIT).headline is Engine.WEBKIT
    assert facts({}, request={"user-agent": "curl"}).headline is Engine.CHROMIUM


def test_a_blocked_exchange_has_reasons() -> None:
    made = facts({})
    assert made.verdict_outcome is Outcome.BLOCKED
    assert made.verdict_reason is Reason.ACAO_MISSING
    assert made.verdict_reasons == {Reason.ACAO_MISSING}
    assert made.verdict_blocked_in == set(Engine) and not made.verdict_allowed_in and not made.verdict_engines_disagree


def test_an_answer_without_any_cors_header_is_not_blamed_for_each() -> None:
    bare = preflight({}, status=404)
    assert bare.verdict_reasons == {Reason.PREFLIGHT_ACAO_MISSING}
    half = preflight({"access-control-max-age": "5"})
    assert half.verdict_reasons == {Reason.PREFLIGHT_ACAO_MISSING, Reason.PREFLIGHT_METHOD_NOT_ALLOWED}


def test_the_failing_check_can_be_looked_up() -> None:
    failure = facts({}).failure(Reason.ACAO_MISSING)
    assert failure is not None and failure.wanted == "https://app.example"
    assert facts({}).failure(Reason.ACAO_MULTIPLE) is None


def test_engines_can_disagree_and_have_notes() -> None:
    made = facts({"access-control-allow-origin": ("", "*")}, version="HTTP/2.0")
    assert made.verdict_engines_disagree
    assert made.verdict_allowed_in == {Engine.FIREFOX}
    noted = preflight(
        {"access-control-allow-origin": "*", "access-control-allow-headers": "*"},
        asks="GET",
        given={"access-control-request-headers": "authorization"},
        engine=Engine.FIREFOX,
    )
    assert "authorization-covered-by-wildcard" in noted.verdict_notes


def test_a_bare_renewal_is_noted() -> None:
    assert facts({"etag": '"1"'}, status=304).verdict_notes == {"stored-response-not-seen"}
    assert not facts({"etag": '"1"', "access-control-allow-origin": "*"}, status=304).verdict_notes
