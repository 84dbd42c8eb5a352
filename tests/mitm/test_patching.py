"""What patching does to connections, to replayed sessions, and to the last lines of a session. See also test_patched_traffic."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.browser.kit.servers import Server, answer, by_method, fixed
from tests.deadline import DEADLINE_SECONDS
from tests.mitm.make import CHROMIUM
from tests.mitm.proxy import Proxy

PAGE = "http://localhost:3000"
ORIGIN = ("Origin", PAGE)
ASKING = [ORIGIN, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type")]


@pytest.mark.parametrize("status", [301, 304, 401, 404, 407, 501])
async def test_preflight_status_does_not_upset_the_connection(confdir, status):
    """Whatever the preflight's answer was, the next request on the same connection is answered as it should be."""
    lines = [("Location", "/login")] if status == 301 else []
    handler = by_method(OPTIONS=fixed(status, lines, b"" if status == 304 else b"go away"), PUT=fixed(200, [], b"done"))
    async with Server({"/me": handler}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        url = api.url("/me")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        head = "\r\n".join(f"{name}: {value}" for name, value in ASKING)
        writer.write(f"OPTIONS {url} HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode())
        writer.write(f"PUT {url} HTTP/1.1\r\nHost: a\r\nOrigin: {PAGE}\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(DEADLINE_SECONDS):
            got = (await reader.read()).decode("latin-1")
        writer.close()
    first, _, rest = got.partition("\r\n\r\n")
    assert first.startswith("HTTP/1.1 204 " if status == 304 else "HTTP/1.1 200 ")
    assert rest.startswith(("" if status == 304 else "go away") + "HTTP/1.1 200 ")
    assert rest.endswith("done")


async def test_replayed_session_without_preflights(confdir, tmp_path):
    """A replayed answer is mended; its preflight was never recorded and its server is gone, so the proxy answers it."""
    saved = tmp_path / "flows"
    async with Server({"/me": fixed(200, [], b"old")}) as api:
        async with Proxy(confdir, save_stream_file=str(saved)) as proxy:
            await proxy.send("PUT", api.url("/me"), [ORIGIN])
        url = api.url("/me")
    settings: dict[str, Any] = {"cors_patch": "~all", "cors_patch_preflight": "answer", "server_replay": [str(saved)]}
    async with Proxy(confdir, **settings) as proxy:
        preflight = await proxy.send("OPTIONS", url, ASKING)
        got = await proxy.send("PUT", url, [ORIGIN])
    assert (preflight.status, preflight.get("access-control-allow-methods")) == (204, "PUT")
    assert (got.status, got.body, got.get("access-control-allow-origin")) == (200, b"old", PAGE)


async def test_what_the_server_still_lacks_is_told_at_the_end(confdir):
    """The bill is printed when the proxy ends; what the proxy answered for the server is marked as such."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        return answer(405)

    async with Server({"/users/1": refuse}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        await proxy.send("OPTIONS", api.url("/users/1"), ASKING)
    printed = proxy.out.getvalue()
    assert "6 changes still needed on your servers:" in printed
    assert f"{api.origin}/users/*" in printed
    assert "preflight: respond with a 2xx instead of 405" in printed


async def test_a_patched_preflight_is_told_once(confdir):
    """The request that follows shows a credentials mode in which more had been lacking; what was changed is told already."""
    agent = ("User-Agent", CHROMIUM)
    routes = by_method(OPTIONS=fixed(204, [("Access-Control-Allow-Origin", PAGE)]), PUT=fixed(200))
    async with Server({"/me": routes}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        await proxy.send("OPTIONS", api.url("/me"), [ORIGIN, agent, ("Access-Control-Request-Method", "PUT")])
        (first,) = proxy.latest().values()
        await proxy.send("PUT", api.url("/me"), [ORIGIN, agent, ("Cookie", "sid=1")])
    last = proxy.latest()[first.id]
    assert last.findings != first.findings
    assert proxy.out.getvalue().count("PATCHED  PUT") == 1


async def test_a_followed_patch_proves_no_credentials_mode(confdir):
    """That the browser follows a hop which lacked Allow-Credentials proves nothing when the patch had added it: the next hop gets it, too."""
    async with Server({"/end": fixed(200)}) as api:
        hop = Server({"/start": fixed(302, [("Location", api.url("/end")), ("Access-Control-Allow-Origin", PAGE)])})
        async with hop, Proxy(confdir, cors_patch="~all") as proxy:
            first = await proxy.send("GET", hop.url("/start"), [ORIGIN])
            second = await proxy.send("GET", first.get("location") or "", [("Origin", "null")])
    assert first.get("access-control-allow-credentials") == "true"
    assert (second.get("access-control-allow-origin"), second.get("access-control-allow-credentials")) == ("null", "true")


async def test_304_mends_what_was_stored_before(confdir):
    """Patching that is switched on later should_patch, with the 304, what the browser had stored unreadable."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return answer(304 if "If-None-Match" in request.headers else 200, [("ETag", '"1"'), ("Vary", "Accept")])

    async with Server({"/me": handler}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/me"), [ORIGIN])
        proxy.master.commands.execute("cors.patch.on ~all")
        first = await proxy.send("GET", api.url("/me"), [ORIGIN, ("If-None-Match", '"1"')])
        second = await proxy.send("GET", api.url("/me"), [ORIGIN, ("If-None-Match", '"1"')])
    assert (first.status, first.get("access-control-allow-origin"), first.get("vary")) == (304, PAGE, "Accept, Origin")
    assert (second.status, second.get("access-control-allow-origin")) == (304, None)
