"""The page's host is answered by the proxy, to this computer alone, and seen by nobody else."""

import asyncio
import socket
import threading
from pathlib import Path

import pytest
from corslens.mitm.doctor import DOCTOR_HEADER
from corslens.mitm.live.app import Export, LiveApp
from corslens.mitm.live.proxy_host import SIGNPOST, LivePage, parse_domain
from corslens.mitm.own_connections import OwnConnections
from mitmproxy import http

from tests.browser.kit.servers import Server, fixed
from tests.mitm.live.test_app import Session
from tests.mitm.make import answered, flow
from tests.mitm.proxy import Proxy, read_answer

DOMAIN = "corslens.test"


def served() -> LivePage:
    """A page under its domain."""
    page = LivePage(LiveApp(Session(), {}), OwnConnections())
    page.serve_under(DOMAIN)
    return page


@pytest.mark.parametrize(
    ("text", "host"), [("", ""), (" CORS.test. ", "cors.test"), ("localhost", "localhost"), ("a-b.c1.test", "a-b.c1.test")]
)
def test_a_domain_is_a_name(text: str, host: str) -> None:
    """In lower case; empty means none."""
    assert parse_domain(text) == host


@pytest.mark.parametrize(
    "text", ["http://x.test", "x.test:80", "a..b", "x y", "ü.test", "x/", "a" * 64, ".".join(["a" * 50] * 5)]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    """In one sentence that shows one."""
    with pytest.raises(ValueError, match=r"is not a host name such as corslens\.test"):
        parse_domain(text)


async def test_it_is_served_through_the_proxy_and_nobody_sees_it(confdir: Path) -> None:
    """No later addon gets the flow, and nothing is inspected."""
    async with Proxy(confdir) as proxy:
        answer = await proxy.send("GET", proxy.addon.page.url)
        assert answer.status == 200 and b"corslens-token" in answer.body
        assert (await proxy.send("GET", f"{proxy.addon.page.url}page.css")).get("content-type") == "text/css; charset=utf-8"
        assert proxy.keeper.flows == [] and proxy.inspections == []


async def test_a_users_header_rule_does_not_open_it(confdir: Path) -> None:
    """modify_headers, with which people let everybody in, does not reach it; neither does patching everything."""
    rule = "/~s/Access-Control-Allow-Origin/*"
    async with Server(default=fixed(200)) as api, Proxy(confdir, modify_headers=[rule], cors_patch="~all") as proxy:
        assert (await proxy.send("GET", api.url("/"))).get("access-control-allow-origin") == "*"
        answer = await proxy.send("GET", proxy.addon.page.url, [("Origin", "http://app.test")])
        assert answer.status == 403 and answer.get("access-control-allow-origin") is None


@pytest.mark.parametrize("host", ["evil.test", "corslens.test.evil.test", "corslens.test:81", ""])
async def test_another_host_header_is_refused(confdir: Path, host: str) -> None:
    """Who is asked has to be who is meant."""
    async with Proxy(confdir) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"GET {proxy.addon.page.url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await read_answer(reader, whole=True)
        writer.close()
    assert answer.status in (400, 421)
    assert b"corslens-token" not in answer.body


async def test_another_host_name_moves_it_and_none_takes_it_away(confdir: Path) -> None:
    """cors_page_host says where; elsewhere the proxy does what it does with a host that does not exist."""
    async with Proxy(confdir, cors_page_host="watch.test") as proxy:
        assert proxy.addon.page.url.endswith(".watch.test/")
        assert (await proxy.send("GET", proxy.addon.page.url)).status == 200
    async with Proxy(confdir, cors_page_host="") as proxy:
        assert proxy.addon.page.host == proxy.addon.page.url == ""
        async with Server(default=fixed(200, (), "theirs")) as site:
            assert (await proxy.send("GET", site.url("/"))).body == b"theirs"


@pytest.mark.parametrize(
    ("client", "status"),
    [("127.0.0.1", 200), ("127.8.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.168.1.5", 403), ("10.0.0.1", 403),
     ("::ffff:10.0.0.1", 403), ("fe80::1%eth0", 403), ("2001:db8::1", 403)],
)  # fmt: skip
def test_another_computer_is_refused(client: str, status: int) -> None:
    """A proxy that listens for others does not show them what it sees; they are told where they may look."""
    page = served()
    asked = flow(path="/", scheme="http", host=page.host, origin=None, client=client)
    assert page.wants(asked)
    page.respond(asked)
    assert asked.response is not None and asked.response.status_code == status
    assert status == 200 or b"/cors/" in (asked.response.content or b"")


def test_a_proxy_that_wants_a_password_gets_it_first() -> None:
    """What an earlier addon answered stays."""
    page = served()
    asked = flow(path="/", scheme="http", host=page.host, origin=None)
    asked.response = http.Response.make(407)
    page.respond(asked)
    assert asked.response.status_code == 407


async def test_too_much_is_refused(confdir: Path) -> None:
    """The page has little to say."""
    async with Proxy(confdir) as proxy:
        assert (await proxy.send("POST", f"{proxy.addon.page.url}api/patching", body=b"x" * 20_000)).status == 413


async def test_a_flow_that_was_loaded_from_a_file_asks_nobody(confdir: Path) -> None:
    """It is no request for the page, and it is not inspected either."""
    async with Proxy(confdir) as proxy:
        loaded = answered(flow(host=proxy.addon.page.host, scheme="http"))
        loaded.live = False
        assert not proxy.addon.page.wants(loaded)
        await proxy.master.load_flow(loaded)
        assert proxy.inspections == []


async def test_corslens_doctor_asks_what_never_came(confdir: Path) -> None:
    """By a header that no page can send there: its preflight gets nothing."""
    asks = [
        ("Origin", "http://app.test"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", DOCTOR_HEADER),
    ]
    async with Proxy(confdir) as proxy:
        counts = await proxy.send("GET", f"http://{DOMAIN}/", [(DOCTOR_HEADER, "1")])
        assert (counts.status, counts.body) == (200, b'{"stopped":0,"silent":0}')
        preflight = await proxy.send("OPTIONS", f"http://{DOMAIN}/", asks)
        assert (preflight.status, preflight.get("access-control-allow-headers")) == (502, None)


def test_the_host_is_another_one_at_each_start() -> None:
    """With as much chance in it as a key has; and it is a host name."""
    hosts = {served().host for _ in range(8)}
    assert len(hosts) == 8
    for host in hosts:
        label, _, domain = host.partition(".")
        assert domain == DOMAIN and len(label) == 26 and parse_domain(host) == host


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing resolves, and what was to be resolved is kept."""
    asked: list[str] = []

    async def getaddrinfo(self: object, host: str, *args: object, **options: object) -> list[object]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("lines", [[], [("Origin", "http://evil.test")], [("Sec-Fetch-Site", "cross-site")]])
@pytest.mark.parametrize("path", ["", "page.js", "api/changes?since=0"])
async def test_the_domain_itself_has_one_sentence(
    confdir: Path, no_names: list[str], path: str, lines: list[tuple[str, str]]
) -> None:
    """And no secret: neither a token nor the page's host. It is nobody's problem either."""
    async with Proxy(confdir) as proxy:
        no_names.clear()
        answer = await proxy.send("GET", f"http://{DOMAIN}/{path}", lines)
        assert answer.body == SIGNPOST and proxy.addon.page.host.partition(".")[0] not in str(answer)
        assert no_names == [DOMAIN] and proxy.inspections == []


async def test_no_site_can_tell_it_from_a_host_that_does_not_exist(confdir: Path, no_names: list[str]) -> None:
    """The same status, nothing in the head that a browser acts on, and the same waiting for the resolver."""
    async with Proxy(confdir) as proxy:
        ours, other = [await proxy.send("GET", f"http://{host}/") for host in (DOMAIN, "nobody-is-here.test")]
    assert no_names[-2:] == [DOMAIN, "nobody-is-here.test"]
    assert ours.status == other.status == 502
    heads = [{name.lower(): value for name, value in each.lines} for each in (ours, other)]
    for head in heads:
        del head["content-length"]
        head.pop("server", None)
    assert heads[0] == heads[1]


async def test_the_proxy_does_not_show_the_page_to_itself(confdir: Path) -> None:
    """Another device that makes the proxy request the page from its own loopback address is as far away as before."""
    async with Proxy(confdir, listen_host="0.0.0.0") as proxy:
        for address in ("127.0.0.2", "127.8.9.10"):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            own = f"{proxy.addon.page.host}:{proxy.port}"
            writer.write(f"GET http://{address}:{proxy.port}/ HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n".encode())
            answer = await read_answer(reader, whole=True)
            writer.close()
            assert answer.status == 403 and b"corslens-token" not in answer.body
        assert (await proxy.send("GET", proxy.addon.page.url)).status == 200


@pytest.mark.parametrize("mode", ["transparent", "socks5", "reverse:http://127.0.0.1:9", "dns"])
async def test_where_no_browser_leaves_names_to_the_proxy_it_is_not_announced(
    confdir: Path, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """There a browser cannot find it, and to say where it is would only mislead."""
    caplog.set_level("INFO")
    async with Proxy(confdir, mode=[f"{mode}@127.0.0.1:0"]) as proxy:
        assert proxy.addon.page.url
    assert "live page" not in caplog.text


async def test_behind_a_reverse_proxy_the_domain_is_a_name_like_any_other(confdir: Path) -> None:
    """The request goes where it was meant to go."""
    async with (
        Server(default=fixed(200, (), "theirs")) as site,
        Proxy(confdir, mode=[f"reverse:{site.origin}@127.0.0.1:0"]) as proxy,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"GET / HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
        text = await reader.read()
        writer.close()
    assert text.endswith(b"theirs") and b"corslens" not in text


async def test_saving_is_worked_out_in_another_thread() -> None:
    """While it is, traffic goes on."""
    page = served()
    page.app._exports = {"txt": Export("TXT", "text/plain", lambda: lambda: f"{threading.get_ident()}".encode())}
    asked = flow(path="/api/export?format=txt", scheme="http", host=page.host, origin=None)
    asked.request.headers["x-corslens-token"] = page.app.token
    worked_out = page.respond(asked)
    assert worked_out is not None
    assert asked.response is None
    await worked_out
    assert asked.response is not None
    assert int(asked.response.content or b"0") != threading.get_ident()
