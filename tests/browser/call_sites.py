"""Page requests with known call sites, in a Chromium that corslens listens to: is the line that it names the right one?

    python -m tests.browser.call_sites [PAGE…]

Scripts (classic, modules), workers, frames, images, style sheets, fonts, forms of fetch and XMLHttpRequest; a bundle with a source map; then
50 tabs, a burst of 5,000 requests, and a browser that is killed. Prints how many of each were right, and what was lost.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.web
from corslens.bridge.session import ChromiumBridge, witness_of
from corslens.launch.browsers import find
from corslens.launch.session import running_browser
from corslens.mitm.embedded import EmbeddedProxy

BUNDLE = Path(__file__).parent / "bundle" / "built"
COUNT = 24
"""Requests of each kind."""
BURST = 5_000
UNDER_WAY = 1_000
"""Of them at once. A response whose body is not read counts, too: of more than some 1,300, Chromium refuses the rest by itself."""
TABS = 50
SECONDS = 400
"""How long a page may take, on a busy machine."""


class Site:
    """A page's server and an API's, on two ports; every request of the API names where it was made: /KIND/LINE/NUMBER."""

    def __init__(self, *, hanging: int = 1) -> None:
        self.files: dict[str, tuple[str, str]] = {}
        self.reached = Counter[str]()
        self.begun = asyncio.Event()
        self.done = asyncio.Event()
        self.tabs = 0
        self.hanging = hanging
        """How many requests have to hang until /hangs gets its response."""
        self.hangs = asyncio.Event()
        self.over = asyncio.Event()

    async def start(self) -> None:
        """Listen."""
        self.runners = []
        self.ports = []
        for handler in (self._page, self._api):
            app = aiohttp.web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            runner = aiohttp.web.AppRunner(app, access_log=None)
            await runner.setup()
            await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
            self.runners.append(runner)
            self.ports.append(runner.addresses[0][1])
        self.page, self.api = f"http://localhost:{self.ports[0]}", f"http://127.0.0.1:{self.ports[1]}"
        self._write()

    async def stop(self) -> None:
        """Stop both."""
        self.over.set()
        for runner in self.runners:
            await runner.cleanup()

    def _write(self) -> None:
        api = self.api
        calls = {
            "fetch": "await fetch('{url}').catch(() => 0);",
            "xhr": "await new Promise(d => {{ const x = new XMLHttpRequest; x.onloadend = d; x.open('GET', '{url}'); x.send() }});",
            "preflighted": "await fetch('{url}', {{headers: {{'x-a': '1'}}}}).catch(() => 0);",
            "image": "await new Promise(d => {{ const i = new Image; i.crossOrigin = ''; i.onload = i.onerror = d; i.src = '{url}' }});",
        }
        for kind in ("classic", "module", "worker", "frame"):
            lines = ["async function run() {"]
            for call, code in calls.items():
                if kind == "worker" and call == "image":
                    continue
                for number in range(COUNT // 2):
                    lines.append(code.format(url=f"{api}/{kind}-{call}/{len(lines) + 1}/{number}"))
            lines.append("}")
            end = "run().then(() => postMessage('done'))" if kind == "worker" else "globalThis.done = run()"
            self.files[f"/{kind}.js"] = ("text/javascript", "\n".join([*lines, end]))
        faces = [
            f"@font-face {{ font-family: f{n}; src: url({api}/font/{n + 1}/{n}) }} #f{n} {{ font-family: f{n} }}"
            for n in range(COUNT)
        ]
        self.files["/fonts.css"] = ("text/css", "\n".join(faces))
        texts = "".join(f"<p id=f{n}>a</p>" for n in range(COUNT))
        markup = "\n".join(f"<img crossorigin src={api}/markup/{n + 3}/{n}>" for n in range(COUNT))
        self.files["/"] = (
            "text/html",
            f"<!doctype html><link rel=icon href=data:,><link rel=stylesheet href=/fonts.css>{texts}\n\n{markup}\n"
            "<script src=/classic.js></script><script type=module src=/module.js></script><iframe src=/frame></iframe>"
            "<script>(async () => { await done; const w = new Worker('/worker.js'); await new Promise(d => w.onmessage = d);"
            " await frames[0].done; await new Promise(d => setTimeout(d, 3000)); await fetch('/done') })()</script>",
        )
        self.files["/frame"] = ("text/html", "<!doctype html><script src=/frame.js></script>")
        for name, kind in (("app.min.js", "text/javascript"), ("app.min.js.map", "application/json")):
            self.files[f"/assets/{name}"] = (kind, (BUNDLE / name).read_text())
        self.files["/bundled"] = (
            "text/html",
            f"<!doctype html><script>const API = '{api}'</script><script src=/assets/app.min.js></script>"
            "<script>globalThis.done.then(() => { new Worker('/bundled.js').onmessage = () => fetch('/done') })</script>",
        )
        self.files["/bundled.js"] = (
            "text/javascript",
            f"globalThis.API = '{api}'; importScripts('/assets/app.min.js'); globalThis.done.then(() => postMessage('done'))",
        )
        self.files["/tab"] = (
            "text/html",
            f"<!doctype html><script>fetch('{api}/tab/1/0').catch(() => 0).then(() => fetch('/opened'))</script>",
        )
        self.files["/tabs"] = (
            "text/html",
            f"<!doctype html><script>for (let i = 0; i < {TABS}; i++) window.open('/tab', '_blank', 'noopener')</script>",
        )
        self.files["/burst"] = (
            "text/html",
            f"<!doctype html><script>(async () => {{ let i = 0; const one = async () => {{ while (i < {BURST})"
            f" await fetch('{api}/burst/1/' + i++).then(r => r.text()).catch(() => 0) }};"
            f" await Promise.all(Array.from({{length: {UNDER_WAY}}}, one)); await fetch('/done') }})()</script>",
        )

    async def _page(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        if request.path == "/begin":
            self.begun.set()
        elif request.path == "/done":
            self.done.set()
        elif request.path == "/hangs":
            await self.hangs.wait()
        elif request.path == "/opened":
            self.tabs += 1
            if self.tabs == TABS:
                self.done.set()
        found = self.files.get(request.path)
        return aiohttp.web.Response(status=204) if found is None else aiohttp.web.Response(text=found[1], content_type=found[0])

    async def _api(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        if request.method != "OPTIONS":
            self.reached[request.path.split("/")[1]] += 1
        if request.path.startswith("/hang/"):
            if self.reached["hang"] == self.hanging:
                self.hangs.set()
            await self.over.wait()
        given = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "x-a", "Cache-Control": "no-store"}
        return aiohttp.web.Response(headers=given if int(request.path.split("/")[-1]) % 2 else {}, text="x")


async def visit(
    site: Site, path: str, folder: Path, *, kill: Callable[[int], object] | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Open a page behind the proxy, with the browser listened to, and return the records and how the summary ends.

    Args:
        kill: called with the browser's process group before that is killed, in the middle of its traffic; None ends it with its page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{path.strip('/') or 'index'}.jsonl"
    options = {"cors_show": "none", "cors_log": str(log), "cors_show_values": True, "cors_history": 50_000}
    with (folder / "out.txt").open("w+") as out:
        async with EmbeddedProxy((), options, out=out) as proxy:
            profile = folder / f"profile-{path.strip('/') or 'index'}"
            profile.mkdir()
            witness = witness_of(proxy.addon)
            bridge = ChromiumBridge(witness, proxy.addon.clock)
            found = find("chromium")
            assert found is not None
            opening = running_browser(
                found, profile=profile, proxy=proxy.url, authority=proxy.authority, pin=proxy.authority_pin,
                urls=[site.page + path], headless=True, wrap=lambda argv: bridge.wrap([*argv, "--disable-popup-blocking"]), inherited=bridge.inherited,
            )  # fmt: skip
            site.done.clear()
            before = site.reached["burst"]
            async with opening as process, bridge.listening():
                if kill is not None:
                    while site.reached["burst"] < before + 200:  # in the middle of its traffic
                        await asyncio.sleep(0.01)
                    kill(process.pid)
                    os.killpg(process.pid, signal.SIGKILL)
                    await process.wait()
                    async with aiohttp.ClientSession() as client, client.get(f"{site.api}/after/1/1", proxy=proxy.url) as after:
                        assert after.status == 200  # traffic goes on
                else:
                    async with asyncio.timeout(SECONDS):
                        await site.done.wait()
                    await asyncio.sleep(4)
            counts = witness.counts
            agreement = proxy.summary.agreement()
    latest = {record["id"]: record for record in map(json.loads, log.read_text().splitlines())}
    return list(latest.values()), f"{counts}, {agreement}"


def judged(witness: Any, line: int) -> str:
    """Say how right the initiator of a record is: the protocol names no line for fonts, and nothing for images that a script makes."""
    initiator = None if witness is None else witness["initiator"]
    if initiator is None:
        return "not said"
    if initiator["line"] is None:
        return "right file, no line said"
    return "right line" if initiator["line"] == line else "WRONG"


def mapped(witness: Any, line: int) -> str:
    """Say how right the initiator of a bundled script's request is."""
    initiator = None if witness is None else witness["initiator"]
    if initiator is None:
        return "not said"
    if "/src/" not in initiator["url"]:
        return f"not mapped: {initiator}"
    return "right original line" if initiator["line"] == line else f"WRONG: {initiator}"


async def main(pages: Sequence[str]) -> None:
    """Run these and print."""
    site = Site()
    await site.start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for page in pages:
            before = site.reached.copy()
            path = "/burst" if page == "/killed" else page
            records, ended = await visit(site, path, folder / page.strip("/"), kill=print if page == "/killed" else None)
            mine = [one for one in records if str(one["url"]).startswith(site.api)]
            reached = (site.reached - before).total()
            witnessed = sum(one["witness"] is not None for one in mine)
            print(f"{page}: reached {reached}, exchanges {len(mine)}, witnessed {witnessed}, {ended}", flush=True)
            if page in ("/", "/bundled"):
                judge = mapped if page == "/bundled" else judged
                found: dict[str, Counter[str]] = {}
                for one in mine:
                    kind, line = str(one["url"]).removeprefix(site.api).split("/")[1:3]
                    found.setdefault(judge(one["witness"], int(line)), Counter())[kind] += 1
                for word, kinds in sorted(found.items()):
                    print(f"  {word}: {kinds.total()}", dict(kinds))
    await site.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["/", "/bundled", "/tabs", "/burst", "/killed"]))
