"""Compare what a page gets with what we say where policies meet: several header lines, report-only ones, sandboxes, frames and workers.

    python -m tests.browser.page_policy.contexts chromium

The browser goes through a real mitmdump. Each row has a page's origin of its own. Prints the rows in which page and verdict differ; those that
the wire does not tell apart are marked in `Row.unknown`.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack

from aiohttp import web
from msgspec import Struct

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.firefox import Firefox
from tests.browser.kit.mitmdump import Mitm, Record
from tests.browser.kit.page import Page
from tests.browser.kit.servers import Server, answer

CSP, COEP = "Content-Security-Policy", "Cross-Origin-Embedder-Policy"
ALLOW = (("Access-Control-Allow-Origin", "*"),)
OWN = (("Access-Control-Allow-Origin", "{page}"),)
NULL = (("Access-Control-Allow-Origin", "null"),)
TARGET, REDIRECT = "{cdn}/target?id={n}", "{cdn}/redirect?id={n}"
LISTED = "connect-src {page} {cdn}"
SCRIPTS = "; script-src 'unsafe-inline' blob: {page}; worker-src blob: {page}"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
SECONDS = 20

type Lines = tuple[tuple[str, str], ...]


def fetched(url: str, mode: str = "cors") -> str:
    """A script that fetches a URL."""
    return f"fetch('{url}', {{mode: '{mode}'}}).then(() => 'allowed', () => 'blocked')"


def loaded(element: str, url: str) -> str:
    """A script that loads a URL by an element."""
    return f"""new Promise(done => {{
        const one = document.createElement('{element}');
        one.onload = () => done('allowed'); one.onerror = () => done('blocked'); one.src = '{url}'; document.body.append(one);
    }})"""


def framed(attributes: str) -> str:
    """A script that awaits what a frame says."""
    return f"""new Promise(done => {{
        onmessage = event => done(event.data);
        const f = document.createElement('iframe'); {attributes}; document.body.append(f);
    }})"""


def worked(source: str) -> str:
    """A script that awaits what a worker says."""
    return f"new Promise(done => {{ const w = new Worker({source}); w.onmessage = event => done(event.data); }})"


FRAME, WORKER = framed("f.src = '{page}/frame?id={n}'"), worked("'{page}/worker?id={n}'")
SANDBOXED = framed("f.sandbox = 'allow-scripts'; f.src = '{page}/frame?id={n}'")
SRCDOC = framed(
    "f.srcdoc = '<script>' + "
    + json.dumps(fetched(REDIRECT) + ".then(x => parent.postMessage(x, '*'))")
    + " + '</' + 'script>'"
)
BLOB = worked("URL.createObjectURL(new Blob([" + json.dumps(fetched(REDIRECT) + ".then(x => postMessage(x))") + "]))")


class Row(Struct, frozen=True, kw_only=True):
    """A page, what it does, and what it is sent."""

    name: str
    page: Lines = ()
    script: str = fetched(REDIRECT)
    target: Lines = ALLOW
    redirect: Lines = ALLOW
    inner: Lines = ()
    """Of the frame's document, or of the worker's script."""
    inner_script: str = fetched(REDIRECT)
    unknown: bool = False
    """Nothing in the request tells which of several documents and workers of its origin sent it."""


def _rows() -> Iterator[Row]:
    yield Row(name="report-only", page=((f"{CSP}-Report-Only", LISTED),))
    yield Row(
        name="report-only beside one that lists it",
        page=((f"{CSP}-Report-Only", "connect-src {page}"), (CSP, f"{LISTED} {{other}}")),
    )
    yield Row(name="two lines, one forbids", page=((CSP, f"{LISTED} {{other}}"), (CSP, LISTED)))
    yield Row(name="a comma, the second forbids", page=((CSP, f"img-src *, {LISTED}"),))
    yield Row(name="directive twice: the first counts", page=((CSP, f"{LISTED} {{other}}; {LISTED}"),))
    yield Row(name="no path after a redirect", page=((CSP, f"{LISTED} {{other}}/elsewhere"),))
    yield Row(name="any host and port", page=((CSP, "connect-src http://*.localhost:*"),))
    yield Row(name="hosts without a scheme", page=((CSP, "connect-src *.localhost:* cdn.localhost:* other.localhost:*"),))
    yield Row(name="upper case", page=((CSP, "CONNECT-SRC HTTP://CDN.LOCALHOST:* {page}"),))
    yield Row(name="default-src", page=((CSP, "default-src 'unsafe-inline' {page} {cdn}"),))
    yield Row(name="beside 'none'", page=((CSP, f"{LISTED}; img-src 'none'"),))
    yield Row(
        name="strict-dynamic",
        page=((CSP, "script-src 'nonce-abc' 'strict-dynamic'"),),
        script=loaded("script", f"{REDIRECT}&js"),
    )
    for value in ("credentialless", "require-corp"):
        yield Row(name=f"COEP {value}, image", page=((COEP, value),), script=loaded("img", TARGET), target=())
        yield Row(name=f"COEP {value}, no-cors", page=((COEP, value),), script=fetched(TARGET, "no-cors"), target=())
    yield Row(name="COEP report-only", page=((f"{COEP}-Report-Only", "require-corp"),), script=loaded("img", TARGET), target=())
    yield Row(name="COEP twice", page=((COEP, "require-corp"), (COEP, "require-corp")), script=loaded("img", TARGET), target=())
    opted = (("Cross-Origin-Resource-Policy", "cross-origin"),)
    yield Row(
        name="COEP, the redirect lacks CORP",
        page=((COEP, "require-corp"),),
        script=fetched(REDIRECT, "no-cors"),
        target=opted,
        redirect=(),
    )
    dip = (("Document-Isolation-Policy-Report-Only", "isolate-and-require-corp"),)
    yield Row(name="DIP report-only", page=dip, script=loaded("img", TARGET), target=())
    yield Row(name="allowlist report-only", page=(("Connection-Allowlist-Report-Only", '(response-origin "{cdn}")'),))
    allowlist = (("Connection-Allowlist", '(response-origin "{cdn}" "{other}")'),)
    yield Row(name="allowlist, image", page=allowlist, script=loaded("img", REDIRECT), target=(), redirect=())
    sandbox = ((CSP, "sandbox allow-scripts"),)
    for name, target in (("page", OWN), ("null", NULL), ("*", ALLOW)):
        yield Row(name=f"sandbox, ACAO {name}", page=sandbox, script=fetched(TARGET), target=target)
        yield Row(name=f"sandboxed frame, ACAO {name}", script=SANDBOXED, inner_script=fetched(TARGET), target=target)
    yield Row(name="sandbox, its own server", page=sandbox, script=fetched("{page}/target?id={n}"), target=())
    kept = ((CSP, "sandbox allow-scripts allow-same-origin"),)
    yield Row(name="sandbox allow-same-origin", page=kept, script=fetched(TARGET), target=OWN)
    yield Row(name="sandbox with connect-src", page=((CSP, f"sandbox allow-scripts; {LISTED}"),), unknown=True)
    strict = ((CSP, f"{LISTED}{SCRIPTS}"),)
    yield Row(name="frame without a policy in a page with one", page=strict, script=FRAME)
    yield Row(name="frame with a policy in a page without", script=FRAME, inner=strict, unknown=True)
    yield Row(name="srcdoc inherits", page=strict, script=SRCDOC)
    yield Row(name="worker without a policy in a page with one", page=strict, script=WORKER)
    yield Row(name="worker with a policy in a page without", script=WORKER, inner=((CSP, LISTED),), unknown=True)
    yield Row(name="blob worker inherits", page=strict, script=BLOB)
    coep, no_cors = ((COEP, "require-corp"),), fetched(TARGET, "no-cors")
    yield Row(name="worker and page under COEP", page=coep, script=WORKER, inner=coep, inner_script=no_cors, target=())
    yield Row(name="worker alone under COEP", script=WORKER, inner=coep, inner_script=no_cors, target=(), unknown=True)


ROWS = tuple(_rows())


class World:
    """The servers: pages, what they ask, and where that redirects."""

    def __init__(self) -> None:
        self.page, self.cdn, self.other = (
            Server(default=self._respond, host=f"{name}.localhost") for name in ("page", "cdn", "other")
        )

    def page_url(self, number: int) -> str:
        """The URL of a row's page."""
        return self._filled("{page}/page?id={n}", number)

    def _filled(self, text: str, number: int) -> str:
        origins = {
            "page": self.page.origin.replace("page.", f"page{number}."),
            "cdn": self.cdn.origin,
            "other": self.other.origin,
        }
        for name, origin in origins.items():
            text = text.replace(f"{{{name}}}", origin)
        return text.replace("{n}", str(number))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if "id" not in request.query:
            return answer(404)
        number = int(request.query["id"])
        row, script = ROWS[number], "js" in request.query

        def lines(given: Lines, media: str) -> list[tuple[str, str]]:
            own = [(name, self._filled(value, number)) for name, value in given]
            return [("Content-Type", media), ("Cache-Control", "no-store"), *own]

        match request.path:
            case "/page":
                body = f"<!doctype html><body><script nonce=abc>({row.script}).then(result => window.result = result)</script>"
                return answer(200, lines(row.page, "text/html"), self._filled(body, number))
            case "/frame":
                body = f"<!doctype html><script>({row.inner_script}).then(result => parent.postMessage(result, '*'))</script>"
                return answer(200, lines(row.inner, "text/html"), self._filled(body, number))
            case "/worker":
                body = f"({row.inner_script}).then(result => postMessage(result))"
                return answer(200, lines(row.inner, "text/javascript"), self._filled(body, number))
            case "/redirect":
                to = self._filled("{other}/target?id={n}", number) + ("&js" if script else "")
                return answer(302, [("Location", to), *lines(row.redirect, "text/plain")])
            case _:
                return answer(200, lines(row.target, "text/javascript" if script else "image/svg+xml"), "" if script else SVG)


