"""Header names are lower-case, and can be written as documentation does."""

import pytest
from corslens.fetch import constants
from corslens.fetch.constants import canonical_name


def test_every_name_is_lower_case() -> None:
    for name, value in vars(constants).items():
        if name.isupper():
            assert value == value.lower(), name


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("access-control-allow-origin", "Access-Control-Allow-Origin"),
        ("vary", "Vary"),
        ("TIMING-ALLOW-ORIGIN", "Timing-Allow-Origin"),
    ],
)
def test_canonical_name(name: str, spelling: str) -> None:
    assert canonical_name(name) == spelling
