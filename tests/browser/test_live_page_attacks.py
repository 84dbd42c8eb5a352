"""What a hostile network, resolver or site can do about the live page, in real browsers."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.browser.conftest import need
from tests.browser.kit.chromium import Chromium, find_chromium
from tests.browser.kit.firefox import Firefox, find_firefox
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.page import Page
from tests.browser.kit.servers import Server, fixed
from tests.browser.kit.switch import Switch
from tests.hostile.test_reach import SECRETS

pytestmark = pytest.mark.browser

DOMAIN = "corslens.test"
BROWSERS = ("chromium", "firefox")
EVERY_NAME_IS_HERE = "--host-resolver-rules=MAP * 127.0.0.1"
"""What a hostile resolver makes of every name; Firefox' preferences in the kit do the same."""
PLANTED = "document.documentElement.dataset.planted = 'yes';"
FOR_YEARS = {"Cache-Control": "public, max-age=31536000, immutable"}
SCRIPT = fixed(200, {"Content-Type": "text/javascript", **FOR_YEARS}, PLANTED)
STYLE = fixed(200, {"Content-Type": "text/css", **FOR_YEARS}, "body { display: none !important }")
TRAP = fixed(
    200,
    {"Content-Type": "text/html", **FOR_YEARS},
    "<!doctype html><title>trap</title><link rel=stylesheet href=/page.css>"
    + "".join(f"<script src=/{name}></script>" for name in ("dom.js", "live.js", "page.js")),
)
TAKE = """(async () => {
  const got = [];
  for (const path of ["/", "/page.js", "/api/changes?since=0", "/api/export?format=jsonl"]) {
    try {
      const answer = await fetch(path, { cache: "no-store" });
      got.push(`${answer.status} ${await answer.text()}`);
    } catch (error) {
      got.push(String(error));
    }
  }
  return got;
})()"""

type Browser = Chromium | Firefox


@pytest_asyncio.fixture(loop_scope="session")
async def hostile() -> AsyncIterator[Server]:
    """Whoever stands between: a page, and scripts and styles under the names that the live page's have, to be cached for years."""
    scripts = {f"/{name}.js": SCRIPT for name in ("dom", "live", "page")}
    async with Server({**scripts, "/page.css": STYLE}, default=TRAP) as server:
        yield server


async def launch(stack: AsyncExitStack, name: str, proxy: str | None) -> tuple[Browser, Page | Firefox]:
    """Start a browser and return it with a tab; a Firefox has one."""
    if name == "firefox":
        need("Firefox", find_firefox())
        firefox = await stack.enter_async_context(Firefox(proxy=proxy))
        return firefox, firefox
    need("Chromium", find_chromium())
    chromium = await stack.enter_async_context(Chromium(proxy=proxy, flags=() if proxy else [EVERY_NAME_IS_HERE]))
    return chromium, await chromium.page()


@pytest.mark.parametrize(
    ("name", "host"), [("chromium", DOMAIN), ("chromium", "evil.test"), ("firefox", DOMAIN), ("firefox", "evil.test")]
)
async def test_a_name_that_leads_here_later_reads_nothing(name: str, host: str, hostile: Server) -> None:
    """DNS rebinding: a browser that is behind no proxy loads a page from its attacker, for whom the proxy then is the same origin."""
    async with AsyncExitStack() as stack:
        mitm = await stack.enter_async_context(Mitm())
        await mitm.page_url()
        switch = await stack.enter_async_context(Switch(hostile.port))
        _, page = await launch(stack, name, None)
        await page.goto(f"http://{host}:{switch.port}/")
        assert await page.evaluate("document.title") == "trap"
        switch.lead_to(mitm.port)
        got = await page.evaluate(TAKE)
    assert len(got) == 4
    assert not [text for text in got if SECRETS.search(text)]
    assert not [text for text in got if text.startswith("2")]


