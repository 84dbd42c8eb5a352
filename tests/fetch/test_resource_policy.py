"""Cross-Origin-Resource-Policy, https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check"""

import pytest
from corslens.fetch.resource_policy import ResourcePolicy, resource_policy, resource_policy_failure

from tests.make import response

SITE, ORIGIN = ResourcePolicy.SAME_SITE, ResourcePolicy.SAME_ORIGIN


@pytest.mark.parametrize(
    ("values", "policy"),
    [
        ([], None),
        (["same-origin"], ORIGIN),
        (["same-site"], SITE),
        (["cross-origin"], ResourcePolicy.CROSS_ORIGIN),
        (["Same-Origin"], None),
        (["x"], None),
        (["same-origin"] * 2, None),
        ([""], None),
    ],
)
def test_policy(values: list[str], policy: ResourcePolicy | None) -> None:
    """Case counts, and two lines are none."""
    assert resource_policy(response(200, [("Cross-Origin-Resource-Policy", value) for value in values])) is policy


@pytest.mark.parametrize(
    ("value", "page", "target", "failure"),
    [
        pytest.param(None, "https://a.example", "https://b.example", None, id="absent lets everybody"),
        pytest.param("cross-origin", "https://a.example", "https://b.example", None, id="cross-origin lets everybody"),
        pytest.param("same-origin", "https://a.example", "https://a.example", None, id="same origin"),
        pytest.param("same-origin", "https://x.a.example", "https://a.example", ORIGIN, id="same site is not same origin"),
        pytest.param("same-site", "https://x.a.example", "https://a.example", None, id="same site"),
        pytest.param("same-site", "https://b.example", "https://a.example", SITE, id="another site"),
        pytest.param("same-site", "https://x.a.example", "http://a.example", None, id="https may use http"),
        pytest.param("same-site", "http://x.a.example", "https://a.example", SITE, id="http may not use https"),
        pytest.param("same-site", "http://x.a.example", "http://a.example", None, id="http may use http"),
        pytest.param("same-origin", "null", "https://a.example", ORIGIN, id="an opaque origin is nobody's"),
    ],
)
def test_failure(value: str | None, page: str, target: str, failure: ResourcePolicy | None) -> None:
    given = {} if value is None else {"Cross-Origin-Resource-Policy": value}
    assert resource_policy_failure(response(200, given), page, target) is failure
