"""Corpora of the captures that the tests of inputs have: real programs wrote them, damaged ones among them."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

CAPTURES = Path(__file__).parent.parent / "inputs" / "captures"


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder of captures of a test's own."""
    return Path(shutil.copytree(CAPTURES, tmp_path / "captures"))
