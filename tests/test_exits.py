"""The exit codes are those of the README's table."""

import re
from pathlib import Path

from corslens.exits import Exit

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_readme_lists_them() -> None:
    section = README.read_text().partition("### Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d) \|", section, re.MULTILINE)] == list(Exit)
