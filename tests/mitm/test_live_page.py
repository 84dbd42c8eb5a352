"""The page's host is answered by the proxy, to this computer alone, and seen by nobody else."""

import asyncio
from pathlib import Path

import pytest
from corslens.mitm.live_app import LiveApp
from corslens.mitm.live_page import LivePage, parse_host
from mitmproxy import http

from tests.browser.kit.servers import Server, fixed
from tests.mitm.make import answered, flow
from tests.mitm.proxy import Proxy, read_answer
from tests.mitm.test_live_app import Session

PAGE = "http://corslens.test/"


@pytest.mark.parametrize(
    ("text", "host"), [("", ""), (" CORS.test. ", "cors.test"), ("localhost", "localhost"), ("a-b.c1.test", "a-b.c1.test")]
)
def test_a_host_is_a_name(text: str, host: str) -> None:
    """In lower case; empty means none."""
    assert parse_host(text) == host


@pytest.mark.parametrize("text", ["http://x.test", "x.test:80", "a..b", "x y", "ü.test", "x/", "a" * 64])
def test_what_is_no_name_is_refused(text: str) -> None:
    """In one sentence that shows one."""
    with pytest.raises(ValueError, match=r"is not a host name such as corslens\.test"):
        parse_host(text)


async def test_it_is_served_through_the_proxy_and_nobody_sees_it(confdir: Path) -> None:
    """No later addon gets the flow, and nothing is inspected."""
    async with Proxy(confdir) as proxy:
        answer = await proxy.send("GET", PAGE)
        assert answer.status == 200 and b"corslens-token" in answer.body
        assert (await proxy.send("GET", f"{PAGE}page.css")).get("content-type") == "text/css; charset=utf-8"
        assert proxy.keeper.flows == [] and proxy.inspections == []


async def test_a_users_header_rule_does_not_open_it(confdir: Path) -> None:
    """modify_headers, with which people let everybody in, does not reach it; neither does patching everything."""
    rule = "/~s/Access-Control-Allow-Origin/*"
    async with Server(default=fixed(200)) as api, Proxy(confdir, modify_headers=[rule], cors_patch="~all") as proxy:
        assert (await proxy.send("GET", api.url("/"))).get("access-control-allow-origin") == "*"
        answer = await proxy.send("GET", PAGE, [("Origin", "http://app.test")])
        assert answer.status == 403 and answer.get("access-control-allow-origin") is None


@pytest.mark.parametrize("host", ["evil.test", "corslens.test.evil.test", "corslens.test:81", ""])
async def test_another_host_header_is_refused(confdir: Path, host: str) -> None:
    """Who is asked has to be who is meant."""
    async with Proxy(confdir) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"GET {PAGE} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await read_answer(reader, whole=True)
        writer.close()
    assert answer.status in (400, 421)
    assert b"corslens-token" not in answer.body


async def test_another_host_name_moves_it_and_none_takes_it_away(confdir: Path) -> None:
    """cors_page_host says where; elsewhere the proxy does what it does with a host that does not exist."""
    async with Proxy(confdir, cors_page_host="watch.test") as proxy:
        assert (await proxy.send("GET", "http://watch.test/")).status == 200
        assert proxy.addon.page.host == "watch.test"
    async with Proxy(confdir, cors_page_host="") as proxy:
        assert proxy.addon.page.host == ""
        async with Server(default=fixed(200, (), "theirs")) as site:
            assert (await proxy.send("GET", site.url("/"))).body == b"theirs"


@pytest.mark.parametrize(
    ("client", "status"),
    [("127.0.0.1", 200), ("127.8.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.168.1.5", 403), ("10.0.0.1", 403),
     ("::ffff:10.0.0.1", 403), ("fe80::1%eth0", 403), ("2001:db8::1", 403)],
)  # fmt: skip
def test_another_computer_is_refused(client: str, status: int) -> None:
    """A proxy that listens for others does not show them what it sees; they are told where they may look."""
    page = LivePage(LiveApp(Session(), {}), "corslens.test")
    asked = flow(path="/", scheme="http", host="corslens.test", origin=None, client=client)
    assert page.wants(asked)
    page.answer(asked)
    assert asked.response is not None and asked.response.status_code == status
    assert status == 200 or b"/cors/" in (asked.response.content or b"")


def test_a_proxy_that_wants_a_password_gets_it_first() -> None:
    """What an earlier addon answered stays."""
    page = LivePage(LiveApp(Session(), {}), "corslens.test")
    asked = flow(path="/", scheme="http", host="corslens.test", origin=None)
    asked.response = http.Response.make(407)
    page.answer(asked)
    assert asked.response.status_code == 407


async def test_too_much_is_refused(confdir: Path) -> None:
    """The page has little to say."""
    async with Proxy(confdir) as proxy:
        assert (await proxy.send("POST", f"{PAGE}api/patching", body=b"x" * 20_000)).status == 413


async def test_a_flow_that_was_loaded_from_a_file_asks_nobody(confdir: Path) -> None:
    """It is no request for the page, and it is not inspected either."""
    async with Proxy(confdir) as proxy:
        loaded = answered(flow(host="corslens.test", scheme="http"))
        loaded.live = False
        assert not proxy.addon.page.wants(loaded)
        await proxy.master.load_flow(loaded)
        assert proxy.inspections == []
