"""`corslens dump | web | console` are mitmproxy's own tools, with the addon where scripts run."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from corslens.mitm import wrappers
from mitmproxy.io import FlowReader
from mitmproxy.options import Options

from tests.browser.kit.servers import Server, fixed
from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.slow  # starts programs


class Run:
    """A tool in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.text = ""

    async def until(self, text: str) -> None:
        """Read output up to the line that holds this text."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while text not in self.text:
                line = await self.process.stdout.readline()
                assert line, f"{text!r} was never printed:\n{self.text}"
                self.text += line.decode()

    async def end(self, how: signal.Signals | None = signal.SIGTERM) -> int:
        """End it (or wait until it ends by itself), and return the exit status."""
        if how is not None:
            self.process.send_signal(how)
        async with asyncio.timeout(DEADLINE_SECONDS):
            self.text += (await self.process.stdout.read()).decode()
            return await self.process.wait()

    @property
    def port(self) -> int:
        """The proxy's."""
        line = next(line for line in self.text.splitlines() if "proxy listening at" in line)
        return int(line.rstrip(".").rpartition(":")[2])


@pytest.fixture
async def start(confdir):
    """Start a tool, by default on an ephemeral port; what still runs at the end is ended."""
    running = []

    async def starter(*arguments: str, argv: tuple[str, ...] = ("-m", "corslens", "dump"), confdir: Path = confdir) -> Run:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *argv, "--set", f"confdir={confdir}", "-p", "0", "--listen-host", "127.0.0.1", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={"PYTHONPATH": str(ADDON), "HOME": str(confdir), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        running.append(process)
        return Run(process)

    yield starter
    for process in running:
        if process.returncode is None:
            process.kill()
            await process.wait()


ADDON = Path(wrappers.__file__).parents[2]


async def fetch(run: Run, url: str, origin: str = "http://app.test") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", run.port)
    host = url.split("/")[2]
    writer.write(f"GET {url} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(DEADLINE_SECONDS):
        got = await reader.read()
    writer.close()
    return got


async def test_dump(start, tmp_path):
    """Arguments go through: a saved file holds our marks, a filter is mitmdump's, and the exit status says what was found."""
    saved = tmp_path / "flows"
    run = await start("-w", str(saved), "--set", "cors_fail_on=error", "~m GET")
    await run.until("listening")
    async with Server({"/": fixed(200)}) as api:
        await fetch(run, api.url("/"))
    assert await run.end() == 1
    assert "BLOCKED" in run.text
    assert "1 blocked" in run.text
    with saved.open("rb") as file:
        (flow,) = FlowReader(file).stream()
    assert flow.marked == ":heavy_multiplication_x:"


@pytest.mark.parametrize(
    ("options", "connections"), [((), False), (("-v",), True), (("-q",), False)], ids=["plain", "-v", "-q"]
)
async def test_what_mitmdump_says_of_connections(start, options, connections):
    """Nothing unless -v asks for it; the live page's address and the block stand there even under -q."""
    run = await start(*options, "--set", "connection_strategy=lazy")
    await run.until("the live page is at http://")
    port = None
    if "-q" not in options:
        await run.until("listening")
        port = run.port
    async with Server({"/": fixed(200)}) as api:
        if port is not None:
            await fetch(run, api.url("/"))
            await run.until("BLOCKED")
    await run.end()
    assert ("client connect" in run.text) is connections


async def test_ctrl_c(start):
    """The summary is printed then, too."""
    run = await start()
    await run.until("listening")
    async with Server({"/": fixed(200)}) as api:
        await fetch(run, api.url("/"))
    assert await run.end(signal.SIGINT) == 0
    assert "1 blocked" in run.text


async def test_report(start, tmp_path):
    """cors_report is written at the end."""
    report = tmp_path / "r.html"
    run = await start("--set", f"cors_report={report}")
    await run.until("listening")
    async with Server({"/": fixed(200)}) as api:
        await fetch(run, api.url("/"))
    await run.end()
    assert "acao-missing" in report.read_text()


BAD = {
    "wrong type": ("cors_history=abc", "Failed to parse option cors_history: not an integer: abc"),
    "misspelt": ("cors_shwo=none", 'cors_shwo: no such option; did you mean "cors_show"?'),
    "bad filter": ("cors_scope=~nope", "cors_scope: '~nope' is not a flow filter"),
    "bad word": ("cors_show=all", "cors_show: 'all' is not one of problems, cors, none"),
}


@pytest.mark.parametrize(("given", "sentence"), BAD.values(), ids=BAD)
async def test_bad_options(start, given, sentence):
    """One sentence, no traceback, exit status 1."""
    run = await start("--set", given)
    assert await run.end(None) == 1
    assert sentence in run.text
    assert "Traceback" not in run.text


@pytest.mark.parametrize("kind", ["wrong type", "misspelt"])
async def test_bad_options_of_the_script(start, kind):
    """The same with `mitmdump -s`, where mitmproxy would say nothing, or run without the script."""
    given, sentence = BAD[kind]
    argv = ("-c", "from mitmproxy.tools.main import mitmdump; mitmdump()", "-s", str(ADDON / "cors.py"))
    run = await start("--set", given, argv=argv)
    assert await run.end(None) == 1
    sentence = "cors_history: 'abc' is not a whole number" if "history" in given else sentence
    assert sentence in run.text
    assert "Traceback" not in run.text


async def test_a_users_own_script(start, tmp_path):
    """Scripts of config.yaml still run."""
    script = tmp_path / "mine.py"
    script.write_text("def running(): print('my script runs', flush=True)\n")
    (tmp_path / "config.yaml").write_text("scripts: [mine.py]\ncors_show: none\n")
    run = await start(confdir=tmp_path)
    await run.until("my script runs")
    assert await run.end() == 0


async def test_loading_it_twice_is_told(start):
    """The wrapper and -s together are one too many."""
    run = await start("-s", str(ADDON / "cors.py"))
    assert await run.end(None) == 1
    assert "An addon called 'corslens' already exists" in run.text


async def test_options_and_commands_are_listed(start):
    """--options and --commands know ours."""
    run = await start("--options")
    assert await run.end(None) == 0
    for option in ("cors_scope", "cors_patch_preflight: fix", "cors_history: 10000"):
        assert option in run.text
    run = await start("--commands")
    await run.end(None)
    assert "cors.patch.on *filter -> str" in run.text


@pytest.mark.parametrize("tool", wrappers.TOOLS)
async def test_place_in_the_chain(tool, confdir):
    """Before user scripts and before the addon that saves flows."""
    master_class, _, _ = wrappers._TOOLS[tool]()
    master = master_class(Options(confdir=str(confdir)))
    names = [getattr(addon, "name", type(addon).__name__.lower()) for addon in master.addons.chain]
    assert names.index("corslens") < names.index("scriptloader") < names.index("save")
    assert "cors.explain" in master.commands.commands
    assert "cors_scope" in master.options
    assert master.options.listen_host == "127.0.0.1"
    master.addons.get("corslens").done()
