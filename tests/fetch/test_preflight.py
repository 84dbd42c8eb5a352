"""The preflight request is recognised, and its response grants what https://fetch.spec.whatwg.org/#cors-preflight-fetch-0 says."""

import pytest
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Request
from corslens.fetch.preflight import (
    Grants,
    grants,
    is_cors_preflight_request,
    is_method_granted,
    max_age_seconds,
    parse_max_age,
    requested_header_names,
    requested_method,
    ungranted_header_names,
)

from tests.make import headers, preflight, request

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT


@pytest.mark.parametrize(
    ("asked", "is_preflight"),
    [
        pytest.param(preflight("PUT"), True, id="OPTIONS with Origin and Access-Control-Request-Method"),
        pytest.param(request("OPTIONS"), False, id="a page's own OPTIONS"),
        pytest.param(request("OPTIONS", given={"Access-Control-Request-Method": "PUT"}, origin=None), False, id="no Origin"),
        pytest.param(request("GET", given={"Access-Control-Request-Method": "PUT"}), False, id="not OPTIONS"),
        pytest.param(request("options", given={"Access-Control-Request-Method": "PUT"}), False, id="case counts"),
    ],
)
def test_is_cors_preflight_request(asked: Request, is_preflight: bool) -> None:
    assert is_cors_preflight_request(asked) is is_preflight


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, ()), ("", ()), ("content-type", ("content-type",)), ("b,a", ("b", "a")), ("X-B, x-a ,X-b", ("x-b", "x-a")), (",,", ()),
    ],
)  # fmt: skip
def test_requested_header_names(value: str | None, names: tuple[str, ...]) -> None:
    """Lower-case, in their order, without repeats."""
    assert requested_header_names(preflight("PUT", unsafe=value)) == names


def test_requested_method_keeps_its_case() -> None:
    assert requested_method(preflight("patch")) == "patch"
    assert requested_method(request()) == ""


@pytest.mark.parametrize(
    ("lines", "granted"),
    [
        pytest.param([], Grants(methods=(), header_names=()), id="absent grants nothing"),
        pytest.param(
            [("Access-Control-Allow-Methods", "PUT, patch"), ("Access-Control-Allow-Headers", "X-A, CONTENT-TYPE")],
            Grants(methods=("PUT", "patch"), header_names=("x-a", "content-type")),
            id="methods keep their case, names lose it",
        ),
        pytest.param([("Access-Control-Allow-Methods", "PUT;")], Grants(methods=None, header_names=()), id="no list of tokens"),
        pytest.param(
            [("Access-Control-Allow-Headers", "X A")],
            Grants(methods=(), header_names=None),
            id="a bad name fails the names alone",
        ),
        pytest.param(
            [("Access-Control-Allow-Method", "PUT")], Grants(methods=(), header_names=()), id="a misspelt name is absent"
        ),
    ],
)
def test_grants(lines: list[tuple[str, str]], granted: Grants) -> None:
    assert grants(headers(lines)) == granted


@pytest.mark.parametrize(
    ("method", "methods", "mode", "granted"),
    [
        pytest.param("PUT", ("PUT",), WITHOUT, True, id="listed"),
        pytest.param("PUT", (), WITHOUT, False, id="not listed"),
        pytest.param("PUT", ("put",), WITHOUT, False, id="case counts"),
        pytest.param("patch", ("PATCH",), WITHOUT, False, id="patch is not PATCH"),
        pytest.param("GET", (), WITHOUT, True, id="GET need not be listed"),
        pytest.param("POST", ("PUT",), INCLUDE, True, id="nor POST"),
        pytest.param("HEAD", (), INCLUDE, True, id="nor HEAD"),
        pytest.param("PUT", ("*",), WITHOUT, True, id="the wildcard covers it"),
        pytest.param("PUT", ("*",), INCLUDE, False, id="but not with credentials"),
        pytest.param("*", ("*",), INCLUDE, True, id="unless the method is named so"),
    ],
)
def test_is_method_granted(method: str, methods: tuple[str, ...], mode: CredentialsMode, granted: bool) -> None:
    assert is_method_granted(method, methods, mode) is granted


@pytest.mark.parametrize(
    ("asked", "granted", "mode", "missing"),
    [
        pytest.param((), (), WITHOUT, (), id="nothing asked, nothing missing"),
        pytest.param(("x-a", "x-b"), ("x-b",), WITHOUT, ("x-a",), id="one is missing"),
        pytest.param(("x-b", "x-a"), (), WITHOUT, ("x-b", "x-a"), id="all are, in the order asked"),
        pytest.param(("x-a",), ("*",), WITHOUT, (), id="the wildcard covers it"),
        pytest.param(("x-a",), ("*",), INCLUDE, ("x-a",), id="but not with credentials"),
        pytest.param(("x-a",), ("*", "x-a"), INCLUDE, (), id="a name beside the wildcard counts"),
        pytest.param(
            ("authorization", "x-a"), ("*",), WITHOUT, ("authorization",), id="the wildcard does not cover Authorization"
        ),
        pytest.param(("authorization",), ("*", "authorization"), WITHOUT, (), id="Authorization by name"),
        pytest.param(("authorization",), ("*",), INCLUDE, ("authorization",), id="nor with credentials"),
    ],
)
def test_ungranted_header_names(
    asked: tuple[str, ...], granted: tuple[str, ...], mode: CredentialsMode, missing: tuple[str, ...]
) -> None:
    assert ungranted_header_names(asked, granted, mode) == missing


def test_the_wildcard_can_be_made_to_cover_authorization() -> None:
    assert ungranted_header_names(("authorization",), ("*",), WITHOUT, wildcard_covers_authorization=True) == ()
    assert ungranted_header_names(("authorization",), ("*",), INCLUDE, wildcard_covers_authorization=True) == ("authorization",)


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        pytest.param((), None, id="absent"),
        pytest.param(("600",), 600, id="a number"),
        pytest.param(("0",), 0, id="zero"),
        pytest.param((" 600\t",), 600, id="white space around"),
        pytest.param(("007",), 7, id="leading zeros"),
        pytest.param(("-5",), -5, id="negative stays negative"),
        pytest.param(("",), None, id="empty"),
        pytest.param(("-",), None, id="a sign alone"),
        pytest.param(("+5",), None, id="plus is not in the grammar"),
        pytest.param(("5.5",), None, id="a fraction"),
        pytest.param(("600s",), None, id="a unit"),
        pytest.param(("5, 10",), None, id="a list"),
        pytest.param(("5", "5"), None, id="two lines"),
        pytest.param(("²",), None, id="a digit of another script"),
        pytest.param(("9" * 1_000_000,), 2**31, id="a megabyte of digits is very long, quickly"),
        pytest.param(("9" * 10,), 2**31, id="ten digits are no more than eleven"),
        pytest.param(("0" * 20 + "600",), 600, id="a great many leading zeros"),
        pytest.param(("--5",), None, id="two signs"),
    ],
)
def test_max_age(lines: tuple[str, ...], seconds: int | None) -> None:
    assert parse_max_age(lines) == seconds
    assert max_age_seconds(headers([("Access-Control-Max-Age", line) for line in lines])) == seconds
