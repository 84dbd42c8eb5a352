"""Apps with one mistake each, and apps without any: what a test suite that uses the fixture `cors` has to tell apart.

The app is meant to be read by two pages with credentials, and by nobody else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from msgspec import Struct, structs

from tests.asking.matchers import APP, EXACT, PLANTED

ADMIN = "https://www.example.com"
HEADERS = {"Content-Type": "application/json", "X-Token": "1"}

type Lines = list[tuple[str, str]]
type Change = Callable[[Lines], Lines]

PAGE_REQUESTS: tuple[tuple[str, str, str, Mapping[str, str]], ...] = (
    (APP, "GET", "/me", {}),
    (APP, "PUT", "/me", HEADERS),
    (ADMIN, "DELETE", "/items/7", {}),
    (APP, "GET", "/missing", {}),
    (APP, "GET", "/broken", {}),
)
"""Origin, method, path and page-set headers of what has to work, with credentials."""
_STATUSES = {"/missing": 404, "/broken": 500}


class App(Struct, frozen=True, kw_only=True):
    """A WSGI app with CORS settings written by hand, as people do."""

    name: str
    allows: Callable[[str], bool] = lambda origin: origin in (APP, ADMIN)
    preflight: tuple[tuple[str, str], ...] = (
        ("Access-Control-Allow-Methods", "GET, PUT, DELETE"),
        ("Access-Control-Allow-Headers", "content-type, x-token"),
    )
    preflight_status: int = 204
    preflight_change: Change = list
    actual_change: Change = list
    error_change: Change = list
    """Of 404 and 500."""
    common: tuple[tuple[str, str], ...] = (("Vary", "Origin"),)
    """On every response."""
    redirect: tuple[int, str, bool] | None = None
    """Of GET /me: status, Location, and whether the redirect has CORS headers."""
    wants: Callable[[WSGIEnvironment], bool] = lambda environ: True
    """Whether the request gets CORS headers at all."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        preflight = environ["REQUEST_METHOD"] == "OPTIONS"
        status = self.preflight_status if preflight else _STATUSES.get(environ["PATH_INFO"], 200)
        origin = environ.get("HTTP_ORIGIN")
        cors: Lines = []
        if origin is not None and self.allows(origin) and self.wants(environ):
            cors = [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
            if preflight:
                cors = self.preflight_change([*cors, *self.preflight])
            else:
                cors = self.actual_change(cors) if status == 200 else self.error_change(cors)
        if self.redirect is not None and (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("GET", "/me"):
            status, location, covered = self.redirect
            cors = [("Location", location), *(cors if covered else [])]
        if preflight and 300 <= status < 400:
            cors = [("Location", "/elsewhere"), *cors]
        start_response(f"{status} -", [*self.common, ("Content-Length", "0"), *cors])
        return [b""]


def _values(name: str, *values: str) -> Change:
    """Put these values in place of a header's own; none takes it away."""
    return lambda lines: [line for line in lines if line[0].lower() != name.lower()] + [(name, value) for value in values]


def _renamed(old: str, new: str) -> Change:
    return lambda lines: [(new if name == old else name, value) for name, value in lines]


def _reported(change: Callable[[str], Iterable[str]]) -> Change:
    """Put what is made of the allowed origin in its place."""

    def changed(lines: Lines) -> Lines:
        origin = next(value for name, value in lines if name == "Access-Control-Allow-Origin")
        return _values("Access-Control-Allow-Origin", *change(origin))(lines)

    return changed


_ORIGINS: dict[str, Callable[[str], Iterable[str]]] = {
    "absent": lambda origin: (),
    "slash": lambda origin: (f"{origin}/",),
    "uppercase": lambda origin: (origin.upper(),),
    "default port": lambda origin: (f"{origin}:443",),
    "list": lambda origin: (f"{APP}, {ADMIN}",),
    "list with spaces": lambda origin: (f"{APP} {ADMIN}",),
    "twice": lambda origin: (origin, origin),
    "star and origin": lambda origin: ("*", origin),
    "star": lambda origin: ("*",),
    "null": lambda origin: ("null",),
    "http": lambda origin: (origin.replace("https", "http"),),
    "quoted": lambda origin: (f'"{origin}"',),
    "path": lambda origin: (f"{origin}/app",),
    "empty": lambda origin: ("",),
    "host": lambda origin: (origin.removeprefix("https://"),),
    "pattern": lambda origin: ("https://*.example.com",),
    "another": lambda origin: ("https://other.example.com",),
    "true": lambda origin: ("true",),
}
_CREDENTIALS = {
    "absent": (), "True": ("True",), "TRUE": ("TRUE",), "false": ("false",), "1": ("1",), "yes": ("yes",), "twice": ("true", "true"),
    "quoted": ('"true"',), "star": ("*",),
}  # fmt: skip
_METHODS = {
    "absent": (), "lowercase": ("get, put, delete",), "too few": ("GET, POST",), "star": ("*",), "semicolons": ("GET; PUT; DELETE",),
    "all": ("ALL",), "quoted": ('"PUT", "DELETE"',), "empty": ("",), "spaces": ("GET PUT DELETE",), "array": ("[PUT, DELETE]",),
}  # fmt: skip
_HEADERS = {
    "absent": (), "one": ("content-type",), "the other": ("x-token",), "star": ("*",), "semicolons": ("content-type; x-token",),
    "underscores": ("content_type, x_token",), "all": ("all",), "spaces": ("content-type x-token",), "empty": ("",),
    "quoted": ('"content-type", "x-token"',), "pattern": ("content-type, x-*",),
}  # fmt: skip
_MISSPELLED = {
    "Access-Control-Allow-Origin": ("Access-Control-Allow-Origins", "Access-Control-Allow-Orgin", "Allow-Origin", "Access-Control-Origin",
                                    "Access_Control_Allow_Origin", "Acces-Control-Allow-Origin"),
    "Access-Control-Allow-Credentials": ("Access-Control-Allow-Credential", "Access-Control-Allow-Credantials", "Allow-Credentials"),
    "Access-Control-Allow-Methods": ("Access-Control-Allow-Method", "Allow", "Access-Control-Request-Method", "Allowed-Methods"),
    "Access-Control-Allow-Headers": ("Access-Control-Allow-Header", "Access-Control-Request-Headers", "Access-Control-Expose-Headers"),
}  # fmt: skip


def _everywhere(name: str, change: Change) -> Iterator[App]:
    yield App(name=f"{name}, everywhere", preflight_change=change, actual_change=change, error_change=change)
    yield App(name=f"{name}, of preflights", preflight_change=change)
    yield App(name=f"{name}, of responses", actual_change=change)
    yield App(name=f"{name}, of errors", error_change=change)


def planted() -> Iterator[App]:
    """Yield apps that each have one mistake, all of different names."""
    for matcher in PLANTED:
        yield App(name=f"origins: {matcher.name}", allows=_also_admin(matcher.allows))
    for name, made in _ORIGINS.items():
        yield from _everywhere(f"Access-Control-Allow-Origin {name}", _reported(made))
    for name, values in _CREDENTIALS.items():
        yield from _everywhere(f"Access-Control-Allow-Credentials {name}", _values("Access-Control-Allow-Credentials", *values))
    for name, values in _METHODS.items():
        yield App(name=f"methods {name}", preflight_change=_values("Access-Control-Allow-Methods", *values))
    for name, values in _HEADERS.items():
        yield App(name=f"headers {name}", preflight_change=_values("Access-Control-Allow-Headers", *values))
    for right, wrong in _MISSPELLED.items():
        for name in wrong:
            change = _renamed(right, name)
            yield App(name=f"{name} for {right}", preflight_change=change, actual_change=change, error_change=change)
    for status in (301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 429, 500, 502, 503):
        yield App(name=f"preflights return {status}", preflight_status=status)
    for status in (200, 401, 403, 404, 405, 500):
        yield App(name=f"preflights return {status} alone", preflight_status=status, preflight_change=lambda lines: [])
    for status in (301, 302, 307):
        yield App(name=f"{status} without headers", redirect=(status, "/moved", False))
        yield App(name=f"{status} to another host", redirect=(status, "https://login.example.net/", True))
    yield from _by_request()
    yield App(name="no Vary", common=())
    yield App(name="another Vary", common=(("Vary", "Accept-Encoding"),))


def _by_request() -> Iterator[App]:
    """Yield apps that send CORS headers to some requests only."""
    for name, wants in {
        "only to Chromium": lambda environ: "Chrome" in environ.get("HTTP_USER_AGENT", ""),
        "only to Firefox": lambda environ: "Firefox" in environ.get("HTTP_USER_AGENT", ""),
        "only to Safari": lambda environ: "Version/" in environ.get("HTTP_USER_AGENT", ""),
        "only with a Referer that has a path": lambda environ: environ.get("HTTP_REFERER", "").count("/") > 3,
        "only with cookies": lambda environ: "HTTP_COOKIE" in environ,
        "only with X-Requested-With": lambda environ: "HTTP_X_REQUESTED_WITH" in environ,
        "only as document": lambda environ: environ.get("HTTP_SEC_FETCH_DEST") == "document",
        "only where header names are sent as written": lambda environ: (
            environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "Content-Type").startswith("Content-Type")
        ),
        "only where header names are spaced": lambda environ: (
            environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ", ").count(", ") > 0
        ),
        "only to GET": lambda environ: environ["REQUEST_METHOD"] == "GET",
        "only to OPTIONS": lambda environ: environ["REQUEST_METHOD"] == "OPTIONS",
        "not to OPTIONS": lambda environ: environ["REQUEST_METHOD"] != "OPTIONS",
    }.items():  # fmt: skip
        yield App(name=f"CORS headers {name}", wants=wants)  # type: ignore[arg-type, unused-ignore]


