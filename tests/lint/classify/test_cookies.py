"""Cookies that stay at home."""

import pytest
from corslens.lint.classify.cookies import cookies_kept_home


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
