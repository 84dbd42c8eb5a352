"""Who can reach the live page: the browser of whoever started corslens, and neither other devices nor other users nor sites."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.browser.kit.mitmdump import Mitm, free_port
from tests.browser.kit.servers import Server, fixed
from tests.deadline import DEADLINE_SECONDS
from tests.hostile.elsewhere import HOST, Request, device_on, run_as_nobody, send_as_nobody, send_from

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOMAIN = "corslens.test"
SECRETS = re.compile(r"corslens-token|[a-z2-7]{26}\.corslens\.test|\"version\":|application/json")
"""What only the page itself says: its token, its host, and what is served behind them."""
EVERYWHERE = {"listen_host": "0.0.0.0"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mitm() -> AsyncIterator[Mitm]:
    """A proxy that listens on every interface, as mitmproxy does by default."""
    async with Mitm(options=EVERYWHERE) as running:
        yield running


def get(target: str, host: str, *lines: str, method: str = "GET", body: str = "") -> str:
    """A request as it is sent."""
    more = [*lines, f"Content-Length: {len(body)}"] if body else list(lines)
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *more, "Connection: close", "", body])


def attempts(at: str, port: int, host: str) -> list[Request]:
    """Requests for the page at this host: straight, through the proxy to itself at each of its addresses, and to command it."""
    wish, typed = '{"on":true,"scope":"~all"}', "Content-Type: application/json"
    return [
        (at, port, get(f"http://{host}/", host)),
        (at, port, get("/", host)),
        (at, port, get("/", f"{host}:{port}")),
        (at, port, get(f"http://{host}/api/changes?since=0", host)),
        (at, port, get(f"http://{host}/api/patching", host, typed, method="POST", body=wish)),
        *(
            (at, port, get(f"http://{address}:{port}/", f"{host}:{port}"))
            for address in ("127.0.0.1", "127.0.0.2", HOST, "localhost")
        ),
        *(
            (at, port, get(f"http://{address}:{port}/", host))
            for address in ("127.0.0.2", "127.1.2.3", "[::1]", "[::ffff:127.0.0.2]")
        ),
        (at, port, get(f"http://127.0.0.2:{port}/api/patching", f"{host}:{port}", typed, method="POST", body=wish)),
        *((at, port, get(f"http://{spelled}/", spelled)) for spelled in spellings(host)),
        (at, port, get(f"http://{host}/", "other.test")),
        (at, port, get("http://other.test/", host)),
        (at, port, get(f"//{host}/", host)),
        (at, port, get(f"https://{host}/", host)),
    ]


def spellings(host: str) -> tuple[str, ...]:
    """Other ways to write a host, and hosts with it in them."""
    return (
        host.upper(), f"{host}.", f"{host}..", f"x@{host}", f"x:y@{host}:80", f"{host}:80", f"{host}:", f"a.{host}", f"{host}.other.test",
        f"%63{host[1:]}", f"{host}%00", f"[::ffff:127.0.0.1%25{host}]", f"{host}\\", f"{host},{host}",
    )  # fmt: skip


async def test_a_device_of_the_network_cannot() -> None:
    """Neither straight nor by making the proxy ask itself, and not even when it has found out the address."""
    async with AsyncExitStack() as stack:
        namespace = await device_on(stack)
        mitm = await stack.enter_async_context(Mitm(options=EVERYWHERE, forks=False))
        host = urlsplit(await mitm.page_url()).hostname
        assert host is not None
        answers = await send_from(namespace, attempts(HOST, mitm.port, DOMAIN) + attempts(HOST, mitm.port, host))
    assert all(answer.startswith("HTTP/1.1 ") for answer in answers if answer)  # the proxy is there, and open to them
    assert not [
        answer for answer in answers if SECRETS.search(answer.replace(host[1:], ""))
    ]  # mitmproxy repeats a line that it refuses
    assert not any(answer.startswith("HTTP/1.1 2") for answer in answers)
    assert not [line for line in mitm.lines if "patch mode" in line.lower()]


async def test_another_user_of_this_machine_cannot(mitm: Mitm) -> None:
    """Who has the same addresses, may read the process list, and does not know the page's host."""
    await mitm.page_url()
    try:
        answers = await send_as_nobody(attempts("127.0.0.1", mitm.port, DOMAIN))
        seen = await run_as_nobody(_PROCESSES)
    except OSError as error:
        pytest.skip(f"no other user here: {error}")
    assert not [answer for answer in answers if SECRETS.search(answer)]
    assert b"corslens" not in seen or not SECRETS.search(seen.decode("latin-1"))