def said(records: list[Record], number: int, browser: str) -> str:
    """What we say of a row: of the worst of its hops; blocked where nothing was sent."""
    outcomes = {
        record["verdicts"][browser]["outcome"]
        for record in records
        if record["url"].partition("?")[2].partition("&")[0] == f"id={number}"
        and record["url"].count("/target") + record["url"].count("/redirect")
    }
    return next((one for one in ("blocked", "depends") if one in outcomes), "allowed" if outcomes else "blocked")


async def compare(browser: str) -> list[tuple[Row, str, str]]:
    """Return the rows that differ: what the page got, and what we say."""
    got: dict[int, str] = {}
    result = "new Promise(done => { const timer = setInterval(() => { if (window.result) { clearInterval(timer); done(window.result); } }, 20); })"
    async with AsyncExitStack() as stack:
        world = World()
        for server in (world.page, world.cdn, world.other):
            await stack.enter_async_context(server)
        mitm = await stack.enter_async_context(Mitm(routes={"*.localhost": (0, 0)}, options={"cors_show_values": True}))
        page: Page | Firefox
        if browser == "firefox":
            page = await stack.enter_async_context(Firefox(proxy=mitm.address))
        else:
            page = await (await stack.enter_async_context(Chromium(proxy=mitm.address))).page()
        for number in range(len(ROWS)):
            await page.goto(world.page_url(number))
            got[number] = await page.evaluate(result, seconds=SECONDS)
        await mitm.until(lambda records: any(f"/target?id={len(ROWS) - 1}" in record["url"] for record in records))
        records = mitm.latest()
    return [
        (row, got[number], ours) for number, row in enumerate(ROWS) if (ours := said(records, number, browser)) != got[number]
    ]


if __name__ == "__main__":
    different = asyncio.run(compare(sys.argv[1]))
    for row, page_got, ours in different:
        print(f"{row.name}: the page {page_got}, we {ours}{', which the wire does not show' if row.unknown else ''}")
    print(f"{len(ROWS)} rows, {len(ROWS) - len(different)} the same, {sum(not row.unknown for row, *_ in different)} wrong")
    sys.exit(any(not row.unknown for row, *_ in different))
