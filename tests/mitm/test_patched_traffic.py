"""Patch mode on real connections: both halves, every way in which a response comes about, and only where it was asked for."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from corslens.mitm.convert import PATCHED_HEADER
from mitmproxy import http
from mitmproxy.addons.intercept import Intercept
from mitmproxy.addons.view import View

from tests.browser.kit.routes_addon import Routes
from tests.browser.kit.servers import Server, answer, by_method, fixed, hang_up, tls_context
from tests.mitm.proxy import Answer, Proxy

PAGE = "http://localhost:3000"
ORIGIN = ("Origin", PAGE)
STRANGER = ("Origin", "https://evil.example")


def asking(method="PUT", headers="content-type", origin=PAGE):
    lines = [("Origin", origin), ("Access-Control-Request-Method", method)]
    return [*lines, ("Access-Control-Request-Headers", headers)] if headers else lines


def reads(got: Answer, origin=PAGE) -> bool:
    """Whether a page of this origin may read the answer to a request without credentials."""
    return got.get("access-control-allow-origin") in (origin, "*")


async def test_both_halves(confdir):
    """The preflight's status and headers are mended, and so is the answer; each says what was changed."""
    api = Server({"/me": by_method(OPTIONS=fixed(405, [], "no"), PUT=fixed(200, [("X-Own", "1")], "hi"))})
    async with api, Proxy(confdir, cors_patch="~all") as proxy:
        preflight = await proxy.send("OPTIONS", api.url("/me"), asking())
        actual = await proxy.send("PUT", api.url("/me"), [ORIGIN, ("Content-Type", "application/json")])
    assert 200 <= preflight.status <= 299
    assert reads(preflight)
    assert "PUT" in preflight.get("access-control-allow-methods")
    assert "content-type" in preflight.get("access-control-allow-headers")
    assert preflight.get("access-control-max-age") == "0"
    assert "status" in preflight.get(PATCHED_HEADER)
    assert (actual.status, actual.body, actual.get("x-own")) == (200, b"hi", "1")
    assert reads(actual)
    assert "access-control-allow-origin" in actual.get(PATCHED_HEADER)


async def test_the_unpatched_verdict_stays_visible(confdir):
    """Beside the patched one: in marker, comment, terminal and inspection."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        await proxy.send("GET", api.url("/me"), [ORIGIN])
    inspection = proxy.inspections[-1]
    assert inspection.verdict.blocked
    assert inspection.patch.applied
    assert all(verdict.allowed for verdict in inspection.patch.verdicts_after.values())
    (flow,) = proxy.keeper.flows
    assert flow.marked == ":hammer_and_pick:"
    assert "Access-Control-Allow-Origin" in " ".join(flow.metadata["corslens"]["patched"])
    assert "patched" in flow.comment
    printed = proxy.out.getvalue()
    assert "PATCHED" in printed
    assert "acao-missing" in printed
    assert "still needed on your servers" in printed


async def test_off_by_default(confdir):
    """Without cors_patch nothing is changed."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir) as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
    assert None is got.get(PATCHED_HEADER)
    assert not reads(got)


async def raw(proxy, url, lines, method="GET"):
    """The answer without the header that says the time."""
    got = await proxy.send(method, url, lines)
    return got.status, [line for line in got.lines if line[0] != "Date"], got.body


@pytest.mark.parametrize("preflight", ["fix", "answer"])
async def test_strangers_and_other_flows_stay_byte_for_byte(confdir, preflight):
    """A page that is not in the list, or a flow that the filter does not match, gets exactly what it got without patching."""
    api = Server({"/a": by_method(OPTIONS=fixed(403, [("x-A", "1"), ("X-a", "2")], "no"), GET=fixed(404, [], "none"))})
    async with api:
        asks = [
            ("OPTIONS", "/a", asking(origin=STRANGER[1])),
            ("GET", "/a", [STRANGER]),
            ("OPTIONS", "/other", asking()),
            ("GET", "/other", [ORIGIN]),
            ("GET", "/a", []),
        ]
        async with Proxy(confdir) as proxy:
            before = [await raw(proxy, api.url(path), lines, method) for method, path, lines in asks]
        async with Proxy(confdir, cors_patch="~u /a", cors_patch_preflight=preflight) as proxy:
            after = [await raw(proxy, api.url(path), lines, method) for method, path, lines in asks]
        assert before == after
        assert 2 * len(asks) == len(api.seen)
    assert "is not among those that the proxy may allow" in proxy.out.getvalue()


