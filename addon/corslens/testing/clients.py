"""What a test can pass as its app: an ASGI or WSGI app, a client of httpx or requests, or a server's URL."""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import ada_url
from msgspec import Struct

from corslens.asking.asker import Send
from corslens.asking.client import Client, ConnectionFailedError
from corslens.fetch.constants import NULL
from corslens.fetch.messages import HeaderLine, Request, Response
from corslens.fetch.origins import origin_of
from corslens.testing.in_process import response_of, send_by_asgi, send_by_wsgi

BASE_URL = "https://testserver"
"""Of an app in this process. Frameworks allow this host in tests."""

_HTTPX = ("httpx", "httpx2")
"""The library, and its successor, which Starlette's TestClient prefers."""

_WANTED = "pass an ASGI or WSGI app, an httpx.Client or TestClient, a requests.Session (with an absolute url), or a server's URL as text"


class Target(Struct, frozen=True, kw_only=True):
    """Where a test's requests go, and how."""

    base: str | None
    """The URL that others are relative to; None where only absolute ones will do."""
    send: Send
    cookies: Callable[[str], str | None]
    """The value of Cookie that the client itself would send to a URL."""

    def resolve(self, url: str) -> str:
        """Return the absolute URL, without fragment.

        Raises: ValueError
        """
        if self.base is None and "://" not in url:
            raise ValueError(f"{url!r} is relative, and a requests.Session has no base URL: write https://…")
        try:
            href: str = ada_url.URL(url, base=None if self.base is None else _folder(self.base)).href
        except ValueError:
            raise ValueError(f"{url!r} is not a URL") from None
        if origin_of(href) == NULL or not href.startswith("http"):
            raise ValueError(f"{url!r} is not a URL of http or https")
        return href.partition("#")[0]


def target_of(client: object) -> Target:
    """Return how requests are sent by what a test passed.

    Raises: TypeError saying what can be passed.
    """
    if isinstance(client, str):
        return Target(base=client, send=Client().send, cookies=_no_cookies)
    classes = {f"{one.__module__.partition('.')[0]}.{one.__name__}" for one in type(client).__mro__}
    for library in _HTTPX:
        if f"{library}.Client" in classes:
            return _of_httpx(client, import_module(library))
        if f"{library}.AsyncClient" in classes:
            raise TypeError(f"an {library}.AsyncClient cannot be used here: pass the app itself, or an {library}.Client")
    if "requests.Session" in classes:
        return _of_requests(client, import_module("requests"))
    if "werkzeug.Client" in classes:  # Flask's test client, too
        client = client.application  # type: ignore[attr-defined]
    app: Any = client
    arguments = _arguments(app)
    if arguments == 3:
        return Target(base=BASE_URL, send=lambda request: send_by_asgi(app, request), cookies=_no_cookies)
    if arguments == 2:
        return Target(base=BASE_URL, send=lambda request: send_by_wsgi(app, request), cookies=_no_cookies)
    raise TypeError(f"{_named(client)} is neither an app nor a client: {_WANTED}")


def _arguments(app: object) -> int | None:
    """Return with how many arguments an app is called: an ASGI app takes three, a WSGI app two."""
    if not callable(app) or inspect.isclass(app):
        return None
    signature = inspect.signature(app)
    for number in (3, 2):
        try:
            signature.bind(*range(number))
        except TypeError:
            continue
        return number
    return None


def _named(client: object) -> str:
    return f"{type(client).__module__}.{type(client).__name__}"


def _no_cookies(_: str) -> None:
    return None


def _folder(base: str) -> str:
    return base if base.endswith("/") else f"{base}/"


def _of_httpx(client: Any, httpx: Any) -> Target:
    def send(request: Request) -> Response:
        # Neither the client's own header lines nor its authentication: a browser has none of them.
        built = httpx.Request(request.method, request.url, headers=list(request.headers.lines))
        try:
            response = client.send(built, auth=None, follow_redirects=False, stream=True)
        except httpx.TransportError as error:
            raise ConnectionFailedError(str(error) or type(error).__name__) from None
        response.close()
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        return response_of(response.status_code, lines)

    def cookies(url: str) -> str | None:
        built = httpx.Request("GET", url)
        client.cookies.set_cookie_header(built)
        value: str | None = built.headers.get("cookie")
        return value

    base = str(client.base_url)
    return Target(base=base or None, send=send, cookies=cookies)


def _of_requests(session: Any, requests: Any) -> Target:
    def send(request: Request) -> Response:
        prepared = requests.PreparedRequest()
        prepared.prepare(method=request.method, url=request.url, headers=dict(request.headers.lines))
        settings = session.merge_environment_settings(prepared.url, {}, True, None, None)
        try:
            response = session.send(prepared, allow_redirects=False, **settings)
        except requests.RequestException as error:
            raise ConnectionFailedError(str(error) or type(error).__name__) from None
        with response:
            lines: Iterable[HeaderLine] = getattr(response.raw, "headers", response.headers).items()
            return response_of(response.status_code, lines)

    def cookies(url: str) -> str | None:
        value: str | None = requests.cookies.get_cookie_header(session.cookies, requests.Request("GET", url).prepare())
        return value

    return Target(base=None, send=send, cookies=cookies)
