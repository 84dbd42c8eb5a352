"""Products and refusals are recognised by heads that the products really send.

Recorded: nginx 1.22, Apache 2.4, Caddy 2.6, Express 5, Fastify 5 with @fastify/cors 11, Koa 3, Flask 3 (Werkzeug), Starlette 1.10 (uvicorn),
Django 6 (wsgiref), aiohttp 3.14 with aiohttp-cors 0.8.
From documentation and source, not recorded here: Spring, ASP.NET Core, Rails, S3, API Gateway, CloudFront, Envoy, Kong.
"""

import pytest
from corslens.fetch.messages import HeaderList, Response
from corslens.observation.fingerprints import Product, Refusal, fingerprint, products, refusal

from tests.make import Headers, response

PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"


def starlette(length: str, **more: str) -> Response:
    """Starlette's refusal of a preflight, as recorded."""
    head = {
        "server": "uvicorn", "vary": PREFLIGHT_VARY, "access-control-allow-methods": "GET, PUT", "access-control-max-age": "600",
        "content-length": length, "content-type": "text/plain; charset=utf-8", **more,
    }  # fmt: skip
    return response(400, head)


@pytest.mark.parametrize(
    ("product", "head"),
    [
        (Product.NGINX, {"Server": "nginx/1.22.1"}),
        (Product.NGINX, {"Server": "openresty"}),
        (Product.APACHE, {"Server": "Apache/2.4.71 (Debian)"}),
        (Product.CADDY, {"Server": "Caddy"}),
        (Product.EXPRESS, {"X-Powered-By": "Express", "Connection": "keep-alive", "Keep-Alive": "timeout=5"}),
        (Product.FASTIFY, {"content-type": "application/json; charset=utf-8", "Keep-Alive": "timeout=72"}),
        (Product.FLASK, {"Server": "Werkzeug/3.1.9 Python/3.13.0"}),
        (Product.STARLETTE, {"server": "uvicorn"}),
        (Product.DJANGO, {"Server": "WSGIServer/0.2 CPython/3.13.0"}),
        (Product.AIOHTTP, {"Server": "Python/3.13 aiohttp/3.14.5"}),
        (Product.ASPNET, {"Server": "Kestrel"}),
        (Product.ASPNET, {"X-Powered-By": "ASP.NET", "Server": "Microsoft-IIS/10.0"}),
        (Product.RAILS, {"X-Request-Id": "1", "X-Runtime": "0.01"}),
        (Product.S3, {"Server": "AmazonS3", "x-amz-request-id": "1"}),
        (Product.API_GATEWAY, {"apigw-requestid": "1"}),
        (Product.CLOUDFRONT, {"Via": "1.1 abc.cloudfront.net (CloudFront)"}),
        (Product.ENVOY, {"server": "envoy"}),
        (Product.KONG, {"X-Kong-Upstream-Latency": "1"}),
        (None, {"Content-Type": "text/plain; charset=utf-8", "Keep-Alive": "timeout=5"}),  # Koa leaves no mark
        (None, {"X-Request-Id": "1"}),
        (None, {}),
    ],
)
def test_a_product_is_known_by_its_marks(product: Product | None, head: Headers) -> None:
    """And nothing is named where there is none."""
    assert fingerprint(response(200, head)) == product


def test_the_application_comes_before_the_proxy() -> None:
    """Both are named; the one that knows its users is the answer."""
    caddy_before_aiohttp = HeaderList([("Server", "Caddy"), ("Server", "Python/3.13 aiohttp/3.14.5")])
    assert products(caddy_before_aiohttp) == (Product.AIOHTTP, Product.CADDY)
    assert products(HeaderList([("Server", "nginx"), ("X-Powered-By", "Express")])) == (Product.EXPRESS, Product.NGINX)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        (Refusal.STARLETTE_PREFLIGHT, starlette("22")),  # Disallowed CORS origin
        (Refusal.STARLETTE_PREFLIGHT, starlette("23", **{"access-control-allow-origin": "http://a.test"})),  # … headers
        (Refusal.STARLETTE_PREFLIGHT, starlette("30")),  # … origin, method
        (None, starlette("24")),
        (
            Refusal.SPRING_FORBIDDEN,
            response(
                403,
                [
                    ("Vary", "Origin"),
                    ("Vary", "Access-Control-Request-Method"),
                    ("Vary", "Access-Control-Request-Headers"),
                    ("Content-Length", "20"),
                ],
            ),
        ),
        (None, response(403, {"Vary": "Origin", "Content-Length": "20"})),
        (
            Refusal.FASTIFY_STRICT_PREFLIGHT,
            response(400, {"vary": "Origin", "content-type": "text/plain", "content-length": "25", "Keep-Alive": "timeout=72"}),
        ),
        (
            Refusal.AIOHTTP_CORS_PREFLIGHT,
            response(
                403,
                {
                    "Content-Type": "text/plain; charset=utf-8",
                    "Content-Length": "71",
                    "Server": "Python/3.13 aiohttp/3.14.5",
                },
            ),
        ),
        (
            None,
            response(
                403,
                {
                    "Content-Type": "text/plain; charset=utf-8",
                    "Content-Length": "14",
                    "Server": "Python/3.13 aiohttp/3.14.5",
                },
            ),
        ),
        (Refusal.API_GATEWAY_ERROR, response(403, {"x-amzn-ErrorType": "ForbiddenException", "x-amzn-RequestId": "1"})),
        (None, response(200, {"x-amzn-ErrorType": "x"})),
        (None, response(400, {"content-type": "text/plain", "content-length": "²"})),
    ],
)
def test_a_refusal_is_known_by_status_type_and_length(expected: Refusal | None, answer: Response) -> None:
    """Bodies are not kept, so the length of a known text stands for it."""
    assert refusal(answer) == expected


def test_a_refusal_names_its_product() -> None:
    """Also where no other mark does, as behind a proxy that writes its own Server."""
    behind_nginx = starlette("22")
    lines = [("server", "nginx") if name == "server" else (name, value) for name, value in behind_nginx.headers.lines]
    assert fingerprint(response(400, lines)) == Product.STARLETTE
