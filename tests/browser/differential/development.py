"""Development sessions: a page and its API on one machine, or on two hosts of one site, with eight kinds of CORS settings.

Nothing on the wire says there whether a request included credentials (Sec-Fetch-Storage-Access is for other sites), so these sessions show how much stays
open. They are recorded once, by mitmproxy, and can be analyzed by any version of corslens.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.browser.differential.compare import Agreement, Comparison, Told, compare
from tests.browser.differential.world import ASSETS, BODIES
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.firefox import Firefox
from tests.browser.kit.mitmdump import ROOT, Mitm, Record
from tests.browser.kit.raw_server import NamedServers, RawAnswer, RawRequest
from tests.browser.kit.truth import split_by_start

SITES = {
    "localhost": ("http://localhost:3000", "http://localhost:8000"),
    "same-site": ("https://app.shop.test", "https://api.shop.test"),
}
"""Origins of page and API, by name of the setting."""

JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": "Bearer abc"}
LOGIN: tuple[dict[str, Any], ...] = (
    {"api": "fetch", "url": "/me", "credentials": "include"},
    {"api": "fetch", "url": "/login", "method": "POST", "headers": JSON, "body": "{}", "credentials": "include"},
)
VISIT: tuple[dict[str, Any], ...] = (
    # React's StrictMode: fetch, abort, fetch.
    {"api": "fetch", "url": "/me", "credentials": "include", "abort": 0},
    {"api": "fetch", "url": "/me", "credentials": "include"},
    {"api": "fetch", "url": "/items"},
    {"api": "fetch", "url": "/items?page=2"},
    {"api": "fetch", "url": "/items", "method": "POST", "headers": JSON, "body": "{}", "credentials": "include"},
    {"api": "fetch", "url": "/items/1", "method": "PUT", "headers": JSON, "body": "{}", "credentials": "include"},
    {"api": "fetch", "url": "/items/1", "method": "PATCH", "headers": JSON, "body": "{}", "credentials": "include"},
    {"api": "fetch", "url": "/items/1", "method": "DELETE", "credentials": "include"},
    {"api": "fetch", "url": "/reports", "headers": BEARER},
    {"api": "fetch", "url": "/reports", "method": "POST", "headers": {**JSON, **BEARER}, "body": "{}"},
    {"api": "fetch", "url": "/missing"},
    {"api": "fetch", "url": "/broken", "credentials": "include"},
    {"api": "fetch", "url": "/upload", "method": "POST", "body": "x"},
    {"api": "fetch", "url": "/search?q=a", "abort": 4},
    {"api": "fetch", "url": "/search?q=ab"},
    {"api": "xhr", "url": "/settings", "credentials": "include"},
    {"api": "xhr", "url": "/settings", "method": "PUT", "headers": JSON, "body": "{}", "credentials": "include"},
    {"api": "xhr", "url": "/count", "method": "POST", "body": "x"},
    {"api": "img", "url": "/avatar.svg", "crossorigin": "anonymous"},
    {"api": "font", "url": "/icons.ttf"},
    {"api": "eventsource", "url": "/events", "credentials": "include"},
)  # fmt: skip
STATUSES = {"/missing": 404, "/broken": 500}
KINDS = {".svg": "img", ".ttf": "font", "/events": "eventsource"}
METHODS = "GET, HEAD, PUT, PATCH, POST, DELETE"

type Lines = list[tuple[str, str]]
type Policy = Callable[[str, RawRequest, bool, int], RawAnswer]
"""From the page's origin, the request, whether it is a preflight, and the status of the response, to its status and CORS headers."""


