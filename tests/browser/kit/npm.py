"""What the tests take from npm, installed on first use into a folder that git ignores."""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.deadline import DEADLINE_SECONDS

FOLDER = Path(__file__).resolve().parents[1]
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
"""npm writes it last, so what is there beside it is whole."""


def node_module(path: str) -> Path:
    """Return a file or folder below node_modules; skip the test where there is no npm (or fail, where that is compulsory)."""
    found = FOLDER / "node_modules" / path
    why_not = _install()
    if not found.exists():
        sentence = f"{path}: {why_not or 'not among what npm installed'}"
        if os.environ.get("CORSLENS_REQUIRE_BROWSER") == "1":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@cache
def _install() -> str:
    """Install what package-lock.json names, unless it is there; return why that was not possible."""
    npm = shutil.which("npm")
    if npm is None:
        return "no npm on this machine to install it with"
    with (FOLDER / ".npm-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest-xdist's workers share the folder
        if INSTALLED.exists():
            return ""
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
        return "" if done.returncode == 0 else f"npm could not install it: {done.stderr.strip()[-300:]}"
