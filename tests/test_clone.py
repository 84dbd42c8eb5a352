"""A clone works where it lies: `mitmdump -s addon/cors.py` from any directory, with the rules beside it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from mitmproxy import http, io
from mitmproxy.test import tflow

from tests.deadline import DEADLINE_SECONDS

ROOT = Path(__file__).resolve().parents[1]
MITMDUMP = [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()"]
WHERE = "import pathlib, corslens\n\ndef running():\n    print('loaded from', pathlib.Path(corslens.__file__).resolve(), flush=True)\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what a clone needs to run, with a space in its path, apart from where the project is installed."""
    folder = tmp_path / "some clone"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("addon", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    return folder


def flow_file(folder: Path) -> Path:
    """A file with one exchange: a page reads from an API that lets nobody in."""
    flow = tflow.tflow(
        req=http.Request.make(
            "GET",
            "https://api.example/me",
            headers={
                "Origin": "https://app.example",
                "Sec-Fetch-Mode": "cors",
                "Sec-Fetch-Site": "cross-site",
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
            },
        ),
        resp=http.Response.make(200, b"{}", {"Content-Type": "application/json"}),
    )
    path = folder / "session.mitm"
    with path.open("wb") as file:
        io.FlowWriter(file).add(flow)
    return path


@pytest.mark.slow
def test_mitmdump_replays_with_the_addon_from_any_directory(clone: Path, tmp_path: Path) -> None:
    """It loads the package beside the script, finds the rules, logs the exchange, prints the problem, and leaves with 0."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    probe = elsewhere / "where.py"
    probe.write_text(WHERE)
    log = elsewhere / "cors.jsonl"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    script = os.path.relpath(clone / "addon" / "cors.py", elsewhere)
    options = ["--set", f"confdir={elsewhere}", "--set", f"cors_log={log}", "--set", "flow_detail=0"]
    done = subprocess.run(
        [*MITMDUMP, "-n", "-r", str(flow_file(tmp_path)), "-s", script, "-s", str(probe), *options],
        cwd=elsewhere,
        env=env,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"loaded from {clone / 'addon' / 'corslens' / '__init__.py'}" in done.stdout
    assert "BLOCKED  GET https://api.example/me  Missing Access-Control-Allow-Origin" in done.stdout
    (record,) = (json.loads(line) for line in log.read_text().splitlines())
    assert record["verdicts"]["chromium"]["reason"] == "acao-missing"
    # Its rule speaks, so the catalog beside the script was read.
    assert "acao-missing" in [finding["rule"] for finding in record["findings"]]


def test_a_missing_python_is_told_in_one_sentence(tmp_path: Path) -> None:
    """scripts/_venv names what is wanted when neither PATH nor pyenv has a Python that is new enough."""
    scripts = tmp_path / "clone" / "scripts"
    scripts.mkdir(parents=True)
    for name in ("_venv", "_python"):
        shutil.copy(ROOT / "scripts" / name, scripts)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "sort", "ls", "cat", "cut", "sha256sum", "shasum", "head"):
        if path := shutil.which(name):
            (tools / name).symlink_to(path)
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [str(tools / "bash"), str(scripts / "_venv"), "demo"],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert (
        done.stderr == "corslens needs Python 3.12 or newer with its venv module; none is on PATH or among pyenv's versions.\n"
    )
    assert not (tmp_path / "clone" / ".venv").exists()


@pytest.mark.parametrize("changed", ["pyproject.toml", "scripts/locks/demo.txt"])
def test_the_second_start_installs_nothing_until_something_changed(tmp_path: Path, changed: str) -> None:
    """With a .venv whose stamp fits, scripts/_venv prints its Python at once; after a change of project or lock it installs again."""
    clone = tmp_path / "clone"
    (clone / "scripts" / "locks").mkdir(parents=True)
    for name in ("_venv", "_python"):
        shutil.copy(ROOT / "scripts" / name, clone / "scripts")
    project, lock = clone / "pyproject.toml", clone / "scripts" / "locks" / "demo.txt"
    project.write_text("[project]\n")
    lock.write_text("")
    venv.create(clone / ".venv", symlinks=True)
    pip = Path(sysconfig.get_path("purelib", vars={"base": str(clone / ".venv")}), "pip")
    pip.mkdir()
    (pip / "__main__.py").write_text("import sys; sys.exit('--version' not in sys.argv)")  # to install anything fails
    python = clone / ".venv" / "bin" / "python"
    version = ".".join(map(str, sys.version_info[:3])).replace(".", " ")
    digest = hashlib.sha256(project.read_bytes() + lock.read_bytes()).hexdigest()
    (clone / ".venv" / "installed-demo").write_text(f"{version} {clone / '.venv'}\n{digest}\n")

    def start() -> subprocess.CompletedProcess[str]:
        command = [str(clone / "scripts" / "_venv"), "demo"]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)

    first = start()
    assert (first.returncode, first.stdout, first.stderr) == (0, f"{python}\n", "")
    (clone / changed).write_text("[project]\nname = 'changed'\n")
    second = start()
    assert second.returncode == 1
    assert "Installing corslens from scripts/locks/demo.txt into .venv" in second.stderr
    assert "The installation failed" in second.stderr
