"""SECURITY.md names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_threat_has_its_tests() -> None:
    """Each row of the table links to at least one file of tests, and each of those exists."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| Who |")]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"\[`([^`]+)`\]\(tests/([^)]+)\)", row.split("|")[4])
        assert named and all(shown == path and (ROOT / "tests" / path).is_file() for shown, path in named), row
