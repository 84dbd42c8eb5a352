"""Header values are taken apart as the standard says."""

import pytest
from corslens.fetch.header_values import extract_token_list, first_bad_element, get_decode_and_split, is_token


@pytest.mark.parametrize("text", ["a", "X-Custom", "!#$%&'*+-.^_`|~09", "*"])
def test_tokens(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a/b", 'a"', "a,b", "a;b", "(a)", "ü", "a\x00", "a\t"])
def test_not_tokens(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("lines", "tokens", "bad"),
    [
        pytest.param((), (), None, id="absent is an empty list"),
        pytest.param(("",), (), None, id="empty is an empty list"),
        pytest.param(("PUT",), ("PUT",), None, id="one"),
        pytest.param(("PUT,DELETE",), ("PUT", "DELETE"), None, id="no space"),
        pytest.param((" PUT \t,\tDELETE ",), ("PUT", "DELETE"), None, id="spaces and tabs around"),
        pytest.param((",PUT,,DELETE,",), ("PUT", "DELETE"), None, id="empty elements are skipped"),
        pytest.param(("PUT", "DELETE, PATCH"), ("PUT", "DELETE", "PATCH"), None, id="lines are concatenated"),
        pytest.param(("*, PUT",), ("*", "PUT"), None, id="the wildcard is a token"),
        pytest.param(("PUT DELETE",), None, "PUT DELETE", id="a space inside fails the whole header"),
        pytest.param(("PUT; DELETE",), None, "PUT; DELETE", id="a semicolon fails"),
        pytest.param(("[PUT]",), None, "[PUT]", id="brackets fail"),
        pytest.param(('"PUT"',), None, '"PUT"', id="quotes fail"),
        pytest.param(("PUT", "x y"), None, "x y", id="one bad line fails all"),
        pytest.param(("\x0bPUT",), None, "\x0bPUT", id="other white space is no white space"),
        pytest.param(("Übung",), None, "Übung", id="non-ASCII fails"),
    ],
)
def test_extract_token_list(lines: tuple[str, ...], tokens: tuple[str, ...] | None, bad: str | None) -> None:
    assert extract_token_list(lines) == tokens
    assert first_bad_element(lines) == bad


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        pytest.param("", ("",), id="empty is one empty part"),
        pytest.param("a", ("a",), id="one"),
        pytest.param("a, b\t,c", ("a", "b", "c"), id="tabs and spaces are stripped"),
        pytest.param("a,", ("a", ""), id="an empty part counts"),
        pytest.param('"a,b", c', ('"a,b"', "c"), id="commas in quotes do not split"),
        pytest.param('"a\\",b", c', ('"a\\",b"', "c"), id="an escaped quote does not end the quotes"),
        pytest.param('"open, b', ('"open, b',), id="quotes that never end"),
    ],
)
def test_get_decode_and_split(value: str, parts: tuple[str, ...]) -> None:
    assert get_decode_and_split(value) == parts
