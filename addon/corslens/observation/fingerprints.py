"""Which product made a response, and which known refusal it is: from the head alone, because bodies are not kept.

A fingerprint is evidence for wording ("nginx: write `always`"), never for a verdict: anyone can send any header.
Sources: the products' own code and answers recorded from them (tests/servers); the rest is marked in tests/observation/test_fingerprints.py.
"""

from collections.abc import Callable
from enum import StrEnum

from corslens.fetch.messages import HeaderList, Response


class Product(StrEnum):
    """A server, proxy or framework, by the name under which `corslens advise` knows it."""

    NGINX = "nginx"
    APACHE = "apache"
    CADDY = "caddy"
    HAPROXY = "haproxy"
    EXPRESS = "express"
    FASTIFY = "fastify"
    FLASK = "flask"
    STARLETTE = "fastapi"
    DJANGO = "django"
    AIOHTTP = "aiohttp"
    SPRING = "spring"
    ASPNET = "aspnet"
    RAILS = "rails"
    S3 = "s3"
    API_GATEWAY = "api-gateway"
    CLOUDFRONT = "cloudfront"
    ENVOY = "envoy"
    TRAEFIK = "traefik"
    KONG = "kong"


class Refusal(StrEnum):
    """An answer by which a product says that it refused a CORS request."""

    STARLETTE_PREFLIGHT = "starlette-preflight"
    """400 `Disallowed CORS origin`, `… method`, `… headers`."""
    SPRING_FORBIDDEN = "spring-forbidden"
    """403 `Invalid CORS request`."""
    FASTIFY_STRICT_PREFLIGHT = "fastify-strict-preflight"
    """400 `Invalid Preflight Request`: an OPTIONS without Origin or Access-Control-Request-Method."""
    AIOHTTP_CORS_PREFLIGHT = "aiohttp-cors-preflight"
    """403 `CORS preflight request failed: …`."""
    API_GATEWAY_ERROR = "api-gateway-error"
    """A 4xx or 5xx that API Gateway made itself (authorizer, throttle, unknown route): the function never saw the request."""


def _begins(name: str, *beginnings: str) -> Callable[[HeaderList], bool]:
    def test(headers: HeaderList) -> bool:
        return any(value.lower().startswith(beginnings) for value in headers.values(name))

    return test


def _holds(name: str, part: str) -> Callable[[HeaderList], bool]:
    def test(headers: HeaderList) -> bool:
        return any(part in value.lower() for value in headers.values(name))

    return test


def _has(*names: str) -> Callable[[HeaderList], bool]:
    def test(headers: HeaderList) -> bool:
        return any(name in headers for name in names)

    return test


_MARKS: tuple[tuple[Product, Callable[[HeaderList], bool]], ...] = (
    # The application first: it knows its users, so it is where CORS is best set.
    (Product.EXPRESS, _begins("x-powered-by", "express")),
    (Product.ASPNET, _begins("server", "kestrel")),
    (Product.ASPNET, _begins("x-powered-by", "asp.net")),
    (Product.FASTIFY, lambda headers: headers.get("keep-alive") == "timeout=72"),  # its own default; Node's is 5
    (Product.FLASK, _begins("server", "werkzeug")),
    (Product.DJANGO, _begins("server", "wsgiserver")),
    (Product.STARLETTE, _begins("server", "uvicorn", "hypercorn")),
    (Product.AIOHTTP, _holds("server", "aiohttp/")),
    (Product.RAILS, _begins("x-powered-by", "phusion passenger")),
    (Product.RAILS, lambda headers: "x-runtime" in headers and "x-request-id" in headers),
    (Product.S3, _begins("server", "amazons3")),
    (Product.API_GATEWAY, _has("apigw-requestid", "x-amz-apigw-id", "x-amzn-errortype")),
    # Then what stands before it.
    (Product.KONG, _begins("server", "kong")),
    (Product.KONG, _has("x-kong-upstream-latency", "x-kong-proxy-latency", "x-kong-response-latency", "x-kong-request-id")),
    (Product.ENVOY, _begins("server", "envoy", "istio-envoy")),
    (Product.ENVOY, _has("x-envoy-upstream-service-time")),
    (Product.CADDY, _begins("server", "caddy")),
    (Product.NGINX, _begins("server", "nginx", "openresty")),
    (Product.APACHE, _begins("server", "apache")),
    (Product.CLOUDFRONT, _has("x-amz-cf-id")),
    (Product.CLOUDFRONT, _holds("via", "(cloudfront)")),
)


