"""The same small application in each Python framework, with its usual CORS package where it has one: one other origin is allowed."""

import sys

NAME, PORT = sys.argv[1], int(sys.argv[2])
OTHER = "http://other.example.test"


def nothing():
    return {}


def flask():
    from flask import Flask
    from flask_cors import CORS

    app = Flask(__name__)
    CORS(app, origins=[OTHER])
    app.add_url_rule("/", view_func=dict)
    app.add_url_rule("/folder/", view_func=dict, endpoint="folder")
    app.add_url_rule("/boom", view_func=lambda: 1 / 0, endpoint="boom")
    app.run("127.0.0.1", PORT)


def quart():
    from quart import Quart

    app = Quart(__name__)

    @app.get("/")
    async def read():
        return {}

    @app.get("/boom")
    async def boom():
        return 1 / 0

    app.run("127.0.0.1", PORT)


def django():
    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.http import JsonResponse
    from django.urls import path

    settings.configure(
        DEBUG="debug" in NAME,
        SECRET_KEY="of-a-test",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="__main__",
        CORS_ALLOWED_ORIGINS=[OTHER],
        INSTALLED_APPS=["corsheaders"],
        MIDDLEWARE=[
            "corsheaders.middleware.CorsMiddleware",
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
    )
    sys.modules["__main__"].urlpatterns = [
        path("", lambda request: JsonResponse({})),
        path("upload", lambda request: JsonResponse({})),
        path("folder/", lambda request: JsonResponse({})),
        path("boom", lambda request: JsonResponse(1 / 0)),
    ]
    execute_from_command_line(["x", "runserver", "--noreload", f"127.0.0.1:{PORT}"])


def fastapi():
    import uvicorn
    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware

    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[OTHER])
    app.get("/")(nothing)
    app.get("/folder/")(nothing)
    app.get("/boom")(lambda: 1 / 0)
    uvicorn.run(app, host="127.0.0.1", port=PORT)


def litestar():
    import uvicorn
    from litestar import Litestar, get
    from litestar.config.cors import CORSConfig

    @get("/")
    async def read() -> dict[str, str]:
        return {}

    @get("/boom")
    async def boom() -> dict[str, str]:
        raise RuntimeError("boom")

    uvicorn.run(Litestar([read, boom], cors_config=CORSConfig(allow_origins=[OTHER])), host="127.0.0.1", port=PORT)


def aiohttp():
    import aiohttp_cors
    from aiohttp import web

    async def read(request):
        return web.json_response({})

    async def boom(request):
        raise RuntimeError("boom")

    app = web.Application()
    cors = aiohttp_cors.setup(app, defaults={OTHER: aiohttp_cors.ResourceOptions(allow_methods=["PUT"])})
    cors.add(app.router.add_get("/", read))
    cors.add(app.router.add_put("/thing", read))
    app.router.add_get("/boom", boom)
    app.router.add_post("/upload", lambda request: request.read())
    web.run_app(app, host="127.0.0.1", port=PORT)


def sanic():
    from sanic import Sanic, json

    app = Sanic("products")
    app.get("/", name="read")(lambda request: json({}))
    app.get("/boom", name="boom")(lambda request: 1 / 0)
    app.run("127.0.0.1", PORT, single_process=True)


def tornado():
    import asyncio

    from tornado.web import Application, RequestHandler

    class Read(RequestHandler):
        def get(self):
            self.write({})

    class Boom(RequestHandler):
        def get(self):
            raise RuntimeError("boom")

    async def serve():
        Application([("/", Read), ("/boom", Boom), ("/upload", Read)]).listen(PORT, "127.0.0.1", max_body_size=1_000_000)
        await asyncio.Event().wait()

    asyncio.run(serve())


def bottle():
    from bottle import Bottle

    app = Bottle()
    app.get("/", callback=dict)
    app.get("/boom", callback=lambda: 1 / 0)
    app.run(host="127.0.0.1", port=PORT)


def pyramid():
    import waitress
    from pyramid.config import Configurator
    from pyramid.httpexceptions import HTTPForbidden

    def forbidden(request):
        raise HTTPForbidden

    with Configurator() as config:
        config.add_route("read", "/")
        config.add_view(lambda request: {}, route_name="read", renderer="json")
        config.add_route("boom", "/boom")
        config.add_view(forbidden, route_name="boom")
    waitress.serve(config.make_wsgi_app(), host="127.0.0.1", port=PORT)


def cherrypy():
    import cherrypy

    class Root:
        @cherrypy.expose
        @cherrypy.tools.json_out()
        def index(self, **_):
            return {}

        @cherrypy.expose
        def boom(self):
            return 1 / 0

    cherrypy.quickstart(Root(), "/", {"global": {"server.socket_host": "127.0.0.1", "server.socket_port": PORT}})


def django_host():
    from django.conf import settings
    from django.core.management import execute_from_command_line

    settings.configure(
        SECRET_KEY="of-a-test",
        ALLOWED_HOSTS=["www.example.test"],
        ROOT_URLCONF="__main__",
        CORS_ALLOWED_ORIGINS=[OTHER],
        INSTALLED_APPS=["corsheaders"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "corsheaders.middleware.CorsMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
    )
    sys.modules["__main__"].urlpatterns = []
    execute_from_command_line(["x", "runserver", "--noreload", f"127.0.0.1:{PORT}"])


def fastapi_strict():
    from typing import Annotated

    import uvicorn
    from fastapi import Body, FastAPI, Header

    def wanting(x_token: Annotated[str, Header()], body: Annotated[dict, Body()]):
        return {}

    app = FastAPI()
    app.api_route("/thing", methods=["PUT", "OPTIONS"])(wanting)
    app.get("/")(wanting)
    app.post("/upload")(wanting)
    uvicorn.run(app, host="127.0.0.1", port=PORT)


def blacksheep():
    import uvicorn
    from blacksheep import Application, get

    app = Application(show_error_details=False)
    app.use_cors(allow_methods="*", allow_origins=OTHER)
    get("/")(nothing)
    get("/boom")(lambda: 1 / 0)
    uvicorn.run(app, host="127.0.0.1", port=PORT)


def robyn():
    from robyn import ALLOW_CORS, Robyn

    app = Robyn(__file__)
    ALLOW_CORS(app, origins=[OTHER])
    app.get("/")(nothing)
    app.get("/boom")(lambda: 1 / 0)
    app.start(host="127.0.0.1", port=PORT)


def fastmcp():
    from fastmcp import FastMCP

    FastMCP("test").run(transport="http", host="127.0.0.1", port=PORT, show_banner=False)


def mcp_python():
    from mcp.server.mcpserver import MCPServer

    MCPServer("test").run(transport="streamable-http", host="127.0.0.1", port=PORT)


def mcp_python_host():
    from mcp.server.mcpserver import MCPServer
    from mcp.server.transport_security import TransportSecuritySettings

    listed = TransportSecuritySettings(allowed_hosts=[f"api.{NAME}.test"], allowed_origins=[OTHER])
    MCPServer("test").run(transport="streamable-http", host="127.0.0.1", port=PORT, transport_security=listed)


def falcon():
    from wsgiref.simple_server import make_server

    import falcon

    class Read:
        def on_get(self, request, response):
            response.media = {}

    app = falcon.App()
    app.add_route("/", Read())
    make_server("127.0.0.1", PORT, app).serve_forever()


globals()[NAME.partition("-")[0]]()
