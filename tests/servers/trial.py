"""A trial: a server without settings, the settings that corslens writes from what it saw then, and the server with them."""

import asyncio
import http.client
import json
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web
from corslens.advice import Advice, advise
from corslens.analysis import AnalysisSettings, collect
from corslens.asking.asker import Asker
from corslens.asking.checks import Checks, Expectation
from corslens.asking.client import Client
from corslens.asking.hosts import NamedHosts
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.sending import PageFetch
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.testing.assertions import Cors
from msgspec import Struct, structs

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.page import Page
from tests.browser.kit.servers import answer, hang_up
from tests.deadline import DEADLINE_SECONDS
from tests.servers.drivers.driver import Driver

type Answers = dict[str, dict[str, object]]
"""Of each wish: `{"status": …, "etag": …, "total": …}`, or `{"blocked": true}`."""

STATUSES = {"read": 200, "write": 200, "token": 200, "stranger": 401, "missing": 404, "boom": 500, "down": 502}

WISHES = """(async () => {
  const api = %s;
  const ask = async (path, init = {}) => {
    try {
      const response = await fetch(api + path, { credentials: "include", ...init });
      return { status: response.status, etag: response.headers.get("etag"), total: response.headers.get("x-total-count") };
    } catch (error) {
      return { blocked: true };
    }
  };
  const answers = {
    read: await ask("/items"),
    write: await ask("/items", {
      method: "PUT", body: "{}", headers: { "Content-Type": "application/json", "X-Client-Version": "1" },
    }),
    token: await ask("/items", { headers: { Authorization: "Bearer of-a-test" } }),
    stranger: await ask("/items", { credentials: "omit" }),
    missing: await ask("/missing"),
    boom: await ask("/boom"),
  };
  if (%s) answers.down = await ask("/down");
  return answers;
})()"""

ASSERTED: dict[str, tuple[str, str, dict[str, str], bool]] = {
    "read": ("GET", "/items", {}, True),
    "write": ("PUT", "/items", {"Content-Type": "application/json", "X-Client-Version": "1"}, True),
    "token": ("GET", "/items", {"Authorization": "Bearer of-a-test"}, True),
    "stranger": ("GET", "/items", {}, False),
    "missing": ("GET", "/missing", {}, True),
    "boom": ("GET", "/boom", {}, True),
    "down": ("GET", "/down", {}, True),
}
"""The same wishes: method, path, headers, credentials."""

SANDBOXED = """(async () => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  const answer = new Promise((resolve) => addEventListener("message", (event) => resolve(event.data), { once: true }));
  frame.srcdoc = "<script>" + %s + ".then((answers) => parent.postMessage(answers, '*'))</" + "script>";
  document.body.append(frame);
  return await answer;
})()"""


class World(Struct, frozen=True, kw_only=True):
    """What all trials share."""

    chromium: Chromium
    folder: Path
    flows: Path
    """Grows with every flow through the proxy."""
    ports: dict[str, int]
    upstream: int


class Raw(Struct, frozen=True, kw_only=True):
    """An answer to a request made without a browser and without the proxy."""

    path: str
    origin: str | None
    preflight: bool
    status: int
    allow_origin: tuple[str, ...]
    vary: frozenset[str]


class Trial(Struct, frozen=True, kw_only=True):
    """What was seen of one server."""

    driver: Driver
    before: Answers
    advice: Advice
    after: Answers
    from_foreign_site: Answers
    from_sandbox: Answers
    raw: tuple[Raw, ...]
    inspections: tuple[Inspection, ...]
    """Of what the user's own page asked when the settings were in place."""
    asserted: dict[str, dict[str, bool]]
    """Whether `cors.allows` passes for each wish: before, after, and from another site."""
    checked: Checks
    """What `corslens check --as-stranger` found then."""


async def upstream_app(request: web.BaseRequest) -> web.StreamResponse:
    """The application behind a reverse proxy: it has a CORS opinion of its own, which must not get through."""
    own = {"Access-Control-Allow-Origin": "http://old.example", "Vary": "Accept"}
    if request.path == "/down":
        return await hang_up(request)  # type: ignore[arg-type]  # it needs no more than the base class has
    if not (request.headers.get("Authorization") or request.headers.get("Cookie")):
        return answer(401, own)
    if request.path == "/items":
        return answer(200, {**own, "Content-Type": "application/json", "ETag": '"v1"', "X-Total-Count": "2"}, "[]")
    return answer(500 if request.path == "/boom" else 404, own)


