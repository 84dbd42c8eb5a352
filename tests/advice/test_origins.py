"""What a user may call an own origin."""

import pytest
from corslens.advice.origins import parse_allow_origin, suppose_own_origins

from tests.advice.observed import simple
from tests.make import API, PAGE


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example/", "https://app.example"),
        (" HTTPS://App.Example ", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_read_as_meant(text: str, origin: str) -> None:
    """A trailing slash, capitals and the default port are forgiven: browsers never send them."""
    assert origin == parse_allow_origin(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*", "name origins"),
        ("null", "cannot be yours"),
        ("https://*.example", "list each origin"),
        ("app.example", "write scheme and host"),
        ("https://app.example/path", "did you mean https://app.example"),
        ("https://app.example?x", "no path"),
        ("file:///x", "not an origin"),
        ("https://a'b.example", "not an origin"),
        ("", "not an origin"),
    ],
)
def test_what_is_no_origin_is_refused(text: str, said: str) -> None:
    """One sentence that says what is wanted."""
    with pytest.raises(ValueError, match=said.replace("*", r"\*")):
        parse_allow_origin(text)


@pytest.mark.parametrize(
    ("asked", "supposed"),
    [
        ([PAGE], (PAGE,)),
        ([PAGE, "https://admin.app.example"], (PAGE, "https://admin.app.example")),
        ([PAGE, "https://evil.test"], ()),
        (["null"], ()),
        (["null", PAGE], (PAGE,)),
        (["http://app.example"], ()),
        ([], ()),
    ],
)
def test_one_site_that_asks_may_be_ones_own(asked: list[str], supposed: tuple[str, ...]) -> None:
    """Two sites may not: one of them could be anybody. `null` and http to https never are."""
    assert suppose_own_origins(API, [simple(origin=origin).observation for origin in asked]) == supposed


def test_an_apps_origin_can_be_named() -> None:
    assert parse_allow_origin("capacitor://localhost") == "capacitor://localhost"
