"""Request headers that a page did not set: what browsers, WebViews and proxies add after the preflight's list was made.

None of them is asked for in a preflight (or need be), so alone they prove neither a page's doing nor a missing preflight.
"""

from collections.abc import Mapping
from types import MappingProxyType

from corslens.bounded_cache import bounded_cache
from corslens.fetch.header_values import is_token
from corslens.fetch.messages import HeaderList
from corslens.fetch.request_headers import METHOD_OVERRIDES, is_forbidden_request_header

BY_BROWSERS: Mapping[str, str] = MappingProxyType({
    "a-im": "https://www.rfc-editor.org/rfc/rfc3229#section-10.5.3",
    "alt-used": "https://www.rfc-editor.org/rfc/rfc7838#section-5",
    "authorization": "HTTP authentication, https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "available-dictionary": "https://www.rfc-editor.org/rfc/rfc9842#section-2.2",
    "cache-control": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "device-memory": "https://www.w3.org/TR/device-memory/#sec-device-memory-client-hint-header",
    "dictionary-id": "https://www.rfc-editor.org/rfc/rfc9842#section-2.3",
    "downlink": "https://wicg.github.io/netinfo/#downlink-request-header-field",
    "dpr": "https://wicg.github.io/responsive-image-client-hints/#dpr",
    "early-data": "https://www.rfc-editor.org/rfc/rfc8470#section-5.1",
    "ect": "https://wicg.github.io/netinfo/#ect-request-header-field",
    "if-match": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "if-modified-since": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "if-none-match": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "if-range": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "if-unmodified-since": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "last-event-id": "https://html.spec.whatwg.org/#the-last-event-id-header",
    "ping-from": "https://html.spec.whatwg.org/#ping-from",
    "ping-to": "https://html.spec.whatwg.org/#ping-to",
    "pragma": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "priority": "https://www.rfc-editor.org/rfc/rfc9218#section-5",
    "purpose": "WebKit and older Chromium, of prefetches",
    "range": "media elements, https://html.spec.whatwg.org/#concept-media-load-resource",
    "rtt": "https://wicg.github.io/netinfo/#rtt-request-header-field",
    "save-data": "https://wicg.github.io/savedata/#save-data-request-header-field",
    "service-worker": "https://w3c.github.io/ServiceWorker/#service-worker-script-request",
    "service-worker-navigation-preload": "https://w3c.github.io/ServiceWorker/#handle-fetch",
    "shared-storage-writable": "https://github.com/WICG/shared-storage",
    "upgrade-insecure-requests": "https://w3c.github.io/webappsec-upgrade-insecure-requests/#preference",
    "user-agent": "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    "viewport-width": "https://wicg.github.io/responsive-image-client-hints/#viewport-width",
    "width": "https://wicg.github.io/responsive-image-client-hints/#width",
    "x-chrome-connected": "branded Chrome to Google's hosts, components/signin in Chromium",
    "x-chrome-id-consistency-request": "branded Chrome to Google's hosts, components/signin in Chromium",
    "x-client-data": "branded Chrome to Google's hosts, components/variations in Chromium",
    "x-moz": "Firefox, of prefetches",
    "x-purpose": "older browsers, of prefetches",
})  # fmt: skip
"""Lower-case name -> where it is defined, or who sends it."""

BY_PROXIES: Mapping[str, str] = MappingProxyType({
    "cdn-loop": "https://www.rfc-editor.org/rfc/rfc8586",
    "client-ip": "Akamai and load balancers before the capture",
    "fastly-client-ip": "Fastly",
    "fly-client-ip": "Fly.io",
    "forwarded": "https://www.rfc-editor.org/rfc/rfc7239",
    "true-client-ip": "Akamai, Cloudflare Enterprise",
    "x-amzn-trace-id": "AWS load balancers",
    "x-arr-ssl": "Azure App Service",
    "x-client-ip": "Azure App Service and others",
    "x-cluster-client-ip": "Rackspace, Riverbed",
    "x-envoy-expected-rq-timeout-ms": "Envoy",
    "x-forwarded": "forerunner of Forwarded",
    "x-original-forwarded-for": "ingress-nginx",
    "x-original-uri": "ingress-nginx",
    "x-real-ip": "nginx's usual configuration, https://nginx.org/en/docs/http/ngx_http_realip_module.html",
    "x-scheme": "ingress-nginx",
    "x-sucuri-clientip": "Sucuri",
    "x-vercel-id": "Vercel",
})  # fmt: skip
"""Lower-case name -> whose. A proxy between the browser and the capture adds them."""

PREFIXES: Mapping[str, str] = MappingProxyType({
    "attribution-reporting-": "https://wicg.github.io/attribution-reporting-api/",
    "cf-": "Cloudflare, https://developers.cloudflare.com/fundamentals/reference/http-headers/",
    "cloudfront-": "CloudFront, https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html",
    "x-appengine-": "https://cloud.google.com/appengine/docs/flexible/reference/request-headers",
    "x-azure-": "https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol",
    "x-browser-": "branded Chrome 134 and newer to Google's hosts: -channel, -copyright, -validation, -year; seen in captures",
    "x-forwarded-": "reverse proxies: -for, -host, -port, -proto, -server, -scheme",
    "x-vercel-": "Vercel",
})  # fmt: skip
"""What lower-case names begin with -> where they are defined, or who sends them."""

_PREFIXES = tuple(PREFIXES)
_REQUESTED_WITH = "x-requested-with"


@bounded_cache(4096)
def is_added(name: str) -> bool:
    """Say whether a browser or a proxy may have added a header of this lower-case name of its own accord."""
    return name in BY_BROWSERS or name in BY_PROXIES or name.startswith(_PREFIXES)


def is_web_views(name: str, value: str) -> bool:
    """Say whether it is the header in which an Android WebView names its app: a package, and not XMLHttpRequest.

    Source: https://developer.android.com/reference/androidx/webkit/WebSettingsCompat
    """
    return name == _REQUESTED_WITH and "." in value and "/" not in value and is_token(value)


def is_reload(headers: HeaderList) -> bool:
    """Say whether a browser adds Cache-Control and Pragma to the request by itself: its cache mode is `reload` or `no-store`.

    Source: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
    """
    return headers.get("pragma") == "no-cache" and headers.get("cache-control") == "no-cache"


@bounded_cache(4096)
def perhaps_page_set(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the lower-case names that only a page can have set, as far as names show.

    What is no token is no header's name: some writers put the request line or pseudo-headers among the headers.
    """
    return tuple(
        [
            name
            for name in names
            if is_token(name) and not is_added(name) and (name in METHOD_OVERRIDES or not is_forbidden_request_header(name))
        ]
    )
