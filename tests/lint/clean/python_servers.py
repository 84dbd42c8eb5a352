"""Python frameworks with their CORS support set up by the book, asked in this process."""

import asyncio
import io
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from corslens.fetch.messages import HeaderLine, Request

from tests.lint.clean.visits import ORIGIN, Answer, Policy, Send

ORIGINS = [ORIGIN, "https://admin.app.example"]
METHODS = ["GET", "POST", "PUT", "DELETE"]
HEADERS = ["content-type", "authorization"]
EXPOSED = ["X-Total-Count"]
MAX_AGE = 600


def starlette(policy: Policy) -> Send:
    """Starlette's CORSMiddleware, which is FastAPI's too."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.requests import Request as StarletteRequest
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def items(request: StarletteRequest) -> JSONResponse:
        missing = request.url.path.endswith("/404")
        return JSONResponse([], status_code=404 if missing else 200, headers={"X-Total-Count": "0"})

    listed: dict[str, Any] = {
        "allow_origins": ORIGINS,
        "allow_credentials": True,
        "allow_methods": METHODS,
        "allow_headers": HEADERS,
    }
    settings = (
        listed
        if policy is Policy.LISTED
        else {"allow_origins": ["*"], "allow_methods": METHODS, "allow_headers": ["content-type"]}
    )
    middleware = Middleware(CORSMiddleware, **settings, expose_headers=EXPOSED, max_age=MAX_AGE)
    routes = [Route("/items", items, methods=METHODS), Route("/items/{id}", items, methods=METHODS)]
    return _asgi(Starlette(routes=routes, middleware=[middleware]))


def flask(policy: Policy) -> Send:
    """Flask with Flask-CORS."""
    from flask import Flask, Response
    from flask_cors import CORS

    app = Flask("clean")

    @app.route("/items", methods=METHODS)
    @app.route("/items/<id>", methods=METHODS)
    def items(id: str = "") -> Response:
        return Response("[]", 404 if id == "404" else 200, {"X-Total-Count": "0"}, content_type="application/json")

    if policy is Policy.LISTED:
        settings: dict[str, Any] = {
            "origins": ORIGINS,
            "supports_credentials": True,
            "methods": METHODS,
            "allow_headers": HEADERS,
        }
    else:
        settings = {"origins": "*", "send_wildcard": True, "allow_headers": ["content-type"]}
    CORS(app, **settings, expose_headers=EXPOSED, max_age=MAX_AGE)
    return _wsgi(app.wsgi_app)


def django(policy: Policy) -> Send:
    """Django with django-cors-headers."""
    import django as django_package
    from django.conf import settings as django_settings
    from django.http import HttpRequest, JsonResponse
    from django.test.utils import override_settings
    from django.urls import path

    def items(request: HttpRequest, id: str = "") -> JsonResponse:
        return JsonResponse([], safe=False, status=404 if id == "404" else 200, headers={"X-Total-Count": "0"})

    if not django_settings.configured:
        django_settings.configure(
            ALLOWED_HOSTS=["*"],
            SECRET_KEY="for a test",
            INSTALLED_APPS=["corsheaders"],
            MIDDLEWARE=["corsheaders.middleware.CorsMiddleware", "django.middleware.common.CommonMiddleware"],
        )
        django_package.setup()
    from django.core.handlers.wsgi import WSGIHandler

    urls = type("urls", (), {"urlpatterns": [path("items", items), path("items/<id>", items)]})
    if policy is Policy.LISTED:
        given: dict[str, Any] = {
            "CORS_ALLOWED_ORIGINS": ORIGINS,
            "CORS_ALLOW_CREDENTIALS": True,
            "CORS_ALLOW_METHODS": METHODS,
            "CORS_ALLOW_HEADERS": HEADERS,
        }
    else:
        given = {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_HEADERS": ["content-type"]}

    def send(request: Request) -> Answer:
        with override_settings(ROOT_URLCONF=urls, CORS_EXPOSE_HEADERS=EXPOSED, CORS_PREFLIGHT_MAX_AGE=MAX_AGE, **given):
            return _wsgi(WSGIHandler())(request)

    return send


def aiohttp(policy: Policy) -> Send:
    """aiohttp with aiohttp-cors, on a real socket."""
    import aiohttp_cors
    from aiohttp import ClientSession, web
    from aiohttp.test_utils import TestServer

    async def items(request: web.Request) -> web.Response:
        missing = request.match_info.get("id") == "404"
        return web.json_response([], status=404 if missing else 200, headers={"X-Total-Count": "0"})

    async def exchange(request: Request) -> Answer:
        app = web.Application()
        options = aiohttp_cors.ResourceOptions(
            allow_credentials=policy is Policy.LISTED,
            allow_methods=METHODS,
            allow_headers=HEADERS,
            expose_headers=EXPOSED,
            max_age=MAX_AGE,
        )
        allowed = ORIGINS if policy is Policy.LISTED else ["*"]
        cors = aiohttp_cors.setup(app, defaults=dict.fromkeys(allowed, options))
        for path in ("/items", "/items/{id}"):
            resource = cors.add(app.router.add_resource(path))
            for method in METHODS:
                cors.add(resource.add_route(method, items))
        async with TestServer(app) as server, ClientSession() as session:
            headers = [line for line in request.headers.lines if line[0] not in ("content-length", "host")]
            url = server.make_url(urlsplit(request.url).path)
            async with session.request(request.method, url, headers=headers) as answer:
                return answer.status, [(n.decode("latin-1"), v.decode("latin-1")) for n, v in answer.raw_headers]

    return lambda request: asyncio.run(exchange(request))


def _asgi(app: Any) -> Send:
    def send(request: Request) -> Answer:
        answer: dict[str, Any] = {}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def reply(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.update(message)

        url = urlsplit(request.url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.path.encode(),
            "query_string": b"",
            "root_path": "",
            "server": (url.hostname, 443),
            "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.lines],
        }
        asyncio.run(app(scope, receive, reply))
        return answer["status"], [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer["headers"]]

    return send


def _wsgi(app: Callable[..., Iterable[bytes]]) -> Send:
    def send(request: Request) -> Answer:
        url = urlsplit(request.url)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": url.path,
            "QUERY_STRING": "",
            "SERVER_NAME": url.hostname,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": url.netloc,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in request.headers.lines:
            key = name.upper().replace("-", "_")
            environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        started: list[Answer] = []

        def start_response(status: str, headers: list[HeaderLine], exc_info: object = None) -> Callable[[bytes], object]:
            started.append((int(status.split()[0]), list(headers)))
            return lambda data: None

        body = app(environ, start_response)
        list(body)
        if hasattr(body, "close"):
            body.close()
        return started[-1]

    return send
