"""corslens dump, web and console hand every argument to mitmproxy's own tools."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "corslens", *arguments],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "addon"), "HOME": "/nonexistent"},
        timeout=DEADLINE_SECONDS,
    )


@pytest.mark.parametrize("command", ["dump", "web", "console"])
def test_help_is_the_tools_own(command: str) -> None:
    found = run(command, "--help")
    assert "--listen-port" in found.stdout and "--set" in found.stdout  # (mitmproxy ends with 1 after its help)
    assert found.stdout.startswith("corslens' own options begin with cors_")


def test_options_reach_the_tool_with_the_addon_in_it() -> None:
    found = run("dump", "--options")
    assert found.returncode == 0 and "cors_fail_on" in found.stdout


def test_a_wrong_value_is_refused() -> None:
    found = run("dump", "-n", "--set", "cors_engine=netscape")
    assert found.returncode == 1 and "cors_engine" in found.stdout + found.stderr
