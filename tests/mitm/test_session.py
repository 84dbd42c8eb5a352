"""Sessions in a running mitmproxy: real connections, real servers, every hook in mitmproxy's own order."""

import asyncio
import gc
import json
import weakref

import pytest
from aiohttp import web
from corslens.engines.engine import Engine
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.heads import FlowRequestHead, FlowResponseHead
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.session import Session
from corslens.observation.network_error import plain_words
from corslens.observation.observation import Followed, Role
from corslens.observation.redaction import redact_url
from corslens.verdict.verdict import Outcome
from mitmproxy import http
from mitmproxy.addons.view import View

from tests.browser.kit.servers import Server, answer, by_method, fixed, hang_up, tls_context
from tests.mitm import make
from tests.mitm.proxy import Proxy

PAGE = "http://app.test"
ORIGIN = ("Origin", PAGE)
GRANT = ("Access-Control-Allow-Origin", PAGE)


def asking(method="PUT", headers=None):
    lines = [ORIGIN, ("Access-Control-Request-Method", method)]
    return [*lines, ("Access-Control-Request-Headers", headers)] if headers else lines


def granting(methods="PUT", headers="", **more):
    lines = [GRANT, ("Access-Control-Allow-Methods", methods)]
    return [*lines, ("Access-Control-Allow-Headers", headers)] if headers else lines


PREFLIGHTED = by_method(OPTIONS=fixed(204, granting()), PUT=fixed(200, [GRANT]))


async def test_pair(confdir):
    """A preflight and its request know each other, and the older flow is marked anew."""
    async with Server({"/me": PREFLIGHTED}) as api, Proxy(confdir) as proxy:
        await proxy.send("OPTIONS", api.url("/me"), asking())
        await proxy.send("PUT", api.url("/me"), [ORIGIN])
        preflight, actual = proxy.latest().values()
    assert (preflight.observation.role, actual.observation.role) == (Role.PREFLIGHT, Role.ACTUAL)
    assert (actual.id, preflight.id) == (preflight.observation.actual, actual.observation.preflight.id)
    assert preflight.observation.followed is Followed.FOLLOWED
    first, second = proxy.keeper.flows
    assert (second.id, first.id) == (first.metadata["corslens"]["pair"], second.metadata["corslens"]["pair"])


async def test_nothing_is_added_to_requests(confdir):
    """The server gets the lines that the client sent."""
    sent = [ORIGIN, ("X-One", "1"), ("x-one", "2")]
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/me"), sent)
    names = [name for name, _ in api.seen[0].headers]
    assert names == ["Host", "Origin", "X-One", "x-one", "Connection"]


async def test_blocked_flow_is_marked_and_told(confdir):
    """Marker, comment, terminal and summary say that the page got nothing."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/me"), [ORIGIN])
    (flow,) = proxy.keeper.flows
    assert flow.marked == ":heavy_multiplication_x:"
    assert flow.comment.startswith("blocked: Missing Allow-Origin ")
    printed = proxy.out.getvalue()
    assert f"BLOCKED  GET {api.url('/me')}" in printed
    counts, _, rule, _ = printed.splitlines()[-4:]
    assert "1 blocked" in counts and rule.split() == ["1", "blocked", "acao-missing"]


async def test_repeats_are_printed_once(confdir):
    """The same problem again is only counted."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir) as proxy:
        for query in ("", "?a=1", "?a=2"):
            await proxy.send("GET", api.url("/me") + query, [ORIGIN])
    printed = proxy.out.getvalue()
    assert printed.count("BLOCKED") == 1
    assert "3 blocked" in printed