@pytest.mark.parametrize("name", BROWSERS)
async def test_what_was_planted_before_does_not_run(name: str, hostile: Server) -> None:
    """Before the proxy ran, the network responded for the domain with scripts to be kept for years; the page has its own origin and hashes."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch(hostile.port))
        _, page = await launch(stack, name, f"127.0.0.1:{switch.port}")
        await page.goto(f"http://{DOMAIN}/")
        assert await page.evaluate("document.documentElement.dataset.planted") == "yes"
        mitm = await stack.enter_async_context(Mitm())
        url = await mitm.page_url()
        switch.lead_to(mitm.port)
        got = await page.evaluate(TAKE)  # the trap is still open
        await page.goto(url)
        seen = await page.evaluate(
            """new Promise(resolve => {
              const look = () => {
                const status = document.querySelector("#status").textContent;
                const planted = document.documentElement.dataset.planted ?? "no";
                if (status === "Live" || planted === "yes") resolve([status, planted, getComputedStyle(document.body).display !== "none"]);
                else setTimeout(look, 20);
              };
              look();
            })"""
        )
    assert seen == ["Live", "no", True]
    assert not [text for text in got if SECRETS.search(text)]


PROBE = """(async () => {
  const base = %s;
  const out = {};
  for (const mode of ["cors", "no-cors"]) {
    for (const path of ["", "page.js", "api/changes"]) {
      out[`${mode} ${path}`] = await fetch(base + path, { mode }).then(answer => `${answer.type} ${answer.status}`, error => error.name);
    }
  }
  const element = (name, path, attributes = {}) => new Promise(resolve => {
    const made = Object.assign(document.createElement(name), attributes);
    made.onload = () => resolve("load");
    made.onerror = () => resolve("error");
    if (name === "link") made.href = base + path;
    else if (name === "object") made.data = base + path;
    else made.src = base + path;
    document.body.append(made);
    setTimeout(() => resolve("neither"), 240_000);
  });
  out.script = await element("script", "page.js");
  out.img = await element("img", "icon.svg");
  out.link = await element("link", "page.css", { rel: "stylesheet" });
  out.iframe = await element("iframe", "");
  out.object = await element("object", "", { type: "text/html" });
  out.frames = document.querySelector("iframe").contentWindow.length;
  // An object's entry comes some time after its event.
  const timing = performance.getEntriesByType("resource").filter(entry => entry.name.startsWith(base) && entry.initiatorType !== "object");
  out.timing = timing.map(entry => [entry.initiatorType, entry.responseStatus, entry.transferSize, entry.nextHopProtocol].join(" ")).sort();
  return out;
})()"""


async def read_live(page: Page | Firefox, url: str) -> tuple[str, str]:
    """Open the live page; return its token and what it says of patch mode."""
    await page.goto(url)
    token, state = await page.evaluate(
        """new Promise(resolve => {
          const look = () => {
            const state = document.querySelector("#patching-state").textContent;
            if (state) resolve([document.querySelector("meta[name=corslens-token]").content, state]);
            else setTimeout(look, 20);
          };
          look();
        })"""
    )
    return token, state


COMMAND = """(async () => {
  const live = %s, headers = { "X-Corslens-Token": %s, "Content-Type": "application/json" };
  const body = JSON.stringify({ on: true, scope: "~all" });
  const out = [];
  const ask = async (path, options) => {
    out.push(await fetch(live + path, options).then(async answer => (await answer.text()) && "read", () => ""));
  };
  for (const path of ["", "page.js", "api/changes?since=0", "api/export?format=jsonl"]) {
    for (const mode of ["cors", "no-cors"]) await ask(path, { mode, credentials: "include" });
    await ask(path, { headers });
  }
  for (const method of ["POST", "PUT"]) await ask("api/patching", { method, headers, body });
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
    await ask("api/patching", { method: "POST", mode: "no-cors", body: new Blob([body], { type }) });
  }
  navigator.sendBeacon(live + "api/patching", new Blob([body], { type: "text/plain" }));
  const element = (name, path, attributes = {}) => new Promise(resolve => {
    const made = Object.assign(document.createElement(name), attributes);
    made.onload = () => {
      let inside = null;
      try { inside = made.contentDocument?.querySelector("meta[name=corslens-token]"); } catch { /* closed */ }
      resolve(name === "iframe" || name === "object" ? (inside ? "read" : "") : "read");
    };
    made.onerror = () => resolve("");
    setTimeout(() => resolve(""), 240_000);
    made[name === "link" ? "href" : name === "object" ? "data" : "src"] = live + path;
    document.body.append(made);
  });
  out.push(await element("script", "page.js"), await element("img", "icon.svg"), await element("iframe", ""), await element("object", ""));
  out.push(await element("link", "page.css", { rel: "stylesheet" }), await element("iframe", "", { sandbox: "allow-scripts" }));
  await new Promise(resolve => {
    const frame = Object.assign(document.createElement("iframe"), { name: "target", onload: resolve });
    const form = Object.assign(document.createElement("form"), { method: "post", target: "target", enctype: "text/plain" });
    const field = Object.assign(document.createElement("input"), { name: '{"on":true,"scope":"~all","x":"', value: '"}' });
    form.action = live + "api/patching";
    form.append(field);
    document.body.append(frame, form);
    form.submit();
    setTimeout(resolve, 240_000);
  });
  return out;
})()"""


@pytest.mark.parametrize("name", BROWSERS)
async def test_a_site_neither_notices_it_nor_gets_anything_of_it(name: str) -> None:
    """Fetches, elements and resource timing see of the domain what they see of a host that does not exist.

    Were address and token found out: other origins are refused whatever they send, as a script, an image, a frame, a beacon or a form.
    """
    async with AsyncExitStack() as stack:
        mitm = await stack.enter_async_context(Mitm())
        url = await mitm.page_url()
        site = await stack.enter_async_context(
            Server(default=fixed(200, {"Content-Type": "text/html"}, "<!doctype html><body>"))
        )
        _, page = await launch(stack, name, mitm.address)
        await cannot_tell(page, site, url)
        token, state = await read_live(page, url)
        assert state.startswith("Off")
        await page.goto(site.url("/"))
        got = await page.evaluate(COMMAND % (json.dumps(url), json.dumps(token)))
        assert len(got) == 23 and "read" not in got
        _, state = await read_live(page, url)
    assert state.startswith("Off")


async def cannot_tell(page: Page | Firefox, site: Server, url: str) -> None:
    """Check that a page of the site sees of the domain what it sees of a host that does not exist."""
    live = urlsplit(url)
    seen: list[Any] = []
    for host in (DOMAIN, "nobody-is-here.test", f"{'a' * 26}.{DOMAIN}"):
        await page.goto(site.url("/"))
        seen.append(await page.evaluate(PROBE % json.dumps(f"{live.scheme}://{host}/")))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]["timing"]) > 5