def clean() -> Iterator[Any]:
    """Yield apps without a mistake."""
    yield App(name="as meant")
    for matcher in EXACT:
        yield App(name=f"origins: {matcher.name}", allows=_also_admin(matcher.allows))
    right = App(name="")
    for name, preflight in {
        "header names as written": ("GET, PUT, DELETE", "Content-Type, X-Token"),
        "no spaces": ("GET,PUT,DELETE", "content-type,x-token"),
        "more than needed": ("GET, HEAD, PUT, PATCH, POST, DELETE", "accept, authorization, content-type, x-csrf, x-token"),
    }.items():
        methods, headers = preflight
        lines = (("Access-Control-Allow-Methods", methods), ("Access-Control-Allow-Headers", headers))
        yield structs.replace(right, name=name, preflight=lines)
    for name, value in {"shorter": "60", "an hour": "3600"}.items():
        yield structs.replace(right, name=f"max-age {name}", preflight=(*right.preflight, ("Access-Control-Max-Age", value)))
    yield structs.replace(right, name="preflights return 200", preflight_status=200)
    yield structs.replace(right, name="vary on more", common=(("Vary", "Accept-Encoding, Origin"),))
    yield structs.replace(right, name="vary in two lines", common=(("Vary", "Accept-Encoding"), ("Vary", "origin")))
    yield structs.replace(right, name="private", common=(("Vary", "Origin"), ("Cache-Control", "private, no-store")))
    yield structs.replace(right, name="a redirect on the same host", redirect=(307, "/moved", True))
    lower = lambda lines: [(name.lower(), value) for name, value in lines]  # noqa: E731
    yield structs.replace(right, name="lowercase names", preflight_change=lower, actual_change=lower, error_change=lower)
    exposes = lambda lines: [*lines, ("Access-Control-Expose-Headers", "etag")]  # noqa: E731
    yield structs.replace(right, name="exposes a header", actual_change=exposes)


def _also_admin(allows: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda origin: origin == ADMIN or allows(origin)
