"""framing_refusal: X-Frame-Options and frame-ancestors, the latter first."""

import pytest
from corslens.fetch.framing import framing_refusal
from corslens.fetch.messages import HeaderList

DOCUMENT, PAGE = "https://maps.example/embed?q=1", "https://app.example"


@pytest.mark.parametrize(
    ("lines", "embedder", "refusal"),
    [
        ([], PAGE, None),
        ([("X-Frame-Options", "DENY")], PAGE, "X-Frame-Options: DENY"),
        ([("X-Frame-Options", "deny")], "https://maps.example", "X-Frame-Options: DENY"),
        ([("X-Frame-Options", "SAMEORIGIN")], PAGE, "X-Frame-Options: SAMEORIGIN"),
        ([("X-Frame-Options", "SAMEORIGIN")], "https://maps.example", None),
        ([("X-Frame-Options", "ALLOW-FROM https://app.example")], "https://other.example", None),  # no browser knows it
        ([("X-Frame-Options", "DENY"), ("X-Frame-Options", "SAMEORIGIN")], PAGE, "X-Frame-Options with several values"),
        ([("X-Frame-Options", "SAMEORIGIN, SAMEORIGIN")], "https://maps.example", None),
        ([("Content-Security-Policy", "default-src 'none'"), ("X-Frame-Options", "DENY")], PAGE, "X-Frame-Options: DENY"),
        ([("Content-Security-Policy", "frame-ancestors https://app.example"), ("X-Frame-Options", "DENY")], PAGE, None),
        ([("Content-Security-Policy", "frame-ancestors https://*.example")], PAGE, None),
        ([("Content-Security-Policy", "frame-ancestors 'none'")], PAGE, "Content-Security-Policy: frame-ancestors 'none'"),
        ([("Content-Security-Policy", "frame-ancestors")], PAGE, "Content-Security-Policy: frame-ancestors"),
        ([("Content-Security-Policy", "frame-ancestors 'self'")], PAGE, "Content-Security-Policy: frame-ancestors 'self'"),
        ([("Content-Security-Policy", "frame-ancestors 'self'")], "https://maps.example", None),
        (
            [("Content-Security-Policy", "frame-ancestors *, frame-ancestors https://www.example")],
            PAGE,
            "Content-Security-Policy: frame-ancestors https://www.example",
        ),
    ],
)
def test_framing(lines: list[tuple[str, str]], embedder: str, refusal: str | None) -> None:
    assert framing_refusal(HeaderList(lines), DOCUMENT, embedder) == refusal
