"""What the tests take from npm, installed on first use into a folder that git ignores."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.deadline import DEADLINE_SECONDS

FOLDER = Path(__file__).resolve().parents[1]


def node_module(path: str) -> Path:
    """Return a file or folder below node_modules; skip the test where there is no npm (or fail, where that is compulsory)."""
    found = FOLDER / "node_modules" / path
    if not found.exists():
        npm = shutil.which("npm")
        missing = "no npm on this machine to install it with" if npm is None else _install(npm)
        if not found.exists():
            sentence = f"{path}: {missing or 'npm did not install it'}"
            if os.environ.get("CORSLENS_REQUIRE_BROWSER") == "1":
                pytest.fail(sentence)
            pytest.skip(sentence)
    return found


@cache
def _install(npm: str) -> str:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    return "" if done.returncode == 0 else f"npm could not install it: {done.stderr.strip()[-300:]}"
