"""Set-Cookie for http://localhost."""

import pytest
from corslens.patching.local_cookies import cookie_name, usable_on_localhost


@pytest.mark.parametrize(
    ("cookie", "usable", "changes"),
    [
        ("a=1", "a=1", ()),
        ("a=1; Path=/; HttpOnly; SameSite=Strict; Max-Age=3", "a=1; Path=/; HttpOnly; SameSite=Strict; Max-Age=3", ()),
        ("a=1; Domain=.api.example; Path=/", "a=1; Path=/", ("Domain=.api.example removed",)),
        ("a=1; secure", "a=1", ("Secure removed",)),
        ("a=1; Secure; SameSite=none", "a=1; SameSite=Lax", ("Secure removed", "SameSite=None is Lax")),
        ("a=1;Secure;Partitioned;samesite = None", "a=1; SameSite=Lax", ("Secure removed", "Partitioned removed", "SameSite=None is Lax")),
        ("__Host-a=1; Path=/; Secure; SameSite=None", "__Host-a=1; Path=/; Secure; SameSite=None", ()),
        ("__Secure-a=1; Secure; Domain=api.example", "__Secure-a=1; Secure", ("Domain=api.example removed",)),
        ("", "", ()),
        ("a=secure; domain", "a=secure", ("Domain= removed",)),
    ],
)  # fmt: skip
def test_what_a_browser_takes_over_http(cookie: str, usable: str, changes: tuple[str, ...]) -> None:
    assert usable_on_localhost(cookie) == (usable, changes)
    assert usable_on_localhost(usable) == (usable, ())


def test_what_is_too_long_stays_as_it_is() -> None:
    cookie = f"a={'1' * 20_000}; Secure"
    assert usable_on_localhost(cookie) == (cookie, ())


def test_names() -> None:
    assert [cookie_name(text) for text in ("a=1; Path=/", " b =2", "=3", "")] == ["a", "b", "", ""]
