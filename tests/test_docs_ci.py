"""The blocks of docs/ci.md run, as far as they can here: no service is called, no package is fetched."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from corslens.report.formats.registry import ENDINGS, Format

from tests.browser.kit.mitmdump import free_port
from tests.browser.kit.npm import node_module
from tests.deadline import DEADLINE_SECONDS
from tests.inputs.make_har import encoded, entry

pytestmark = pytest.mark.slow  # starts programs

ROOT = Path(__file__).resolve().parents[1]
SECTION = (ROOT / "docs" / "ci.md").read_text("utf-8")
SARIF = json.loads((ROOT / "tests" / "report" / "schemas" / "sarif-2.1.0-rtm.5.json").read_text())


def block(title: str, language: str, number: int = 0) -> str:
    """The code block of that language under a heading; the section's own without one."""
    part = SECTION.partition(f"## {title}\n")[2] if title else SECTION
    part = re.split(r"\n## ", part)[0]
    return re.findall(rf"```{language}\n(.*?)```", part, re.DOTALL)[number]


def shell(script: str, folder: Path, *, npx: str = "exit 9", **env: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a folder, with `corslens` being this copy and nothing installed."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name, code in {"corslens": f'exec "{sys.executable}" -m corslens "$@"', "pip": 'echo "pip $*"', "npx": npx}.items():
        (programs / name).write_text(f"#!/usr/bin/env bash\n{code}\n")
        (programs / name).chmod(0o755)
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "addon"),
            "HOME": str(folder),
            "PATH": f"{programs}:{os.environ['PATH']}",
            **env,
        },
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=DEADLINE_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever the script left behind
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder with captures and a baseline, as a repository would have them."""
    (tmp_path / "captures").mkdir()
    for name in ("captures/a.har", "session.har", "before.har", "after.har"):
        (tmp_path / name).write_bytes(encoded(entry(), entry(url="https://api.example/other")))
    (tmp_path / "cors-baseline.json").write_text('{"schema": "corslens-baseline/1", "findings": []}')
    return tmp_path


def test_each_command_of_the_synopsis_runs(captures: Path) -> None:
    lines = [line for line in block("", "sh").splitlines() if line.startswith("corslens ")]
    assert len(lines) == 8
    for line in lines:
        found = shell(line, captures)
        assert found.returncode in (0, 1), (line, found.stderr)
        assert found.stderr == "" or "Traceback" not in found.stderr


def test_each_command_of_the_readme_on_captures_runs(captures: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text.partition("## I have a HAR\n")[2].partition("## What it cannot")[0], re.DOTALL)
    lines = [line for one in blocks for line in one.splitlines()]
    lines = [line for line in lines if line.startswith(("corslens analyze ", "corslens advise "))]  # the others need no capture
    assert len(lines) == 5
    for line in lines:
        found = shell(line, captures)
        assert found.returncode in (0, 1), (line, found.stderr)
        assert "Traceback" not in found.stderr


def test_the_table_of_formats_is_complete() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\.\w+)` \|", SECTION, re.MULTILINE)
    assert {ending: Format(form) for form, ending in rows} == ENDINGS


def test_github_actions(captures: Path) -> None:
    """Every `run` step runs; the file that is uploaded is valid SARIF."""
    job = yaml.safe_load(block("GitHub Actions", "yaml"))["jobs"]["cors"]
    summary = captures / "summary.md"
    codes = [
        shell(step["run"], captures, GITHUB_STEP_SUMMARY=str(summary)).returncode for step in job["steps"] if "run" in step
    ]
    assert codes == [0, 1, 0]
    (upload,) = [step for step in job["steps"] if "upload-sarif" in step.get("uses", "")]
    assert upload["if"] == "always()"
    jsonschema.Draft4Validator(SARIF).validate(json.loads((captures / upload["with"]["sarif_file"]).read_text()))
    assert summary.read_text().startswith("## corslens: ")


def test_gitlab(captures: Path) -> None:
    job = yaml.safe_load(block("GitLab", "yaml"))["cors"]
    found = shell("\n".join(job["script"]), captures)
    assert found.returncode == 1
    root = ElementTree.parse(captures / job["artifacts"]["reports"]["junit"]).getroot()
    assert int(root.get("failures", "0")) > 0
    assert all((captures / path).stat().st_size for path in job["artifacts"]["paths"])


def test_cypress_behind_the_proxy(tmp_path: Path) -> None:
    """Cypress itself is not here: in its place a request goes where its variables say, and the gate closes on what came back."""
    script = block("Cypress behind the proxy", "sh")
    ask = """
        test "$*" = "cypress run" && test -f "$NODE_EXTRA_CA_CERTS" && test "$NO_PROXY" = "<-loopback>" || exit 9
        python3 -m http.server 0 --bind 127.0.0.1 > server.log 2>&1 & server=$!
        until port=$(grep -o 'port [0-9]*' server.log | cut -d' ' -f2) && test -n "$port"; do :; done
        curl -s --noproxy '' -o /dev/null -w '%{http_code}' --proxy "$HTTP_PROXY" -H 'Origin: http://app.test' "http://127.0.0.1:$port/" > status
        kill $server
    """
    found = shell(script, tmp_path, npx=ask.replace("python3 -m", f"{sys.executable} -u -m"))
    assert (tmp_path / "status").read_text() == "200", found.stderr
    assert found.returncode == 1, found.stdout + found.stderr
    assert ElementTree.parse(tmp_path / "cors.xml").getroot().find(".//failure") is not None


def config() -> dict[str, Any]:
    """What the TypeScript configuration says under `use`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to read the TypeScript with")
    text = block("Playwright behind the proxy", "ts")
    text = re.sub(r"^import .*$", "const defineConfig = value => value;", text, flags=re.MULTILINE)
    text = text.replace("export default", "const config =") + "\nconsole.log(JSON.stringify(config.use));"
    env = {**os.environ, "CORSLENS_PROXY": "http://127.0.0.1:9"}
    said = subprocess.run([node, "-e", text], capture_output=True, text=True, check=True, env=env).stdout
    found: dict[str, Any] = json.loads(said)
    return found