_PROCESSES = """
import glob, sys
for name in glob.glob("/proc/[0-9]*/*"):
    if name.endswith(("/cmdline", "/environ", "/comm", "/status")):
        try:
            sys.stdout.buffer.write(open(name, "rb").read())
        except OSError:
            pass
"""


@pytest.mark.parametrize("target", ["http://{host}/", "/"])
async def test_every_guess_looks_alike(mitm: Mitm, target: str) -> None:
    """A wrong host is an unknown host, and so is the domain itself: the same status for all."""
    answers = []
    for host in (DOMAIN, f"a.{DOMAIN}", f"{'a' * 26}.{DOMAIN}", "nobody-is-here.test"):
        answers.append(await send(mitm.port, get(target.format(host=host), host)))
    assert {answer[:12] for answer in answers} == {"HTTP/1.1 502"}
    for ours, others in zip(spellings(DOMAIN), spellings("nobody-is-here.test"), strict=True):
        got, wanted = [await send(mitm.port, get(target.format(host=host), host)) for host in (ours, others)]
        answers.append(got)
        assert got[:12] == wanted[:12], (ours, got, wanted)
    assert not [answer for answer in answers if SECRETS.search(answer)]


NAMES = ("127.0.0.1", "127.0.0.2", "localhost", "dev.test", "a.localhost", "host.example")


@pytest.mark.parametrize("mode", ["fix", "answer"])
async def test_mitmweb_is_never_patched(mode: str) -> None:
    """Not under any name that leads to it: patched, it would show every page what its user may read. Another port is."""
    web, page = free_port(), "Origin: http://page.localhost"
    options: dict[str, str | int | bool | Sequence[str]] = {
        "web_host": "0.0.0.0",
        "web_port": web,
        "cors_patch": "~all",
        "cors_patch_origins": "any",
        "cors_patch_preflight": mode,
    }
    routes = {name: (0, 0) for name in NAMES if not name[0].isdigit()}
    async with Server(default=fixed(200, (), "theirs")) as api, Mitm("mitmweb", options=options, routes=routes) as mitm:
        other = await send(mitm.port, get(api.url("/"), f"127.0.0.1:{api.port}", page))
        ours = []
        for name in NAMES:
            host = f"{name}:{web}"
            asked = get(f"http://{host}/flows", host, page, "Access-Control-Request-Method: PUT", method="OPTIONS")
            ours += [await send(mitm.port, get(f"http://{host}/", host, page)), await send(mitm.port, asked)]
    assert "access-control-allow-origin" in other.lower()
    assert [answer[:9] for answer in ours] == ["HTTP/1.1 "] * len(ours)
    assert not [answer for answer in ours if "access-control-allow" in answer.lower()]


async def send(port: int, text: str, *, ends: bool = True) -> str:
    """Send a request from this process, and return what came back, whole, or as much as comes at once where the connection stays open."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text.encode("latin-1"))
        try:
            return (await reader.read(-1 if ends else 4096)).decode("latin-1")
        finally:
            writer.close()


RESOLVER = """
import socket
real = socket.getaddrinfo
def spy(host, *arguments, **options):
    with open({log!r}, "a") as file:
        file.write(f"{{host}}\\n")
    return real(host, *arguments, **options)
socket.getaddrinfo = spy
"""


@pytest.mark.slow
async def test_nobody_on_the_network_hears_the_pages_host(tmp_path: Path) -> None:
    """A browser that tries https first asks for a tunnel to it; resolved, the secret would stand in a datagram, or go to the next proxy."""
    script, log = tmp_path / "spy.py", tmp_path / "resolved"
    script.write_text(RESOLVER.format(log=str(log)))
    async with (
        Server(default=fixed(200, (), "next")) as proxy,
        Mitm(scripts=[script]) as mitm,
        Mitm(scripts=[script], arguments=["--mode", f"upstream:http://127.0.0.1:{proxy.port}"]) as chained,
    ):
        for one in (mitm, chained):
            host = urlsplit(await one.page_url()).hostname
            for port in (443, 80):
                got = await send(one.port, f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n", ends=False)
                assert got.startswith("HTTP/1.1 502 ")
            assert (await send(one.port, get(f"http://{host}./", f"{host}."))).startswith("HTTP/1.1 421 ")
            assert (await send(one.port, get(f"http://{host}/", f"{host}"))).startswith("HTTP/1.1 200 ")
            assert (await send(one.port, get("http://other.test/", "other.test"))).startswith("HTTP/1.1 ")
            assert not [line for line in one.lines if "no connection to" in line]
    assert "other.test" in log.read_text()
    assert DOMAIN not in log.read_text()
    assert not [seen for seen in proxy.seen if DOMAIN in repr(seen)]
