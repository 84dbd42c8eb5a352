"""The CORS check passes and fails as https://fetch.spec.whatwg.org/#concept-cors-check says, branch by branch."""

import pytest
from corslens.fetch.cors_check import CorsCheckStep, allow_credentials_failure, allow_origin_failure, cors_check
from corslens.fetch.credentials import CredentialsMode

from tests.make import PAGE, headers

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT
ABSENT, WILDCARD = CorsCheckStep.ALLOW_ORIGIN_ABSENT, CorsCheckStep.ALLOW_ORIGIN_WILDCARD
DIFFERS, CREDENTIALS = CorsCheckStep.ALLOW_ORIGIN_DIFFERS, CorsCheckStep.ALLOW_CREDENTIALS_NOT_TRUE


@pytest.mark.parametrize(
    ("value", "mode", "failure"),
    [
        pytest.param(None, WITHOUT, ABSENT, id="absent fails"),
        pytest.param(None, INCLUDE, ABSENT, id="absent fails with credentials"),
        pytest.param("*", WITHOUT, None, id="the wildcard passes without credentials"),
        pytest.param("*", INCLUDE, WILDCARD, id="the wildcard fails with credentials"),
        pytest.param(PAGE, WITHOUT, None, id="the origin passes"),
        pytest.param(PAGE, INCLUDE, None, id="the origin passes with credentials"),
        pytest.param(f"{PAGE}/", WITHOUT, DIFFERS, id="a trailing slash differs"),
        pytest.param(PAGE.upper(), WITHOUT, DIFFERS, id="case differs"),
        pytest.param(f"{PAGE}:443", WITHOUT, DIFFERS, id="an explicit default port differs"),
        pytest.param(f"{PAGE}:8443", WITHOUT, DIFFERS, id="a port differs"),
        pytest.param(PAGE.replace("https", "http"), WITHOUT, DIFFERS, id="a scheme differs"),
        pytest.param(f"{PAGE}, {PAGE}", WITHOUT, DIFFERS, id="a list differs, even of the origin"),
        pytest.param(f"*, {PAGE}", WITHOUT, DIFFERS, id="a wildcard in a list is none"),
        pytest.param("* ", WITHOUT, DIFFERS, id="a wildcard with a space is none"),
        pytest.param("https://*.example", WITHOUT, DIFFERS, id="a pattern is no pattern"),
        pytest.param("null", WITHOUT, DIFFERS, id="null is another origin"),
        pytest.param("", WITHOUT, DIFFERS, id="empty is not absent"),
        pytest.param("https://évil.example", WITHOUT, DIFFERS, id="bytes outside ASCII differ"),
    ],
)
def test_allow_origin(value: str | None, mode: CredentialsMode, failure: CorsCheckStep | None) -> None:
    assert allow_origin_failure(value, PAGE, mode) is failure


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        pytest.param("null", None, id="null equals null"),
        pytest.param("NULL", DIFFERS, id="case counts in null too"),
        pytest.param("*", None, id="the wildcard covers null"),
    ],
)
def test_allow_origin_of_an_opaque_origin(value: str, failure: CorsCheckStep | None) -> None:
    assert allow_origin_failure(value, "null", WITHOUT) is failure


@pytest.mark.parametrize(
    ("value", "mode", "failure"),
    [
        pytest.param(None, WITHOUT, None, id="nobody asks without credentials"),
        pytest.param("false", WITHOUT, None, id="false is as good as nothing without credentials"),
        pytest.param("true", INCLUDE, None, id="true passes"),
        pytest.param(None, INCLUDE, CREDENTIALS, id="absent fails"),
        pytest.param("True", INCLUDE, CREDENTIALS, id="case counts"),
        pytest.param("true, true", INCLUDE, CREDENTIALS, id="twice true is not true"),
        pytest.param("1", INCLUDE, CREDENTIALS, id="1 is not true"),
        pytest.param("", INCLUDE, CREDENTIALS, id="empty is not true"),
    ],
)
def test_allow_credentials(value: str | None, mode: CredentialsMode, failure: CorsCheckStep | None) -> None:
    assert allow_credentials_failure(value, mode) is failure


@pytest.mark.parametrize(
    ("lines", "mode", "failure"),
    [
        pytest.param([("access-control-allow-ORIGIN", PAGE)], WITHOUT, None, id="names compare without case"),
        pytest.param([("A-C-A-O", PAGE)], WITHOUT, ABSENT, id="another name is absent"),
        pytest.param([("Access-Control-Allow-Origin", PAGE)] * 2, WITHOUT, DIFFERS, id="two lines are joined, and differ"),
        pytest.param(
            [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true")],
            INCLUDE,
            WILDCARD,
            id="the wildcard fails before credentials",
        ),
        pytest.param([("Access-Control-Allow-Origin", PAGE)], INCLUDE, CREDENTIALS, id="the origin passes, credentials fail"),
        pytest.param(
            [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Credentials", "true")], INCLUDE, None, id="both pass"
        ),
    ],
)
def test_cors_check(lines: list[tuple[str, str]], mode: CredentialsMode, failure: CorsCheckStep | None) -> None:
    assert cors_check(headers(lines), PAGE, mode) is failure
