"""What a browser sends for a page's `fetch()`: the preflight where the standard wants one, and each head's lines in the engine's order.

Orders and values as recorded over HTTP/1.1 from Chromium 156, Firefox 153 and WebKitGTK 2.50 (tests/truth). Where a page-set header
stands among the others differs from run to run in Chromium; here it is always the same place.
"""

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.fetch.constants import ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, NULL
from corslens.fetch.messages import HeaderLine
from corslens.fetch.methods import is_cors_safelisted_method
from corslens.fetch.origins import is_potentially_trustworthy, is_same_site, origin_of
from corslens.fetch.request_headers import cors_unsafe_request_header_names, is_forbidden_request_header

USER_AGENTS = {
    Engine.CHROMIUM: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    Engine.FIREFOX: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    Engine.WEBKIT: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
}
_CLIENT_HINTS = {
    "sec-ch-ua-platform": '"Linux"',
    "sec-ch-ua": '"Chromium";v="142", "Not:A-Brand";v="8"',
    "sec-ch-ua-mobile": "?0",
}
"""Of Chromium, to trustworthy URLs; preflights carry none."""

_PAGE = "<what the page sets>"
_ORDERS = {
    Engine.CHROMIUM: (
        "Host", "Connection", "Content-Length", ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS, "sec-ch-ua-platform",
        "User-Agent", "sec-ch-ua", _PAGE, "sec-ch-ua-mobile", "Accept", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest",
        "Sec-Fetch-Storage-Access", "Referer", "Accept-Encoding", "Accept-Language", "Cookie",
    ),
    Engine.FIREFOX: (
        "Host", "User-Agent", "Accept", "Accept-Language", "Accept-Encoding", ACCESS_CONTROL_REQUEST_METHOD,
        ACCESS_CONTROL_REQUEST_HEADERS, "Referer", _PAGE, "Content-Length", "Origin", "Sec-Fetch-Storage-Access", "Connection", "Cookie",
        "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Priority",
    ),
    Engine.WEBKIT: (
        _PAGE, "Origin", ACCESS_CONTROL_REQUEST_METHOD, "Referer", ACCESS_CONTROL_REQUEST_HEADERS, "Accept", "User-Agent", "Content-Length",
        "Accept-Encoding", "Accept-Language", "Connection", "Host", "Cookie", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site",
    ),
}  # fmt: skip
_PREFLIGHT_ORDERS = {
    Engine.CHROMIUM: (
        "Host", "Connection", "Accept", ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_REQUEST_HEADERS, "Origin", "User-Agent",
        "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-Dest", "Referer", "Accept-Encoding", "Accept-Language",
    ),
    Engine.WEBKIT: (
        "Origin", ACCESS_CONTROL_REQUEST_METHOD, "Referer", ACCESS_CONTROL_REQUEST_HEADERS, "User-Agent", "Accept", "Accept-Encoding",
        "Accept-Language", "Connection", "Host", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site",
    ),
}  # fmt: skip
_SPELLING = {name.lower(): name.title() if name.startswith("access-") else name for order in _ORDERS.values() for name in order}
BROWSER_SETS = frozenset({"accept", "user-agent", "if-none-match", "if-modified-since", "save-data"})
"""Headers (lower-case) that a browser adds although a page could set them."""


class PageFetch(Struct, frozen=True, kw_only=True):
    """What a page passes to `fetch()`, and where the page is."""

    url: str
    """Absolute, without fragment."""
    origin: str | None
    """What Origin carries: the page's serialized origin, `null` for an opaque one or behind a tainting redirect, None for no Origin."""
    method: str = "GET"
    headers: tuple[HeaderLine, ...] = ()
    """Those that the page sets."""
    credentialed: bool = False
    """The page includes credentials."""
    cookie: str | None = None
    """The value of Cookie; sent only when the page includes credentials."""

    @property
    def target(self) -> str:
        """The serialized origin of the URL."""
        return origin_of(self.url)

    @property
    def needs_preflight(self) -> bool:
        """Whether a preflight comes first. Standard: https://fetch.spec.whatwg.org/#http-fetch, step 4"""
        if self.origin in (None, self.target):
            return False
        return not is_cors_safelisted_method(self.method) or bool(unsafe_names(self.headers))