async def test_any_is_an_explicit_word_with_a_warning(confdir, caplog):
    """It lets every page in, and says what that means."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, cors_patch="~all", cors_patch_origins=["any"]) as proxy:
        got = await proxy.send("GET", api.url("/me"), [STRANGER])
    assert reads(got, STRANGER[1])
    assert [r for r in caplog.records if r.levelname == "WARNING" and "cors_patch_origins: any:" in r.getMessage()]


async def test_dry_run(confdir):
    """It shows what would change, and changes nothing; preflights are not answered either."""
    api = Server({"/me": fixed(404)})
    settings: dict[str, Any] = {"cors_patch": "~all", "cors_patch_dry_run": True, "cors_patch_preflight": "answer"}
    async with api, Proxy(confdir, **settings) as proxy:
        got = await proxy.send("OPTIONS", api.url("/me"), asking())
    assert got.status == 404
    assert None is got.get(PATCHED_HEADER)
    assert len(api.seen) == 1
    assert not proxy.inspections[-1].patch.applied
    assert not proxy.inspections[-1].patch.patch.empty
    assert "Would patch" in proxy.out.getvalue()


@pytest.mark.parametrize("server", ["down", "login", "no OPTIONS"])
async def test_answer(confdir, server):
    """The proxy answers the preflight; nothing reaches upstream, be it down or not."""
    api = Server(default=fixed(401))
    async with api, Proxy(confdir, cors_patch="~all", cors_patch_preflight="answer") as proxy:
        url = "http://127.0.0.1:1/me" if server == "down" else api.url("/me")
        got = await proxy.send("OPTIONS", url, asking("DELETE", "x-a"))
        assert api.seen == []
    assert got.status == 204
    assert reads(got)
    assert (got.get("access-control-allow-methods"), got.get("access-control-allow-headers")) == ("DELETE", "x-a")
    assert got.get("access-control-max-age") == "0"
    assert None is got.get("content-length")
    assert "the request did not reach the server" in proxy.out.getvalue()
    assert proxy.keeper.flows[0].comment.startswith("patched (CORS preflight for DELETE)")


async def test_answer_over_http2_to_an_unreachable_server(confdir):
    """With a lazy connection not even the CONNECT needs the server."""
    settings: dict[str, Any] = {"cors_patch": "~all", "cors_patch_preflight": "answer", "connection_strategy": "lazy"}
    async with Proxy(confdir, **settings) as proxy:
        (got,) = await proxy.send_http2("down.test", 1, [("OPTIONS", "/", [(n.lower(), v) for n, v in asking()])])
    assert got.status == 204
    assert reads(got)


class Password:
    """Wants a password before anything else, as mitmproxy's proxyauth does, from a place before ours in the chain."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        flow.response = http.Response.make(407)


async def test_answer_passes_nobody_by(confdir):
    """A request that somebody before us answered is not answered anew, nor mended: the proxy's password still counts."""
    async with Proxy(confdir, cors_patch="~all", cors_patch_preflight="answer") as proxy:
        proxy.master.addons.chain.insert(0, Password())
        got = await proxy.send("OPTIONS", "http://api.test/me", asking())
    assert (got.status, got.get(PATCHED_HEADER)) == (407, None)


async def test_http2(confdir):
    """Header names of a patch are lower-case in HTTP/2, so that mitmproxy has nothing to say about them."""
    async with (
        Server({"/me": fixed(200)}, tls=tls_context()) as api,
        Proxy(confdir, cors_patch="~all", connection_strategy="lazy") as proxy,
    ):
        (got,) = await proxy.send_http2("localhost", api.port, [("GET", "/me", [("origin", PAGE)])])
    assert reads(got)
    assert all(name == name.lower() for name, _ in got.lines)


async def test_streamed_body(confdir):
    """A body that mitmproxy streams does not lose the patch, and passes untouched."""
    async with (
        Server({"/big": fixed(200, [], b"x" * 100_000)}) as api,
        Proxy(confdir, cors_patch="~all", stream_large_bodies="10k") as proxy,
    ):
        got = await proxy.send("GET", api.url("/big"), [ORIGIN])
    assert reads(got)
    assert got.body == b"x" * 100_000


