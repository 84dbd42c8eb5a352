"""A session with CORS in all its shapes: what allows, what blocks in either phase, redirects, no answer at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.browser.kit.servers import Handler, Server, answer, by_method, fixed, hang_up

PAGE = fixed(200, [("Content-Type", "text/html")], "<!doctype html><title>page</title><link rel=icon href=data:,>")
ASK = """
(async () => {
    const ask = (path, init) => fetch('API' + path, init).then(answer => answer.text()).catch(error => error.name);
    await ask('/open');
    await ask('/missing');
    await ask('/other');
    await ask('/wild', {credentials: 'include'});
    await ask('/put', {method: 'PUT', headers: {'x-trace': '1'}});
    await ask('/put', {method: 'PUT', headers: {'x-trace': '2'}});
    await ask('/lacking', {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'});
    await ask('/unrouted', {method: 'DELETE'});
    await ask('/redirect');
    await ask('/gone');
    await new Promise(done => { const image = new Image(); image.onload = image.onerror = done; image.src = 'API/image.png'; });
    return 'done';
})()
"""


def _echo(*lines: tuple[str, str]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return answer(200, [("Access-Control-Allow-Origin", request.headers.get("Origin", "*")), ("Vary", "Origin"), *lines])

    return handler


def _grant(*lines: tuple[str, str]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return answer(204, [("Access-Control-Allow-Origin", request.headers["Origin"]), *lines])

    return handler


async def _redirect(request: web.Request) -> web.StreamResponse:
    return answer(302, [("Access-Control-Allow-Origin", request.headers.get("Origin", "*")), ("Location", "/redirected")])


METHODS, HEADERS = ("Access-Control-Allow-Methods", "PUT, POST"), ("Access-Control-Allow-Headers", "x-trace")

ANSWERS: dict[str, Handler] = {
    "/open": _echo(),
    "/missing": fixed(200),
    "/other": fixed(200, {"Access-Control-Allow-Origin": "https://other.example"}),
    "/wild": fixed(200, {"Access-Control-Allow-Origin": "*"}),
    "/put": by_method(OPTIONS=_grant(METHODS, HEADERS, ("Access-Control-Max-Age", "60")), PUT=_echo()),
    "/lacking": by_method(OPTIONS=_grant(METHODS), POST=_echo()),
    "/unrouted": fixed(405),
    "/redirect": _redirect,
    "/redirected": fixed(200),
    "/gone": hang_up,
    "/image.png": fixed(200, {"Content-Type": "image/png"}),
}


@asynccontextmanager
async def servers() -> AsyncIterator[tuple[Server, Server]]:
    """The page's server, and the API's on another port."""
    async with Server({"/": PAGE}) as site, Server(ANSWERS) as api:
        yield site, api


def script(api: Server) -> str:
    """What the page runs."""
    return ASK.replace("API", api.origin)
