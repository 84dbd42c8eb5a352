"""corslens run: real clients behind the proxy, exit codes, reports, signals, and nothing left behind."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys

import pytest

from tests.browser.kit.processes import Program
from tests.cli.launched import CORSLENS, environment, left_behind, records, serve
from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.slow  # starts programs

ORIGIN = "http://app.example"
URLLIB = """
import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={"Origin": "http://app.example"})).read()
"""
REQUESTS = "import sys, requests; requests.get(sys.argv[1], headers={'Origin': 'http://app.example'}).raise_for_status()"
HTTPX = "import sys, httpx; httpx.get(sys.argv[1], headers={'Origin': 'http://app.example'}).raise_for_status()"
NODE = "fetch(process.argv[1], {headers: {Origin: 'http://app.example'}}).then(r => r.text()).catch(e => { console.error(e); process.exit(1) })"
PYTEST = """
import os, urllib.request
def test_it():
    urllib.request.urlopen(urllib.request.Request(os.environ["TRIED"], headers={"Origin": "http://app.example"})).read()
"""


@pytest.fixture
def run(tmp_path):
    """Run `corslens run` with options and a command, and return the finished process."""
    env = environment()

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [*CORSLENS, "run", "--set", f"confdir={tmp_path / 'conf'}", *arguments],
            env={**env, **extra},
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
        )
        assert left_behind(env) == []
        return result

    return run


def has(module: str) -> bool:
    """Whether the tests' Python has a module."""
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True).returncode == 0


def node_honors_the_environment() -> bool:
    """Whether there is a Node whose fetch reads the proxy from its environment: 22.21 and 24.5 and newer do."""
    node = shutil.which("node")
    if node is None:
        return False
    return subprocess.run([node, "--use-env-proxy", "-e", ""], capture_output=True).returncode == 0


def clients() -> dict[str, list[str]]:
    return {
        "curl": ["curl", "-sSf", "-o", os.devnull, "-H", f"Origin: {ORIGIN}"],
        "urllib": [sys.executable, "-c", URLLIB],
        "requests": [sys.executable, "-c", REQUESTS],
        "httpx": [sys.executable, "-c", HTTPX],
        "node": ["node", "-e", NODE],
    }


def available(client: str) -> bool:
    match client:
        case "curl":
            return shutil.which("curl") is not None
        case "node":
            return node_honors_the_environment()
        case _:
            return has(client)


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_clients_go_through_the_proxy(run, tmp_path, tls):
    """Each is seen with its request to this machine, by https too, and trusts the proxy's CA without having been told to."""
    here = [client for client in clients() if available(client)]
    assert {"urllib", "requests", "httpx"} <= set(here)
    log = tmp_path / "log.jsonl"
    with serve(tls=tmp_path if tls else None) as url:
        insecure = ["--insecure-upstream"] if tls else []
        commands = " && ".join(shlex.join([*clients()[client], f"{url}/api"]) for client in here)
        result = run("--set", f"cors_log={log}", *insecure, "--", "sh", "-c", commands)
    assert result.returncode == 0, result.stderr
    assert [(record["url"], record["origin"]) for record in records(log)] == [(f"{url}/api", ORIGIN)] * len(here)
    assert ("certificates of servers are not verified" in result.stderr) is tls


def test_pytest_behind_it(run, tmp_path):
    """A test suite runs as it does alone, and the gate has the last word when it passes."""
    (tmp_path / "test_it.py").write_text(PYTEST)
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(tmp_path / "test_it.py")]
    report = tmp_path / "report.json"
    other = tmp_path / "report.html"
    with serve() as url:
        result = run("--fail-on", "error", "-o", str(report), "-o", str(other), "--", *suite, TRIED=f"{url}/api")
    assert "1 passed" in result.stdout
    assert result.returncode == 1
    assert "BLOCKED  GET" in result.stderr
    assert "BLOCKED" not in result.stdout
    assert json.loads(report.read_text())["summary"]["blocked"] == 1
    assert other.read_text().startswith("<!doctype html>")


def test_exit_codes(run):
    """The command's own, as a shell reports it; and without findings nothing is printed of ours."""
    result = run("--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (result.returncode, result.stdout, result.stderr) == (7, "out\n", "err\n")
    assert run("--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM
    missing = run("--", "no-such-command-here")
    assert (missing.returncode, missing.stderr) == (127, "corslens run: no-such-command-here: command not found\n")
    assert run("--", "/").returncode == 126


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "cors_show=all"], "cors_show: 'all' is not one of problems, cors, none"),
        (["--set", "cors_shwo=none"], 'cors_shwo: no such option; did you mean "cors_show"?'),
        (["--set", "flow_detai=0"], 'flow_detai: no such option; did you mean "flow_detail"?'),
        (["--patch", "~nope"], "cors_patch: '~nope' is not a flow filter"),
        (["-o", "report.doc"], "the ending selects the format"),
        (["-o", "no/such/report.html"], "there is no folder"),
    ],
)
def test_wrong_options_are_refused_before_the_command_runs(run, arguments, sentence):
    """One sentence that names the option, exit code 2, and the command never ran."""
    result = run(*arguments, "--", "echo", "it ran")
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_taken_port(run):
    """Said, and the command does not run without the proxy."""
    with serve() as url:
        result = run("--set", f"listen_port={url.rpartition(':')[2]}", "--", "echo", "it ran")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "address already in use" in result.stderr.lower()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
async def test_signals_reach_the_command(tmp_path, number):
    """It decides when it ends, and how; then the proxy ends, too."""
    env = environment()
    script = f"trap 'echo got it; exit 5' {number.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.05; done"
    argv = [*CORSLENS, "run", "--set", f"confdir={tmp_path / 'conf'}", "--", "sh", "-c", script]
    async with Program(argv, env=env) as program:
        await program.line("ready")
        os.kill(program.pid, number)
        assert await program.wait() == 5
        assert "got it" in program.lines
    assert left_behind(env) == []


async def test_the_next_start_cleans_up(tmp_path):
    """After kill -9; the command is its user's own, and goes on without the proxy."""
    env = environment()
    argv = [*CORSLENS, "run", "--set", f"confdir={tmp_path / 'conf'}", "--"]
    async with Program([*argv, "sh", "-c", "echo ready $$; exec sleep 600"], env=env) as program:
        command = int((await program.line(r"ready (\d+)"))[1])
        os.kill(program.pid, signal.SIGKILL)
        os.kill(command, signal.SIGKILL)
        await program.wait()
    assert [name for name in left_behind(env) if name.startswith("corslens-run-")]
    async with Program([*argv, "true"], env=env) as program:
        assert await program.wait() == 0
    assert left_behind(env) == []
