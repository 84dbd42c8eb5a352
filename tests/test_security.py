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


def test_every_file_of_attacks_stands_in_the_table() -> None:
    """What is tried is what somebody is named for."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    tests = ROOT / "tests"
    attacks = [*tests.glob("hostile/test_*.py"), *tests.glob("browser/test_*_attacks.py"), *tests.glob("test_secrets*.py")]
    assert len(attacks) > 15
    assert [path.name for path in attacks if f"(tests/{path.relative_to(tests).as_posix()})" not in text] == []


def test_what_is_named_holds_tests() -> None:
    """Not a file of helpers, nor an empty one."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\(tests/([^)]+\.py)\)", text))
    assert [name for name in named if "def test_" not in (ROOT / "tests" / name).read_text(encoding="utf-8")] == []