async def test_server_sent_events(confdir):
    """A stream without an end is patched before its first byte goes out."""

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await asyncio.Event().wait()
        raise AssertionError

    async with Server({"/e": events}) as api, Proxy(confdir, cors_patch="~all", stream_large_bodies="1") as proxy:
        got, reader, writer = await proxy.stream(api.url("/e"), [ORIGIN])
        assert b"data: 1" in await reader.readuntil(b"\n\n")
        writer.close()
        await proxy.until(lambda: proxy.inspections and proxy.inspections[-1].observation.exchange.error)
        inspection = proxy.inspections[-1]
        assert proxy.keeper.flows[0].marked == ":hammer_and_pick:"
    assert reads(got)
    assert (inspection.verdict.reason, inspection.patch.applied) == ("acao-missing", True)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_error_responses(confdir, status):
    """An error keeps its status and body, and becomes readable."""
    async with Server({"/me": fixed(status, [], "why")}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
    assert (status, b"why") == (got.status, got.body)
    assert reads(got)


async def test_head(confdir):
    """A HEAD answer is patched like a GET's."""
    async with Server({"/me": fixed(200, [], "hi")}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("HEAD", api.url("/me"), [ORIGIN])
    assert got.body == b""
    assert reads(got)


async def test_every_hop_of_a_redirect(confdir):
    """Each hop is patched for the origin that it carries; behind a tainting redirect that is null, and the Location proves whose it is."""
    async with Server({"/end": fixed(200)}) as last:
        first = Server({"/go": fixed(302, [("Location", last.url("/end"))])})
        async with first, Proxy(confdir, cors_patch="~all") as proxy:
            one = await proxy.send("GET", first.url("/go"), [ORIGIN])
            supposed = await proxy.send("GET", last.url("/end"), [("Origin", "null")])
            two = await proxy.send("GET", one.get("location") or "", [("Origin", "null")])
            again = await proxy.send("GET", one.get("location") or "", [("Origin", "null")])
    assert (one.status, reads(one)) == (302, True)
    assert one.get("location").startswith(last.url("/end?corslens-continues=")) and one.get("cache-control") == "no-store"
    assert one.get(PATCHED_HEADER).split(", ")[-1] == "location"
    assert supposed.get("access-control-allow-origin") is None  # "null" on 2991aa5
    assert two.get("access-control-allow-origin") == "null"
    assert again.get("access-control-allow-origin") is None
    assert [seen.path for seen in last.seen] == ["/end"] * 3
    assert all("corslens-continues" not in str(inspection) for inspection in proxy.inspections)


async def test_a_redirect_within_the_pages_own_origin_needs_no_proof(confdir):
    """Its origin stays the page's, and its Location stays the server's."""
    async with Server({"/end": fixed(200)}) as api, Server(host="localhost") as own, Proxy(confdir, cors_patch="~all") as proxy:
        own.handlers["/go"] = fixed(302, [("Location", api.url("/end"))])
        one = await proxy.send("GET", own.url("/go"), [("Origin", own.origin), ("Sec-Fetch-Site", "same-origin")])
        two = await proxy.send("GET", api.url("/end"), [("Origin", own.origin)])
    assert one.get("location") == api.url("/end")
    assert two.get("access-control-allow-origin") == own.origin


async def test_a_strangers_redirect_proves_nothing(confdir):
    """Nothing is written into what a page gets that may not be allowed."""
    async with Server({"/end": fixed(200)}) as last:
        first = Server({"/go": fixed(302, [("Location", last.url("/end")), ("Access-Control-Allow-Origin", "*")])})
        async with first, Proxy(confdir, cors_patch="~all") as proxy:
            one = await proxy.send("GET", first.url("/go"), [("Origin", "https://evil.example")])
    assert one.get("location") == last.url("/end")


@pytest.mark.parametrize("name", ["evil.test", "a.b.test", "evil.localhost", "localhost."])
async def test_a_name_of_this_machine_is_no_proof(confdir, name):
    """A page counts as this machine's once a loopback address has served it; on 2991aa5 its name was enough."""
    page = f"http://{name}:3000"
    async with (
        Server({"/me": fixed(200), "/": fixed(200)}) as api,
        Proxy(confdir, Routes(), cors_patch="~u /me") as proxy,
    ):
        proxy.master.options.update(kit_routes=json.dumps({name: [api.port, 0]}))
        stranger = await proxy.send("GET", api.url("/me"), [("Origin", page)])
        (told,) = [one.patch.patch.refused for one in proxy.latest().values() if one.patch]
        await proxy.send("GET", f"{page}/")
        served = await proxy.send("GET", api.url("/me"), [("Origin", page)])
    assert stranger.get("access-control-allow-origin") is None
    assert "was served from a loopback address yet" in str(told)
    assert served.get("access-control-allow-origin") == page


async def test_an_opaque_page_is_not_allowed(confdir):
    """`null` without a redirect is anybody's sandboxed frame."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [("Origin", "null")])
    assert None is got.get(PATCHED_HEADER)


async def test_not_modified(confdir):
    """A 304 stays one, and what it lacks is not a reason to block: the stored headers count."""
    async with Server({"/me": fixed(304, [("ETag", '"1"')])}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN, ("If-None-Match", '"1"')])
    assert got.status == 304
    assert not proxy.inspections[-1].verdict.blocked


async def test_map_local(confdir, tmp_path):
    """mitmproxy's own answer from a file is patched."""
    file = tmp_path / "me.json"
    file.write_text("{}")
    async with Proxy(confdir, map_local=[f"|api.test|{file}"], cors_patch="~all") as proxy:
        got = await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert got.body == b"{}"
    assert reads(got)


async def test_map_remote(confdir):
    """So is one that comes from somewhere else."""
    async with (
        Server({"/me": fixed(200)}) as api,
        Proxy(confdir, map_remote=[f"|http://api.test/|{api.origin}/"], cors_patch="~all") as proxy,
    ):
        got = await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert reads(got)


@pytest.mark.parametrize(
    ("text", "mended"), [("~d api.test", True), ("~d 127.0.0.1", False), ("~c 200 & ~u api.test/me", True)]
)
async def test_the_filter_is_about_the_url_that_the_browser_asked(confdir, text, mended):
    async with (
        Server({"/me": fixed(200)}) as api,
        Proxy(confdir, map_remote=[f"|http://api.test/|{api.origin}/"], cors_patch=text) as proxy,
    ):
        got = await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert reads(got) is mended


async def test_server_replay(confdir, tmp_path):
    """So is a replayed one."""
    saved = tmp_path / "flows"
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, save_stream_file=str(saved)) as proxy:
        await proxy.send("GET", api.url("/me"), [ORIGIN])
    async with Proxy(confdir, server_replay=[str(saved)], keepserving=True, cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
    assert reads(got)


class OtherScript:
    """A script that answers by itself."""

    name = "otherscript"

    def request(self, flow: http.HTTPFlow) -> None:
        flow.response = http.Response.make(200, b"mine")


async def test_other_scripts(confdir):
    """So is what another script answered."""
    async with Proxy(confdir, OtherScript(), cors_patch="~all") as proxy:
        got = await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert got.body == b"mine"
    assert reads(got)


async def test_modify_headers_beside_it(confdir):
    """The user's own rule has the last word, makes no double header, and the verdict after the patch is on what it left."""
    rule = "|~s|Access-Control-Allow-Origin|https://other.example"
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, modify_headers=[rule], cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
        (remembered,) = proxy.addon.session.recent()
    assert got.get("access-control-allow-origin") == "https://other.example"
    inspection = proxy.inspections[-1]
    assert inspection.verdict.reason == "acao-missing"
    assert next(iter(inspection.patch.verdicts_after.values())).reason == "acao-mismatch"
    assert remembered == inspection


async def test_credentials(confdir):
    """With a cookie the exact origin and Allow-Credentials are needed, never a wildcard."""
    api = Server({"/me": fixed(200, [("Access-Control-Allow-Origin", "*")])})
    async with api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN, ("Cookie", "sid=1")])
    assert (got.get("access-control-allow-origin"), got.get("access-control-allow-credentials")) == (PAGE, "true")
    assert "origin" in (got.get("vary") or "").lower()


