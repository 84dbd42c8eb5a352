"""The console script: commands are imported when called, help fits a terminal of 80 columns."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from corslens import __version__
from corslens.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None and command.name == name
    assert command.get_short_help_str(limit=80) == COMMANDS[name][1]


def test_help_and_completion_wait_for_no_command() -> None:
    code = "import sys; from corslens.cli import main; from click.shell_completion import ZshComplete\n"
    code += "names = [one.value for one in ZshComplete(main, {}, 'corslens', '_C').get_completions([], 'a')]\n"
    code += "assert names == ['attach', 'analyze', 'advise'], names\n"
    code += "main(['--help'], standalone_mode=False)\n"
    code += "assert 'corslens.analysis' not in sys.modules and 'rich' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "addon")}, capture_output=True)


def test_help_lists_them() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert all(f"  {name} " in result.output for name in COMMANDS)


@pytest.mark.parametrize("name", ["analyze", "check", "diff"])
def test_help_fits(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80


def test_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"corslens, version {__version__}\n"


def test_an_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["analyse"])
    assert result.exit_code == 2 and "No such command 'analyse'; did you mean \"analyze\"?" in result.output
    result = CliRunner().invoke(main, ["mend\x1b"])
    assert (
        result.exit_code == 2
        and "the commands are open, attach, run, dev, doctor, dump, web," in result.output
        and "\x1b" not in result.output
    )


def test_as_a_module() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "corslens", "--version"], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "addon")}
    )
    assert found.stdout.strip().endswith(__version__)


@pytest.mark.slow  # starts a program
def test_analysing_a_har_does_not_import_mitmproxy(tmp_path: Path) -> None:
    """Its import takes longer than a small HAR."""
    (tmp_path / "a.har").write_text('{"log": {"entries": []}}')
    code = f"""
import sys
from corslens.cli import main
try:
    main(["analyze", {str(tmp_path / "a.har")!r}])
except SystemExit as end:
    assert end.code == 0, end.code
print([name for name in sys.modules if name.partition(".")[0] in ("mitmproxy", "jinja2", "corslens.mitm")])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "addon")}
    )
    assert found.stdout.splitlines()[-1] == "[]", found.stdout + found.stderr


@pytest.mark.slow  # starts programs
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux'")
@pytest.mark.parametrize("arguments", [("rules", "list"), ("explain", "acao-missing"), ("rules", "schema")])
def test_a_full_disk_is_told_in_a_sentence(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", "from corslens.cli import main; main()", *arguments]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env={"PYTHONPATH": str(ROOT / "addon")}
        )
    assert (ended.returncode, ended.stderr) == (2, "Error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("arguments", [("analyze", "."), ("corpus", ".", "--out", "out")])
def test_ctrl_c_is_no_finding(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it comes: while reports are written, too."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    if arguments[0] == "corpus":
        pytest.importorskip("duckdb")
    monkeypatch.setattr("corslens.cli.reporting.Reporting.report", interrupted)
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (130, "Interrupted")
