"""Recorded scenarios again, live: a page asks what the recorded page asked, and a server answers what the recorded server answered.

What the recording does not hold (the request that a blocked preflight never let out, the target of a blocked redirect) is answered
by a server that knows nothing of CORS: 404 to OPTIONS, 200 without a CORS header to everything else.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from corslens.engines.engine import Engine
from msgspec import Struct

from tests.browser.differential.compare import Told
from tests.browser.differential.world import ASSETS, BODIES
from tests.browser.kit.page import NetworkRequest, Page
from tests.browser.kit.raw_server import NamedServers, RawAnswer, RawRequest
from tests.truth.recorded import scenarios

GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
KNOWS_NO_OPTIONS = RawAnswer(status=404)
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})

RUN = """
const bodyOf = (body) => {
  switch (body?.kind) {
    case "blob": return new Blob(['{"a":1}'], {type: body.type});
    case "bytes": return new Uint8Array([1, 2, 3]);
    case "form": { const form = new FormData(); form.append("a", "1"); return form; }
    case "params": return new URLSearchParams({a: "1"});
    default: return body;
  }
};
(async () => {
  const seen = [];
  for (const step of STEPS) {
    if (step.pause) await new Promise((resolve) => setTimeout(resolve, step.pause * 1000));
    seen.push(await runStep({...step, body: bodyOf(step.body), headers: Object.fromEntries(step.headers ?? [])}));
  }
  top.postMessage({seen}, "*");
})();
"""
LISTEN = """<!doctype html><link rel="icon" href="data:,"><script>
window.done = new Promise((resolve) => addEventListener("message", (event) => event.data.seen && resolve(event.data.seen)));
</script>"""


class Recording:
    """A recorded scenario: what its page asks, and what its server answers."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        told = recorded["scenario"]
        self.id: str = told["id"]
        self.http1 = bool(told.get("h1"))
        self.steps: list[dict[str, Any]] = told["steps"]
        self.cors_errors: list[str | None] = [outcome.get("cors_error") for outcome in recorded["outcome"]]
        """By step: what the recorded browser called it, None when it did not block it because of CORS."""
        self.told = [_told(outcome) for outcome in recorded["outcome"]]
        """By step: what the recorder heard from the browser."""
        self.page_url, self.cookie_url = "", None
        self._page = told["page"]
        self._answers: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for flow in recorded["flows"]:
            parts = urlsplit(flow["url"])
            if parts.path.startswith("/page/"):
                self.page_url = flow["url"]
            elif parts.path.startswith("/cookie/"):
                self.cookie_url = flow["url"]
            else:
                self._answers.setdefault((flow["method"], parts.netloc.rpartition("@")[2], parts.path), []).append(flow)
        hosts = {
            path: f"{urlsplit(self._answers[key][0]['url']).scheme}://{key[1]}" for key in self._answers for path in [key[2]]
        }
        paths = [f"/s/{self.id}/{step['url']}" for step in self.steps]
        own = "{0.scheme}://{0.netloc}".format(urlsplit(self.page_url))
        self.urls = [hosts.get(path, own) + path for path in paths]
        """By step: what it asks for, before redirects; where that was never sent, it makes no difference of whom."""

    @property
    def blocked_steps(self) -> list[int]:
        """The steps that the recorded browser blocked because of CORS."""
        return [number for number, error in enumerate(self.cors_errors) if error is not None]

    def page(self) -> RawAnswer:
        """Return the page; where a sandboxed or a data: frame asks in its stead, the page with that frame."""
        steps = [{**step, "url": url} for step, url in zip(self.steps, self.urls, strict=True)]
        told = json.dumps(steps).replace("<", "\\u003c")
        script = f"{(ASSETS / 'steps.js').read_text()}\nconst STEPS = {told};{RUN}"
        html = f"<script>{script}</script>"
        via = self._page.get("via")
        if via == "data":
            html = f'<iframe src="data:text/html,{quote(html)}"></iframe>'
        if via is not None:
            html = f'<iframe sandbox="allow-scripts" srcdoc="{html.replace("&", "&amp;").replace('"', "&quot;")}"></iframe>'
        lines = [("Content-Type", "text/html"), *map(tuple, self._page.get("headers", []))]
        return RawAnswer(headers=tuple(lines), body=(LISTEN + html).encode())

    def answer(self, method: str, host: str, path: str) -> RawAnswer:
        """Return the recorded answers in their turn, the last one again and again."""
        step = self.steps[0]
        kind, body = BODIES.get(step["api"], ("text/plain", b"hello"))
        if step["api"] == "img":
            kind, body = "image/gif", GIF
        if "integrity" in step:
            body = b""  # of which the recorded value is the hash
        flows = self._answers.get((method, host, path))
        if not flows:
            return KNOWS_NO_OPTIONS if method == "OPTIONS" else RawAnswer(headers=(("Content-Type", kind),), body=body)
        flow = flows.pop(0) if len(flows) > 1 else flows[0]
        if "status" not in flow:
            return RawAnswer(hang_up=True)
        lines = tuple((name, value) for name, value in flow["response_headers"] if name.lower() not in _FRAMING)
        return RawAnswer(status=flow["status"], headers=lines, body=body)