def products(headers: HeaderList) -> tuple[Product, ...]:
    """Name every product that left a mark in a response's head: the application first, what stands before it after that."""
    return tuple(dict.fromkeys(product for product, marked in _MARKS if marked(headers)))


def fingerprint(response: Response) -> Product | None:
    """Name the product whose CORS settings most likely decide over this response, or None when nothing tells."""
    known = _REFUSED_BY.get(refusal(response))
    if known is not None:
        return known
    found = products(response.headers)
    return found[0] if found else None


def refusal(response: Response) -> Refusal | None:
    """Recognise a product's own refusal by status, type and length of its known text."""
    headers = response.headers
    match response.status:
        case 400:
            if headers.get("content-length") == "25" and _is_plain_text(headers):  # "Invalid Preflight Request"
                return Refusal.FASTIFY_STRICT_PREFLIGHT
            if (
                headers.get("content-length") in _STARLETTE_LENGTHS
                and _is_plain_text(headers)
                and "access-control-allow-methods" in headers
            ):
                return Refusal.STARLETTE_PREFLIGHT
        case 403:
            if headers.get("content-length") in _SPRING_LENGTHS and _tokens(headers.get("vary")) >= _SPRING_VARY:
                return Refusal.SPRING_FORBIDDEN
            if _holds("server", "aiohttp/")(headers) and _is_plain_text(headers) and _length(headers) > _AIOHTTP_CORS_LENGTH:
                return Refusal.AIOHTTP_CORS_PREFLIGHT
    if response.status >= 400 and "x-amzn-errortype" in headers:
        return Refusal.API_GATEWAY_ERROR
    return None


_REFUSED_BY: dict[Refusal | None, Product] = {
    Refusal.STARLETTE_PREFLIGHT: Product.STARLETTE,
    Refusal.SPRING_FORBIDDEN: Product.SPRING,
    Refusal.FASTIFY_STRICT_PREFLIGHT: Product.FASTIFY,
    Refusal.AIOHTTP_CORS_PREFLIGHT: Product.AIOHTTP,
    Refusal.API_GATEWAY_ERROR: Product.API_GATEWAY,
}

_STARLETTE_PARTS = ("origin", "method", "headers", "private-network")
_STARLETTE_LENGTHS = frozenset(
    str(len("Disallowed CORS " + ", ".join(part for bit, part in enumerate(_STARLETTE_PARTS) if chosen >> bit & 1)))
    for chosen in range(1, 1 << len(_STARLETTE_PARTS))
)
"""Starlette joins the parts that failed, in this order, to one sentence."""

_SPRING_LENGTHS = frozenset({"20", None})
"""`Invalid CORS request` has 20 characters; behind a proxy or over HTTP/2 the length may be absent."""
_SPRING_VARY = frozenset({"origin", "access-control-request-method", "access-control-request-headers"})
"""Spring's CorsProcessor adds these three to every answer, whatever the request."""


_AIOHTTP_CORS_LENGTH = len("CORS preflight request failed: ")


def _length(headers: HeaderList) -> int:
    value = headers.get("content-length") or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _is_plain_text(headers: HeaderList) -> bool:
    return (headers.get("content-type") or "").lower().startswith("text/plain")


def _tokens(value: str | None) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in (value or "").split(","))
