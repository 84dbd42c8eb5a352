"""The shop: what its page asks for and what its servers answer, one entry a request.

The page lives on 127.0.0.1, the shop's API on `localhost`: two sites to a browser, and only between sites does a browser show a
proxy whether a page asked with credentials.
"""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from msgspec import Struct

from scripts.demo_shop.page import render_frame, render_page
from tests.browser.kit.servers import LOOPBACK, Handler, HeaderLines, Server, answer, by_method, fixed

ASSETS = Path(__file__).resolve().parents[2] / "tests" / "browser" / "kit" / "assets"
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
NEIGHBOUR = "gossip.localhost"
"""Somebody else's site. Not every system resolves such names, so the proxy is told (ROUTES)."""
ROUTES = {"*.localhost": (0, 0)}
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"

type Lines = list[tuple[str, str]]


class Origins(Struct, frozen=True, kw_only=True):
    """Where the shop's servers are, known once they listen."""

    page: str
    api: str
    archive: str
    """Another origin, to which one request is redirected."""


type Build = Callable[[Origins], Handler]


class Offer(Struct, frozen=True, kw_only=True):
    """One request of the shop's page."""

    path: str
    """On the API server."""
    story: str
    """What the page wants and what its server does, in a few words."""
    step: dict[str, Any]
    """How the page asks (steps.js runs it); its `url` is filled in, and for `via: neighbour` where that page is."""
    server: Build | None
    """How the server responds; None: it is down."""


def _answers(
    lines: Callable[[Origins], Lines], body: str | bytes = "{}", *, status: int = 200, type: str = "application/json"
) -> Build:
    return lambda at: fixed(status, [*lines(at), ("Content-Type", type)], body)


def _exact(at: Origins) -> Lines:
    return [(ALLOW_ORIGIN, at.page), ("Vary", "Origin")]


def _everyone(_: Origins) -> Lines:
    return [(ALLOW_ORIGIN, "*")]


def _nothing(_: Origins) -> Lines:
    return []


def _preflighted(*lines: tuple[str, str], status: int = 204, cors: bool = True) -> Build:
    """A server whose OPTIONS answers so, without any CORS header unless `cors`; the request that follows would be answered well."""

    def build(at: Origins) -> Handler:
        preflight: HeaderLines = [*(_exact(at) if cors else []), *lines]
        actual = fixed(200, [*_exact(at), ("Content-Type", "application/json")], "{}")
        return by_method(OPTIONS=fixed(status, preflight), GET=actual, POST=actual, PUT=actual, DELETE=actual)

    return build