async def test_flow_without_cors_is_left_alone(confdir):
    """It gets no mark, no comment and no record."""
    async with Server({"/": fixed(200)}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/"))
    (flow,) = proxy.keeper.flows
    assert (flow.marked, flow.comment, flow.metadata) == ("", "", {})
    assert proxy.inspections == []


async def test_everything_is_logged(confdir, tmp_path):
    """With a log, exchanges without CORS have a record, too; records follow as more is known, the last line of an id counting."""
    log = tmp_path / "cors.jsonl"
    async with Server({"/me": PREFLIGHTED}) as api, Proxy(confdir, cors_log=str(log)) as proxy:
        await proxy.send("GET", api.url("/me"))
        await proxy.send("OPTIONS", api.url("/me"), asking())
        await proxy.send("PUT", api.url("/me"), [ORIGIN])
    records = [json.loads(line) for line in log.read_text().splitlines()]
    last = {record["id"]: record for record in records}
    assert [r["role"] if r["origin"] else None for r in last.values()] == [None, "preflight", "actual"]
    assert [r["followed"] for r in last.values()][1] == "followed"


async def test_several_clients(confdir):
    """A request is never paired with another client's preflight."""
    async with Server({"/me": PREFLIGHTED}) as api, Proxy(confdir) as proxy:
        await proxy.send("OPTIONS", api.url("/me"), asking(), client="127.0.0.1")
        await proxy.send("OPTIONS", api.url("/me"), asking(), client="127.0.0.2")
        await proxy.send("PUT", api.url("/me"), [ORIGIN], client="127.0.0.2")
        first, second, actual = proxy.latest().values()
    assert second.id == actual.observation.preflight.id
    assert first.observation.actual is None


async def test_several_preflights_in_flight(confdir):
    """Preflights of one URL that ask for different things are told apart, in whatever order they are answered."""
    both = {"PUT": asyncio.Event(), "DELETE": asyncio.Event()}

    async def api_handler(request: web.Request) -> web.StreamResponse:
        if request.method != "OPTIONS":
            return answer(200, [GRANT])
        asked = request.headers["Access-Control-Request-Method"]
        both[asked].set()
        await both["DELETE" if asked == "PUT" else "PUT"].wait()
        return answer(204, granting(methods=asked))

    async with Server({"/me": api_handler}) as api, Proxy(confdir) as proxy:
        await asyncio.gather(*(proxy.send("OPTIONS", api.url("/me"), asking(method)) for method in both))
        await proxy.send("DELETE", api.url("/me"), [ORIGIN])
        await proxy.send("PUT", api.url("/me"), [ORIGIN])
        latest = list(proxy.latest().values())
    asked = {i.id: i.observation.need.method for i in latest if i.observation.role is Role.PREFLIGHT}
    pairs = {
        i.observation.exchange.request.method: asked[i.observation.preflight.id] for i in latest if i.observation.preflight
    }
    assert pairs == {"DELETE": "DELETE", "PUT": "PUT"}


async def test_preflight_that_was_never_followed(confdir):
    """It is told once its time is over, by the clock, without further traffic."""
    now = [0.0]
    async with Server({"/me": PREFLIGHTED}) as api, Proxy(confdir, clock=lambda: now[0]) as proxy:
        await proxy.send("OPTIONS", api.url("/me"), asking())
        (preflight,) = proxy.latest().values()
        now[0] = preflight.observation.exchange.request.time + 1
        proxy.addon.on_tick()
        assert proxy.latest()[preflight.id].observation.followed is Followed.PENDING
        now[0] += 60
        proxy.addon.on_tick()
        assert proxy.latest()[preflight.id].observation.followed is Followed.NEVER
        assert "request never came" in proxy.keeper.flows[0].comment


async def test_redirect_hops_are_linked(confdir):
    """A same-origin request that is redirected to another origin is the first hop of a chain."""
    async with Server({"/data": fixed(200, [GRANT])}) as api:
        page = Server({"/go": fixed(302, [("Location", api.url("/data"))])})
        async with page, Proxy(confdir) as proxy:
            same = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin")]
            await proxy.send("GET", page.url("/go"), same)
            await proxy.send("GET", api.url("/data"), [("Origin", page.origin)])
            first, second = proxy.latest().values()
    assert first.id == second.observation.redirected_from.id


async def test_http2(confdir):
    """Preflight and request over HTTP/2, several at once, are paired; the :authority is the host."""
    async with (
        Server({"/a": PREFLIGHTED, "/b": PREFLIGHTED}, tls=tls_context()) as api,
        Proxy(confdir, connection_strategy="lazy") as proxy,
    ):
        lines = [(name.lower(), value) for name, value in asking()]
        origin = [("origin", PAGE)]
        await proxy.send_http2("localhost", api.port, [("OPTIONS", path, lines) for path in ("/a", "/b")])
        answers = await proxy.send_http2("localhost", api.port, [("PUT", path, origin) for path in ("/b", "/a")])
        latest = list(proxy.latest().values())
    assert [got.status for got in answers] == [200, 200]
    assert {f"https://localhost:{api.port}/{path}" for path in "ab"} == {i.observation.exchange.request.url for i in latest}
    assert {"HTTP/2.0"} == {i.observation.exchange.request.http_version for i in latest}
    by_id = {i.id: i.observation.exchange.request.url for i in latest}
    pairs = {by_id[i.id]: by_id[i.observation.preflight.id] for i in latest if i.observation.preflight}
    assert len(pairs) == 2
    assert all(url == other for url, other in pairs.items())


async def test_method_case_survives(confdir):
    """`patch` is not `PATCH`: what the wire said reaches the verdict."""
    handler = by_method(OPTIONS=fixed(204, granting(methods="PATCH")))
    async with Server({"/me": handler}) as api, Proxy(confdir) as proxy:
        await proxy.send("OPTIONS", api.url("/me"), asking("patch"))
        (preflight,) = proxy.latest().values()
    assert preflight.verdicts[Engine.CHROMIUM].reason == "preflight-method-not-allowed"


async def streaming(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: 1\n\n")
    await asyncio.Event().wait()
    raise AssertionError


async def test_server_sent_events(confdir):
    """A stream without an end is judged, marked and printed as soon as its head is there, and nothing is buffered for us."""
    async with Server({"/events": streaming}) as api, Proxy(confdir, stream_large_bodies="1") as proxy:
        got, reader, writer = await proxy.stream(api.url("/events"), [ORIGIN])
        assert b"data: 1" in await reader.readuntil(b"\n\n")
        await proxy.until(lambda: proxy.inspections)
        assert "BLOCKED" in proxy.out.getvalue()
        assert proxy.keeper.flows[0].marked == ":heavy_multiplication_x:"
        writer.close()
    assert got.status == 200


async def test_streamed_body(confdir):
    """A response that mitmproxy streams is judged like any other."""
    async with Server({"/big": fixed(200, [], b"x" * 100_000)}) as api, Proxy(confdir, stream_large_bodies="10k") as proxy:
        got = await proxy.send("GET", api.url("/big"), [ORIGIN])
    assert len(got.body) == 100_000
    assert proxy.keeper.flows[0].response.raw_content is None
    assert next(iter(proxy.latest().values())).verdict.reason == "acao-missing"


async def test_modify_headers_beside_it(confdir):
    """The verdict is on what the browser got: a header that another addon added after us counts."""
    rule = f"|~s|Access-Control-Allow-Origin|{PAGE}"
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, modify_headers=[rule]) as proxy:
        got = await proxy.send("GET", api.url("/me"), [ORIGIN])
    assert got.get("access-control-allow-origin") == PAGE
    assert not proxy.inspections[-1].verdict.blocked
    assert proxy.keeper.flows[0].marked == ""
    assert "BLOCKED" not in proxy.out.getvalue()


async def test_modify_headers_that_breaks(confdir):
    """A header that another addon took away counts, too, also for a stream that is printed before its end."""
    handlers = {"/e": fixed(200, [GRANT, ("Content-Type", "text/event-stream")])}
    rule = "|~s|Access-Control-Allow-Origin|"
    async with Server(handlers) as api, Proxy(confdir, modify_headers=[rule]) as proxy:
        await proxy.send("GET", api.url("/e"), [ORIGIN])
    assert proxy.inspections[-1].verdict.reason == "acao-missing"
    assert proxy.inspections[-1].observation.exchange.edited_by == (f"modify_headers {rule}",)
    assert proxy.out.getvalue().count("BLOCKED") == 1
    assert f"Changed in the proxy, after corslens, by modify_headers {rule}" in proxy.out.getvalue()


async def test_map_local(confdir, tmp_path):
    """What mitmproxy answers from a file is judged: it is what the browser gets."""
    file = tmp_path / "me.json"
    file.write_text("{}")
    async with Proxy(confdir, map_local=[f"|api.test|{file}"]) as proxy:
        got = await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert got.status == 200
    assert proxy.inspections[-1].verdict.reason == "acao-missing"


async def test_map_remote(confdir):
    """The request keeps the URL that the browser asked for, wherever it is sent."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, map_remote=[f"|http://api.test/|{api.origin}/"]) as proxy:
        await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert len(api.seen) == 1
    assert proxy.inspections[-1].observation.exchange.request.url == "http://api.test/me"


async def test_server_replay(confdir, tmp_path):
    """A replayed answer is judged."""
    saved = tmp_path / "flows"
    async with Server({"/me": fixed(200)}) as api:
        async with Proxy(confdir, save_stream_file=str(saved)) as proxy:
            await proxy.send("GET", api.url("/me"), [ORIGIN])
        url = api.url("/me")
    async with Proxy(confdir, server_replay=[str(saved)], keepserving=True) as proxy:
        got = await proxy.send("GET", url, [ORIGIN])
    assert got.status == 200
    assert proxy.inspections[-1].verdict.reason == "acao-missing"


async def test_client_replay(confdir):
    """A replay is the same flow but another exchange: the old marks go, and new ones come."""
    responses = iter([answer(200), answer(200, [GRANT])])

    async def handler(request: web.Request) -> web.StreamResponse:
        return next(responses)

    async with Server({"/me": handler}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/me"), [ORIGIN])
        (flow,) = proxy.keeper.flows
        assert flow.marked == ":heavy_multiplication_x:"
        proxy.master.commands.call("replay.client", [flow])
        await proxy.until(lambda: len(proxy.latest()) == 2)
    first, second = proxy.latest().values()
    assert (first.verdict.blocked, second.verdict.blocked) == (True, False)
    assert flow.marked == ""
    assert f"{flow.id}.1" == second.id == flow.metadata["corslens"]["id"]


async def test_loaded_flows_are_inspected_and_never_changed(confdir, tmp_path):
    """Reading a file never rewrites evidence, whatever patching is set to."""
    saved = tmp_path / "flows"
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, save_stream_file=str(saved)) as proxy:
        await proxy.send("GET", api.url("/me"), [("Origin", "http://localhost:3000")])
    async with Proxy(confdir, cors_patch="~all") as proxy:
        with saved.open("rb") as file:
            await proxy.master.addons.get("readfilestdin").load_flows(file)
        (flow,) = proxy.keeper.flows
    assert "x-corslens-patched" not in flow.response.headers
    assert proxy.inspections[-1].verdict.reason == "acao-missing"


@pytest.mark.parametrize("how", ["refused", "reset", "name", "tls", "half"])
async def test_no_answer(confdir, how):
    """The browser gets mitmproxy's own 502 without CORS headers; what really happened is said."""

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "10", "Access-Control-Allow-Origin": PAGE})
        await response.prepare(request)
        await response.write(b"12345")
        request.transport.close()
        return response

    handlers = {"/reset": hang_up, "/half": half}
    api, secure = Server(handlers), Server(handlers, tls=tls_context())
    async with api, secure, Proxy(confdir, ssl_insecure=False, connection_strategy="lazy") as proxy:
        if how == "tls":
            (got,) = await proxy.send_http2("localhost", secure.port, [("GET", "/", [("origin", PAGE)])])
        else:
            url = {
                "refused": "http://127.0.0.1:1/x",
                "name": "http://no-such-host.invalid/x",
                "reset": api.url("/reset"),
                "half": api.url("/half"),
            }[how]
            got = await proxy.send("GET", url, [ORIGIN])
    inspection = proxy.inspections[-1]
    exchange = inspection.observation.exchange
    assert got.status == 502
    assert exchange.got_proxy_error_page
    assert exchange.error
    assert exchange.response is None
    assert inspection.verdict.blocked
    assert plain_words(exchange.error) in proxy.out.getvalue()
    assert "no response" in proxy.keeper.flows[0].comment


