"""corslens.toml and [tool.corslens]: found upward, checked like the command line, and weaker than it."""

import os
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


@pytest.mark.parametrize(
    "entry",
    [
        "[open]\nbrowser = '/tmp/theirs'", "[check]\nsend = true", "[check]\nallow-host = ['evil.example']", "[check]\nagainst = 'http://evil.example'",
        "[check]\ncookie-from = 'c'", "[advise]\nallow-origin = ['https://evil.example']", "[dev]\norigin = ['https://evil.example']",
        "[run]\ninsecure-upstream = true", "[open]\npatch = '~all'", "[open]\nset = ['cors_patch=~all']",
    ],
)  # fmt: skip
def test_what_widens_or_runs_is_only_typed(entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file came with a repository: `browser` named a program that was run."""
    (tmp_path / "corslens.toml").write_text(entry, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [entry.partition("]")[0][1:], "x"])
    assert result.exit_code == Exit.USAGE and "can only be given on the command line" in result.output


@pytest.mark.parametrize("path", ["../b.json", "/tmp/../tmp/b.json", "link/b.json"])
@pytest.mark.parametrize("key", ["write-baseline", "output"])
def test_nothing_is_written_outside_its_folder(key: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    value = f"'{path}'" if key == "write-baseline" else f"['{path}']"
    (inside / "corslens.toml").write_text(f"[analyze]\n{key} = {value}", encoding="utf-8")
    result = run(inside, monkeypatch)
    assert result.exit_code == Exit.USAGE and "only files in this folder" in result.output
    (inside / "corslens.toml").write_text("[analyze]\nfail-on = 'never'\nwrite-baseline = 'b.json'", encoding="utf-8")
    assert run(inside, monkeypatch).exit_code == Exit.OK and (inside / "b.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="has no modes")
@pytest.mark.parametrize("how", ["theirs", "everybody's"])
def test_another_users_file_is_passed_over(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder below /tmp took the options that anybody had put there."""
    file = tmp_path / "corslens.toml"
    file.write_text("[analyze]\nstatistics = true", encoding="utf-8")
    if how == "theirs":
        if os.geteuid() != 0:
            pytest.skip("only root can give a file to another user")
        os.chown(file, 65534, 65534)
    else:
        file.chmod(0o666)
    result = run(tmp_path, monkeypatch)
    assert "page requests: " not in result.stdout.splitlines()[0] and "other users may write to it" in result.stderr


@pytest.mark.parametrize("text", ["a = " + "[" * 20_000, "a = '" + "x" * (1 << 20) + "'"])
def test_a_hostile_file_is_one_sentence(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corslens.toml").write_text(text, encoding="utf-8")
    result = run(tmp_path, monkeypatch)
    assert result.exit_code == Exit.USAGE and len(result.output) < 1_000
