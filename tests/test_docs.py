"""What the README says is so."""

import re
from pathlib import Path

from corslens.exits import Exit

from scripts.readme import README, rendered

ROOT = Path(__file__).resolve().parents[1]


def test_generated_tables_are_what_the_code_declares() -> None:
    """Every option with its default and choices, and every command, is in the README as scripts/render_docs writes it."""
    assert README.read_text() == rendered(README.read_text())


def test_every_exit_code_is_in_its_table() -> None:
    """The table of exit codes has a row for each, and no other."""
    section = README.read_text().partition("### Exit codes\n")[2].partition("\n## ")[0]
    assert [int(number) for number in re.findall(r"^\| (\d) \|", section, re.MULTILINE)] == [code.value for code in Exit]


def test_every_script_that_is_named_exists_and_runs() -> None:
    """A command of scripts/ that the README names is an executable file."""
    named = set(re.findall(r"\bscripts/[a-z_-]+(?![\w./*-])", README.read_text()))
    assert {"scripts/demo", "scripts/test", "scripts/differential"} <= named
    for name in named:
        path = ROOT / name
        assert path.is_file(), name
        assert path.stat().st_mode & 0o111, name