async def hold_trial(world: World, driver: Driver) -> Trial:
    """Ask a server without settings, write its settings from that, and ask it again with them."""
    port = world.ports[driver.name]
    app, api = f"http://app.{driver.name}.test", f"http://api.{driver.name}.test"
    wishes = WISHES % (json.dumps(api), json.dumps(driver.is_proxy))
    own_page = f"{app}/"

    start = world.flows.stat().st_size if world.flows.exists() else 0
    async with driver.running(world.folder / f"{driver.name}-bare", port, world.upstream, None):
        before = await _ask(world.chromium, own_page, wishes, cookie_for=api)
        asserted = {"before": await asyncio.to_thread(_assert, port, app, [*before])}
    seen = _inspect(world.flows, start)
    advice = advise(seen, driver.name, [app])

    async with driver.running(world.folder / f"{driver.name}-set", port, world.upstream, advice):
        start = world.flows.stat().st_size
        after = await _ask(world.chromium, own_page, wishes, cookie_for=api)
        inspections = _inspect(world.flows, start)
        foreign = await _ask(world.chromium, "http://www.evil.test/", wishes, cookie_for=api)
        sandbox = await _ask(world.chromium, own_page, SANDBOXED % json.dumps(wishes), cookie_for=api)
        raw = [await _raw(port, path, origin) for origin in (app, None, *_strangers(driver.name)) for path in _paths(driver)]
        asserted["after"] = await asyncio.to_thread(_assert, port, app, [*after])
        asserted["foreign"] = await asyncio.to_thread(_assert, port, "http://www.evil.test", [*foreign])
        checked = await asyncio.to_thread(_check, port, app)
        raw += [await _raw(port, "/items", origin, preflight=True) for origin in _strangers(driver.name)]
    return Trial(
        driver=driver,
        before=before,
        advice=advice,
        after=after,
        from_foreign_site=foreign,
        from_sandbox=sandbox,
        raw=tuple(raw),
        inspections=inspections,
        asserted=asserted,
        checked=checked,
    )


def _assert(port: int, origin: str, wishes: Iterable[str]) -> dict[str, bool]:
    found = {}
    for wish in wishes:
        method, path, headers, credentials = ASSERTED[wish]
        try:
            Cors().allows(
                f"http://127.0.0.1:{port}", origin, method, path, headers=headers, credentials=credentials, engines=["chromium"]
            )
            found[wish] = True
        except AssertionError:
            found[wish] = False
    return found


def _check(port: int, origin: str) -> Checks:
    """Do what `corslens check --as-stranger --credentials` does, for a simple request and for one with a preflight."""
    url = f"http://127.0.0.1:{port}"
    asker = Asker(Inspector(rules=load_rules()), Client().send, NamedHosts([url]), user_agent="corslens/test", send_unsafe=True)
    headers = (("Content-Type", "application/json"), ("X-Client-Version", "1"))
    checks = Checks(asker, SessionSummary(everything=True), url)
    get = PageFetch(url=f"{url}/items", origin=origin, credentialed=True, cookie="session=of-a-test")
    put = structs.replace(get, url=f"{url}/items?put", method="PUT", headers=headers)
    checks.check_against_strangers([Expectation(fetch=get), Expectation(fetch=put)])
    return checks


def _strangers(name: str) -> tuple[str, ...]:
    """Return origins that look like the user's to a pattern that is not anchored, escaped or exact."""
    return (
        "null",
        "http://www.evil.test",
        f"http://app.{name}.test.evil.test",
        f"http://evil-app.{name}.test",
        f"http://appx{name}.test",
        f"http://app.{name}xtest",
        f"https://app.{name}.test",
        f"http://app.{name}.test:8080",
        f"http://evil.test/http://app.{name}.test",
    )


def _paths(driver: Driver) -> tuple[str, ...]:
    return ("/items", "/missing", "/boom", "/down") if driver.is_proxy else ("/items", "/missing", "/boom")


async def _ask(chromium: Chromium, page_url: str, script: str, *, cookie_for: str) -> Answers:
    """Run a script in a new tab with a context of its own, so that no cached preflight helps."""
    page: Page = await chromium.page()
    try:
        await page.send("Network.setCookie", {"name": "session", "value": "of-a-test", "url": cookie_for})
        await page.goto(page_url)
        answers: Answers = await page.evaluate(script)
        return answers
    finally:
        await page.close()


def _inspect(flows: Path, start: int) -> tuple[Inspection, ...]:
    """Return the inspections of the flows behind a place in the file, one for each exchange."""
    part = flows.with_name(f"flows-from-{start}.mitm")
    part.write_bytes(flows.read_bytes()[start:])
    newest: dict[str, Inspection] = {}

    def keep(inspection: Inspection, _: Diagnosis) -> None:
        newest[inspection.id] = inspection

    summary = SessionSummary()
    collect(str(part), "x", AnalysisSettings(rules=load_rules()), summary, [keep], every=True)
    assert [entry.damages for entry in summary.inputs] == [[]]
    return tuple(newest.values())


async def _raw(port: int, path: str, origin: str | None, *, preflight: bool = False) -> Raw:
    headers = {"Cookie": "session=of-a-test"} if not preflight else {"Access-Control-Request-Method": "PUT"}
    if origin is not None:
        headers["Origin"] = origin

    def ask() -> Raw:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
        try:
            connection.request("OPTIONS" if preflight else "GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            return Raw(
                path=path,
                origin=origin,
                preflight=preflight,
                status=response.status,
                allow_origin=tuple(response.headers.get_all("Access-Control-Allow-Origin") or ()),
                vary=_tokens(response.headers.get_all("Vary") or ()),
            )
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


def _tokens(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(token.strip().lower() for line in lines for token in line.split(","))
