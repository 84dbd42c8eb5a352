"""Whom a response lets in, and with credentials or not: engines agree on the outcome and differ in the name."""

import pytest
from corslens.engines.chromium import CHROMIUM
from corslens.engines.engine import Engine
from corslens.engines.gecko import GECKO
from corslens.engines.profile import EngineProfile
from corslens.engines.webkit import WEBKIT
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Response
from corslens.observation.exchange import Exchange
from corslens.verdict.decide import decide
from corslens.verdict.verdict import Outcome

from tests.make import PAGE, exchange, request, response
from tests.observation.observe import observe
from tests.verdict.judge import INCLUDE, PROFILES, WITHOUT, reasons, simple

OTHER = "https://other.example"


@pytest.mark.parametrize(
    ("answer", "mode", "expected"),
    [
        pytest.param(simple(PAGE), WITHOUT, [], id="the origin"),
        pytest.param(simple("*"), WITHOUT, [], id="the wildcard"),
        pytest.param(simple(PAGE, credentials="true"), INCLUDE, [], id="the origin with credentials"),
        pytest.param(simple(), WITHOUT, ["acao-missing"], id="nothing"),
        pytest.param(simple(), INCLUDE, ["acao-missing", "acac-not-true"], id="nothing with credentials: both are told"),
        pytest.param(simple(OTHER), WITHOUT, ["acao-mismatch"], id="another origin"),
        pytest.param(
            simple("*", credentials="true"), INCLUDE, ["acao-wildcard-with-credentials"], id="the wildcard with credentials"
        ),
        pytest.param(
            simple("*"), INCLUDE, ["acao-wildcard-with-credentials", "acac-not-true"], id="two wrongs, the wildcard first"
        ),
        pytest.param(simple(PAGE, credentials="True"), INCLUDE, ["acac-not-true"], id="True is not true"),
        pytest.param(simple(PAGE, credentials="false"), WITHOUT, [], id="false is nothing without credentials"),
        pytest.param(simple(PAGE, status=500), WITHOUT, [], id="the status of an answer does not count"),
        pytest.param(simple(status=304), WITHOUT, [], id="a bare 304 is judged by what was stored"),
        pytest.param(simple(OTHER, status=304), WITHOUT, ["acao-mismatch"], id="a 304 that brings the header is judged by it"),
    ],
)
@pytest.mark.parametrize("profile", PROFILES, ids=["standard", "chromium", "firefox", "webkit"])
def test_the_cors_check_is_the_same_everywhere(
    answer: Exchange, mode: CredentialsMode, expected: list[str], profile: EngineProfile
) -> None:
    assert reasons(answer, mode, profile) == expected


@pytest.mark.parametrize(
    ("answer", "chromium", "firefox", "webkit"),
    [
        pytest.param(simple(f"{PAGE}, {PAGE}"), "acao-multiple", "acao-mismatch", "acao-multiple", id="a list"),
        pytest.param(simple(f"{PAGE} {PAGE}"), "acao-multiple", "acao-mismatch", "acao-mismatch", id="a space"),
        pytest.param(simple(PAGE, PAGE), "acao-multiple", "acao-multiple", "acao-multiple", id="two lines"),
        pytest.param(
            simple("*", "*", http="HTTP/2.0"), "acao-multiple", "acao-mismatch", "acao-multiple", id="two lines over HTTP/2"
        ),
        pytest.param(simple("app.example"), "acao-invalid", "acao-mismatch", "acao-mismatch", id="no URL"),
        pytest.param(simple(""), "acao-invalid", "acao-mismatch", "acao-mismatch", id="empty"),
        pytest.param(simple("null"), "acao-mismatch", "acao-mismatch", "acao-mismatch", id="null is a value"),
        pytest.param(simple("https://*.example"), "acao-mismatch", "acao-mismatch", "acao-mismatch", id="a pattern"),
    ],
)
def test_engines_call_a_wrong_origin_by_different_names(answer: Exchange, chromium: str, firefox: str, webkit: str) -> None:
    assert [reasons(answer, WITHOUT, profile) for profile in (CHROMIUM, GECKO, WEBKIT)] == [[chromium], [firefox], [webkit]]
    assert reasons(answer) == ["acao-mismatch"]


def test_firefox_loses_empty_lines_over_http2() -> None:
    assert reasons(simple("", "*", http="HTTP/2.0"), WITHOUT, GECKO) == []
    assert reasons(simple("", "*"), WITHOUT, GECKO) == ["acao-multiple"]
    assert reasons(simple("", "*", http="HTTP/2.0"), WITHOUT, CHROMIUM) == ["acao-multiple"]


def test_an_opaque_origin_is_matched_as_null() -> None:
    asked = request(origin="null")
    assert reasons(exchange(asked, response(allow_origin="null"))) == []
    assert reasons(exchange(asked, Response(status=200))) == ["acao-missing"]


def test_non_ascii_is_invalid_to_chromium() -> None:
    own = simple("https://b\xc3\xbccher.example")
    assert reasons(own, WITHOUT, CHROMIUM) == ["acao-invalid"]
    assert reasons(own, WITHOUT, GECKO) == ["acao-mismatch"]


def test_an_empty_line_and_a_wildcard_over_http2_turn_on_credentials_in_firefox() -> None:
    own = observe(simple("", "*", credentials="true", http="HTTP/2.0"))
    assert decide(own, Engine.FIREFOX).outcome is Outcome.DEPENDS