def unsafe_names(headers: tuple[HeaderLine, ...]) -> tuple[str, ...]:
    """Return the names (lower-case, sorted) that a preflight lists for these header lines, a browser's own among them or not."""
    return cors_unsafe_request_header_names(
        [line for line in headers if line[0].lower() not in BROWSER_SETS and not is_forbidden_request_header(*line)]
    )


def fetch_metadata(
    url: str, origin: str | None, *, engine: Engine = Engine.CHROMIUM, credentialed: bool = False
) -> dict[str, str]:
    """Return the lines of fetch metadata (lower-case names) that a page at this origin sends; none to an untrustworthy URL.

    Standard: https://w3c.github.io/webappsec-fetch-metadata/
    """
    target = origin_of(url)
    if not is_potentially_trustworthy(target):
        return {}
    if origin is None:
        return {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", "sec-fetch-site": "cross-site"}
    site = "same-origin" if origin == target else "same-site" if is_same_site(origin, target) else "cross-site"
    lines = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": site}
    if credentialed and site == "cross-site" and engine is not Engine.WEBKIT:
        lines["sec-fetch-storage-access"] = "active"
    return lines


def request_lines(fetch: PageFetch, engine: Engine, *, user_agent: str | None = None) -> list[HeaderLine]:
    """Return the header lines of the actual request, in the engine's order.

    Args:
        user_agent: in place of the engine's own; its client hints are left out then.
    """
    lines = _common(fetch, engine, user_agent)
    lines |= fetch_metadata(fetch.url, fetch.origin, engine=engine, credentialed=fetch.credentialed)
    if fetch.method not in ("GET", "HEAD", "OPTIONS", "DELETE"):
        lines["content-length"] = "0"
    if fetch.credentialed and fetch.cookie:
        lines["cookie"] = fetch.cookie
    if engine is Engine.CHROMIUM and user_agent is None and is_potentially_trustworthy(fetch.target):
        lines |= _CLIENT_HINTS
    return _ordered(lines, fetch.headers, _ORDERS[engine])


def preflight_lines(fetch: PageFetch, engine: Engine, *, user_agent: str | None = None) -> list[HeaderLine]:
    """Return the header lines of the preflight (`OPTIONS`) that comes before the request. It never carries credentials.

    Standard: CORS-preflight fetch, https://fetch.spec.whatwg.org/#cors-preflight-fetch
    """
    lines = _common(fetch, engine, user_agent) | fetch_metadata(fetch.url, fetch.origin, engine=engine)
    lines[ACCESS_CONTROL_REQUEST_METHOD] = fetch.method
    names = unsafe_names(fetch.headers)
    if names:
        lines[ACCESS_CONTROL_REQUEST_HEADERS] = ",".join(names)
    return _ordered(lines, (), _PREFLIGHT_ORDERS.get(engine, _ORDERS[engine]))


def _common(fetch: PageFetch, engine: Engine, user_agent: str | None) -> dict[str, str]:
    secure = is_potentially_trustworthy(fetch.target)
    encodings = {Engine.WEBKIT: "gzip, deflate, br"}.get(engine, "gzip, deflate, br, zstd") if secure else "gzip, deflate"
    lines = {
        "host": fetch.target.partition("://")[2],
        "connection": "Keep-Alive" if engine is Engine.WEBKIT else "keep-alive",
        "user-agent": user_agent or USER_AGENTS[engine],
        "accept": "*/*",
        "accept-encoding": encodings,
        "accept-language": "en-US,en;q=0.9",
    }
    if engine is Engine.FIREFOX:
        lines["priority"] = "u=4"
    if fetch.origin is not None:
        lines["origin"] = fetch.origin
        # strict-origin-when-cross-origin: no Referer from an opaque origin, or from a secure page to an insecure URL
        if fetch.origin != NULL and not (fetch.origin.startswith("https:") and fetch.url.startswith("http:")):
            lines["referer"] = f"{fetch.origin}/"
    return lines


def _ordered(lines: dict[str, str], set_by_page: tuple[HeaderLine, ...], order: tuple[str, ...]) -> list[HeaderLine]:
    replaced = {name.lower() for name, _ in set_by_page}
    ordered: list[HeaderLine] = []
    for name in order:
        if name == _PAGE:
            ordered += set_by_page
        elif name.lower() in lines and name.lower() not in replaced:
            ordered.append((_SPELLING[name.lower()], lines[name.lower()]))
    return ordered