async def test_no_answer_cannot_be_patched(confdir):
    """mitmproxy's own error page stays what it is, and the reason is told."""
    async with Server({"/me": hang_up}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
    assert (got.status, got.get(PATCHED_HEADER)) == (502, None)
    assert "no response" in proxy.keeper.flows[0].comment


async def test_it_switches_itself_off(confdir, caplog):
    """When its minutes are over, no response is changed any more, and the log says so, with or without traffic."""
    caplog.set_level("INFO")
    now = [1000.0]
    async with (
        Server({"/me": fixed(200)}) as api,
        Proxy(confdir, clock=lambda: now[0], cors_patch="~all", cors_patch_minutes=30) as proxy,
    ):
        assert any("patching is on for ~all" in r.getMessage() and "30 minutes left" in r.getMessage() for r in caplog.records)
        now[0] += 30 * 60 - 1
        assert reads(await proxy.send("GET", api.url("/me"), [ORIGIN]))
        now[0] += 1
        assert not reads(await proxy.send("GET", api.url("/me"), [ORIGIN]))
        proxy.addon.on_tick()
        assert proxy.master.options.cors_patch == ""
    assert "corslens: patching is off" in [r.getMessage() for r in caplog.records]


async def test_it_can_be_switched_at_run_time(confdir):
    """cors.patch.on and cors.patch.off work without a restart, and nothing that was seen is lost."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir) as proxy:
        assert not reads(await proxy.send("GET", api.url("/me"), [ORIGIN]))
        said = proxy.master.commands.execute("cors.patch.on ~d 127.0.0.1 & ~m GET")
        assert said.startswith("patching is on for ~d 127.0.0.1 & ~m GET, for pages of loopback, 60 minutes left")
        assert reads(await proxy.send("GET", api.url("/me"), [ORIGIN]))
        assert proxy.master.commands.execute("cors.patch.off") == "patching is off"
        assert not reads(await proxy.send("GET", api.url("/me"), [ORIGIN]))
        assert len(proxy.addon.session.recent()) == 3


async def test_a_patched_preflight_is_not_remembered(confdir):
    """Switched off, the server's own refusal counts at once: the patched answer said Max-Age 0."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return answer(204, [("Access-Control-Max-Age", "86400")])

    async with Server({"/me": handler}) as api, Proxy(confdir, cors_patch="~all") as proxy:
        got = await proxy.send("OPTIONS", api.url("/me"), asking())
    assert got.get("access-control-max-age") == "0"


INJECTIONS = """
- name: no-credentials
  because: what if the API sent this?
  filter: ~u /me
  set: {Access-Control-Allow-Origin: "{origin}"}
  remove: [X-Own]
- name: broken
  filter: ~u /broken
  set: {Access-Control-Allow-Origin: "https://wrong.example"}
"""


async def test_injections(confdir, tmp_path):
    """Headers that were asked for are there, be it to mend or to break, and the verdicts before and after are shown."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(INJECTIONS)
    handlers = {"/me": fixed(200, [("X-Own", "1")]), "/broken": fixed(200, [("Access-Control-Allow-Origin", PAGE)])}
    async with Server(handlers, default=fixed(200)) as api, Proxy(confdir, cors_patch_rules=[str(rules)]) as proxy:
        mended = await proxy.send("GET", api.url("/me"), [ORIGIN])
        broken = await proxy.send("GET", api.url("/broken"), [ORIGIN])
        other = await proxy.send("GET", api.url("/other"), [ORIGIN])
        stranger = await proxy.send("GET", api.url("/me"), [STRANGER])
        assert "patching is on for 2 injections" in proxy.addon.patching.describe()
        verdicts = [
            (i.verdict.blocked, i.patch and i.patch.verdicts_after[i.headline].blocked) for i in proxy.latest().values()
        ]
    assert (mended.get("access-control-allow-origin"), mended.get("x-own")) == (PAGE, None)
    assert "access-control-allow-origin" in mended.get(PATCHED_HEADER)
    assert broken.get("access-control-allow-origin") == "https://wrong.example"
    assert verdicts[:3] == [(True, False), (False, True), (True, None)]
    assert [other.get(PATCHED_HEADER), stranger.get(PATCHED_HEADER)] == [None, None]
    assert "lack" not in proxy.out.getvalue()


async def test_injections_end_with_the_time(confdir, tmp_path):
    """They are switched off like any patch."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(INJECTIONS)
    now = [0.0]
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, clock=lambda: now[0], cors_patch_rules=[str(rules)]) as proxy:
        now[0] = 3600.0
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
        proxy.addon.on_tick()
        assert proxy.master.options.cors_patch_rules == []
    assert None is got.get(PATCHED_HEADER)


class Hold(Intercept):
    """Holds responses back, as mitmweb and the console do when asked to, and edits them."""

    def __init__(self, value: str) -> None:
        self._value = value

    def update(self, flows: list[http.HTTPFlow]) -> None:
        for flow in flows:
            if flow.intercepted:
                flow.response.headers["access-control-allow-origin"] = self._value
                flow.resume()


@pytest.mark.parametrize("patch", ["", "~all"])
async def test_edited_by_hand(confdir, patch):
    """What a user edits in a response that was held back counts: it is what the browser got."""
    held = (Hold("https://edited.example"), View())
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, *held, intercept="~s", cors_patch=patch) as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
        await proxy.until(lambda: proxy.inspections and proxy.inspections[-1].observation.exchange.edited_by)
        inspection = proxy.inspections[-1]
        assert proxy.addon.session.recent() == [inspection]
    assert got.get("access-control-allow-origin") == "https://edited.example"
    verdict = inspection.patch.verdicts_after[inspection.headline] if patch else inspection.verdict
    assert verdict.reason == "acao-mismatch"