async def test_no_tunnel(confdir, caplog):
    """Over https an unreachable server is no flow at all; it is told once in the log what really happened."""
    async with Proxy(confdir) as proxy:
        for _ in range(2):
            got = await proxy.send("CONNECT", "127.0.0.1:1")
            assert got.status == 502
    (told,) = [record.getMessage() for record in caplog.records if "no connection to 127.0.0.1:1" in record.getMessage()]
    assert "Connect call failed" in told
    assert "only a symptom" in told


async def test_client_that_leaves(confdir):
    """A browser that gave up got nothing, not even an error page."""
    arrived = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with Server({"/me": never}) as api, Proxy(confdir) as proxy:
        task = asyncio.create_task(proxy.send("GET", api.url("/me"), [ORIGIN]))
        await arrived.wait()
        task.cancel()
        await proxy.until(lambda: proxy.inspections)
        (kept,) = proxy.keeper.flows
    exchange = proxy.inspections[-1].observation.exchange
    assert proxy.inspections[-1].verdict.outcome is Outcome.ABORTED
    assert (kept.marked, kept.comment) == ("", "aborted (CORS simple request), no response (Client disconnected.)")
    assert "BLOCKED" not in proxy.out.getvalue()
    assert not exchange.got_proxy_error_page
    assert exchange.error == "Client disconnected."


