"""suggest: the nearest of the known names."""

import pytest
from corslens.suggest import did_you_mean, near


@pytest.mark.parametrize(
    ("name", "hint"), [("statsu", '; did you mean "status"?'), ("STATUS", '; did you mean "status"?'), ("zzz", "")]
)
def test_the_nearest_name_is_offered(name: str, hint: str) -> None:
    assert did_you_mean(name, ["status", "headers"]) == hint


def test_a_name_is_offered_as_it_is_written() -> None:
    assert near("accept-ch", ["Accept-CH"]) == "Accept-CH"
