"""Corpora of the captures that the tests of inputs have: real programs wrote them, damaged ones among them."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

# An environment without the extra `corpus` tests the rest.
collect_ignore_glob = [] if all(map(find_spec, ("duckdb", "distributed", "pyarrow"))) else ["test_*.py"]

CAPTURES = Path(__file__).parent.parent / "inputs" / "captures"


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder of captures of a test's own."""
    return Path(shutil.copytree(CAPTURES, tmp_path / "captures"))