async def test_client_that_leaves_a_buffered_stream(confdir):
    """A page closes an event stream that mitmproxy buffers: the verdict stays the one on the server's head."""
    async with Server({"/events": streaming}) as api, Proxy(confdir) as proxy:
        task = asyncio.create_task(proxy.send("GET", api.url("/events"), [ORIGIN]))
        await proxy.until(lambda: proxy.inspections)
        task.cancel()
        await proxy.until(lambda: proxy.inspections and proxy.inspections[-1].observation.exchange.error)
        assert proxy.keeper.flows[0].marked == ":heavy_multiplication_x:"
    inspection = proxy.inspections[-1]
    assert (inspection.verdict.reason, inspection.observation.exchange.error) == ("acao-missing", "Client disconnected.")
    assert "acao-missing" in proxy.out.getvalue()


async def test_websocket_is_not_subject_to_cors(confdir):
    """Its Origin header is nothing that the CORS check looks at."""

    async def socket(request: web.Request) -> web.StreamResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        await response.close()
        return response

    lines = [ORIGIN, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    async with Server({"/ws": socket}) as api, Proxy(confdir) as proxy:
        got, _, writer = await proxy.stream(api.url("/ws"), [*lines, ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])
        writer.close()
    assert got.status == 101
    assert all(not i.verdict.blocked for i in proxy.inspections)


async def test_a_fault_of_ours_never_breaks_traffic(confdir, caplog):
    """The response passes as it is, and the fault is logged once, with the URL, without the secrets in it."""
    async with Server({"/me": fixed(200, [], b"hi")}) as api, Proxy(confdir, cors_patch="~all") as proxy:

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("secret \x1b[31m")

        proxy.addon.session.inspector.complete = broken
        for _ in range(3):
            got = await proxy.send("GET", api.url("/me?token=hush"), [ORIGIN])
            assert (got.status, got.body) == (200, b"hi")
    told = [
        record.getMessage() for record in caplog.records if "Internal error in corslens while handling" in record.getMessage()
    ]
    assert len(told) == 1
    assert api.url("/me?token=*") in told[0]
    assert "secret" not in told[0]
    assert "RuntimeError" in told[0]


async def test_hostile_bytes_reach_no_terminal(confdir):
    """Control characters from the wire are spelled out wherever people read them."""
    evil = "http://a\x1b[31m\x07.test"
    async with Server({"/me": fixed(200, [("Access-Control-Allow-Origin", "x\x9b31m")])}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/me"), [("Origin", evil)])
    text = proxy.out.getvalue() + proxy.keeper.flows[0].comment
    assert "from http://*" in text
    assert not {"\x1b", "\x07", "\x9b"} & set(text)


async def test_bytes_that_are_no_text(confdir):
    """Non-UTF-8 bytes and a header of a megabyte are judged, not choked on."""
    async with Proxy(confdir, _Answering(b"\xff\xfe" * 3, b"x" * 1_000_000)) as proxy:
        got = await proxy.send("GET", "http://api.test/me", [ORIGIN])
    assert got.status == 200
    inspection = proxy.inspections[-1]
    assert inspection.verdict.reason == "acao-invalid" or inspection.verdict.blocked
    assert max(map(len, proxy.out.getvalue().splitlines())) < 2_000_000


class _Answering:
    """Answers every request with these header values."""

    name = "answering"

    def __init__(self, allow_origin: bytes, other: bytes) -> None:
        self._fields = [(b"access-control-allow-origin", allow_origin), (b"x-long", other)]

    def request(self, flow: http.HTTPFlow) -> None:
        flow.response = http.Response.make(200, b"", http.Headers(self._fields))


async def test_scope(confdir):
    """A flow outside of cors_scope is not looked at, nor patched."""
    api = Server({"/in": fixed(200), "/out": fixed(200)})
    async with api, Proxy(confdir, cors_scope="~u /in", cors_patch="~all") as proxy:
        for path in ("/in", "/out"):
            got = await proxy.send("GET", api.url(path), [("Origin", "http://localhost:1")])
            assert (path == "/in") is (got.get("x-corslens-patched") is not None)
    assert [api.url("/in")] == [i.observation.exchange.request.url for i in proxy.latest().values()]


def head_of(made):
    assert made.response is not None
    return FlowResponseHead.of(made.response)


def session(**given):
    return Session(Inspector(rules=RuleSet({})), PatchMode(lambda: 0.0), lambda inspection, *, final: None, **given)


def test_flows_are_not_held():
    """What mitmdump lets go, we let go."""
    watching = session()
    made = make.answered(make.flow())
    watching.request_head(made, FlowRequestHead.of(made))
    watching.response_head(made, head_of(made))
    watching.response_done(made)
    id, alive = made.id, weakref.ref(made)
    assert watching.flow(id) is made
    del made
    gc.collect()
    assert alive() is None
    assert watching.flow(id) is None
    assert watching.get(id) is not None


def test_flows_that_never_end_are_bounded(monkeypatch):
    """A hook that never comes costs no memory for ever, and a late one does no harm."""
    monkeypatch.setattr("corslens.mitm.in_flight.IN_FLIGHT", 10)
    watching = session()
    begun = [make.flow() for _ in range(30)]
    for each in begun:
        watching.request_head(each, FlowRequestHead.of(each))
    assert len(watching._in_flight) == 10
    for each in begun:
        watching.response_done(each)
        watching.failed(each)
    assert not watching._in_flight


def test_excluded_hosts_are_not_looked_at():
    """Pages that the proxy serves itself are neither inspected nor patched."""
    watching = session(everything=True, excluded=frozenset({"mitm.it"}))
    made = make.answered(make.flow(host="mitm.it"))
    watching.request_head(made, FlowRequestHead.of(made))
    assert not watching.response_head(made, head_of(made))
    watching.response_done(made)
    assert (watching.recent(), made.metadata) == ([], {})


def test_connect_is_no_exchange():
    """A file may hold the tunnel's own flow."""
    watching = session(everything=True)
    made = make.answered(make.flow("CONNECT"))
    watching.request_head(made, FlowRequestHead.of(made))
    watching.response_head(made, head_of(made))
    assert watching.recent() == []


def test_every_id_once():
    """Hooks that come again, as when a script is run on old flows, make no second exchange."""
    watching = session()
    made = make.answered(make.flow())
    for _ in range(2):
        watching.request_head(made, FlowRequestHead.of(made))
        watching.response_head(made, head_of(made))
        watching.response_done(made)
    assert [inspection.id for inspection in watching.recent()] == [made.id]


class Updates:
    """Hears of changed flows, as mitmweb's page does."""

    name = "updates"

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def update(self, flows: list[http.HTTPFlow]) -> None:
        self.heard += [(flow.request.method, flow.comment) for flow in flows]


async def test_an_older_flow_that_changes_is_announced(confdir):
    """mitmweb learns that the preflight has found its request; nobody reloads a list for that."""
    updates = Updates()
    api = Server({"/me": by_method(OPTIONS=fixed(204, granting()), PUT=fixed(200, [GRANT]))})
    async with api, Proxy(confdir, View(), updates) as proxy:
        await proxy.send("OPTIONS", api.url("/me"), asking())
        before = len(updates.heard)
        await proxy.send("PUT", api.url("/me"), [ORIGIN])
        (preflight, _) = proxy.keeper.flows
    assert "OPTIONS" in [method for method, _ in updates.heard[before:]]
    assert preflight.metadata["corslens"]["pair"]


async def test_the_end_comes_before_a_response_does(confdir, tmp_path):
    """What was judged while its body was on the way has its record when the proxy ends."""
    log = tmp_path / "x.jsonl"
    async with Server({"/events": streaming}) as api, Proxy(confdir, cors_log=str(log), stream_large_bodies="1") as proxy:
        answer, _, writer = await proxy.stream(api.url("/events"), [ORIGIN])
        assert answer.status == 200
        await proxy.stop()
        writer.close()
    (record,) = map(json.loads, log.read_text().splitlines())
    assert (record["url"], record["verdicts"]["chromium"]["outcome"]) == (api.url("/events"), "blocked")


async def test_the_end_comes_before_an_answer_does(confdir, tmp_path):
    """What was only asked has its record, too, and is no problem of the server's."""
    log = tmp_path / "x.jsonl"
    go = asyncio.Event()

    async def slow(request):
        await go.wait()
        return web.Response(text="x")

    async with Server({"/slow": slow}) as api, Proxy(confdir, cors_log=str(log)) as proxy:
        waiting = asyncio.create_task(proxy.send("GET", api.url("/slow"), [ORIGIN]))
        while not proxy.keeper.flows:
            await asyncio.sleep(0)
        await proxy.stop()
        go.set()
        await asyncio.gather(waiting, return_exceptions=True)
    (record,) = map(json.loads, log.read_text().splitlines())
    assert (record["url"], record["status"], record["verdicts"]["chromium"]["outcome"]) == (api.url("/slow"), None, "aborted")
    assert [finding["rule"] for finding in record["findings"]] == ["request-cancelled"]


async def test_another_history_keeps_what_is_under_way(confdir, tmp_path):
    """A response to a request of before has its record, and a preflight that nobody followed, too."""
    log = tmp_path / "x.jsonl"
    go = asyncio.Event()

    async def slow(request):
        await go.wait()
        return web.Response(text="x")

    async with Server({"/me": PREFLIGHTED, "/slow": slow}) as api, Proxy(confdir, cors_log=str(log)) as proxy:
        await proxy.send("OPTIONS", api.url("/me"), asking())
        waiting = asyncio.create_task(proxy.send("GET", api.url("/slow"), [ORIGIN]))
        while len(proxy.keeper.flows) < 2:
            await asyncio.sleep(0)
        proxy.master.options.update(cors_history=5)
        go.set()
        assert (await waiting).status == 200
        await proxy.until(lambda: len(proxy.latest()) == 2)
    newest = {record["url"]: record for record in map(json.loads, log.read_text().splitlines())}
    assert newest[api.url("/me")]["followed"] == "unknown"
    assert newest[api.url("/slow")]["verdicts"]["chromium"]["reason"] == "acao-missing"


async def test_a_fault_of_another_output_costs_no_record(confdir, tmp_path, caplog):
    """A terminal that went away, say; it is told once."""
    log = tmp_path / "x.jsonl"
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, cors_log=str(log)) as proxy:
        proxy.out.close()
        for number in range(3):
            assert (await proxy.send("GET", api.url(f"/me?{number}"), [ORIGIN])).status == 200
    assert len(log.read_text().splitlines()) == 3
    assert (
        len(
            [
                record
                for record in caplog.records
                if record.getMessage().startswith("Internal error in corslens while handling ")
            ]
        )
        == 1
    )


async def test_what_a_long_session_forgot_is_said_at_its_end(confdir):
    """In one line, and on the page."""
    async with Server({"/me": fixed(200)}) as api, Proxy(confdir, cors_history=2) as proxy:
        for number in range(5):
            await proxy.send("GET", api.url(f"/me?{number}"), [ORIGIN])
        await proxy.until(lambda: len(proxy.latest()) == 5)
        assert proxy.addon.dropped()["exchanges"] == 3
    (line,) = [line for line in proxy.out.getvalue().splitlines() if line.startswith("Dropped to stay within limits")]
    assert "3 exchanges" in line


async def test_values_are_shown_when_the_user_wants_them_and_not_before(confdir, caplog):
    """One option for the terminal, the log and the page; it says so, and the flow's comment stays without them."""
    async with Server({"/reset/a1b2c3": fixed(200)}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/reset/a1b2c3"), [ORIGIN])
        assert proxy.latest()
        assert "/reset/*" in proxy.out.getvalue() and "a1b2c3" not in proxy.out.getvalue()
        proxy.master.options.update(cors_show_values=True)
        await proxy.send("GET", api.url("/reset/a1b2c3?x=y"), [("Origin", "http://localhost:3001")])
        assert proxy.latest()
        assert "/reset/a1b2c3?x=y" in proxy.out.getvalue()
        assert any("cors_show_values: Values are shown" in record.getMessage() for record in caplog.records)
        assert all("a1b2c3" not in flow.comment for flow in proxy.keeper.flows)
        proxy.master.options.update(cors_show_values=False)
    assert redact_url(api.url("/reset/a1b2c3")) == api.url("/reset/*")
