"""corslens.toml and [tool.corslens]: found upward, checked like the command line, and weaker than it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from corslens.cli import main
from corslens.exits import Exit

CAPTURES = Path(__file__).resolve().parents[1] / "inputs" / "captures"
HAR = CAPTURES / "playwright.har"


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.chdir(folder)
    return CliRunner().invoke(main, ["analyze", *arguments, str(HAR)])


@pytest.mark.parametrize(("name", "table"), [("corslens.toml", "analyze"), ("pyproject.toml", "tool.corslens.analyze")])
def test_it_is_found_upward_and_what_is_typed_wins(
    name: str, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text(f'[{table}]\nfail-on = "never"\nstatistics = true\n', encoding="utf-8")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    result = run(below, monkeypatch)
    assert (result.exit_code, "page requests: " in result.stdout.splitlines()[0]) == (Exit.OK, True), result.output
    assert run(below, monkeypatch, "--fail-on", "warning").exit_code == Exit.FOUND


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corslens.toml").write_text('[analyze]\nrules = ["mine.yaml"]\n', encoding="utf-8")
    (tmp_path / "b").mkdir()
    result = run(tmp_path / "b", monkeypatch)
    assert result.exit_code == Exit.USAGE and str(tmp_path / "mine.yaml") in result.output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[analyse]", '[analyse] is not a command; did you mean "analyze"?'),
        ('[analyze]\nfail-no = "error"', '[analyze] fail-no: no such option of corslens analyze; did you mean "fail-on"?'),
        ('[analyze]\nfail-on = "bad"', "[analyze] fail-on: 'bad' is not one of"),
        ("[analyze]\nstatistics = 1", "[analyze] statistics: 1 is neither true nor false"),
        ('[analyze]\nrules = "a.yaml"', "[analyze] rules: 'a.yaml' is not a list"),
        ('[analyze]\ntop = "many"', "[analyze] top: 'many' is not a valid integer"),
        ("[analyze]\nshow-values = true", "[analyze] show-values: can only be given on the command line"),
        ("[run]\npatch = 'x'\n[analyze", "corslens.toml: "),
    ],
)
def test_a_mistake_is_one_sentence(text: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the file and the entry."""
    (tmp_path / "corslens.toml").write_text(text, encoding="utf-8")
    result = run(tmp_path, monkeypatch)
    assert result.exit_code == Exit.USAGE
    assert f"{tmp_path / 'corslens.toml'}: " in result.output and sentence in result.output


def test_statistics_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, monkeypatch, "--statistics", "--format", "json")
    assert result.exit_code == Exit.USAGE and "--statistics prints text" in result.output
