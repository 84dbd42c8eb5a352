"""The other ways into a mitmproxy: the live page is nobody's there either, and the traffic is inspected by what the browser calls it.

Each of them wants root and its tools: transparent iptables, WireGuard a client, local capture curl and cgroup v2 at /sys/fs/cgroup
(`unshare -m sh -c "mount -t cgroup2 none /sys/fs/cgroup && scripts/test …"` where version 1 is there). What cannot run says why.
"""

import asyncio
import os
import re
import shutil
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.browser.kit.mitmdump import Mitm, Record, free_port
from tests.browser.kit.servers import Server, fixed
from tests.deadline import DEADLINE_SECONDS
from tests.hostile.elsewhere import HOST, device_on, run, send_from
from tests.hostile.test_reach import RESOLVER, SECRETS, get, send

pytestmark = pytest.mark.slow

PAGE = "Origin: http://page.example"
LOCAL_SECONDS = 30
"""After which local capture is believed not to work on this machine."""


def label(mitm: Mitm) -> str:
    """The host of the page, which is not announced where no browser could use it."""
    assert not [line for line in mitm.lines if "live page" in line]
    return f"{'a' * 26}.corslens.test"


@asynccontextmanager
async def redirected(namespace: str, port: int, to: int) -> AsyncIterator[None]:
    """Lead what a device sends to a port of this machine to another one, as a router does for a transparent proxy.

    Raises: OSError when this machine does not allow it.
    """
    iptables = shutil.which("iptables")
    if iptables is None:
        raise OSError("it takes iptables")
    rule = ["PREROUTING", "-p", "tcp", "-d", HOST, "--dport", str(port), "-j", "REDIRECT", "--to-ports", str(to)]
    await run(iptables, "-t", "nat", "-A", *rule)
    try:
        yield
    finally:
        await run(iptables, "-t", "nat", "-D", *rule)


def assert_reached_and_judged(answers: list[str], records: list[Record], port: int) -> None:
    """The server behind it responded to each request, nothing of the live page is in the responses, and one was judged."""
    (record,) = (one for one in records if one["url"].endswith("/seen"))
    assert all(answer.startswith("HTTP/1.1 200") and "theirs" in answer for answer in answers), answers
    assert record["url"] == f"http://api.example:{port}/seen" and record["verdicts"]["chromium"]["outcome"] == "blocked"
    assert not [answer for answer in answers if SECRETS.search(answer) or "access-control-allow" in answer.lower()]


async def test_transparent() -> None:
    """A device whose traffic is led to the proxy is inspected under the names that it uses, and gets nothing of the session."""
    options = {"mode": "transparent", "listen_host": "0.0.0.0", "cors_patch": "~all", "cors_show_values": True}
    async with AsyncExitStack() as stack:
        namespace = await device_on(stack)
        api = await stack.enter_async_context(Server(default=fixed(200, (), "theirs"), listen="0.0.0.0"))
        mitm = await stack.enter_async_context(Mitm(options=options, forks=False))
        host = label(mitm)
        try:
            await stack.enter_async_context(redirected(namespace, api.port, mitm.port))
        except OSError as error:
            pytest.skip(f"no transparent proxy here: {error}")
        answers = await send_from(
            namespace,
            [
                (HOST, api.port, get("/seen", f"api.example:{api.port}", PAGE)),
                (HOST, api.port, get("/", host)),
                (HOST, api.port, get(f"http://{host}/", host)),
                (HOST, api.port, get("/api/changes", host)),
                (HOST, api.port, get("/page", f"page.example:{api.port}")),
                (HOST, api.port, get("/again", f"api.example:{api.port}", f"Origin: http://page.example:{api.port}")),
            ],
        )
        records = await mitm.until(lambda records: any(one["url"].endswith("/seen") for one in records))
    assert_reached_and_judged(answers, records, api.port)


async def test_reverse() -> None:
    """Whatever the Host header says, it is the server behind it that responds."""
    async with (
        Server(default=fixed(200, (), "theirs")) as api,
        Mitm(options={"mode": f"reverse:http://127.0.0.1:{api.port}", "cors_patch": "~all"}) as mitm,
    ):
        host = label(mitm)
        asked = [
            get("/", host),
            get(f"http://{host}/", host),
            get("/api/changes", "corslens.test"),
            get("/", "evil.example", PAGE),
        ]
        answers = [await send(mitm.port, one) for one in asked]
    assert all("theirs" in answer for answer in answers)
    assert not [answer for answer in answers if SECRETS.search(answer) or "access-control-allow" in answer.lower()]


async def test_socks(tmp_path: Path) -> None:
    """No resolver hears the page's host, which a SOCKS client hands over as a name."""
    script, log = tmp_path / "spy.py", tmp_path / "resolved"
    script.write_text(RESOLVER.format(log=str(log)))
    async with Mitm(options={"mode": ["regular", f"socks5@{free_port()}"]}, scripts=[script]) as mitm:
        host = (await mitm.page_url()).removeprefix("http://").rstrip("/")
        port = int((await mitm.line(r"SOCKS v5 proxy listening at \S*?:(\d+)"))[1])
        for name in (host, f"{host}.", "other.test"):
            async with asyncio.timeout(DEADLINE_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"\x05\x01\x00")
                assert await reader.readexactly(2) == b"\x05\x00"
                writer.write(b"\x05\x01\x00\x03" + bytes([len(name)]) + name.encode() + struct.pack("!H", 80))
                await reader.read(256)
                writer.close()
    assert "other.test" in log.read_text()
    assert host not in log.read_text()


