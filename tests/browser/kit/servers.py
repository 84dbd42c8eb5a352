"""HTTP(S) servers on ephemeral loopback ports that send exactly the header lines asked for."""

import asyncio
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from msgspec import Struct
from multidict import CIMultiDict

from tests.certificates import self_signed

type HeaderLines = Iterable[tuple[str, str]] | Mapping[str, str]
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK = "127.0.0.1"


class Seen(Struct, frozen=True, kw_only=True):
    """A request that a server got."""

    method: str
    host: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer(status: int = 200, headers: HeaderLines = (), body: str | bytes = b"") -> web.Response:
    """Return a response with these header lines in this order, repeats kept.

    aiohttp adds Content-Length, Date and Server, and a Content-Type when none is given.
    """
    lines = headers.items() if isinstance(headers, Mapping) else headers
    payload = body.encode() if isinstance(body, str) else body
    return web.Response(status=status, headers=CIMultiDict(lines), body=payload)


def fixed(status: int = 200, headers: HeaderLines = (), body: str | bytes = b"") -> Handler:
    """Return a handler that always answers so."""
    lines = tuple(headers.items() if isinstance(headers, Mapping) else headers)

    async def handler(_: web.Request) -> web.StreamResponse:
        return answer(status, lines, body)

    return handler


def by_method(**handlers: Handler) -> Handler:
    """Return a handler that picks by method, for instance `by_method(OPTIONS=fixed(204, …), PUT=fixed(200, …))`; others get 405."""

    async def handler(request: web.Request) -> web.StreamResponse:
        chosen = handlers.get(request.method)
        return await chosen(request) if chosen else answer(405)

    return handler


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()


def tls_context() -> ssl.SSLContext:
    """Return a server context with a new self-signed certificate; a proxy in front must not verify it (`ssl_insecure`)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads certificates from files only
        context.load_cert_chain(self_signed(Path(folder)))
    return context


class Server:
    """A server that hands each request to a handler by path, or to the default one (404).

    `async with Server({"/data": fixed(200, {"Access-Control-Allow-Origin": "*"}, "hello")}) as api: api.url("/data")`
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler] | None = None,
        *,
        default: Handler | None = None,
        host: str = LOOPBACK,
        listen: str = LOOPBACK,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.handlers: dict[str, Handler] = dict(handlers or {})
        self.default: Handler = default or fixed(404)
        self.host = host
        self._listen = listen
        self.port = 0
        self.seen: list[Seen] = []
        self._tls = tls
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        # `localhost` names resolve to it too, so the listener's address is the loopback one whatever name URLs use, unless told otherwise.
        await web.TCPSite(self._runner, self._listen, 0, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def origin(self) -> str:
        """The server's serialized origin."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    def url(self, path: str = "/") -> str:
        """Return the absolute URL of a path."""
        return self.origin + path

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.BaseRequest)
        self.seen.append(
            Seen(
                method=request.method,
                host=request.host,
                path=request.path,
                headers=tuple(request.headers.items()),
                body=await request.read(),
            )
        )
        handler = self.handlers.get(request.path, self.default)
        return await handler(request)  # type: ignore[arg-type]  # web.Server gives the base class; handlers use no more than it