def _told(outcome: dict[str, Any]) -> Told:
    result = {"blocked": "error", "failed": "error"}.get(outcome["result"], outcome["result"])
    return Told(result=result, cors_error=outcome.get("cors_error"))


def recordings(engine: Engine = Engine.CHROMIUM) -> list[Recording]:
    """Return all recorded scenarios of an engine."""
    return [Recording(recorded) for recorded in scenarios(engine)]


def blocked_recordings(engine: Engine = Engine.CHROMIUM) -> list[Recording]:
    """Return the recorded scenarios in which the engine blocked something because of CORS."""
    return [
        Recording(recorded)
        for recorded in scenarios(engine)
        if any(outcome["result"] == "blocked" for outcome in recorded["outcome"])
    ]


class ReplayServer(NamedServers):
    """Answers for the host names of all recordings. `async with` starts and stops it; `routes` is for the proxy."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._by_id = {recording.id: recording for recording in recordings}
        super().__init__(self._answer)

    async def _answer(self, request: RawRequest) -> RawAnswer:
        path = urlsplit(request.path).path
        what, _, rest = path.removeprefix("/").partition("/")
        recording = self._by_id.get(rest.partition("/")[0])
        if recording is None:
            return RawAnswer(status=404)
        match what:
            case "page":
                return recording.page()
            case "cookie":
                secure = "; SameSite=None; Secure" if (recording.cookie_url or "").startswith("https:") else ""
                return RawAnswer(headers=(("Set-Cookie", f"sid=1; Path=/{secure}"),))
            case _:
                return recording.answer(request.method, request.host, path)


class Replayed(Struct, frozen=True, kw_only=True):
    """What became of a request that the recorded browser had blocked."""

    recording: Recording
    step: int
    result: str
    """What the page's script could see, see steps.js."""
    cors_error: str | None
    net_error: str | None

    @property
    def name(self) -> str:
        """The scenario, and the number of the request where it has several."""
        return self.recording.id if len(self.recording.steps) == 1 else f"{self.recording.id}#{self.step}"

    @property
    def readable(self) -> bool:
        """Whether the page has the response; of a beacon, of which no page learns anything, whether the browser got it."""
        return self.result == "allowed" or (self.result == "sent" and self.net_error is None)


async def run_steps(page: Page, recording: Recording) -> list[dict[str, Any]]:
    """Run a recording in a tab and return what its page saw of each request, see steps.js."""
    if recording.cookie_url is not None:
        await page.goto(recording.cookie_url)
    await page.goto(recording.page_url)
    return await page.evaluate("window.done")  # type: ignore[no-any-return]


async def replay(page: Page, recording: Recording) -> list[Replayed]:
    """Run a recording in a tab and return what became of each request that the recorded browser blocked."""
    seen = await run_steps(page, recording)
    if "sent" in {one["result"] for one in seen}:
        await page.until(lambda: all(hop.over for url in recording.urls for hop in page.last_hops(url)))
    replayed = []
    for number in recording.blocked_steps:
        url = recording.urls[number]
        hops = page.last_hops(url)
        turn = recording.urls[:number].count(url)
        request: NetworkRequest | None = hops[turn] if turn < len(hops) else None
        replayed.append(
            Replayed(
                recording=recording,
                step=number,
                result=seen[number]["result"],
                cors_error=None if request is None else request.cors_error,
                net_error=None if request is None else request.error_text,
            )
        )
    return replayed
