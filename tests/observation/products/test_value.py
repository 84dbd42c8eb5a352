"""A value pattern is equal text, with stars for anything; case never counts."""

import pytest
from corslens.observation.products.value import value_test


@pytest.mark.parametrize(
    ("pattern", "holds", "fails"),
    [
        ("nginx", ["nginx"], ["nginx/1.2", "xnginx"]),
        ("nginx*", ["nginx", "nginx/1.2"], ["xnginx"]),
        ("*aiohttp/*", ["python/3 aiohttp/3"], ["python"]),
        ("*.loca.lt", ["a.loca.lt"], ["loca.lt.evil.example", "alocalt"]),
        ("/realms/*/token", ["/realms/a/token"], ["/realms/token/x", "/realms/toke"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("ERR_NGROK_6024", ["err_ngrok_6024"], []),
        ("*", ["", "anything"], []),
        ("/realms/*/oidc/*", ["/realms/a/oidc/x", "/realms/a/oidc/"], ["/realms/oidc/x", "/x/realms/a/oidc/x"]),
        ("a*b*b", ["abb", "axbxb"], ["ab", "ba"]),
    ],
)
def test_pattern(pattern: str, holds: list[str], fails: list[str]) -> None:
    test = value_test(pattern)
    assert [value for value in holds if not test(value)] == []
    assert [value for value in fails if test(value)] == []


def test_several_patterns_hold_where_one_does() -> None:
    test = value_test("a", "b*")
    assert test("a")
    assert test("bc")
    assert not test("c")
