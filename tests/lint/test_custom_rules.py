"""docs/custom-rules.md: its files load, its commands run."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.mitm.filters import parse_filter

SECTION = (Path(__file__).resolve().parents[2] / "docs" / "custom-rules.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "my-rules.yaml"
    (text,) = _blocks("yaml")
    path.write_text(text)
    return path


def test_the_example_of_one_s_own_rules_loads(own: Path) -> None:
    rules = load_rules([own], parse_filter=parse_filter)
    assert rules.overrides["vary-origin-missing"].severity is Severity.ERROR
    assert [suppression.rule for suppression in rules.suppressions] == ["wildcard-on-private-host"]
    assert "no-trace-id" in rules.rules


def test_the_commands_run(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own.parent)
    lines = [line for block in _blocks("sh") for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        result = CliRunner().invoke(main, words)
        assert (program, 0) == ("corslens", result.exit_code), result.output