OUTSIDE = "203.0.113.7"
"""An address for documentation, of a server that a device reaches through the tunnel."""


@asynccontextmanager
async def tunnel(namespace: str, config: str, file: Path) -> AsyncIterator[None]:
    """A device's tunnel to the proxy, as its configuration says.

    Raises: OSError when this machine does not allow it.
    """
    tools = shutil.which("wireguard-go"), shutil.which("wg"), shutil.which("ip")
    if not all(tools):
        raise OSError("it takes wireguard-go, wg and ip")
    file.write_text("".join(f"{line}\n" for line in config.splitlines() if not line.startswith(("Address", "DNS"))))
    within = ("ip", "netns", "exec", namespace)
    await run("ip", "addr", "add", f"{OUTSIDE}/32", "dev", "lo")
    try:
        await run(*within, "wireguard-go", "wg0")  # goes on in the background, until its interface is gone
        await run(*within, "wg", "setconf", "wg0", str(file))
        await run(*within, "ip", "addr", "add", "10.0.0.1/32", "dev", "wg0")
        await run(*within, "ip", "link", "set", "wg0", "up")
        await run(*within, "ip", "route", "add", f"{OUTSIDE}/32", "dev", "wg0")
        yield
    finally:
        with suppress(OSError):
            await run(*within, "ip", "link", "del", "wg0")
        await run("ip", "addr", "del", f"{OUTSIDE}/32", "dev", "lo")


async def test_wireguard_device(tmp_path: Path) -> None:
    """A device in the tunnel is inspected under the names that it uses, and gets nothing of the session, whichever host it names."""
    port = free_port()
    options = {
        "mode": ["regular", f"wireguard@{port}"],
        "listen_host": "0.0.0.0",
        "cors_patch": "~all",
        "cors_show_values": True,
    }
    async with AsyncExitStack() as stack:
        namespace = await device_on(stack)
        api = await stack.enter_async_context(Server(default=fixed(200, (), "theirs"), listen="0.0.0.0"))
        mitm = await stack.enter_async_context(Mitm(options=options, forks=False))
        host = (await mitm.page_url()).removeprefix("http://").rstrip("/")
        await mitm.line(r"Endpoint = ")
        config = re.search(r"\[Interface\].*AllowedIPs = \S+", "\n".join(mitm.lines), re.DOTALL)
        assert config is not None
        asked = [
            get("/seen", f"api.example:{api.port}", PAGE),
            *(get(target, host) for target in ("/", f"http://{host}/", "/api/changes?since=0")),
            get("/", "corslens.test"),
        ]
        try:
            await stack.enter_async_context(tunnel(namespace, f"{config[0]}\nEndpoint = {HOST}:{port}", tmp_path / "wg.conf"))
        except OSError as error:
            pytest.skip(f"no WireGuard here: {error}")
        answers = await send_from(namespace, [(OUTSIDE, api.port, one) for one in asked])
        records = await mitm.until(lambda records: any(one["url"].endswith("/seen") for one in records))
    assert_reached_and_judged(answers, records, api.port)


async def test_local(tmp_path: Path) -> None:
    """What a program of this machine sends is inspected where it was going; no name in a Host header leads to the page."""
    curl = shutil.which("curl")
    if os.geteuid() != 0 or curl is None or not Path("/sys/fs/cgroup/cgroup.controllers").is_file():
        pytest.skip("it takes root, curl, and cgroup v2 at /sys/fs/cgroup")
    sudo = tmp_path / "sudo"  # mitmproxy starts its redirector with it, whoever runs it
    sudo.write_text('#!/bin/sh\nwhile [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"\n')
    sudo.chmod(0o700)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
    options = {"mode": ["regular", "local:curl"], "cors_patch": "~all"}
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(Server(default=fixed(200, (), "theirs")))
        try:
            mitm = await stack.enter_async_context(Mitm(options=options, env=env))
            host = (await mitm.page_url()).removeprefix("http://").rstrip("/")
            await mitm.line(r"Local redirector started", seconds=LOCAL_SECONDS)
        except (OSError, RuntimeError, TimeoutError) as error:
            pytest.skip(f"no local capture here: {error}")
        answers = []
        for path, named in (
            ("seen", f"127.0.0.1:{api.port}"),
            ("", host),
            ("api/changes?since=0", host),
            ("", "corslens.test"),
        ):
            asked = (curl, "-s", "-i", "--noproxy", "*", "-H", PAGE, "-H", f"Host: {named}", api.url(f"/{path}"))
            answers.append((await run(*asked)).decode("latin-1"))
        records = await mitm.until(lambda records: any(one["url"].endswith("/seen") for one in records))
    (record,) = (one for one in records if one["url"].endswith("/seen"))
    assert record["url"] == api.url("/seen") and record["verdicts"]["chromium"]["outcome"] == "blocked"
    assert all(answer.startswith("HTTP/1.1 200") and "theirs" in answer for answer in answers), answers
    assert not [answer for answer in answers if SECRETS.search(answer) or "access-control-allow" in answer.lower()]


async def test_wireguard() -> None:
    """It starts, and prints no address that no browser behind it can use."""
    async with Mitm(options={"mode": ["regular", f"wireguard@{free_port()}"], "cors_page_host": ""}) as mitm:
        await mitm.line(r"WireGuard server listening")
        label(mitm)
