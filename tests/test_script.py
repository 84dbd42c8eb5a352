"""addon/cors.py, as mitmproxy's -s loads it: under a Python that lacks its dependencies it says what to install, and traffic goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

ADDON = Path(__file__).parent.parent / "addon"
LOAD = f"""
import runpy, sys
sys.modules[sys.argv[1]] = None  # as if it were not installed
sys.path.insert(0, {str(ADDON)!r})
print("addons" in runpy.run_path({str(ADDON / "cors.py")!r}))
"""


def load_without(module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LOAD, module], capture_output=True, text=True)


@pytest.mark.slow  # starts a program
def test_what_is_missing_is_said_with_the_command_that_installs_it() -> None:
    loaded = load_without("publicsuffixlist")
    assert loaded.stdout == "False\n"
    assert f"lacks publicsuffixlist; install with: {sys.executable} -m pip install publicsuffixlist" in loaded.stderr


@pytest.mark.slow  # starts a program
def test_a_broken_installation_is_no_missing_dependency() -> None:
    loaded = load_without("corslens.inspector")
    assert loaded.returncode == 1 and "corslens.inspector" in loaded.stderr
