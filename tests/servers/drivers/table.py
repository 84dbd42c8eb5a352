"""The servers that are started: the rows of advice/table.py that are marked as tested, and no others."""

from pathlib import Path

from tests.servers.drivers.driver import GO_RS_CORS, Driver

_REVERSE_PROXY = "reverse_proxy 127.0.0.1:8000"
_NGINX_LOCATION = "location {path} {{\n{block}\nproxy_pass http://127.0.0.1:@UPSTREAM@;\n}}"
_APACHE_LOCATION = '<LocationMatch "^({path})(/|$)">\n{block}\n</LocationMatch>'

DRIVERS: tuple[Driver, ...] = (
    Driver(
        name="nginx", source="nginx.conf", command=("nginx", "-e", "stderr", "-p", "{folder}", "-c", "{file}"), programs=("nginx",),
        is_proxy=True, scopes=("", _NGINX_LOCATION),
    ),
    Driver(
        name="apache", source="apache.conf", command=("apache2", "-X", "-f", "{file}"), programs=("apache2",),
        is_proxy=True, scopes=(_APACHE_LOCATION, ""), modules_folder="/usr/lib/apache2/modules",
    ),
    Driver(
        name="caddy", source="Caddyfile", command=("caddy", "run", "--adapter", "caddyfile", "--config", "{file}"), programs=("caddy",),
        bare=_REVERSE_PROXY, is_proxy=True,
    ),
    Driver(name="haproxy", source="haproxy.cfg", command=("haproxy", "-db", "-f", "{file}"), programs=("haproxy",), is_proxy=True),
    Driver(name="express", source="express.js", command=("node", "{file}", "{port}"), programs=("node",), packages=("express", "cors")),
    Driver(name="fastify", source="fastify.js", command=("node", "{file}", "{port}"), programs=("node",), packages=("fastify", "@fastify/cors")),
    Driver(name="koa", source="koa.js", command=("node", "{file}", "{port}"), programs=("node",), packages=("koa", "@koa/cors")),
    Driver(name="flask", source="flask.py", command=("python", "{file}", "{port}"), modules=("flask", "flask_cors")),
    Driver(name="fastapi", source="fastapi.py", command=("python", "{file}", "{port}"), modules=("fastapi", "uvicorn")),
    Driver(name="django", source="django.py", command=("python", "{file}", "{port}"), modules=("django", "corsheaders")),
    Driver(name="aiohttp", source="aiohttp.py", command=("python", "{file}", "{port}"), modules=("aiohttp", "aiohttp_cors")),
    Driver(
        name="go-rs-cors", source="go-rs-cors.go", command=("{folder}/api", "{port}"), programs=("go",),
        build=("go", "build", "-o", "{folder}/api", "{file}"), needs=(GO_RS_CORS,),
    ),
    Driver(
        name="rails", source="rails.ru", command=("puma", "-q", "-b", "tcp://127.0.0.1:{port}", "{file}"), programs=("puma", "ruby"),
        needs=(Path("/usr/share/doc/ruby-railties"), Path("/usr/share/doc/ruby-rack-cors")),
    ),
)  # fmt: skip