def _policy(
    allow: str | None,
    *,
    credentials: bool = False,
    preflight: int = 204,
    max_age: int | None = None,
    on_errors: bool = True,
    names_origin_for_cookies: bool = False,
    stars: bool = False,
) -> Policy:
    """Return a server's behavior.

    Args:
        allow: Access-Control-Allow-Origin; `page` stands for the page's origin, which is on the server's list.
        credentials: Access-Control-Allow-Credentials is sent.
        preflight: the status of OPTIONS; from 400 on the server knows nothing of it.
        max_age: Access-Control-Max-Age in seconds.
        on_errors: whether responses of status 400 and above have the headers, too.
        names_origin_for_cookies: a request with cookies, and a preflight, gets its origin instead of `*` (Starlette).
        stars: methods and headers are allowed by `*`.
    """

    def respond(page: str, request: RawRequest, is_preflight: bool, status: int) -> RawAnswer:
        given = {name.lower(): value for name, value in request.headers}
        if is_preflight and preflight >= 400:
            return RawAnswer(status=preflight)
        lines: Lines = []
        if allow is not None and (on_errors or status < 400):
            named = page if allow == "page" or (names_origin_for_cookies and (is_preflight or "cookie" in given)) else allow
            lines = [("Access-Control-Allow-Origin", named), *([("Vary", "Origin")] if named != "*" else [])]
            if credentials:
                lines.append(("Access-Control-Allow-Credentials", "true"))
        if is_preflight:
            lines.append(("Access-Control-Allow-Methods", "*" if stars else METHODS))
            asked = given.get("access-control-request-headers")
            if asked is not None:
                lines.append(("Access-Control-Allow-Headers", "*" if stars else asked))
            if max_age is not None:
                lines.append(("Access-Control-Max-Age", str(max_age)))
        return RawAnswer(status=preflight if is_preflight else status, headers=tuple(lines))

    return respond


SERVERS: Mapping[str, Policy] = {
    "any origin (Express's cors)": _policy("*"),
    "a list, with credentials": _policy("page", credentials=True),
    "a list, with credentials, preflights kept (FastAPI)": _policy("page", credentials=True, preflight=200, max_age=600),
    "any origin, with credentials (Starlette)": _policy(
        "*", credentials=True, preflight=200, max_age=600, names_origin_for_cookies=True
    ),
    "a list, without credentials": _policy("page", preflight=200, max_age=600),
    "a list, with credentials, not on errors (nginx)": _policy("page", credentials=True, on_errors=False),
    "stars": _policy("*", stars=True, max_age=600),
    "no OPTIONS": _policy("page", credentials=True, preflight=405),
}
"""Eight settings, with what commonly has them."""

PAGE = """<!doctype html><meta charset="utf-8"><title>a session</title><link rel="icon" href="data:,"><script id="steps">%s</script><script>
async function visit(steps) {
  const seen = [];
  for (const step of steps) {
    seen.push(await runStep(step));
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return seen;
}
</script>"""


class Recorded(Struct, frozen=True, kw_only=True):
    """A session, as mitmproxy and the page saw it."""

    name: str
    file: str
    seen: list[dict[str, Any]]
    """What the page saw of each request, see steps.js."""


class _Servers(NamedServers):
    def __init__(self, page: str, policy: Policy) -> None:
        self._page, self._policy = page, policy
        super().__init__(self._answer)

    @property
    def routes(self) -> dict[str, tuple[int, int]]:
        return {"localhost": (self._plain.port, self._secure.port), **super().routes}

    async def _answer(self, request: RawRequest) -> RawAnswer:
        path = request.path.partition("?")[0]
        if request.host == self._page.partition("://")[2]:
            if path != "/":
                return RawAnswer(status=404)
            page = PAGE % (ASSETS / "steps.js").read_text()
            return RawAnswer(headers=(("Content-Type", "text/html"),), body=page.encode())
        is_preflight = request.method == "OPTIONS"
        answer = self._policy(self._page, request, is_preflight, STATUSES.get(path, 200))
        if is_preflight:
            return answer
        api = next((kind for ending, kind in KINDS.items() if path.endswith(ending)), "fetch")
        kind, body = BODIES.get(api, ("application/json", b"{}"))
        lines = (*answer.headers, ("Content-Type", kind), ("Cache-Control", "no-store"))
        if path == "/login":
            secure = "; Secure" if self._page.startswith("https:") else ""
            lines = (*lines, ("Set-Cookie", f"sid=1; Path=/; HttpOnly; SameSite=Lax{secure}"))
        return RawAnswer(status=answer.status, headers=lines, body=body)


async def record(engine: str, folder: Path) -> list[Recorded]:
    """Run every session in a new browser, and return what was seen; the exchanges are in files of mitmproxy's in the folder."""
    return [
        await _record(engine, folder / f"{engine}-{site}-{number}.mitm", f"{site}: {name}", *SITES[site], policy)
        for site in SITES
        for number, (name, policy) in enumerate(SERVERS.items())
    ]


