"""The servers of all scenarios of a run: the page, and every target's answers."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.browser.differential.scenario import PAGE_HOST, Answer, Scenario
from tests.browser.kit.raw_server import NamedServers, RawAnswer, RawRequest

ASSETS = Path(__file__).resolve().parents[1] / "kit" / "assets"
ERRAND = re.compile(r"/errand/(\d+)$")
TARGET = re.compile(r"/s(\d+)/(\w+)")
BODIES: dict[str, tuple[str, bytes]] = {
    "img": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'),
    "script": ("text/javascript", b"0"),
    "module": ("text/javascript", b"export {}"),
    "css": ("text/css", b""),
    "font": ("font/ttf", (ASSETS / "tiny.ttf").read_bytes()),
    "eventsource": ("text/event-stream", b"retry: 60000\ndata: x\n\n"),
}
"""What an API needs to be content with an answer that CORS lets it have."""
ETAG = '"1"'
PAUSE_SECONDS = 0.02
"""Between the requests of one scenario, so that their exchanges can be told apart by their times."""
AT_ONCE = 6
"""How many scenarios one page runs side by side."""

PAGE = """<!doctype html><meta charset="utf-8"><title>scenarios</title><link rel="icon" href="data:,">
<script id="steps">%s</script>
<script>
"use strict";
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
async function runScenario(scenario, { lag = 0, narrate = false }) {
  if (scenario.cookie) await fetch(scenario.cookie, { mode: "no-cors", credentials: "include" }).catch(() => 0);
  const seen = [];
  if (scenario.parallel) {
    if (narrate) console.log(`scenario ${scenario.number} at once`);
    return { number: scenario.number, seen: await Promise.all(scenario.steps.map(runStep)) };
  }
  for (const step of scenario.steps) {
    if (seen.length || scenario.cookie) await pause(%s + (seen.at(-1)?.result === "error" ? lag : 0));
    if (narrate) console.log(`scenario ${scenario.number} request ${seen.length}`);
    seen.push(await runStep(step));
  }
  return { number: scenario.number, seen };
}
async function runScenarios(scenarios, { atOnce = %d, ...how } = {}) {
  const left = [...scenarios], done = [];
  const worker = async () => { for (let one; (one = left.shift()); ) done.push(await runScenario(one, how)); };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}
</script>
"""


BY_ITSELF = """<script>
const loaded = new Promise((resolve) => addEventListener("load", resolve));
const done = loaded.then(() => %s).then((value) => ({ value }), (error) => ({ error: String(error) }));
done.then((told) => fetch(location.href, { method: "POST", body: JSON.stringify(told) }));
</script>
"""


class World(NamedServers):
    """Answers for every host name. `async with` starts and stops it; `routes` is for the proxy."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self.scenarios: Mapping[int, Scenario] = {scenario.number: scenario for scenario in scenarios}
        self._errands: list[tuple[str, asyncio.Future[Any]]] = []
        super().__init__(self._answer)

    def errand(self, scheme: str, script: str) -> tuple[str, asyncio.Future[Any]]:
        """Return the address of a page that runs a script by itself, for a browser that nothing drives, and the value that it will report.

        What the script throws is raised by the future as a RuntimeError.
        """
        reported = asyncio.get_running_loop().create_future()
        self._errands.append((script, reported))
        return f"{scheme}://{PAGE_HOST}/errand/{len(self._errands) - 1}", reported

    def page_url(self, scheme: str) -> str:
        """Return the page's address."""
        return f"{scheme}://{PAGE_HOST}/page"

    def script(self, scenarios: Iterable[Scenario], **how: float) -> str:
        """Return the call that runs these scenarios in the page.

        Args:
            how: `atOnce`, how many run side by side; `lag`, seconds to wait after an error, for a console that is behind; `narrate`, to write
                each request of those that are not parallel to the console before it is made.
        """
        return f"runScenarios({json.dumps([_for_page(scenario) for scenario in scenarios])}, {json.dumps(how)})"

    def unanswerable(self, scheme: str, number: int) -> str:
        """Return an address of another site whose response allows no origin."""
        return f"{scheme}://api.last-words.test/last-words/{number}/"

    async def _answer(self, request: RawRequest) -> RawAnswer:
        if errand := ERRAND.match(request.path):
            script, reported = self._errands[int(errand[1])]
            if request.method == "POST":
                told = json.loads(request.body)
                if not reported.done() and "error" in told:
                    reported.set_exception(RuntimeError(told["error"]))
                elif not reported.done():
                    reported.set_result(told["value"])
                return RawAnswer(status=204)
        if request.path == "/page" or errand:
            page = PAGE % ((ASSETS / "steps.js").read_text(), PAUSE_SECONDS, AT_ONCE)
            if errand:
                page += BY_ITSELF % script
            return RawAnswer(headers=(("Content-Type", "text/html"), ("Cache-Control", "no-store")), body=page.encode())
        if request.path == "/worker.js":
            return RawAnswer(headers=(("Content-Type", "text/javascript"),), body=(ASSETS / "steps.js").read_bytes())
        found = TARGET.match(request.path)
        if found is None or (scenario := self.scenarios.get(int(found[1]))) is None:
            return RawAnswer(status=404)
        if found[2] == "cookie":
            cookie = f"sid=1; Path=/s{scenario.number}; {scenario.cookie_attributes}"
            return RawAnswer(status=204, headers=(("Set-Cookie", cookie), ("Cache-Control", "no-store")))
        target = scenario.targets[found[2]]
        is_preflight = request.method == "OPTIONS" and any(
            name.lower() == "access-control-request-method" for name, _ in request.headers
        )
        answer = scenario.filled(target.preflight if is_preflight else target.actual)
        stored = None if is_preflight else scenario.cached
        if stored is not None and any(name.lower() == "if-none-match" and value == ETAG for name, value in request.headers):
            return RawAnswer(
                status=304, headers=(*answer.headers, ("ETag", ETAG)) if scenario.number % 2 else (("ETag", ETAG),)
            )
        return _raw(answer, scenario.steps[0]["api"], stored)


def _raw(answer: Answer, api: str, stored: str | None = None) -> RawAnswer:
    if answer.hang_up:
        return RawAnswer(hang_up=True)
    kind, body = BODIES.get(api, ("text/plain", b"ok"))
    caching = (("Cache-Control", "no-store"),) if stored is None else (("Cache-Control", stored), ("ETag", ETAG))
    return RawAnswer(status=answer.status, headers=(*answer.headers, ("Content-Type", kind), *caching), body=body)


def _for_page(scenario: Scenario) -> dict[str, Any]:
    steps = [{**step, "url": scenario.step_url(number), "via": scenario.via} for number, step in enumerate(scenario.steps)]
    url = scenario.url("a")
    return {
        "number": scenario.number,
        "steps": steps,
        "parallel": scenario.parallel,
        "cookie": url[: url.rindex("/")] + "/cookie" if scenario.cookie else None,
    }
