"""Answers of a layer in front of the application."""

import pytest
from corslens.lint.gateway import Gateway, gateway_of

from tests.make import response


@pytest.mark.parametrize(
    ("status", "headers", "gateway"),
    [
        (403, {"x-amzn-errortype": "ForbiddenException"}, Gateway.API_GATEWAY),
        (403, {"server": "CloudFront", "x-cache": "Error from cloudfront"}, Gateway.CLOUDFRONT),
        (503, {"server": "awselb/2.0"}, Gateway.LOAD_BALANCER),
        (522, {"server": "cloudflare"}, Gateway.CLOUDFLARE),
        (403, {"cf-mitigated": "challenge"}, Gateway.CLOUDFLARE),
        (404, {"server": "cloudflare"}, None),
        (503, {"server": "AkamaiGHost"}, Gateway.AKAMAI),
        (503, {"x-azure-externalerror": "x"}, Gateway.AZURE),
        (503, {"server": "envoy"}, Gateway.ENVOY),
        (503, {"server": "envoy", "x-envoy-upstream-service-time": "3"}, None),
        (404, {"x-kong-response-latency": "1"}, Gateway.KONG),
        (404, {"x-kong-response-latency": "1", "x-kong-upstream-latency": "2"}, None),
        (502, {"server": "nginx/1.26", "content-type": "text/html"}, Gateway.NGINX),
        (502, {"server": "nginx/1.26", "content-type": "application/json"}, None),
        (404, {"server": "nginx", "content-type": "text/html", "x-powered-by": "Express"}, None),
        (403, {"server": "Apache/2.4", "content-type": "text/html"}, Gateway.APACHE),
        (404, {"server": "Microsoft-IIS/10.0", "content-type": "text/html"}, Gateway.IIS),
        (200, {"server": "awselb/2.0"}, None),
    ],
)
def test_marks(status: int, headers: dict[str, str], gateway: Gateway | None) -> None:
    assert gateway_of(response(status, headers)) is gateway
