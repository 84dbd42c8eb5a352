"""Methods: safelisted, forbidden, normalized. https://fetch.spec.whatwg.org/#methods"""

import pytest
from corslens.fetch.methods import is_cors_safelisted_method, is_forbidden_method, normalize_method


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_safelisted(method: str) -> None:
    assert is_cors_safelisted_method(method)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "get", "Post", "QUERY", "*", ""])
def test_not_safelisted(method: str) -> None:
    """Case counts: the API has normalized before."""
    assert not is_cors_safelisted_method(method)


@pytest.mark.parametrize(
    ("method", "forbidden"), [("CONNECT", True), ("trace", True), ("Track", True), ("GET", False), ("TRACEX", False)]
)
def test_forbidden(method: str, forbidden: bool) -> None:
    assert is_forbidden_method(method) is forbidden


@pytest.mark.parametrize(
    ("method", "normalized"),
    [
        ("get", "GET"),
        ("delete", "DELETE"),
        ("Put", "PUT"),
        ("options", "OPTIONS"),
        ("head", "HEAD"),
        ("post", "POST"),
        ("patch", "patch"),
        ("query", "query"),
    ],
)
def test_normalize(method: str, normalized: str) -> None:
    """Six are upper-cased, and `patch` is famous for not being one of them."""
    assert normalize_method(method) == normalized
