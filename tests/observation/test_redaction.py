"""No secret is shown, and what is shown keeps its shape."""

import pytest
from corslens.observation.redaction import REDACTED, SECRET_HEADERS, is_secret_name, redact_header, redact_url

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize("name", [*sorted(SECRET_HEADERS), "Authorization", "X-Session-Token", "X-Client-Secret"])
def test_secret_headers(name: str) -> None:
    assert redact_header(name, "Basic dXNlcjpwYXNz") == REDACTED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Access-Control-Allow-Headers", "Authorization, X-Api-Key"), ("Access-Control-Allow-Origin", "https://app.example"),
        ("Content-Type", "application/json; charset=utf-8"), ("Vary", "Origin"), ("Access-Control-Expose-Headers", "X-Auth-Token"),
    ],
)  # fmt: skip
def test_what_cors_is_about_is_shown(name: str, value: str) -> None:
    assert redact_header(name, value) == value


def test_tokens_are_found_in_any_header() -> None:
    assert TOKEN not in redact_header("X-Debug", f"user {TOKEN}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?page=2&sort=up", "https://a.example/x?page=2&sort=up"),
        ("https://a.example/x?token=s3cret&page=2", f"https://a.example/x?token={REDACTED}&page=2"),
        ("https://a.example/x?accessToken=s3cret", f"https://a.example/x?accessToken={REDACTED}"),
        ("https://a.example/cb#id_token=s3cret", f"https://a.example/cb#id_token={REDACTED}"),
        ("https://user:pass@a.example/x", f"https://{REDACTED}@a.example/x"),
        ("https://a.example/x@y?token=", "https://a.example/x@y?token="),
        ("/relative?api_key=s3cret", f"/relative?api_key={REDACTED}"),
        (f"https://a.example/{TOKEN}/x", f"https://a.example/{REDACTED}/x"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_urls_in_headers_are_redacted_as_urls() -> None:
    assert redact_header("Location", "https://a.example/?code=s3cret") == f"https://a.example/?code={REDACTED}"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("token", True),
        ("csrfToken", True),
        ("api-key", True),
        ("password", True),
        ("code", True),
        ("sid", True),
        ("monkey", False),
        ("tokens_used", False),
        ("author", False),
        ("page", False),
    ],
)
def test_secret_names(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret
