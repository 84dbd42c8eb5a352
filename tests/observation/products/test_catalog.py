"""The shipped products: each is known by its own marks, and none takes a neighbor's response."""

from collections.abc import Iterator

import pytest
from corslens.fetch.messages import Response
from corslens.lint.finding import Confidence
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Family
from corslens.observation.exchange import Exchange

from tests.make import Headers, request, response

RULES = load_rules()
CATALOG = RULES.products
OWN = {rule.id: rule for rule in RULES.rules.values() if rule.family is Family.PRODUCTS}

ONLY_WITH_MORE = frozenset({"lambda-url-and-function-both"})
"""Own responses whose rules need more than the marks of the head."""

TOLD_APART_BY_ROLE = {
    "spring-refuses-own-page": "spring-invalid-cors-request",
    "spring-invalid-cors-request": "spring-refuses-own-page",
}
"""The same head to a page of its own and to another's: the rules ask for the role."""


@pytest.mark.parametrize(
    ("product", "head"),
    [
        ("nginx", {"Server": "nginx/1.22.1"}),
        ("nginx", {"Server": "openresty"}),
        ("apache", {"Server": "Apache/2.4.71 (Debian)"}),
        ("caddy", {"Server": "Caddy"}),
        ("express", {"X-Powered-By": "Express", "Connection": "keep-alive", "Keep-Alive": "timeout=5"}),
        ("fastify", {"content-type": "application/json; charset=utf-8", "Keep-Alive": "timeout=72"}),
        ("flask", {"Server": "Werkzeug/3.1.9 Python/3.13.0"}),
        ("uvicorn", {"server": "uvicorn"}),
        (
            "django",
            {
                "Server": "WSGIServer/0.2 CPython/3.13.0",
                "X-Frame-Options": "DENY",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
            },
        ),
        (None, {"Server": "WSGIServer/0.2 CPython/3.13.0"}),  # any WSGI application's on Python's own server
        ("aiohttp", {"Server": "Python/3.13 aiohttp/3.14.5"}),
        ("aspnet", {"Server": "Kestrel"}),
        ("aspnet", {"X-Powered-By": "ASP.NET", "Server": "Microsoft-IIS/10.0"}),
        ("rails", {"X-Request-Id": "1", "X-Runtime": "0.01"}),
        ("s3", {"Server": "AmazonS3", "x-amz-request-id": "1"}),
        ("api-gateway", {"apigw-requestid": "1"}),
        ("cloudfront", {"Via": "1.1 abc.cloudfront.net (CloudFront)"}),
        ("envoy", {"server": "envoy"}),
        ("kong", {"X-Kong-Upstream-Latency": "1"}),
        (None, {"Content-Type": "text/plain; charset=utf-8", "Keep-Alive": "timeout=5"}),  # Koa leaves no mark
        (None, {"X-Request-Id": "1"}),
        (None, {}),
    ],
)
def test_a_product_is_known_by_its_marks(product: str | None, head: Headers) -> None:
    """And nothing is named where there is none."""
    assert [one.id for one in CATALOG.of(request(), response(200, head))][:1] == ([] if product is None else [product])


def test_the_application_comes_before_the_proxy() -> None:
    """Both are named; the one that knows its users comes first."""
    both = response(200, [("Server", "Caddy"), ("Server", "Python/3.13 aiohttp/3.14.5")])
    assert [one.id for one in CATALOG.of(request(), both)] == ["aiohttp", "caddy"]


def _shown() -> Iterator[object]:
    for rule in OWN.values():
        for sample in rule.bad:
            last = sample.exchanges()[-1]
            assert last.response is not None
            yield pytest.param(rule.id, last, last.response, id=f"{rule.id}: {sample.name}")


@pytest.mark.parametrize(("id", "exchange", "head"), list(_shown()))
def test_no_mark_takes_a_neighbor(id: str, exchange: Exchange, head: Response) -> None:
    """What one product responds is not taken for another's, unless one rule explains the other."""
    found = {response.id for _, response in CATALOG.own_responses(exchange.request, head)}
    assert id in found
    explained = {name for one in (id, *found) for each in OWN[one].explains for name in each.names}
    explaining = {one for one in found if any(id in each.names for each in OWN[one].explains)}
    assert found - {id, TOLD_APART_BY_ROLE.get(id)} - explained - explaining - ONLY_WITH_MORE == set()


def test_there_are_at_least_sixty_products_each_with_how_it_was_verified() -> None:
    made = [product for product in CATALOG.products.values() if product.responses]
    assert len(made) >= 60
    assert [product.id for product in CATALOG.products.values() if not product.verified] == []


def test_what_nobody_verified_has_low_confidence() -> None:
    unverified = [product for product in CATALOG.products.values() if product.verified == "general knowledge"]
    rated = {OWN[response.id].confidence for product in unverified for response in product.responses}
    assert rated == {Confidence.LOW}


@pytest.mark.parametrize(
    ("name", "product"),
    [("sentry-trace", "sentry"), ("x-datadog-origin", "datadog-rum"), ("traceparent", "opentelemetry"), ("x-shop", None)],
)
def test_who_adds_a_request_header(name: str, product: str | None) -> None:
    found = CATALOG.adds_header(name)
    assert (None if found is None else found.id) == product