def _reflecting(_: Origins) -> Handler:
    """A server that lets anyone in, cookies and all."""

    async def handler(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin", "*")
        lines = [(ALLOW_ORIGIN, origin), (ALLOW_CREDENTIALS, "true"), ("Vary", "Origin"), ("Content-Type", "application/json")]
        return answer(200, lines, '{"name": "you"}')

    return handler


GET = {"api": "fetch"}
POST_JSON = {"api": "fetch", "method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
WITH_COOKIES = {"credentials": "include"}

FROM_SANDBOX = {"via": "sandbox"}
FROM_NEIGHBOUR = {"via": "neighbour"}
ORDER = _preflighted((ALLOW_METHODS, "POST"), (ALLOW_HEADERS, "CONTENT-TYPE"), ("Access-Control-Max-Age", "600"))

OFFERS: tuple[Offer, ...] = (
    Offer(path="/menu", story="Access-Control-Allow-Origin names this page", step=GET, server=_answers(_exact)),
    Offer(path="/prices", story="Access-Control-Allow-Origin: *", step=GET, server=_answers(_everyone)),
    Offer(path="/order", story="JSON by POST; the preflight allows it", step=POST_JSON, server=ORDER),
    Offer(path="/order", story="the same again: the preflight is cached", step=POST_JSON, server=ORDER),
    Offer(
        path="/me",
        story="with cookies, which the server allows",
        step=GET | WITH_COOKIES,
        server=_answers(
            lambda at: [*_exact(at), (ALLOW_CREDENTIALS, "true"), ("Set-Cookie", "sid=7; SameSite=None; Secure; HttpOnly")]
        ),
    ),
    Offer(
        path="/news",
        story="an EventSource",
        step={"api": "eventsource"},
        server=_answers(_exact, "retry: 60000\ndata: fresh bread\n\n", type="text/event-stream"),
    ),
    Offer(
        path="/sign.ttf",
        story="a web font with *",
        step={"api": "font"},
        server=_answers(_everyone, (ASSETS / "tiny.ttf").read_bytes(), type="font/ttf"),
    ),
    Offer(
        path="/banner.svg",
        story="an image without crossorigin: no CORS needed",
        step={"api": "img"},
        server=_answers(_nothing, PIXEL, type="image/svg+xml"),
    ),
    Offer(path="/cart", story="with cookies, but the response has *", step=GET | WITH_COOKIES, server=_answers(_everyone)),
    Offer(path="/account", story="with cookies; the response echoes any Origin", step=GET | WITH_COOKIES, server=_reflecting),
    Offer(
        path="/account",
        story="the same from another site: echoed, too",
        step=GET | WITH_COOKIES | FROM_NEIGHBOUR,
        server=_reflecting,
    ),
    Offer(
        path="/widget",
        story="from a sandboxed frame; null is allowed",
        step=GET | FROM_SANDBOX,
        server=_answers(lambda _: [(ALLOW_ORIGIN, "null")]),
    ),
    Offer(
        path="/partner",
        story="the response names another origin",
        step=GET,
        server=_answers(lambda _: [(ALLOW_ORIGIN, "https://notyourdomain.com")]),
    ),
    Offer(
        path="/twice",
        story="application and gateway both add the header",
        step=GET,
        server=_answers(lambda at: [(ALLOW_ORIGIN, at.page), (ALLOW_ORIGIN, "*")]),
    ),
    Offer(
        path="/stock",
        story="PUT, but Allow-Methods is misspelled",
        step={"api": "fetch", "method": "PUT"},
        server=_preflighted(("Access-Control-Allow-Method", "PUT")),
    ),
    Offer(
        path="/review",
        story="DELETE, but only GET and POST are allowed",
        step={"api": "fetch", "method": "DELETE"},
        server=_preflighted((ALLOW_METHODS, "GET, POST")),
    ),
    Offer(
        path="/search",
        story="a request header that is not allowed",
        step={"api": "fetch", "headers": {"X-Random-Header": "42"}},
        server=_preflighted((ALLOW_HEADERS, "content-type")),
    ),
    Offer(
        path="/coupon",
        story="JSON by POST, but OPTIONS requires a login (401)",
        step=POST_JSON,
        server=_preflighted((ALLOW_HEADERS, "content-type"), ("WWW-Authenticate", "Bearer"), status=401),
    ),
    Offer(
        path="/basket",
        story="JSON by POST, but no route handles OPTIONS (404)",
        step=POST_JSON,
        server=_preflighted(status=404, cors=False),
    ),
    Offer(
        path="/pay",
        story="JSON by POST, but OPTIONS is redirected",
        step=POST_JSON,
        server=_preflighted((ALLOW_HEADERS, "content-type"), ("Location", "/login"), status=307),
    ),
    Offer(
        path="/crash",
        story="an error 500 without CORS headers",
        step=GET,
        server=_answers(_nothing, "<h1>Internal Server Error</h1>", status=500, type="text/html"),
    ),
    Offer(
        path="/wishlist",
        story="with cookies, but Allow-Credentials: false",
        step=GET | WITH_COOKIES,
        server=_answers(lambda at: [*_exact(at), (ALLOW_CREDENTIALS, "false")]),
    ),
    Offer(
        path="/recipes",
        story="allowed, but Vary: Origin is missing",
        step=GET,
        server=_answers(lambda at: [(ALLOW_ORIGIN, at.page), ("Cache-Control", "public, max-age=600")]),
    ),
    Offer(
        path="/moved",
        story="redirected to another origin: Origin is null",
        step=GET,
        server=lambda at: fixed(302, [*_exact(at), ("Location", at.archive + "/moved")]),
    ),
    Offer(
        path="/logo.svg",
        story="an image with crossorigin, without CORS headers",
        step={"api": "img", "crossorigin": "anonymous"},
        server=_answers(_nothing, PIXEL, type="image/svg+xml"),
    ),
    Offer(
        path="/till.js",
        story="a module script without CORS headers",
        step={"api": "module"},
        server=_answers(_nothing, "export {}", type="text/javascript"),
    ),
    Offer(path="/dead", story="a server that is down", step=GET, server=None),
)


class Shop:
    """The servers. `async with` starts and stops them."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.page = Server()
        """The one with the page."""
        self._neighbour = Server(host=NEIGHBOUR)
        self.api = Server(host="localhost")
        self._archive = Server(host="localhost")
        self._dead = socket.socket()
        self.steps: list[dict[str, Any]] = []
        """One a request, in the order of OFFERS."""

    async def __aenter__(self) -> Self:
        try:
            self._stack.enter_context(self._dead)
            # Bound and not listening: nobody answers there, and nobody else can take the port.
            self._dead.bind((LOOPBACK, 0))
            for server in (self.page, self._neighbour, self.api, self._archive):
                await self._stack.enter_async_context(server)
            self._furnish()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def _furnish(self) -> None:
        at = self.origins
        dead = f"http://localhost:{self._dead.getsockname()[1]}"
        for offer in OFFERS:
            if offer.server is not None:
                self.api.handlers[offer.path] = offer.server(at)
            step = {**offer.step, "url": (dead if offer.server is None else at.api) + offer.path}
            if step.get("via") == "neighbour":
                step["via"] = self._neighbour.url("/frame")
            self.steps.append(step)
        self._neighbour.handlers["/frame"] = fixed(200, {"Content-Type": "text/html; charset=utf-8"}, render_frame())
        self._archive.handlers["/moved"] = _answers(_exact)(at)
        self.page.handlers["/favicon.ico"] = fixed(204)
        self.show_page()

    def show_page(self) -> None:
        """Let the page request what `steps` say."""
        stories = [offer.story for offer in OFFERS]
        self.page.handlers["/"] = fixed(200, {"Content-Type": "text/html; charset=utf-8"}, render_page(self.steps, stories))

    @property
    def url(self) -> str:
        """The page's address."""
        return self.page.url("/")

    @property
    def origins(self) -> Origins:
        """Where the servers are."""
        return Origins(page=self.page.origin, api=self.api.origin, archive=self._archive.origin)

    @property
    def places(self) -> dict[str, str]:
        """HOST:PORT of each server, by a name."""
        servers = {"page": self.page, "neighbour": self._neighbour, "api": self.api, "archive": self._archive}
        dead = f"localhost:{self._dead.getsockname()[1]}"
        return {**{name: f"{server.host}:{server.port}" for name, server in servers.items()}, "dead": dead}

    @property
    def origin(self) -> str:
        """The page's origin."""
        return self.page.origin
