"""Each check on a preflight's response fails for its reason; engines make them in their own order."""

import pytest
from corslens.engines.chromium import CHROMIUM
from corslens.engines.gecko import GECKO
from corslens.engines.profile import EngineProfile
from corslens.engines.webkit import WEBKIT
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange

from tests.make import PAGE, exchange, preflight, request, response
from tests.verdict.judge import INCLUDE, PROFILES, WITHOUT, asked, reasons

OTHER = "https://other.example"


@pytest.mark.parametrize(
    ("answer", "mode", "expected"),
    [
        pytest.param(asked(), WITHOUT, [], id="all granted"),
        pytest.param(asked(status=200), WITHOUT, [], id="200 is ok"),
        pytest.param(asked(status=299), WITHOUT, [], id="so is 299"),
        pytest.param(asked(status=300), WITHOUT, ["preflight-status-not-ok"], id="300 is not"),
        pytest.param(asked(status=404), WITHOUT, ["preflight-status-not-ok"], id="nor is 404, with every header right"),
        pytest.param(asked(status=304), WITHOUT, ["preflight-status-not-ok"], id="nor is 304"),
        pytest.param(asked(status=307, location="/x"), WITHOUT, ["preflight-redirect"], id="a redirect"),
        pytest.param(asked(status=307), WITHOUT, ["preflight-status-not-ok"], id="a redirect to nowhere is a wrong status"),
        pytest.param(asked(origin="absent"), WITHOUT, ["preflight-acao-missing"], id="no origin"),
        pytest.param(asked(origin=OTHER), WITHOUT, ["preflight-acao-mismatch"], id="another origin"),
        pytest.param(
            asked(origin="*"),
            INCLUDE,
            ["preflight-acao-wildcard-with-credentials", "preflight-acac-not-true"],
            id="the wildcard with credentials",
        ),
        pytest.param(asked(), INCLUDE, ["preflight-acac-not-true"], id="credentials not allowed"),
        pytest.param(asked(credentials="true"), INCLUDE, [], id="credentials allowed"),
        pytest.param(asked(methods="DELETE"), WITHOUT, ["preflight-method-not-allowed"], id="another method"),
        pytest.param(asked(methods="absent"), WITHOUT, ["preflight-method-not-allowed"], id="no methods"),
        pytest.param(asked("POST", methods="absent"), WITHOUT, [], id="POST need not be listed"),
        pytest.param(asked("patch", methods="PATCH"), WITHOUT, ["preflight-method-not-allowed"], id="patch is not PATCH"),
        pytest.param(asked(methods="*"), WITHOUT, [], id="any method"),
        pytest.param(
            asked(methods="*", credentials="true"),
            INCLUDE,
            ["preflight-method-not-allowed"],
            id="any method, but not with credentials",
        ),
        pytest.param(asked(headers="absent"), WITHOUT, ["preflight-header-not-allowed"], id="no headers"),
        pytest.param(asked(headers="X-A"), WITHOUT, [], id="names compare without case"),
        pytest.param(asked(headers="*"), WITHOUT, [], id="any header"),
        pytest.param(
            asked(headers="*", credentials="true"),
            INCLUDE,
            ["preflight-header-not-allowed"],
            id="any header, but not with credentials",
        ),
        pytest.param(
            asked(headers="x a"), WITHOUT, ["preflight-acah-unparsable", "preflight-header-not-allowed"], id="no list of names"
        ),
    ],
)
@pytest.mark.parametrize("profile", PROFILES, ids=["standard", "chromium", "firefox", "webkit"])
def test_the_preflight_check_is_the_same_everywhere(
    answer: Exchange, mode: CredentialsMode, expected: list[str], profile: EngineProfile
) -> None:
    assert reasons(answer, mode, profile) == expected


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        pytest.param(
            asked(status=404, origin="absent"),
            ["preflight-acao-missing", "preflight-acao-missing", "preflight-status-not-ok"],
            id="404 without CORS headers",
        ),
        pytest.param(
            asked(status=307, location="/x", origin="absent"),
            ["preflight-redirect", "preflight-acao-missing", "preflight-redirect"],
            id="a redirect without CORS headers",
        ),
        pytest.param(asked(methods="x y", headers="x y"), ["preflight-acam-unparsable"] * 3, id="two bad lists"),
        pytest.param(
            asked(methods="DELETE", headers="x y"),
            ["preflight-acah-unparsable", "preflight-method-not-allowed", "preflight-acah-unparsable"],
            id="a bad list and a wrong method",
        ),
        pytest.param(
            asked(methods="DELETE", headers="x-b"), ["preflight-method-not-allowed"] * 3, id="wrong method and header"
        ),
    ],
)
def test_what_each_engine_reports_first(answer: Exchange, first: list[str]) -> None:
    assert [reasons(answer, WITHOUT, profile)[0] for profile in (CHROMIUM, GECKO, WEBKIT)] == first
    assert len({frozenset(reasons(answer, WITHOUT, profile)) for profile in PROFILES}) == 1, "every engine tells every failure"


def test_the_wildcard_covers_authorization_against_the_standard() -> None:
    answer = asked("GET", "authorization", headers="*")
    assert reasons(answer) == ["preflight-authorization-not-covered-by-wildcard"]
    for profile in (CHROMIUM, GECKO, WEBKIT):
        assert reasons(answer, WITHOUT, profile) == []
        assert reasons(asked("GET", "authorization", headers="*", credentials="true"), INCLUDE, profile) == [
            "preflight-header-not-allowed"
        ]


def test_firefox_makes_no_cors_check_on_a_preflight_back_home() -> None:
    """own -> API -> own: what the preflight grants is looked at, whom it lets in is not."""
    there, back = "https://api.example/x", f"{PAGE}/back"
    hop = exchange(request("PUT", there, time=0.0), response(307, {"Location": back}, allow_origin=PAGE, time=0.01))
    asked = exchange(
        preflight("PUT", back, origin=PAGE, time=0.02), response(204, {"Access-Control-Allow-Methods": "PUT"}, time=0.03)
    )
    assert reasons(asked, WITHOUT, GECKO, hop) == []
    assert reasons(asked, WITHOUT, CHROMIUM, hop)[0] == "preflight-acao-missing"
