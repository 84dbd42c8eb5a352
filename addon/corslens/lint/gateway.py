"""Answers that a layer in front of the application wrote by itself, so that the application never saw the request.

Only marks that such a layer leaves on its own answers count; a mark that it leaves on everything says nothing.
"""

from enum import StrEnum

from corslens.fetch.messages import Response


class Gateway(StrEnum):
    """A layer that answered in the application's place."""

    API_GATEWAY = "AWS API Gateway"
    CLOUDFRONT = "Amazon CloudFront"
    LOAD_BALANCER = "AWS load balancer"
    CLOUDFLARE = "Cloudflare"
    AKAMAI = "Akamai"
    AZURE = "Azure Front Door"
    ENVOY = "Envoy"
    KONG = "Kong"
    NGINX = "nginx"
    APACHE = "Apache httpd"
    IIS = "IIS"


def gateway_of(response: Response) -> Gateway | None:
    """Return the layer that wrote this error itself, None where the application may have written it."""
    if response.status < 400:
        return None
    headers = response.headers
    server = (headers.get("server") or "").lower()
    if "x-amzn-errortype" in headers:
        return Gateway.API_GATEWAY
    if "error from cloudfront" in (headers.get("x-cache") or "").lower() and server == "cloudfront":
        return Gateway.CLOUDFRONT
    if server.startswith("awselb"):
        return Gateway.LOAD_BALANCER
    if "cf-mitigated" in headers or (server == "cloudflare" and response.status in range(520, 531)):
        return Gateway.CLOUDFLARE
    if server == "akamaighost":
        return Gateway.AKAMAI
    if "x-azure-externalerror" in headers:
        return Gateway.AZURE
    # Both add the upstream's time to what they pass on, and leave it out of their own answers.
    if server == "envoy" and "x-envoy-upstream-service-time" not in headers:
        return Gateway.ENVOY
    if "x-kong-response-latency" in headers and "x-kong-upstream-latency" not in headers:
        return Gateway.KONG
    if (headers.get("content-type") or "").startswith("text/html") and "x-powered-by" not in headers:
        for gateway, beginnings in _ERROR_PAGES:
            if server.startswith(beginnings):
                return gateway
    return None


_ERROR_PAGES = (
    (Gateway.NGINX, ("nginx", "openresty")),
    (Gateway.APACHE, ("apache",)),
    (Gateway.IIS, ("microsoft-iis",)),
)
"""Servers whose own error pages are HTML, which an API's are not."""
