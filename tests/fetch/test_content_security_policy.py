"""Content Security Policy, https://www.w3.org/TR/CSP3/#match-url-to-source-list"""

import pytest
from corslens.fetch.content_security_policy import blocking_directive, directives_for, parse_policies

PAGE = "https://app.example"


def blocking(line: str, url: str, destination: str = "empty", *, page: str = PAGE, redirected: bool = True) -> str | None:
    return blocking_directive(
        directives_for(parse_policies((line,)), destination), url, page_origin=page, redirected=redirected
    )


@pytest.mark.parametrize(
    ("source", "url", "allowed"),
    [
        ("*", "https://api.example/x", True),
        ("'none'", "https://api.example/x", False),
        ("'self'", "https://app.example/x", True),
        ("'self'", "https://app.example:8443/x", False),
        ("'SELF'", "wss://app.example/x", True),
        ("https:", "https://api.example/x", True),
        ("http:", "https://api.example/x", True),
        ("https:", "http://api.example/x", False),
        ("api.example", "https://api.example/x", True),
        ("api.example", "https://api.example:8443/x", False),
        ("api.example:*", "https://api.example:8443/x", True),
        ("api.example", "http://api.example/x", False),
        ("http://api.example", "https://api.example/x", True),
        ("http://api.example:80", "https://api.example/x", True),
        ("*.example", "https://api.example/x", True),
        ("*.api.example", "https://api.example/x", False),
        ("https://API.example/a/", "https://api.example/b", True),
        ("https://127.0.0.1:9000", "https://127.0.0.1:9000/b", True),
        ("data:", "https://api.example/x", False),
    ],
)
def test_source_behind_a_redirect(source: str, url: str, allowed: bool) -> None:
    """Behind a redirect no path counts."""
    assert (blocking(f"connect-src {source}", url) is None) is allowed


@pytest.mark.parametrize(
    ("source", "url", "allowed"),
    [
        ("api.example/a", "https://api.example/a", True),
        ("api.example/a", "https://api.example/a/b", False),
        ("api.example/a/", "https://api.example/a/b", True),
        ("api.example/A", "https://api.example/a", False),
    ],
)
def test_paths_count_otherwise(source: str, url: str, allowed: bool) -> None:
    assert (blocking(f"connect-src {source}", url, redirected=False) is None) is allowed


def test_directives() -> None:
    url = "https://cdn.example/x"
    assert blocking("default-src 'self'", url) == "default-src 'self'"
    assert blocking("default-src 'self'; connect-src cdn.example; connect-src 'none'", url) is None
    assert blocking("connect-src 'self'", url, "image") is None
    assert blocking("img-src 'self'", url, "image") == "img-src 'self'"
    assert blocking("script-src-elem cdn.example; script-src 'self'", url, "script") is None
    assert blocking("script-src 'self'", url, "script") == "script-src 'self'"
    assert blocking("connect-src", url) == "connect-src"
    assert blocking("connect-src cdn.example, connect-src 'self'", url) == "connect-src 'self'"
    assert blocking("default-src 'self'", url, "document") is None


def test_what_the_element_carries_is_not_seen() -> None:
    assert blocking("script-src 'nonce-abc'", "https://cdn.example/x", "script") is None
    assert blocking("script-src 'self' 'strict-dynamic'", "https://cdn.example/x", "script") is None


def test_beyond_the_limits_a_policy_says_nothing() -> None:
    """Half of one would block what the whole one allows."""
    url, allowing = "https://cdn.example/x", "https://a.example " * 1_100 + "https://cdn.example"
    assert blocking(f"connect-src {allowing}", url) is None
    assert blocking(f"connect-src 'self', connect-src {allowing}", url) == "connect-src 'self'"
    assert blocking("; " * 64 + "connect-src 'self'", url) is None
    assert blocking("img-src *, " * 32 + "connect-src 'self'", url) is None
    assert blocking("x" * 32_750 + ", connect-src 'self' https://cdn.example", url) is None
