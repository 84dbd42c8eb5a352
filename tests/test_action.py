"""action.yml, step by step, as a runner does it: everything but the steps that are other people's actions."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from msgspec import Struct

from tests.deadline import DEADLINE_SECONDS
from tests.inputs.make_har import encoded, entry

pytestmark = pytest.mark.slow  # starts programs

ROOT = Path(__file__).resolve().parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SARIF = json.loads((ROOT / "tests" / "report" / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())


class Job(Struct):
    """A job with this action in it."""

    folder: Path
    """The checkout of who uses it."""
    action: Path
    """The checkout of the action."""
    inputs: dict[str, str]
    outputs: dict[str, dict[str, str]] = {}
    summary: str = ""

    def run(self) -> list[int]:
        """Run the steps in order, up to the first that fails; return their exit codes."""
        temp = self.folder / "temp"
        temp.mkdir()
        path, output, summary = (temp / name for name in ("path", "output", "summary"))
        codes = []
        for step in ACTION["runs"]["steps"]:
            if "run" not in step:
                continue
            for file in (path, output, summary):
                file.touch()
            added = ":".join(reversed(path.read_text().splitlines()))
            environment = {
                **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
                "PATH": f"{added}:{os.environ['PATH']}",
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_PATH": str(path),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "RUNNER_TEMP": str(temp),
                "PIP_NO_INDEX": "1",
                **{name: self.value(text) for name, text in step.get("env", {}).items()},
            }
            assert "${{" not in step["run"], "an input in a script could be a command"
            script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            done = subprocess.run(script, cwd=self.folder, env=environment, timeout=DEADLINE_SECONDS, check=False)
            codes.append(done.returncode)
            if "id" in step:
                self.outputs[step["id"]] = dict(line.split("=", 1) for line in output.read_text().splitlines())
            self.summary = summary.read_text()
            if done.returncode:
                break
        return codes

    def value(self, text: str) -> str:
        """What an expression stands for."""

        def look_up(found: re.Match[str]) -> str:
            match found[1].split("."):
                case ["inputs", name]:
                    given: str = self.inputs.get(name, ACTION["inputs"][name].get("default"))
                    return given
                case ["steps", step, "outputs", name]:
                    return self.outputs[step].get(name, "")
            raise AssertionError(found[0])

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", look_up, str(text))


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the action whose .venv is there already: what this Python has, and nothing fetched."""
    folder = tmp_path_factory.mktemp("action") / "a checkout"
    for name in ("addon", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scripts" / "locks").mkdir(parents=True)
    for name in ("scripts/_venv", "scripts/_python", "scripts/locks/runtime.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    made = folder / ".venv"
    venv.create(made, symlinks=True)
    python = made / "bin" / "python"
    library = Path(sysconfig.get_path("purelib", vars={"base": str(made)}))
    (library / "installed.pth").write_text(f"{folder / 'addon'}\n{sysconfig.get_path('purelib')}\n")
    program = made / "bin" / "corslens"
    program.write_text(f'#!/bin/sh\nexec "{python}" -m corslens "$@"\n')
    program.chmod(0o755)
    content = (folder / "pyproject.toml").read_bytes() + (folder / "scripts/locks/runtime.txt").read_bytes()
    version = " ".join(map(str, sys.version_info[:3]))
    (made / "installed-runtime").write_text(f"{version} {made}\n{hashlib.sha256(content).hexdigest()}\n")
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with two captures, one of them with a space in its name."""
    folder = tmp_path / "checkout"
    (folder / "captures").mkdir(parents=True)
    (folder / "captures" / "a.har").write_bytes(encoded(entry()))
    (folder / "one more.har").write_bytes(encoded(entry(url="https://api.example/other")))
    return folder


def test_problems_fail_the_job_after_the_report_is_written(action: Path, checkout: Path) -> None:
    job = Job(checkout, action, {"files": "captures\none more.har\n", "sarif": "out.sarif"})
    assert job.run() == [0, 0, 1]
    assert job.outputs["analyze"] == {"sarif": "out.sarif", "exit-code": "1"}
    log = json.loads((checkout / "out.sarif").read_text())
    jsonschema.Draft4Validator(SARIF).validate(log)
    assert "acao-missing" in {result["ruleId"] for result in log["runs"][0]["results"]}
    assert job.summary.startswith("## corslens: ")


def test_a_threshold_and_more_arguments_are_passed_on(action: Path, checkout: Path) -> None:
    job = Job(checkout, action, {"files": "captures", "fail-on": "never", "arguments": "--engine\nfirefox"})
    assert job.run() == [0, 0, 0]
    assert job.outputs["analyze"] == {"sarif": "corslens.sarif", "exit-code": "0"}


def test_an_input_is_never_a_command(action: Path, checkout: Path) -> None:
    job = Job(checkout, action, {"files": "$(touch stolen); `touch stolen`\n'; touch stolen; '", "fail-on": "never"})
    assert job.run()[:2] == [0, 0]
    assert not (checkout / "stolen").exists()
    assert job.outputs["analyze"]["exit-code"] != "0"


def test_every_step_that_uploads_waits_for_a_file() -> None:
    (upload,) = [step for step in ACTION["runs"]["steps"] if "upload-sarif" in step.get("uses", "")]
    assert upload["if"] == "inputs.upload == 'true' && steps.analyze.outputs.sarif != ''"


def workflows() -> list[Any]:
    return [pytest.param(path, id=path.name) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]


@pytest.mark.parametrize("path", workflows())
def test_a_workflow_runs_scripts_that_exist_and_writes_nothing(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    commands = [step["run"].split()[0] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert commands
    assert [command for command in commands if not os.access(ROOT / command, os.X_OK)] == []


def test_the_image_is_given_all_that_it_copies() -> None:
    """Every source of the Dockerfile's COPY lines is there and named in .dockerignore, which leaves out everything else."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]]
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied
    assert set(copied) == let_through
    assert all((ROOT / name).exists() for name in copied)
