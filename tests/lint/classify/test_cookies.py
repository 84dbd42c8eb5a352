"""Cookies that stay at home, and cookies that are not stored."""

import pytest
from corslens.lint.classify.cookies import cookies_kept_home, cookies_of_other_domains


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("sid=1", {"sid"}),
        ("sid=1; SameSite=Lax; Secure", {"sid"}),
        ("sid=1; SameSite=None", {"sid"}),
        ("sid=1; samesite=none; secure", set()),
        ("sid=; Max-Age=0", set()),
        ("sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", set()),
        ("nonsense", set()),
        ("=x", set()),
    ],
)
def test_lines(line: str, kept: set[str]) -> None:
    assert cookies_kept_home((line,)) == kept


@pytest.mark.parametrize(
    ("host", "domain", "stored"),
    [
        ("api.shop.example", "", True),
        ("api.shop.example", "api.shop.example", True),
        ("api.shop.example", ".Shop.example", True),
        ("api.shop.example", "app.shop.example", False),
        ("api.shop.example", "example", False),
        ("api.shop.example", "op.example", False),
        ("shop.co.uk", "co.uk", False),
        ("localhost", "localhost", True),
        ("api.localhost", "localhost", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.1", False),
        ("127.0.0.1", "localhost", False),
    ],
)
def test_domains(host: str, domain: str, *, stored: bool) -> None:
    assert cookies_of_other_domains((f"sid=1; Domain={domain}",), host) == (set() if stored else {"sid"})


def test_set_for_several_domains() -> None:
    lines = (
        "sid=1; Domain=shop.example",
        "sid=1; Domain=shop.test",
        "csrf=1; Domain=shop.example",
        "old=; Domain=shop.example; Max-Age=0",
    )
    assert cookies_of_other_domains(lines, "api.shop.test") == {"csrf"}
