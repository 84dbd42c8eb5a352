"""What somebody meant by a value of Access-Control-Allow-Origin."""

import pytest
from corslens.lint.classify.allow_origin import Difference, Form, difference, form_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("*", Form.WILDCARD),
        ("null", Form.NULL),
        ("https://app.example", Form.ORIGIN),
        ("http://localhost:3000", Form.ORIGIN),
        ("", Form.EMPTY),
        (" ", Form.EMPTY),
        ("*, *", Form.REPEATED_WILDCARD),
        ("https://a.example, https://a.example", Form.REPEATED_ORIGIN),
        ("*, https://a.example", Form.WILDCARD_AND_ORIGIN),
        ("https://a.example https://b.example", Form.LIST),
        ("https://a.example;https://b.example", Form.LIST),
        (", *", Form.LIST),
        ("https://*.example.com", Form.PATTERN),
        ("*.example.com", Form.PATTERN),
        (r"^https://a\.example$", Form.PATTERN),
        ("'*'", Form.QUOTED),
        ('"https://a.example"', Form.QUOTED),
        ("a.example", Form.NO_SCHEME),
        ("localhost:3000", Form.NO_SCHEME),
        ("https://a.example/", Form.TRAILING_SLASH),
        ("https://a.example/x", Form.PATH),
        ("https://a.example?x", Form.PATH),
        ("https://a.example:443", Form.DEFAULT_PORT),
        ("http://a.example:80", Form.DEFAULT_PORT),
        ("https://A.example", Form.UPPER_CASE),
        ("HTTPS://a.example", Form.UPPER_CASE),
        ("https://mÃ¼ller.example", Form.NON_ASCII),
        ("*\xe2\x80\x8b", Form.NON_ASCII),
        ("//", Form.INVALID),
        ("://", Form.INVALID),
        ("true", Form.INVALID),
        ("none", Form.INVALID),
    ],
)
def test_forms(value: str, form: Form) -> None:
    assert form_of(value) is form


@given(st.text(max_size=60))
def test_every_text_has_a_form(value: str) -> None:
    assert form_of(value) in Form


@pytest.mark.parametrize(
    ("allowed", "found"),
    [
        ("https://www.example.com", None),
        ("https://api.example.net", Difference.ITSELF),
        ("http://www.example.com", Difference.SCHEME),
        ("https://www.example.com:8443", Difference.PORT),
        ("https://example.com", Difference.WWW),
        ("https://shop.example.com", Difference.SUBDOMAIN),
        ("https://other.org", Difference.OTHER),
        ("null", None),
        ("*", None),
    ],
)
def test_differences(allowed: str, found: Difference | None) -> None:
    assert difference(allowed, "https://www.example.com", "https://api.example.net") is found


def test_names_of_this_machine() -> None:
    assert difference("http://localhost:5000", "http://127.0.0.1:5000", "http://localhost:8000") is Difference.HOST_NAME


@pytest.mark.parametrize("origin", ["https://WWW.Example.com", "https://a%60b.example.com", "https://www.example.com:443"])
def test_an_origin_that_no_browser_wrote_does_not_differ_from_itself(origin: str) -> None:
    assert difference(origin, origin, "https://api.example.net") is None
