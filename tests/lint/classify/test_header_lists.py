"""Lists in CORS headers."""

import pytest
from corslens.lint.classify.header_lists import (
    forbidden_headers,
    forbidden_methods,
    holds_odd_elements,
    is_by_hand,
    response_headers,
    split_list,
    wrong_case_methods,
)


def test_lists_are_split_and_lowered() -> None:
    assert frozenset({"a", "b c"}) == split_list(("A,, b C", " a"))
    assert frozenset() == split_list(())


def test_elements_that_do_nothing() -> None:
    assert {"TRACE", "CONNECT"} == forbidden_methods(("GET, trace", "CONNECT"))
    assert {"delete", "Patch"} == wrong_case_methods(("get, delete, Patch, PUT, put",))
    assert {"cookie", "sec-fetch-mode"} == forbidden_headers(("X-A, Cookie, Sec-Fetch-Mode",))
    assert {"access-control-allow-origin"} == response_headers(("X-A, Access-Control-Allow-Origin",))


@pytest.mark.parametrize(
    ("methods", "headers", "odd"),
    [
        ("GET, PUT", "content-type", False),
        ("*", "*", False),
        ("put", "", True),
        ("TRACE", "", True),
        ("", "cookie", True),
        ("", "access-control-allow-headers", True),
    ],
)
def test_holding_any_of_them(methods: str, headers: str, odd: bool) -> None:
    assert holds_odd_elements((methods,), (headers,)) is odd


@pytest.mark.parametrize(("value", "by_hand"), [("a,b", False), ("b,a", True), ("A", True), ("a, b", True), ("a,a", True)])
def test_lists_that_no_browser_writes(value: str, by_hand: bool) -> None:
    assert is_by_hand((value,)) is by_hand
    assert not is_by_hand(())
