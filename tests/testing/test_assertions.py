"""cors.allows and its siblings: every kind of app, the words of failures, and wrong use."""

import asyncio
import http.client
import threading

import pytest
from corslens.lint.finding import Severity
from corslens.testing.assertions import Cors

from tests.asking.servers import serving
from tests.testing.planted import ADMIN, APP, HEADERS, App

RIGHT = App(name="right")


async def asgi(scope, receive, send):
    """The same app by ASGI, as a stream without an end."""
    assert scope["type"] == "http"
    environ = {"REQUEST_METHOD": scope["method"], "PATH_INFO": scope["path"]}
    environ |= {f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode() for name, value in scope["headers"]}
    heads = []
    RIGHT(environ, lambda status, lines: heads.append((int(status[:3]), lines)))
    ((status, lines),) = heads
    lines = [(name.lower().encode(), value.encode()) for name, value in lines if name != "Content-Length"]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"data", "more_body": True})
    assert (await receive())["type"] == "http.request"
    assert (await receive())["type"] == "http.disconnect"


class Asgi:
    async def __call__(self, scope, receive, send):
        await asgi(scope, receive, send)


@pytest.mark.parametrize("app", [RIGHT, asgi, Asgi()], ids=["wsgi", "asgi", "asgi-object"])
def test_apps(app):
    cors = Cors()
    cors.allows(app, APP, "PUT", "/me?a=1#b", headers=HEADERS, credentials=True)
    cors.refuses(app, "https://evil.example", "PUT", "/me", headers=HEADERS, credentials=True)
    cors.refuses_everyone_but(app, [APP, ADMIN], "PUT", "/me", headers=HEADERS, credentials=True)
    assert cors.diagnoses(Severity.WARNING) == []


async def test_an_asgi_app_where_a_loop_runs():
    Cors().allows(asgi, APP, credentials=True)
    assert asyncio.get_running_loop().is_running()


def test_flask_and_its_client():
    flask = pytest.importorskip("flask")
    flask_cors = pytest.importorskip("flask_cors")
    app = flask.Flask("app")
    flask_cors.CORS(app, origins=[APP])
    app.add_url_rule("/me", view_func=lambda: "me")
    for client in (app, app.test_client()):
        Cors().refuses_everyone_but(client, [APP], url="/me")


def test_starlette():
    applications = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware

    wide = Middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    with pytest.raises(AssertionError, match="reflects any Origin") as failure:
        Cors().refuses_everyone_but(applications.Starlette(middleware=[wide]), [APP], credentials=True)
    assert "Fix (server): Compare the whole Origin with an exact allowlist" in str(failure.value)


@pytest.mark.parametrize("library", ["httpx", "httpx2", "requests"])
def test_clients_send_what_a_browser_does(library):
    """No header line of their own; cookies with credentials, and never with a preflight."""
    module = pytest.importorskip(library)
    client = module.Session() if library == "requests" else module.Client(headers={"X-Own": "1"})
    client.headers["Authorization"] = "Bearer own"
    client.cookies.set("session", "1")
    with serving(lambda origin: origin == APP) as server:
        Cors().allows(client, APP, "PUT", f"{server.url}/me", headers={"X-A": "1"}, credentials=True)
        Cors().allows(client, APP, "GET", f"{server.url}/me")
    put, get = server.asked[:6], server.asked[6:]
    assert [method for method, _, _ in put] == ["OPTIONS", "PUT"] * 3
    assert [dict(lines).get("Cookie") for _, _, lines in put] == [None, "session=1"] * 3
    assert [dict(lines).get("Cookie") for _, _, lines in get] == [None] * 3
    names = {name.lower() for _, _, lines in server.asked for name, _ in lines}
    assert not names & {"authorization", "x-own"}
    agents = [dict(lines)["User-Agent"] for _, _, lines in get]
    assert ["Chrome" in agents[0], "Firefox" in agents[1], "Version/" in agents[2]] == [True] * 3


