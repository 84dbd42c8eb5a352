"""Misspelt header names."""

import pytest
from corslens.lint.classify.misspellings import OBSOLETE_NAMES, REQUEST_NAMES, RESPONSE_NAMES, meant_names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("access-control-allow-method", "Access-Control-Allow-Methods"),
        ("access-control-allow-header", "Access-Control-Allow-Headers"),
        ("access-control-allowed-origin", "Access-Control-Allow-Origin"),
        ("access-control-allow-orgin", "Access-Control-Allow-Origin"),
        ("access-control-allow-origins", "Access-Control-Allow-Origin"),
        ("access-control-allow-credential", "Access-Control-Allow-Credentials"),
        ("access_control_allow_origin", "Access-Control-Allow-Origin"),
        ("acces-control-allow-origin", "Access-Control-Allow-Origin"),
        ("access-control-exposed-headers", "Access-Control-Expose-Headers"),
        ("access-control-maxage", "Access-Control-Max-Age"),
        ("allow-control-allow-origin", "Access-Control-Allow-Origin"),
        ("x-access-control-allow-origin", "Access-Control-Allow-Origin"),
        ("allow", None),
        ("cache-control", None),
        ("access-key", None),
        ("x-frame-options", None),
        ("a" * 10_000, None),
        ("access-control-" + "a" * 10_000, None),
    ],
)
def test_what_was_meant(name: str, meant: str | None) -> None:
    assert meant_names((name,)) == ({} if meant is None else {name: meant})


@pytest.mark.parametrize("name", [*RESPONSE_NAMES, *REQUEST_NAMES, *OBSOLETE_NAMES])
def test_known_names_are_no_misspellings(name: str) -> None:
    assert not meant_names((name,))


def test_near_misses_by_the_thousand_are_no_misspellings() -> None:
    """There are eight names to misspell; holding each of 9,000 against them stopped all traffic for 15 seconds."""
    names = tuple(f"access-control-allow-orig{number:04x}" for number in range(9_000))
    assert len(meant_names(("access-control-allow-orign", *names))) <= 17
    assert meant_names((*names, "access-control-allow-method")) == {
        **meant_names(names), "access-control-allow-method": "Access-Control-Allow-Methods",
    }  # fmt: skip
