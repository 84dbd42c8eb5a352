"""The TAO check, https://fetch.spec.whatwg.org/#concept-tao-check"""

import pytest
from corslens.fetch.timing import tao_check

from tests.make import PAGE, response


@pytest.mark.parametrize(
    ("values", "origin", "passes"),
    [
        pytest.param([], PAGE, False, id="absent"),
        pytest.param(["*"], PAGE, True, id="the wildcard"),
        pytest.param([PAGE], PAGE, True, id="the origin"),
        pytest.param([f"https://other.example, {PAGE}"], PAGE, True, id="the origin in a list"),
        pytest.param(["https://other.example", PAGE], PAGE, True, id="the origin in a second line"),
        pytest.param([PAGE.upper()], PAGE, False, id="case counts"),
        pytest.param(["null"], "null", True, id="null, once tainted"),
        pytest.param([PAGE], "null", False, id="not the page's own origin then"),
        pytest.param([f'"{PAGE}, *"'], PAGE, False, id="quotes hide what is in them"),
    ],
)
def test_tao_check(values: list[str], origin: str, passes: bool) -> None:
    assert tao_check(response(200, [("Timing-Allow-Origin", value) for value in values]), origin) is passes