def test_a_server_by_its_url():
    with serving(lambda origin: origin == APP) as server:
        Cors().refuses_everyone_but(server.url, [APP], url="/me", credentials=True)
        with pytest.raises(AssertionError, match="BLOCKED"):
            Cors().allows(server.url, "https://other.example", url="/me")
    with pytest.raises(AssertionError, match="did not respond to GET"):
        Cors().allows(server.url, APP, url="/me")


def test_a_failure_is_a_diagnosis():
    cors = Cors()
    with pytest.raises(AssertionError) as failure:
        cors.allows(RIGHT, APP, "PATCH", "/me", credentials=True)
    first, second, third, fourth, *_ = str(failure.value).splitlines()
    assert first == "BLOCKED  PATCH https://testserver/me  Method not allowed by the preflight  [preflight-method-not-allowed]"
    assert second == "  Fix (server): Access-Control-Allow-Methods: GET, PUT, DELETE, PATCH"
    assert "Access-Control-Allow-Methods: GET, PUT, DELETE, which does not allow PATCH" in third
    assert fourth == f"  from {APP}  (all browsers; preflight because of PATCH)"
    with pytest.raises(AssertionError) as allowed:
        cors.refuses(RIGHT, APP, credentials=True)
    assert str(allowed.value) == (
        f"GET https://testserver/ from {APP} is allowed in Chromium: the response has "
        f"access-control-allow-origin: {APP} and access-control-allow-credentials: true"
    )


def test_one_engine_alone():
    """What only Firefox gets only Firefox may read."""
    app = App(name="only Firefox", wants=lambda environ: "Firefox" in environ["HTTP_USER_AGENT"])
    Cors().allows(app, APP, credentials=True, engines=["firefox"])
    with pytest.raises(AssertionError, match="BLOCKED"):
        Cors().allows(app, APP, credentials=True)
    with pytest.raises(AssertionError, match="is allowed in Firefox"):
        Cors().refuses(app, APP, credentials=True)


def test_a_redirect_to_another_host_stays_unknown():
    app = App(name="redirects", redirect=(302, "https://login.example.net/", True))
    for assertion in (Cors().allows, Cors().refuses):
        with pytest.raises(AssertionError, match=r"the redirect to https://login\.example\.net was not followed"):
            assertion(app, APP, url="/me", credentials=True)


def test_what_an_app_raises_comes_through():
    def broken(environ, start_response):
        raise KeyError("of the app")

    with pytest.raises(KeyError, match="of the app"):
        Cors().allows(broken, APP)
    with pytest.raises(AssertionError, match="the app returned without a response"):
        Cors().allows(lambda environ, start_response: [], APP)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ((7, APP), TypeError, "builtins.int is neither an app nor a client: pass an ASGI or WSGI app"),
        ((App, APP), TypeError, "neither an app nor a client"),
        ((RIGHT, f"{APP}/"), ValueError, "is not an origin, such as"),
        ((RIGHT, APP, "CONNECT"), ValueError, "is not a method that a page can use"),
        ((RIGHT, APP, "GET", "ftp://x.example/"), ValueError, "is not a URL of http or https"),
        ((RIGHT, APP, "GET", "https://["), ValueError, "is not a URL"),
    ],
)
def test_wrong_use_is_one_sentence(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        Cors().allows(*arguments)
    with pytest.raises(ValueError, match="'Cookie' is not a header that a page can set"):
        Cors().allows(RIGHT, APP, headers={"Cookie": "a=1"})
    with pytest.raises(ValueError, match="a list of one or more origins"):
        Cors().refuses_everyone_but(RIGHT, APP)


def test_watch_adds_to_the_summary(tmp_path):
    """What the proxy sees and what the app was asked stand in one report."""
    cors = Cors()
    with serving(lambda origin: False) as server, cors.watch(f"confdir={tmp_path}") as lens:
        host, _, port = lens.proxy.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port))
        connection.request("GET", f"{server.url}/api", headers={"Origin": APP})
        assert connection.getresponse().status == 200
        connection.close()
    (found,) = cors.diagnoses(Severity.ERROR)
    assert found.startswith(f"BLOCKED  GET {server.url}/api")
    assert "corslens" not in {thread.name for thread in threading.enumerate()}
