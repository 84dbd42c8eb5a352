"""Header names of the CORS protocol, https://fetch.spec.whatwg.org/#http-cors-protocol, lower-case for look-up."""

from corslens.bounded_cache import bounded_cache

ORIGIN = "origin"
ACCESS_CONTROL_REQUEST_METHOD = "access-control-request-method"
ACCESS_CONTROL_REQUEST_HEADERS = "access-control-request-headers"
ACCESS_CONTROL_ALLOW_ORIGIN = "access-control-allow-origin"
ACCESS_CONTROL_ALLOW_CREDENTIALS = "access-control-allow-credentials"
ACCESS_CONTROL_ALLOW_METHODS = "access-control-allow-methods"
ACCESS_CONTROL_ALLOW_HEADERS = "access-control-allow-headers"
ACCESS_CONTROL_MAX_AGE = "access-control-max-age"
ACCESS_CONTROL_EXPOSE_HEADERS = "access-control-expose-headers"
CROSS_ORIGIN_RESOURCE_POLICY = "cross-origin-resource-policy"
TIMING_ALLOW_ORIGIN = "timing-allow-origin"
LOCATION = "location"
VARY = "vary"

WILDCARD = "*"
NULL = "null"


@bounded_cache(1024)
def canonical_name(name: str) -> str:
    """Return the spelling in which documentation writes a header name: `Access-Control-Allow-Origin`."""
    return "-".join(part.capitalize() for part in name.split("-"))
