"""Attacks on patch mode in real browsers: no page reads an API on what the proxy supposes, and the user's own pages still do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.browser.conftest import need
from tests.browser.kit.chromium import Chromium, find_chromium
from tests.browser.kit.firefox import Firefox, find_firefox
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.servers import Server, answer, fixed

pytestmark = pytest.mark.browser

HTML = {"Content-Type": "text/html"}
SECRET = "the user's own data"
ROUNDS = 4

FRAME = """
(async () => {
  const got = [];
  for (let time = 0; time < 40; time++) {
    got.push(await fetch("http://api.example/me", {credentials: "include"}).then(answer => answer.text(), () => ""));
  }
  parent.postMessage(got.filter(text => text), "*");
})();
"""
EVIL = f"""<!doctype html><script>
addEventListener("message", event => parent.postMessage(event.data, "*"));
</script><iframe sandbox="allow-scripts" srcdoc='<script>{FRAME}</script>'></iframe>"""
ROUND = """(async () => {
  const frame = document.createElement("iframe");
  const read = [];
  let stolen = null;
  addEventListener("message", event => { stolen = event.data; }, { once: true });
  frame.src = "http://evil.example/";
  document.body.append(frame);
  while (stolen === null) {
    read.push(await fetch("http://evil.example/go", { credentials: "include" }).then(answer => answer.text(), () => "blocked"));
  }
  frame.remove();
  return [stolen, read];
})()"""
"""A page requests what redirects to the API again and again, until the attacker's frame is through."""
READ = "(url, given) => fetch(url, given).then(answer => answer.text(), () => 'blocked')"
BROWSERS = ("chromium", "firefox")


@asynccontextmanager
async def tab(name: str, mitm: Mitm, shared: Chromium | None = None) -> AsyncIterator[Page | Firefox]:
    """A tab of this browser behind a proxy; a Firefox has one."""
    if name == "firefox":
        need("Firefox", find_firefox())
        async with Firefox(proxy=mitm.address) as firefox:
            yield firefox
    elif shared is not None:
        async with shared.behind(mitm.address) as tabs:
            yield await tabs.page()
    else:
        need("Chromium", find_chromium())
        async with Chromium(proxy=mitm.address, flags=["--host-resolver-rules="]) as chromium:
            yield await chromium.page()


@pytest.mark.parametrize("name", BROWSERS)
async def test_a_frame_that_looks_like_the_next_hop_reads_nothing(name: str, shared: Chromium) -> None:
    """A page of this machine is redirected by an attacker's server to the API while the attacker's frame requests that, too.

    On 2991aa5 the frame read the API with the user's cookies in 4 rounds of 4; the page's own requests still go through.
    """
    requested = set()

    async def tell(request: web.Request) -> web.StreamResponse:
        requested.add(request.raw_path)
        return answer(200, {"Content-Type": "text/plain"}, SECRET)

    async with (
        Server({"/": fixed(200, HTML, "<!doctype html>")}, host="localhost") as own,
        Server({"/": fixed(200, HTML, EVIL), "/go": fixed(302, {"Location": "http://api.example/me"})}) as evil,
        Server(default=tell) as api,
        Mitm(
            options={"cors_patch": "~all", "cors_show": "none"},
            routes={"evil.example": (evil.port, 0), "api.example": (api.port, 0)},
        ) as mitm,
        tab(name, mitm, shared) as page,
    ):
        await page.goto(own.url("/"))
        stolen, read = [], []
        for _ in range(ROUNDS):
            taken, got = await page.evaluate(ROUND)
            stolen.append(taken)
            read += got
    assert stolen == [[]] * ROUNDS
    assert set(read) == {SECRET}
    assert requested == {"/me"}
    assert not any("corslens" in value for seen in api.seen for _, value in seen.headers)


@pytest.mark.parametrize("name", BROWSERS)
async def test_own_redirects_across_origins_are_still_patched(name: str, shared: Chromium) -> None:
    """From one API to another, with and without a preflight, and twice in a row; no server sees what proves it.

    On 2991aa5 the second time failed, because the first one was no longer there to be supposed.
    """

    requested = set()

    async def end(request: web.Request) -> web.StreamResponse:
        requested.add(request.raw_path)
        return answer(200, {"Content-Type": "text/plain"}, request.method)

    async def on(request: web.Request) -> web.StreamResponse:
        requested.add(request.raw_path)
        return answer(308, {"Location": "http://three.example/end?b=2"})

    async with (
        Server({"/": fixed(200, HTML, "<!doctype html>")}, host="localhost") as own,
        Server({"/go": fixed(307, {"Location": "http://two.example/on?a=1#part"})}) as one,
        Server(default=on) as two,
        Server(default=end) as three,
        Mitm(
            options={"cors_patch": "~all", "cors_show": "none"},
            routes={"one.example": (one.port, 0), "two.example": (two.port, 0), "three.example": (three.port, 0)},
        ) as mitm,
        tab(name, mitm, shared) as page,
    ):
        await page.goto(own.url("/"))
        plain = [await page.evaluate(f"({READ})('http://one.example/go', {{credentials: 'include'}})") for _ in range(2)]
        asked = await page.evaluate(f"({READ})('http://one.example/go', {{method: 'PUT', body: 'x'}})")
    assert plain == ["GET", "GET"]
    assert asked == "PUT"
    assert requested == {"/on?a=1", "/end?b=2"}


@pytest.mark.parametrize("name", BROWSERS)
async def test_a_name_of_this_machine_lets_no_stranger_read(name: str, other_address: str) -> None:
    """A page that another machine serves under such a name reads nothing; one that this machine serves does.

    On 2991aa5 the name was enough.
    """
    body = fixed(200, HTML, "<!doctype html>")
    names = ("evil.test", "a.b.test", "evil.localhost")
    texts = {}
    async with (
        Server({"/": body}, listen=other_address) as far,
        Server({"/": body}) as near,
        Server({"/me": fixed(200, {"Content-Type": "text/plain"}, SECRET)}) as api,
        Mitm(
            options={"cors_patch": "~d api.example", "cors_show": "none"},
            routes={
                **dict.fromkeys(names, (far.port, 0, other_address)),
                **{f"own.{host}": (near.port, 0) for host in names},
                "api.example": (api.port, 0),
            },
        ) as mitm,
        tab(name, mitm) as page,
    ):
        for host in (*names, *(f"own.{host}" for host in names)):
            await page.goto(f"http://{host}/")
            texts[host] = await page.evaluate(f"({READ})('http://api.example/me', {{credentials: 'include'}})")
    assert texts == {**dict.fromkeys(names, "blocked"), **{f"own.{host}": SECRET for host in names}}
