"""corslens open with real browsers: what is seen, what is trusted, how it ends, and what it leaves behind."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.browser.kit.chromium import find_chromium
from tests.browser.kit.firefox import find_firefox
from tests.browser.kit.processes import Program
from tests.cli.launched import CORSLENS, PROC, environment, left_behind, records, serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PROC.is_dir(), reason="processes are found by /proc"),
]

BROWSERS = [
    pytest.param("chromium", marks=pytest.mark.skipif(find_chromium() is None, reason="no Chromium")),
    pytest.param("firefox", marks=pytest.mark.skipif(find_firefox() is None, reason="no Firefox")),
]


def argv(browser: str, folder: Path, *arguments: str) -> list[str]:
    return [*CORSLENS, "open", "--browser", browser, "--headless", "--set", f"confdir={folder / 'conf'}", *arguments]


def shop(*apis: str) -> dict[str, bytes]:
    """A page that reads from each API."""
    calls = ";".join(f"fetch('{api}/data').catch(() => 0)" for api in apis)
    return {"/": f"<!doctype html><title>shop</title><script>{calls}</script>".encode()}


@pytest.mark.parametrize("browser", BROWSERS)
async def test_a_page_of_this_machine_is_judged(tmp_path: Path, browser: str) -> None:
    """By http and by https behind the proxy's CA, with no certificate page; nothing else is in the log; Ctrl-C ends it all."""
    env = environment()
    log = tmp_path / "log.jsonl"
    with serve() as api, serve(tls=tmp_path) as secure, serve(shop(api, secure), tls=tmp_path) as page:
        command = argv(browser, tmp_path, "--insecure-upstream", "--set", f"cors_log={log}", f"{page}/")
        async with Program(command, env=env) as program:
            await program.line(f"BLOCKED  GET {secure}/data")
            assert any("certificates of servers are not verified" in line for line in program.lines)
            os.kill(program.pid, signal.SIGINT)
            assert await program.wait() == 0
    assert any("1 blocked" in line or "2 blocked" in line for line in program.lines)
    seen = {record["url"] for record in records(log)}
    assert {f"{page}/", f"{secure}/data"} <= seen
    # A https page may read http://127.0.0.1, which is a secure context of its own: https://w3c.github.io/webappsec-secure-contexts/
    assert {url for url in seen if "127.0.0.1" not in url} == set()
    assert left_behind(env) == []


async def test_the_live_page_is_not_on_a_command_line(tmp_path: Path, chromium_path: str) -> None:
    """Its host is the secret: other users can read the process list, and the file that leads there they cannot."""
    env = environment()
    async with Program(argv("chromium", tmp_path, "--set", "cors_page_host=secret.test"), env=env) as program:
        await program.line("is behind the proxy")
        assert [line for line in left_behind(env) if ".secret.test" in line] == []
        (folder,) = Path(env["TMPDIR"]).glob("corslens-open-*")
        assert ".secret.test/" in (folder / "start.html").read_text()
        assert (folder / "start.html").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
        os.kill(program.pid, signal.SIGTERM)
        assert await program.wait() == 0
    assert left_behind(env) == []


@pytest.mark.parametrize("browser", BROWSERS)
async def test_it_ends_with_the_browser(tmp_path: Path, browser: str) -> None:
    """However the browser ends."""
    env = environment()
    with serve(shop()) as page:
        async with Program(argv(browser, tmp_path, page), env=env) as program:
            await program.line("is behind the proxy")
            (file,) = Path(env["TMPDIR"]).glob("corslens-open-*/browser.pid")
            os.killpg(int(file.read_text()), signal.SIGKILL)
            assert await program.wait() == 0
    assert left_behind(env) == []


@pytest.mark.parametrize("browser", BROWSERS)
async def test_the_next_start_cleans_up(tmp_path: Path, browser: str) -> None:
    """After kill -9, which leaves a browser and its profile."""
    env = environment()
    async with Program(argv(browser, tmp_path), env=env) as program:
        await program.line("is behind the proxy")
        os.kill(program.pid, signal.SIGKILL)
        await program.wait()
    assert left_behind(env) != []
    async with Program(argv(browser, tmp_path, "--for", "0.1"), env=env) as program:
        assert await program.wait() == 0
        assert "Removed 1 profile of sessions that were killed." in program.lines
    left = left_behind(env)  # a browser that is killed while it starts leaves a folder of its own
    assert [one for one in left if not one.startswith(("org.chromium.Chromium.", "remote-settings-startup-bundle-"))] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["javascript://x"], "is not the URL of a page"),
        (["file:///etc/passwd"], "is not the URL of a page"),
        (["--set", "cors_show=all"], "cors_show: 'all' is not one of problems, cors, none"),
    ],
)
async def test_wrong_use(tmp_path: Path, chromium_path: str, arguments: list[str], sentence: str) -> None:
    """One sentence, exit code 2, and no browser."""
    env = environment()
    async with Program(argv("chromium", tmp_path, *arguments), env=env) as program:
        assert await program.wait() == 2
    assert sentence in "\n".join(program.lines)
    assert left_behind(env) == []


async def test_a_taken_port(tmp_path: Path, chromium_path: str) -> None:
    """Said, and no browser is opened without the proxy."""
    env = environment()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = argv("chromium", tmp_path, "--set", f"listen_port={taken.getsockname()[1]}")
        async with Program(command, env=env) as program:
            assert await program.wait() == 2
    assert "address already in use" in "\n".join(program.lines).lower()
    assert left_behind(env) == []
