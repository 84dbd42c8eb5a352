"""Words that developers write are shown, and everything else is not."""

import pytest
from corslens.observation.header_additions import BY_BROWSERS, BY_PROXIES
from corslens.observation.plain_segments import is_speakable, is_word, shown_name, shown_path, shown_segment, shown_token
from corslens.observation.redaction import NEVER_SHOWN, SHOWN_HEADERS
from corslens.observation.useful_response_headers import USEFUL_RESPONSE_HEADERS


@pytest.mark.parametrize(
    "segment",
    [
        "api", "v1", "v1.2", "users", "me", "getUserById", "GetAll", "HTML", "index.html", "app.min.js", "_next", ".well-known", "@vite",
        "openid-configuration", "core-v1", "oauth2", "post-title-of-mine", "s3", "sendMessage", "graphql", "xml", "xhtml", "", "7", "42",
    ],
)  # fmt: skip
def test_words_stay(segment: str) -> None:
    assert shown_segment(segment) == segment


@pytest.mark.parametrize(
    "segment",
    [
        "421", "2026", "a1b2c3", "9f86d081884c7d65", "123e4567-e89b-12d3-a456-426614174000", "bot123456:AAF-x_y", "eyJhbGciOiJIUzI1NiJ9",
        "SECRETTOKEN", "glpat-abcdefghij1234567890", "ada@site.example", "t%6Fken", "hunter2", "step-2", "secret_17", "order5", "qwrtpsdfg", "x" * 30, "a-b-c-d", "~ada", "café",
        "word-word-word-word-word-word-word",
    ],
)  # fmt: skip
def test_values_do_not(segment: str) -> None:
    assert shown_segment(segment) == "*"


@pytest.mark.parametrize(
    ("segment", "shown"),
    [
        ("app;jsessionid=1A2B", "app;*"), ("1A2B;x=1", "*;*"), ("index-BxYz12Ab.js", "index-*.js"), ("3f2a91bc.woff2", "*.woff2"),
        ("1A2B3C.exe", "*"), ("index-*.js", "index-*.js"), ("app;*", "app;*"), ("*.js", "*.js"),
    ],
)  # fmt: skip
def test_part_of_it_stays(segment: str, shown: str) -> None:
    assert shown_segment(segment) == shown


@pytest.mark.parametrize(
    "name", ["page", "X-Amz-Signature", "accessToken", "filter[name]", "_", "$top", "a", "utm_source", "step2"]
)
def test_names_of_parameters(name: str) -> None:
    shown = shown_name(name)
    assert shown == (name if name != "step2" else "*")


@pytest.mark.parametrize("name", ["t%6Fken", "9f86d081884c7d65", "", "eyJhbGciOiJIUzI1NiJ9", "https://a.example/"])
def test_values_in_the_place_of_a_name(name: str) -> None:
    assert shown_name(name) == "*"


def test_word() -> None:
    assert is_word("orders") and is_word("OAuth2".lower()) and not is_word("order5") and not is_word("")


def test_speakable() -> None:
    assert is_speakable("strengths") and not is_speakable("qwrtp") and not is_speakable("abcdfghj")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/invite/happy-tiger/accept", "/invite/*/accept"), ("/users/reset", "/users/reset"), ("/reset/", "/reset/"), ("reset/word", "reset/*"),
        ("/api/orders", "/api/orders"), ("", ""), ("/", "/"),
    ],
)  # fmt: skip
def test_path(path: str, shown: str) -> None:
    """Some words say that a value follows, even if it looks like a word."""
    assert shown_path(path) == shown


@pytest.mark.parametrize("name", sorted({*BY_BROWSERS, *BY_PROXIES, *NEVER_SHOWN, *SHOWN_HEADERS, *USEFUL_RESPONSE_HEADERS}))
def test_names_of_headers_are_shown(name: str) -> None:
    assert shown_token(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "x-kpsdk-ct", "traceparent", "X-Amzn-RequestId", "CF-RAY", "Sec-CH-UA-WoW64", "X-B3-TraceId", "X-GitHub-Api-Version", "x-4me-account",
        "Content-MD5", "X-SHA256", "x_csrf_token", "PROPFIND", "VERSION-CONTROL", "M-SEARCH", "MKCALENDAR", "UPDATEREDIRECTREF", "patch", "a",
    ],
)  # fmt: skip
def test_names_are_shown(name: str) -> None:
    assert shown_token(name) == name


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("eyJhbGciOiJIUzI1NiJ9", "*"), ("ghp_abc123DEF456", "ghp_*"), ("X-7f3a9c0d2b", "X-*"), ("x-q7xz0planted-id", "x-*-id"), ("a;q=1", "*"),
        ("https://b.example/", "*.*"), ("A" * 100, "*"), ("bcdfghjklm", "*"), ("", ""), ("-", "-"), ("*", "*"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_starred(token: str, shown: str) -> None:
    assert shown_token(token) == shown
    assert shown_token(shown) == shown
