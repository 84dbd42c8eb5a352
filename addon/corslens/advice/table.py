"""The servers that settings are written for: a row here and a template of the same name in servers/.

To add one: write `servers/NAME.j2`, add its row, and (where the server can be started by a test) its driver in tests/servers/drivers.
`tested` is true only for servers that tests/servers starts with the generated settings.
"""

from msgspec import Struct

from corslens.suggest import did_you_mean


class Server(Struct, frozen=True, kw_only=True):
    """A server, framework or service."""

    name: str
    """What the user types; also the template's name."""
    title: str
    language: str
    """Of the settings; a key of quoting.LANGUAGES."""
    docs: str
    """Where the options are documented."""
    tested: bool = False
    replaces: bool = False
    """Its settings drop the CORS headers that what is behind it sends."""
    by_path: bool = True
    """It can have one policy for some paths and another for others; else the groups' sum is written."""
    unwritable: str = ""
    """Characters that make a pattern of a name there; an item with one of them is left out and reported."""
    known_methods: tuple[str, ...] = ()
    """Where the server has a closed list of methods; empty: it takes any."""


_USUAL = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

SERVERS: tuple[Server, ...] = (
    Server(
        name="nginx", title="nginx", language="nginx", tested=True, replaces=True,
        docs="https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header",
    ),
    Server(
        name="apache", title="Apache httpd", language="apache", tested=True, replaces=True,
        docs="https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header",
    ),
    Server(
        name="caddy", title="Caddy", language="caddy", tested=True, replaces=True,
        docs="https://caddyserver.com/docs/caddyfile/directives/header",
    ),
    Server(
        name="haproxy", title="HAProxy", language="haproxy", tested=True, replaces=True,
        docs="https://docs.haproxy.org/2.6/configuration.html#4.2-http-after-response",
    ),
    Server(
        name="express", title="Express (cors)", language="javascript", tested=True,
        docs="https://expressjs.com/en/resources/middleware/cors.html",
    ),
    Server(
        name="fastify", title="Fastify (@fastify/cors)", language="javascript", tested=True, by_path=False,
        docs="https://github.com/fastify/fastify-cors#options",
    ),
    Server(
        name="koa", title="Koa (@koa/cors)", language="javascript", tested=True,
        docs="https://github.com/koajs/cors#corsoptions",
    ),
    Server(
        name="flask", title="Flask (Flask-CORS)", language="python", tested=True, unwritable="*\\]?$^[]()",
        docs="https://corydolphin.github.io/flask-cors/",
    ),
    Server(
        name="fastapi", title="FastAPI / Starlette", language="python", tested=True, by_path=False,
        docs="https://fastapi.tiangolo.com/tutorial/cors/",
    ),
    Server(
        name="django", title="Django (django-cors-headers)", language="python", tested=True, by_path=False,
        docs="https://github.com/adamchainz/django-cors-headers#configuration",
    ),
    Server(
        name="aiohttp", title="aiohttp (aiohttp-cors)", language="python", tested=True, by_path=False,
        docs="https://github.com/aio-libs/aiohttp-cors#usage",
    ),
    Server(
        name="spring", title="Spring (MVC and Security)", language="java", by_path=False,
        docs="https://docs.spring.io/spring-security/reference/servlet/integrations/cors.html",
    ),
    Server(
        name="aspnet", title="ASP.NET Core", language="csharp",
        docs="https://learn.microsoft.com/en-us/aspnet/core/security/cors",
    ),
    Server(
        name="go-rs-cors", title="Go (rs/cors)", language="go",
        by_path=False, tested=True, unwritable="!#$%&'*+^`|~",  # it splits the request's list there
        docs="https://pkg.go.dev/github.com/rs/cors#Options",
    ),
    Server(
        name="go-jub0bs-cors", title="Go (jub0bs/cors)", language="go",
        by_path=False,
        docs="https://pkg.go.dev/github.com/jub0bs/cors#Config",
    ),
    Server(
        name="rails", title="Rails (rack-cors)", language="ruby", by_path=False, tested=True,
        docs="https://github.com/cyu/rack-cors#configuration-reference",
    ),
    Server(
        name="s3", title="AWS S3 (CloudFormation)", language="yaml",
        known_methods=("GET", "HEAD", "POST", "PUT", "DELETE"), by_path=False, unwritable="*",
        docs="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-corsrule.html",
    ),
    Server(
        name="api-gateway", title="AWS API Gateway (CloudFormation)", language="yaml", known_methods=_USUAL, by_path=False, unwritable="*",
        docs="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html",
    ),
    Server(
        name="cloudfront", title="AWS CloudFront (CloudFormation)", language="yaml", replaces=True, known_methods=_USUAL, by_path=False,
        docs="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-responseheaderspolicy-corsconfig.html",
    ),
    Server(
        name="envoy", title="Envoy", language="yaml",
        docs="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter",
    ),
    Server(
        name="traefik", title="Traefik", language="yaml",
        docs="https://doc.traefik.io/traefik/middlewares/http/headers/#cors-headers",
    ),
    Server(
        name="kong", title="Kong (cors plugin)", language="yaml", known_methods=_USUAL,
        docs="https://developer.konghq.com/plugins/cors/",
    ),
)  # fmt: skip
"""In the order of the table in docs/server-settings.md."""

_ALIASES = {
    "httpd": "apache", "apache2": "apache", "starlette": "fastapi", "flask-cors": "flask", "django-cors-headers": "django",
    "aiohttp-cors": "aiohttp", "asp.net": "aspnet", "aspnetcore": "aspnet", "rs/cors": "go-rs-cors", "jub0bs/cors": "go-jub0bs-cors",
    "go": "go-jub0bs-cors", "rack-cors": "rails", "apigateway": "api-gateway", "@fastify/cors": "fastify", "cors": "express",
}  # fmt: skip
_RUN_BY = {"uvicorn": "fastapi"}
"""Products that show and are not configured themselves, with what they run most often."""
_BY_NAME = {server.name: server for server in SERVERS}


def server_named(name: str) -> Server:
    """Return the server that a user means.

    Raises: ValueError that names the nearest ones.
    """
    key = name.strip().lower()
    found = _BY_NAME.get(_ALIASES.get(key, key))
    if found is not None:
        return found
    hint = did_you_mean(key, [*_BY_NAME, *_ALIASES])
    raise ValueError(f"unknown server {name!r}{hint} (known: {', '.join(_BY_NAME)})")


def server_of(product: str) -> Server | None:
    """Return the server of a product in `rules/products`, by its id."""
    return _BY_NAME.get(_RUN_BY.get(product, product))
