"""One request to an app in this process, by ASGI or WSGI; of the response the head alone is kept.

Standards: https://asgi.readthedocs.io/en/latest/specs/www.html, https://peps.python.org/pep-3333/
"""

import asyncio
import io
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import StartResponse, WSGIEnvironment

import ada_url

from corslens.asking.client import ConnectionFailedError
from corslens.fetch.limits import limited_headers, received_response
from corslens.fetch.messages import HeaderLine, Request, Response
from corslens.fetch.origins import origin_of, scheme_host_port

type AsgiMessage = MutableMapping[str, Any]
type AsgiApp = Callable[
    [AsgiMessage, Callable[[], Awaitable[AsgiMessage]], Callable[[AsgiMessage], Awaitable[None]]], Awaitable[None]
]
type WsgiApp = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

TIMEOUT_SECONDS = 30.0
"""How long an ASGI app may take."""
_CLIENT = ("127.0.0.1", 50000)


def send_by_asgi(app: AsgiApp, request: Request) -> Response:
    """Return the head of what an ASGI app responds.

    Without an event loop of its own thread the request has one to itself; where one runs, a thread's.

    Raises: ConnectionFailedError when the app returns without a response, or takes too long; and what the app raises before it responds.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_by_asgi(app, request))
    with ThreadPoolExecutor(1, "corslens") as thread:
        return thread.submit(asyncio.run, _by_asgi(app, request)).result()


async def _by_asgi(app: AsgiApp, request: Request) -> Response:
    url = ada_url.URL(request.url)
    scheme, host, port = scheme_host_port(origin_of(request.url))
    scope: AsgiMessage = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": scheme,
        "path": unquote_to_bytes(url.pathname).decode("utf-8", "replace"),
        "raw_path": url.pathname.encode(),
        "query_string": url.search.removeprefix("?").encode(),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.lines],
        "client": _CLIENT,
        "server": (host, int(port)),
    }
    head: Response | None = None
    sent = False
    responded = asyncio.Event()

    async def receive() -> AsgiMessage:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await responded.wait()  # a stream without an end ends when its reader is gone
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        nonlocal head
        if message["type"] == "http.response.start":
            lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            head = response_of(message["status"], lines)
        elif message["type"] == "http.response.body":
            responded.set()

    try:
        await asyncio.wait_for(app(scope, receive, send), TIMEOUT_SECONDS)
    except TimeoutError:
        if head is None:
            raise ConnectionFailedError(f"the app did not respond within {TIMEOUT_SECONDS:.0f} seconds") from None
    except Exception:
        if head is None:  # a server has sent the head by then, whatever is raised after it
            raise
    if head is None:
        raise ConnectionFailedError("the app returned without a response")
    return head


def send_by_wsgi(app: WsgiApp, request: Request) -> Response:
    """Return the head of what a WSGI app responds.

    Raises: ConnectionFailedError when the app returns without a response; and what the app raises before it responds.
    """
    url = ada_url.URL(request.url)
    scheme, host, port = scheme_host_port(origin_of(request.url))
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.pathname).decode("latin-1"),
        "QUERY_STRING": url.search.removeprefix("?"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _CLIENT[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.lines:
        variable = name.upper().replace("-", "_")
        variable = variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    head: list[Response] = []

    def start_response(status: str, headers: list[HeaderLine], exc_info: object = None, /) -> Callable[[bytes], object]:
        head[:] = [response_of(int(status.split(" ", 1)[0]), headers)]
        return lambda body: None

    body = app(environ, start_response)
    try:
        next((part for part in body if part), None)  # start_response may be called as late as with the first bytes
    except Exception:
        if not head:
            raise
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    if not head:
        raise ConnectionFailedError("the app returned without a response")
    return head[0]


def response_of(status: int, lines: Iterable[HeaderLine]) -> Response:
    """Return the head of a response that came just now."""
    return received_response(status=status, headers=limited_headers(list(lines)), time=time.time())