async def _record(engine: str, file: Path, name: str, page: str, api: str, policy: Policy) -> Recorded:
    steps = [{**step, "url": api + step["url"]} for step in (*LOGIN, *VISIT)]
    again = [{**step, "url": api + step["url"]} for step in VISIT]
    settings: dict[str, Any] = {"connection_strategy": "lazy", "save_stream_file": str(file), "flow_detail": 0}
    seen: list[dict[str, Any]] = []
    async with _Servers(page, policy) as servers, Mitm(options=settings, routes=servers.routes, addon=False) as mitm:
        if engine == "firefox":
            async with Firefox(proxy=mitm.address) as firefox:
                for part in (steps, again):
                    await firefox.goto(page + "/")
                    seen += await firefox.evaluate(f"visit({json.dumps(part)})", seconds=120)
        else:
            async with Chromium(proxy=mitm.address) as chromium:
                tab = await chromium.page()
                for part in (steps, again):
                    await tab.goto(page + "/")
                    seen += await tab.evaluate(f"visit({json.dumps(part)})", seconds=120)
        await mitm.stop()
    return Recorded(name=name, file=str(file), seen=seen)


def analyze(recorded: Recorded, engine: str, tree: Path = ROOT) -> list[tuple[Comparison, bool]]:
    """Return how a version of corslens judges each request of a session, and whether all that came of it is a preflight which was granted."""
    argv = [
        sys.executable,
        "-m",
        "corslens",
        "analyze",
        recorded.file,
        "--format",
        "jsonl",
        "--engine",
        engine,
        "--fail-on",
        "never",
    ]
    env = {**os.environ, "PYTHONPATH": str(tree / "addon")}
    lines = subprocess.run(argv, env=env, cwd=tree, stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines()
    latest: dict[str, Record] = {}
    for line in lines:
        one = json.loads(line)
        latest[one["id"]] = one
    parts = split_by_start(latest.values(), [one["t"] for one in recorded.seen])
    return [
        (compare(part, Told(result=seen["result"], always_names=False), engine), _is_unfollowed(part, engine))
        for part, seen in zip(parts, recorded.seen, strict=True)
    ]


def _is_unfollowed(records: Sequence[Record], engine: str) -> bool:
    last = records[-1] if records else None
    if last is None or last["role"] != "preflight":
        return False
    verdict = last["verdicts"][engine]
    # Before absence was no proof any more, such a preflight was blocked for want of credentials that nobody had seen.
    return verdict["outcome"] == "depends" or (last["status"] is not None and verdict["reason"] == "preflight-acac-not-true")


def _fails_anyway(comparison: Comparison, later: Sequence[tuple[Comparison, bool]]) -> bool:
    """Say whether a request that the page gave up fails when it is made again at once: then it was blocked, whoever was first."""
    return comparison.told.result == "aborted" and bool(later) and later[0][0].told.result == "error"


def figures(sessions: Sequence[Recorded], engine: str, tree: Path) -> str:
    """Return a line of figures, and what the browser contradicts."""
    count: Counter[str] = Counter()
    wrong: list[str] = []
    for session in sessions:
        compared = analyze(session, engine, tree)
        for number, (comparison, unfollowed) in enumerate(compared):
            if not comparison.records or all(record["role"] == "same-origin" for record in comparison.records):
                continue
            count["requests"] += 1
            if unfollowed:
                count["unfollowed"] += 1
            elif comparison.ours == "depends":
                count["depends"] += 1
            if comparison.agreement is Agreement.DISAGREED and not _fails_anyway(comparison, compared[number + 1 :]):
                wrong.append(
                    f"  disagreed: {session.name}, request {number}: {comparison.ours}, {engine} {comparison.told.result}"
                )
    head = (
        f"{engine}: depends {count['depends']} of {count['requests']} requests; granted and not followed {count['unfollowed']}"
    )
    return "\n".join([f"{head}; disagreed {len(wrong)}", *wrong])


async def main(engine: str, trees: Sequence[Path]) -> int:
    """Record the sessions and print the figures of each version."""
    with tempfile.TemporaryDirectory(prefix="corslens-sessions-") as folder:
        sessions = await record(engine, Path(folder))
        for tree in trees:
            print(f"{tree.name or tree}: {await asyncio.to_thread(figures, sessions, engine, tree)}", flush=True)
    return 0
