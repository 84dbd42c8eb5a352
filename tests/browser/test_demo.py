"""scripts/demo from the outside: what it prints, how it ends, what it leaves behind."""

import os
import re
import signal
import sys
import uuid
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from msgspec import Struct

from scripts.demo_shop.shop import OFFERS
from tests.browser.kit.processes import Program
from tests.cli.launched import MARK, PROC, still_running

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
COMMAND = [sys.executable, "-m", "scripts.demo_shop"]
"""What scripts/demo runs once its environment is there."""


def marked_environment() -> dict[str, str]:
    """An environment that every process started from it inherits, so that each can be found again."""
    return {**os.environ, MARK: uuid.uuid4().hex, "COLUMNS": "80", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'addon'}"}


def without_ports(line: str) -> str:
    """The line with every port of five digits replaced."""
    return re.sub(r":\d{5}\b", ":PORT", line)


needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="processes are found by /proc")


class Run(Struct, frozen=True, kw_only=True):
    """What a run of the demo printed, as it is on a terminal, and what became of it."""

    lines: list[str]
    status: int
    left: list[str]
    """Processes that were still there after its end."""

    @property
    def text(self) -> str:
        """What it printed, without colors."""
        return ANSI.sub("", "\n".join(self.lines))


async def run(*arguments: str, home: Path) -> Run:
    """Run the demo to its end."""
    environment = {**marked_environment(), "FORCE_COLOR": "1", "HOME": str(home)}
    async with Program([*COMMAND, *arguments], env=environment, cwd=ROOT) as demo:
        status = await demo.wait()
    return Run(lines=demo.lines, status=status, left=still_running(environment))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plain(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without options, by a user whose own configuration of mitmproxy is broken."""
    home = tmp_path_factory.mktemp("home")
    (home / ".mitmproxy").mkdir()
    (home / ".mitmproxy" / "config.yaml").write_text("no_such_option: [")
    return await run(home=home)


def check(text: str, *, patch: bool) -> None:
    """Each request is in the summary, and the verdicts are Chromium's."""
    summary = text.partition("What corslens reports for each request")[2]
    for offer in OFFERS:
        assert f"{offer.step.get('method', 'GET')} {offer.path} " in summary
    blocked = 1 if patch else sum(line.startswith("BLOCKED") for line in text.splitlines())
    assert f"{len(OFFERS)} requests: Chromium blocked {blocked} " in text
    assert f"corslens agreed on all {len(OFFERS)}, with the same reasons." in text
    assert re.search(r"^  Fix \((server|gateway|page|setup)\): ", text, re.MULTILINE)
    assert ("patched: allowed" in summary) is patch
    # The summary is made for 80 columns.
    assert max(len(line) for line in summary.splitlines()[:-1]) <= 80


@needs_proc
async def test_it_shows_every_problem_and_ends(plain: Run) -> None:
    """The exit status is 0 and no process is left; a broken configuration in the user's home is not read."""
    assert plain.status == 0, plain.text
    check(plain.text, patch=False)
    assert plain.left == []


@needs_proc
async def test_it_patches(chromium_path: str, tmp_path: Path) -> None:
    patched = await run("--patch", home=tmp_path)
    assert patched.status == 0, patched.text
    check(patched.text, patch=True)
    assert patched.left == []


async def test_the_transcript_in_the_readme_is_what_it_prints(plain: Run) -> None:
    """Every line of it is printed by the demo on a terminal of 80 columns, up to the ports, which differ each time."""
    transcript = (
        (ROOT / "README.md").read_text().partition("<!-- transcript: begin -->")[2].partition("<!-- transcript: end -->")[0]
    )
    wanted = [line for line in transcript.strip().splitlines() if not line.startswith(("```", "$ ", "…"))]
    printed = {without_ports(line).rstrip() for line in plain.text.splitlines()}
    assert len(wanted) >= 8
    assert [line for line in wanted if without_ports(line).rstrip() not in printed] == []


@needs_proc
async def test_ctrl_c_stops_everything(chromium_path: str) -> None:
    """In the middle of the walk an interrupt ends the browser, the proxy and the servers, without a traceback."""
    environment = marked_environment()
    async with Program(COMMAND, env=environment, cwd=ROOT) as demo:
        await demo.line("visits http")
        os.kill(demo.pid, signal.SIGINT)
        assert await demo.wait() == 0
    assert "Traceback" not in "\n".join(demo.lines)
    assert still_running(environment) == []


@needs_proc
async def test_web_serves_until_ctrl_c() -> None:
    """--web prints mitmweb's address, which answers, and the proxy's, through which the shop is there."""
    environment = marked_environment()
    async with Program([*COMMAND, "--web"], env=environment, cwd=ROOT) as demo:
        web = (await demo.line(r"mitmweb with corslens: +(http://\S+)"))[1]
        live = (await demo.line(r"corslens' live page: +(http://\S+)"))[1]
        proxy = (await demo.line(r"the proxy for a browser: +(\S+)"))[1]
        shop = (await demo.line(r"the shop: +(http://\S+)"))[1]
        async with aiohttp.ClientSession() as session:
            async with session.get(web) as answer:
                assert answer.status == 200
                assert "mitmproxy" in await answer.text()
            async with session.get(live) as answer:
                assert "corslens" in await answer.text()
            async with session.get(shop, proxy=f"http://{proxy}") as answer:
                assert "The shop of CORS mistakes" in await answer.text()
        os.kill(demo.pid, signal.SIGINT)
        assert await demo.wait() == 0
    assert "Traceback" not in "\n".join(demo.lines)
    assert still_running(environment) == []
