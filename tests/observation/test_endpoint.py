"""Path shapes."""

import pytest
from corslens.observation.endpoint import path_template


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        ("https://a.example", "/"),
        ("https://a.example/", "/"),
        ("https://a.example/users/17/orders?x=/1", "/users/*/orders"),
        ("https://a.example/u/0b2f8a2e-2f4b-4b58-9a57-1d3e0c7f9a11#x", "/u/*"),
        ("https://a.example/blob/9f86d081884c7d659a2feaa0c55ad015", "/blob/*"),
        ("https://a.example/t/AbCdEf0123456789abcdefgh", "/t/*"),
        ("https://a.example/static/app-3f2a91bc.js", "/static/app-*.js"),
        ("https://a.example/v1/customer-information-service", "/v1/customer-information-service"),
        ("https://a.example/" + "/".join("abcdefghij"), "/a/b/c/d/e/f/g/h/…"),
        ("https://a.example?x=1", "/"),
    ],
)
def test_shapes(url: str, shape: str) -> None:
    assert path_template(url) == shape
