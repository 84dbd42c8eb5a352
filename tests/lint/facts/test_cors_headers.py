"""Facts about the response's CORS headers."""

import pytest
from corslens.lint.classify.allow_origin import Difference, Form
from corslens.lint.classify.hosts import Hosting, LookAlike, NetworkScope
from corslens.lint.facts.cors_headers import Grant

from tests.lint.make import facts, preflight

ALLOW = "access-control-allow-origin"


@pytest.mark.parametrize(
    ("value", "grant", "form"),
    [
        ("*", Grant.ANY, Form.WILDCARD),
        ("https://app.example", Grant.ASKED, Form.ORIGIN),
        ("https://other.example", Grant.OTHER, Form.ORIGIN),
        ("null", Grant.OTHER, Form.NULL),
    ],
)
def test_whom_the_response_allows(value: str, grant: Grant, form: Form) -> None:
    made = facts({ALLOW: value})
    assert (grant, form) == (made.response_grant, made.response_allow_origin_form)


def test_without_the_header_there_is_no_grant() -> None:
    made = facts({})
    assert made.response_grant is None and made.response_allow_origin_form is None and made.granted_scheme is None


def test_lines_are_combined_and_counted() -> None:
    made = facts({ALLOW: ("*", "https://app.example")})
    assert (made.response_allow_origin, made.response_allow_origin_lines) == ("*, https://app.example", 2)


@pytest.mark.parametrize(("value", "allowed"), [("true", True), ("True", False), ("true, true", False)])
def test_only_true_allows_credentials(value: str, allowed: bool) -> None:
    assert facts({"access-control-allow-credentials": value}).response_credentials_allowed is allowed


def test_what_is_known_of_the_granted_origin() -> None:
    made = facts({ALLOW: "http://localhost:3000"})
    assert (
        made.granted_scheme,
        made.granted_place,
        made.granted_hosting,
        made.granted_same_site,
    ) == ("http", NetworkScope.LOOPBACK, Hosting.OWN, False)
    assert facts({ALLOW: "https://api.example.evil.net"}).granted_look_alike is LookAlike.PREFIX
    assert facts({ALLOW: "https://api.example"}).response_allow_origin_difference is Difference.ITSELF


def test_lists_of_methods_and_headers() -> None:
    made = preflight(
        {
            "access-control-allow-methods": "PUT, delete, TRACE, get",
            "access-control-allow-headers": "X-A, Cookie, Access-Control-Allow-Origin",
        }
    )
    assert made.response_allow_methods == {"put", "delete", "trace", "get"}
    assert made.response_wrong_case_methods == {"delete"}
    assert made.response_forbidden_methods == {"TRACE"}
    assert made.response_forbidden_request_headers == {"cookie"}
    assert made.response_response_headers_allowed == {"access-control-allow-origin"}


def test_odd_header_names() -> None:
    made = facts(
        {
            "access-control-allow-method": "PUT",
            "access-control-request-method": "PUT",
            "access-control-allow-private-network": "true",
        }
    )
    assert made.response_misspelt_headers == {"access-control-allow-method"}
    assert made.response_meant_headers == {"Access-Control-Allow-Methods"}
    assert made.response_request_headers == {"access-control-request-method"}
    assert made.response_obsolete_headers == {"access-control-allow-private-network"}
    assert not facts({ALLOW: "*"}).response_misspelt_headers


def test_headers_of_preflights_on_other_answers() -> None:
    lists = {"access-control-allow-methods": "PUT", "access-control-max-age": "5"}
    assert facts(lists).response_preflight_only_headers == {"Access-Control-Allow-Methods", "Access-Control-Max-Age"}
    assert not preflight(lists).response_preflight_only_headers


def test_echo_of_the_requested_headers() -> None:
    asked = {"access-control-request-headers": "x-a,x-b"}
    assert preflight({"access-control-allow-headers": "X-B, X-A"}, given=asked).response_echoes_requested_headers
    assert not preflight({"access-control-allow-headers": "x-a"}, given=asked).response_echoes_requested_headers


@pytest.mark.parametrize(("written", "seconds"), [("600", 600), ("-1", 0), ("10m", None), ("9" * 11, 2**31)])
def test_max_age(written: str, seconds: int | None) -> None:
    assert preflight({"access-control-max-age": written}).response_max_age == seconds