PAGE = """<!doctype html><script>fetch(location.href.replace("localhost", "127.0.0.1")).catch(() => 0)</script>"""

SPEC = """
import { test, expect } from '@playwright/test';

test('the page cannot read the other origin', async ({ page }) => {
  await page.goto('http://localhost:3000/');
  const read = () => fetch('http://127.0.0.1:3000/').then(() => true, () => false);
  expect(await page.evaluate(read)).toBe(false);
});
"""

RUN_PLAYWRIGHT = """
import json, sys
from playwright import sync_api
launch = sync_api.BrowserType.launch
sync_api.BrowserType.launch = lambda self, **given: launch(self, executable_path=sys.argv[1], args=["--no-sandbox"], **given)
exec(compile(open(sys.argv[2]).read(), "ci.md", "exec"))
"""


@pytest.mark.browser
class TestPlaywright:
    """Playwright with the Chromium that is installed."""

    @pytest.fixture
    def chromium(self) -> str:
        pytest.importorskip("playwright")
        from tests.browser.kit.chromium import find_chromium

        path = find_chromium()
        if path is None:
            pytest.skip("no Chromium on this machine")
        return path

    def _run(self, script: str, code: str, folder: Path, chromium: str) -> subprocess.CompletedProcess[str]:
        """Run a shell block whose test suite is a block of Python, against a page that asks another origin."""
        (folder / "page").mkdir()
        (folder / "page" / "index.html").write_text(PAGE)
        (folder / "run.py").write_text(RUN_PLAYWRIGHT)
        port = free_port()
        (folder / "suite.py").write_text(code.replace("localhost:3000", f"localhost:{port}"))
        npx = f"""
            "{sys.executable}" -m http.server {port} --bind 127.0.0.1 --directory page > server.log 2>&1 & server=$!
            curl -s --noproxy '*' -o /dev/null --retry 30 --retry-delay 1 --retry-connrefused http://127.0.0.1:{port}/
            "{sys.executable}" run.py "{chromium}" suite.py; code=$?
            kill $server; exit $code
        """
        return shell(script, folder, npx=npx)

    def test_behind_the_proxy(self, tmp_path: Path, chromium: str) -> None:
        """The suite's page asks http://127.0.0.1 from http://localhost, which grants nothing: the gate closes."""
        script = block("Playwright behind the proxy", "sh")
        code = block("Playwright behind the proxy", "python")
        found = self._run(script, code, tmp_path, chromium)
        assert found.returncode == 1, found.stdout + found.stderr
        log = json.loads((tmp_path / "cors.sarif").read_text())
        jsonschema.Draft4Validator(SARIF).validate(log)
        assert "page-under-another-loopback-name" in {result["ruleId"] for result in log["runs"][0]["results"]}

    @pytest.mark.slow
    def test_npx_playwright_test(self, tmp_path: Path, chromium: str) -> None:
        """Playwright's own test runner with the configuration of the page: the suite passes, and the gate closes."""
        node_modules = node_module("@playwright/test/cli.js").parents[2]
        text = block("Playwright behind the proxy", "ts")
        launch = f"launchOptions: {{executablePath: {json.dumps(chromium)}, args: ['--no-sandbox']}},"
        (tmp_path / "playwright.config.ts").write_text(text.replace("  use: {", f"  use: {{ {launch}"))
        (tmp_path / "node_modules").symlink_to(node_modules)
        port = free_port()
        (tmp_path / "a.spec.ts").write_text(SPEC.replace("3000", str(port)))
        (tmp_path / "page").mkdir()
        (tmp_path / "page" / "index.html").write_text("<!doctype html><title>page</title>")
        npx = f"""
            "{sys.executable}" -m http.server {port} --bind 127.0.0.1 --directory page > server.log 2>&1 & server=$!
            curl -s --noproxy '*' -o /dev/null --retry 30 --retry-delay 1 --retry-connrefused http://127.0.0.1:{port}/
            node node_modules/@playwright/test/cli.js test; code=$?
            kill $server; exit $code
        """
        found = shell(block("Playwright behind the proxy", "sh"), tmp_path, npx=npx)
        assert "1 passed" in found.stdout, found.stdout + found.stderr
        assert found.returncode == 1, found.stdout + found.stderr
        log = json.loads((tmp_path / "cors.sarif").read_text())
        assert "page-under-another-loopback-name" in {result["ruleId"] for result in log["runs"][0]["results"]}

    def test_typescript_configuration_says_the_same(self) -> None:
        said = config()
        code = block("Playwright behind the proxy", "python")
        assert said["proxy"]["server"] == "http://127.0.0.1:9" and 'os.environ["CORSLENS_PROXY"]' in code
        assert f'"bypass": "{said["proxy"]["bypass"]}"' in code
        assert said["ignoreHTTPSErrors"] is True and "ignore_https_errors=True" in code

    def test_a_har_recorded_before(self, tmp_path: Path, chromium: str) -> None:
        found = self._run("npx", block("A recorded HAR", "python"), tmp_path, chromium)
        assert found.returncode == 0, found.stderr
        analysed = shell(block("A recorded HAR", "sh"), tmp_path)
        assert analysed.returncode == 0, analysed.stderr
        assert "failed in the browser" in analysed.stdout
        assert (tmp_path / "report.html").stat().st_size
