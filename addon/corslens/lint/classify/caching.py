"""HTTP caching as far as CORS has to know: may a response be used again, and did it come out of a cache.

Standard: RFC 9111, https://httpwg.org/specs/rfc9111.html
"""

from corslens.fetch.messages import Response

_HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
_CACHE_SAYS_SO = (
    "x-cache",
    "cf-cache-status",
    "x-cache-status",
    "x-varnish-cache",
    "x-proxy-cache",
    "cache-status",
    "x-vercel-cache",
    "x-drupal-cache",
)


def is_storable(method: str, response: Response) -> bool:
    """Say whether a cache may serve a later request with this response without asking the server.

    A response with neither freshness nor Last-Modified is left out: caches may keep it, but none serves it again unasked.
    """
    if method not in ("GET", "HEAD"):
        return False
    headers = response.headers
    control = (headers.get("cache-control") or "").lower()
    directives = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in control.split(",")}
    if "no-store" in directives or "no-cache" in directives:
        return False
    age = directives.get("s-maxage") or directives.get("max-age")
    if age is not None:
        return age.strip('"') not in ("0", "")
    if "expires" in headers:
        return headers.get("expires") not in ("0", "-1")
    return "last-modified" in headers and response.status in _HEURISTICALLY_CACHEABLE


def is_from_cache(response: Response) -> bool:
    """Say whether a cache on the way says that it had the response in store."""
    headers = response.headers
    age = headers.get("age")
    if age is not None and age.strip().isdigit() and age.strip("0 "):
        return True
    return any("hit" in value.lower() for name in _CACHE_SAYS_SO for value in headers.values(name))
