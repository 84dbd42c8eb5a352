"""cors.allows against apps in this process, and a real Chromium against the same apps: one verdict."""

import asyncio
import json
import os
from typing import Any
from wsgiref.types import WSGIEnvironment

import pytest
from aiohttp import web
from corslens.testing.assertions import Cors

from tests.asking.matchers import APP
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.page import Page
from tests.browser.kit.servers import Server, answer, tls_context
from tests.testing.planted import ADMIN, PAGE_REQUESTS, clean, planted

APPS: list[Any] = [*planted(), *clean()]
pytestmark = pytest.mark.browser


async def _respond(request: web.Request) -> web.StreamResponse:
    """Serve a page at the pages' origins, and at api-N.example.net the app of this number."""
    name = request.host.partition(".")[0]
    if not name.startswith("api-"):
        return answer(200, {"Content-Type": "text/html"}, "<!doctype html><title>page</title>")
    environ: WSGIEnvironment = {"REQUEST_METHOD": request.method, "PATH_INFO": request.path}
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    heads: list[tuple[str, list[tuple[str, str]]]] = []
    b"".join(APPS[int(name.removeprefix("api-"))](environ, lambda *head: heads.append(head)))
    ((status, lines),) = heads
    return answer(int(status.split()[0]), [line for line in lines if line[0] != "Content-Length"])


def _script(numbers: range, origin: str) -> str:
    """Run all page requests of this origin to these apps; the keys of those that could be read."""
    return f"""Promise.all({json.dumps([*numbers])}.flatMap(n => {json.dumps([one for one in PAGE_REQUESTS if one[0] == origin])}.map(
        ([, method, path, headers]) => fetch(`https://api-${{n}}.example.net${{path}}`, {{method, headers, credentials: 'include'}})
            .then(() => [n, method, path], () => null)))).then(all => all.filter(one => one))"""


async def _readable(page: Page, origin: str, numbers: range) -> set[tuple[str, int, str, str]]:
    await page.goto(f"{origin}/")
    return {(origin, *one) for one in await page.evaluate(_script(numbers, origin))}


def _asserted(number: int) -> set[tuple[str, int, str, str]]:
    allowed = set()
    for origin, method, path, headers in PAGE_REQUESTS:
        url = f"https://api-{number}.example.net{path}"
        try:
            Cors().allows(APPS[number], origin, method, url, headers=headers, credentials=True, engines=["chromium"])
        except AssertionError:
            continue
        allowed.add((origin, number, method, path))
    return allowed


async def _differences(numbers: range) -> set[tuple[str, str, str]]:
    async with Server(default=_respond, tls=tls_context()) as server:
        rules = f"--host-resolver-rules=MAP *.example.net 127.0.0.1:{server.port}, MAP *.example.com 127.0.0.1:{server.port}"
        async with Chromium(proxy=None, flags=[rules]) as chromium:
            page = await chromium.page()
            readable = await _readable(page, APP, numbers) | await _readable(page, ADMIN, numbers)
            await page.close()
    asserted = await asyncio.to_thread(lambda: {one for number in numbers for one in _asserted(number)})
    assert readable
    return {(APPS[number].name, method, path) for _, number, method, path in readable ^ asserted}


async def test_every_verdict(chromium_path: str) -> None:
    """Of a twelfth of the apps; of all of them, 1,200 page requests, with CORSLENS_EVERY_APP=1."""
    assert chromium_path
    every = os.environ.get("CORSLENS_EVERY_APP") == "1"
    assert await _differences(range(0, len(APPS), 1 if every else 12)) == set()
