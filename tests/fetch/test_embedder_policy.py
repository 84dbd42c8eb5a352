"""Embedder policies, https://html.spec.whatwg.org/multipage/browsers.html#coep"""

import pytest
from corslens.fetch.embedder_policy import EmbedderPolicy, embedder_policy, isolation_policy, token_of

from tests.make import headers


@pytest.mark.parametrize(
    ("lines", "policy"),
    [
        ([], "unsafe-none"),
        (["require-corp"], "require-corp"),
        (['require-corp; report-to="coep"'], "require-corp"),
        (["credentialless"], "credentialless"),
        (["Require-Corp"], "unsafe-none"),
        (['"require-corp"'], "unsafe-none"),
        (["require-corp", "require-corp"], "unsafe-none"),
        (["require-corp, x"], "unsafe-none"),
        (["isolate-and-require-corp"], "unsafe-none"),
    ],
)
def test_embedder_policy(lines: list[str], policy: str) -> None:
    """A structured item: case counts, a string is no token, two lines are no item."""
    given = headers([("Cross-Origin-Embedder-Policy", line) for line in lines])
    assert embedder_policy(given) is EmbedderPolicy(policy)
    assert isolation_policy(given) is EmbedderPolicy.UNSAFE_NONE


@pytest.mark.parametrize(
    ("value", "policy"),
    [
        ("isolate-and-require-corp", "require-corp"),
        ("isolate-and-credentialless", "credentialless"),
        ("require-corp", "unsafe-none"),
        ("none", "unsafe-none"),
    ],
)
def test_isolation_policy(value: str, policy: str) -> None:
    assert isolation_policy(headers({"Document-Isolation-Policy": value})) is EmbedderPolicy(policy)


def test_token() -> None:
    assert token_of(headers({"Cross-Origin-Opener-Policy": "same-origin;a"}), "cross-origin-opener-policy") == "same-origin"
    assert token_of(headers(), "cross-origin-opener-policy") is None
