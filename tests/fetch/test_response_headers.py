"""Which response headers a page's script reads."""

import pytest
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.response_headers import cors_exposed_header_names, readable_header_names

from tests.make import response

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT
OWN = [("X-A", "1"), ("X-B", "2"), ("Set-Cookie", "s=1"), ("Content-Type", "text/plain"), ("Pragma", "x")]


@pytest.mark.parametrize(
    ("exposed", "mode", "readable"),
    [
        pytest.param([], WITHOUT, (), id="only the safelisted ones"),
        pytest.param(["X-A"], WITHOUT, ("x-a",), id="one more"),
        pytest.param(["x-a", "X-B, X-C"], INCLUDE, ("x-a", "x-b"), id="lines add up; what is absent is not there"),
        pytest.param(["*"], WITHOUT, ("x-a", "x-b"), id="the wildcard shows all but Set-Cookie"),
        pytest.param(["*"], INCLUDE, (), id="but not with credentials"),
        pytest.param(["*, X-B"], INCLUDE, ("x-b",), id="a name beside the wildcard counts"),
        pytest.param(["X-A, X B"], WITHOUT, (), id="one bad token, nothing exposed"),
        pytest.param(["Set-Cookie"], WITHOUT, (), id="Set-Cookie cannot be exposed"),
        pytest.param([""], WITHOUT, (), id="an empty list"),
    ],
)
def test_readable(exposed: list[str], mode: CredentialsMode, readable: tuple[str, ...]) -> None:
    answer = response(200, [*OWN, *(("Access-Control-Expose-Headers", value) for value in exposed)])
    seen = readable_header_names(answer, mode)
    assert set(seen) - {"content-type", "pragma", "access-control-expose-headers"} == set(readable)
    assert {"content-type", "pragma"} <= set(seen)
    assert list(seen) == sorted(seen)


def test_exposed_names_are_lower_case() -> None:
    assert cors_exposed_header_names(response(200, {"Access-Control-Expose-Headers": "X-A, *"}), INCLUDE) == {"x-a", "*"}
