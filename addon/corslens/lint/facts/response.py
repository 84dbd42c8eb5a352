"""Facts about the response apart from its CORS headers: status, caching, cookies, what a script could not read, who responded."""

from http import HTTPStatus

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, VARY, WILDCARD
from corslens.fetch.origins import host_of, is_loopback, origin_of, scheme_host_port
from corslens.fetch.request_headers import mime_type_essence
from corslens.fetch.timing import tao_check
from corslens.lint.classify.caching import is_from_cache, is_storable
from corslens.lint.classify.cookies import cookies_kept_home, cookies_of_other_domains, secure_cookies
from corslens.lint.classify.header_lists import split_list
from corslens.lint.classify.redirects import Redirection, redirection
from corslens.lint.facts.base import NOT_ANSWERED, FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.known import Unknown
from corslens.observation.network_error import OF_BROWSERS, NetworkError, network_error, plain_words
from corslens.observation.products.catalog import Product, ProductKind

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class ResponseFacts(FactsBase):
    """`response.*` that is not about the CORS protocol's own headers, and `exchange.*`."""

    @fact("response.status", steady=True)
    def response_status(self) -> int | Unknown:
        """The status."""
        return NOT_ANSWERED if self.response is None else self.response.status

    @fact("response.stored-response-seen")
    def response_stored_response_seen(self) -> bool:
        """Of a 304: whether the response in the browser's cache that it renews was seen here, and is what the browser judges."""
        return self.observation.exchange.renewed is not None

    @fact("response.stored-allow-origin")
    def response_stored_allow_origin(self) -> str:
        """Of such a 304: what the stored response says of Access-Control-Allow-Origin, in words."""
        stored = self.observation.exchange.renewed
        value = None if stored is None else stored.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)
        return "has no Access-Control-Allow-Origin" if value is None else f"allows {value}"

    @fact("response.status-text")
    def response_status_text(self) -> str | Unknown:
        """The status with its standard name: `431 Request Header Fields Too Large`."""
        if self.response is None:
            return NOT_ANSWERED
        return f"{self.response.status} {_PHRASES.get(self.response.status, '')}".rstrip()

    @fact("response.plain-success", steady=True)
    def response_plain_success(self) -> bool:
        """Whether the status is one that applications return by themselves for requests that went well: 200, 201, 204, 206 or 304."""
        return self.response is not None and self.response.status in (200, 201, 204, 206, 304)

    @fact("response.received", steady=True)
    def response_received(self) -> bool:
        """Whether the server responded at all."""
        return self.response is not None

    @fact("exchange.cut", rare=True)
    def exchange_cut(self) -> str | None:
        """What of the heads was beyond the limits and was not looked at: `response: 8,490 header lines`."""
        heads = (("request", self.request.cut), ("response", None if self.response is None else self.response.cut))
        return "; ".join(f"{head}: {cut}" for head, cut in heads if cut is not None) or None

    @fact("exchange.error")
    def exchange_error(self) -> str | None:
        """Why there was no response, in the proxy's words, up to numbers of errors."""
        error = self.observation.exchange.error
        return None if error is None else plain_words(error)

    @fact("exchange.error-kind", rare=True)
    def exchange_error_kind(self) -> NetworkError | None:
        """Why there was no response: the connection was `refused` or `reset`, the name not found (`dns`), the `certificate` not trusted, the port does `not-tls`, `tls` failed otherwise, `timeout`, the machine was `offline`, a `proxy` failed, `redirects` in a circle, a response against the `protocol`, or no `resources` in the browser."""
        exchange = self.observation.exchange
        error = exchange.error
        return None if error is None or self.response is not None or exchange.refused else network_error(error)

    @fact("exchange.failure")
    def exchange_failure(self) -> str | None:
        """`exchange.error-kind` and `exchange.error` in one: `refused: net::ERR_CONNECTION_REFUSED`."""
        kind, error = self.exchange_error_kind, self.exchange_error
        return error if kind is None or kind is NetworkError.OTHER else f"{kind}: {error}"

    @fact("exchange.error-by-browser", rare=True)
    def exchange_error_by_browser(self) -> bool:
        """Whether it was the browser that named the error (`net::…`, `NS_…`, `SEC_ERROR_…`), not a proxy between it and the server."""
        return self.response is None and (self.observation.exchange.error or "").startswith(OF_BROWSERS)

    @fact("exchange.proxy-error-page")
    def exchange_proxy_error_page(self) -> bool:
        """Whether the browser got the proxy's own error page, which has no CORS headers."""
        return self.observation.exchange.got_proxy_error_page

    @fact("response.content-type", message="response", header="content-type")
    def response_content_type(self) -> str | None:
        """The MIME type without parameters, lower-case."""
        value = self.response_head.get("content-type")
        return None if value is None else (mime_type_essence(value) or value.lower())

    @fact("response.empty")
    def response_empty(self) -> bool:
        """Whether the head says that there is no body: Content-Length is 0, or the status has none."""
        if self.response is None:
            return False
        return self.response.status in (204, 205, 304) or (self.response_head.get("content-length") or "").strip() == "0"

    @fact("response.allow", message="response", header="allow")
    def response_allow(self) -> str | None:
        """The Allow header: what a framework's own response to OPTIONS has."""
        return self.response_head.get("allow")

    @fact("response.www-authenticate", message="response", header="www-authenticate")
    def response_www_authenticate(self) -> str | None:
        """The WWW-Authenticate header."""
        return self.response_head.get("www-authenticate")

    @fact("response.rack-cors", message="response", header="x-rack-cors")
    def response_rack_cors(self) -> str | None:
        """X-Rack-CORS: what rack-cors made of the request (`hit`, `miss; no-origin`)."""
        return self.response_head.get("x-rack-cors")

    @fact("response.made-by")
    def response_made_by(self) -> frozenset[str]:
        """Which known products made the response by themselves: ids of their rules (`rules/products`), usually none."""
        if self.response is None:
            return frozenset()
        return frozenset(response.id for _, response in self.catalog.own_responses(self.request, self.response))

    @fact("response.product")
    def response_product(self) -> str | None:
        """The product whose CORS settings most likely decide, by the marks in the response's head: its id, the name of its file."""
        found = self._products
        return found[0].id if found else None

    @fact("response.products")
    def response_products(self) -> frozenset[str]:
        """Every product that left a mark in the response's head: an application and a proxy before it, for instance."""
        return frozenset(product.id for product in self._products)

    @fact("response.tunneled")
    def response_tunneled(self) -> bool:
        """Whether the response came through a development tunnel (ngrok, localtunnel, …): then the server is one under development."""
        return any(product.kind is ProductKind.TUNNEL for product in self._products)

    @property
    def _products(self) -> tuple[Product, ...]:
        found = self.__dict__.get("_products_found")
        if found is None:
            found = () if self.response is None else self.catalog.of(self.request, self.response)
            self.__dict__["_products_found"] = found
        return found

    @fact("response.redirection", message="response", header="location")
    def response_redirection(self) -> Redirection | None:
        """Of a redirect: what it changes."""
        if self.response is None or not 300 <= self.response.status < 400:
            return None
        location = self.response_head.get("location")
        return None if location is None else redirection(self.request.url, location)

    @fact("response.location-insecure", message="response", header="location")
    def response_location_insecure(self) -> bool:
        """Whether a redirect leads to plain http on another machine."""
        if self.response is None or not 300 <= self.response.status < 400:
            return False
        location = (self.response_head.get("location") or "").lower()
        return location.startswith("http://") and not is_loopback(host_of(origin_of(location)))

    @fact("response.nosniff", message="response", header="x-content-type-options")
    def response_nosniff(self) -> bool:
        """Whether X-Content-Type-Options is `nosniff`."""
        return (self.response_head.get("x-content-type-options") or "").strip().lower() == "nosniff"

    @fact("response.timing-refused", message="response", header="timing-allow-origin")
    def response_timing_refused(self) -> bool:
        """Whether there is a Timing-Allow-Origin and it does not let the page's origin in."""
        got, origin = self.response, self.observation.origin
        if got is None or origin is None or "timing-allow-origin" not in self.response_head:
            return False
        return not tao_check(got, origin)

    @fact("response.location", message="response", header="location")
    def response_location(self) -> str | None:
        """The Location header."""
        return self.response_head.get("location")

    @fact("response.vary", message="response", header=VARY)
    def response_vary(self) -> frozenset[str]:
        """The header names in Vary, lower-case."""
        return split_list(self.response_head.values(VARY))

    @fact("response.vary-origin", message="response", header=VARY)
    def response_vary_origin(self) -> bool:
        """Whether Vary names Origin (or is `*`)."""
        vary = split_list(self.response_head.values(VARY))
        return "origin" in vary or WILDCARD in vary

    @fact("response.storable", message="response", header="cache-control", alone=False)
    def response_storable(self) -> bool:
        """Whether a cache may keep the response and use it again without revalidation: explicit freshness, or Last-Modified to guess from."""
        return self.response is not None and is_storable(self.request.method, self.response)

    @fact("response.publicly-storable", message="response", header="cache-control")
    def response_publicly_storable(self) -> bool:
        """Whether Cache-Control allows shared caches to keep the response: `public` or `s-maxage`."""
        directives = split_list(self.response_head.values("cache-control"))
        return "public" in directives or any(directive.startswith("s-maxage") for directive in directives)

    @fact("response.from-cache")
    def response_from_cache(self) -> bool:
        """Whether a shared cache on the way says that it had the response in store (Age, X-Cache, CF-Cache-Status, Cache-Status)."""
        return self.response is not None and is_from_cache(self.response)

    @fact("response.static-file", message="response", header="last-modified", steady=True)
    def response_static_file(self) -> bool:
        """Whether the response looks like a file that a web server read from disk: Last-Modified with ETag or Accept-Ranges, and no cookie."""
        names = self.response_head
        return "last-modified" in names and ("etag" in names or "accept-ranges" in names) and "set-cookie" not in names

    @fact("response.sets-cookie", message="response", header="set-cookie", steady=True)
    def response_sets_cookie(self) -> bool:
        """Whether the response sets a cookie."""
        return "set-cookie" in self.response_head

    @fact("response.private", message="response", header="cache-control", alone=False)
    def response_private(self) -> bool:
        """Whether the response is marked as private to a user: it sets a cookie, or Cache-Control says `private`."""
        if "set-cookie" in self.response_head:
            return True
        return any(directive.startswith("private") for directive in split_list(self.response_head.values("cache-control")))

    @fact("response.cookies-kept-home", message="response", header="set-cookie")
    def response_cookies_kept_home(self) -> frozenset[str]:
        """Names of cookies that the response sets and that the browser will not send with cross-site requests (SameSite, Secure)."""
        return cookies_kept_home(self.response_head.values("set-cookie"))

    @fact("response.cookies-of-other-domains", message="response", header="set-cookie")
    def response_cookies_of_other_domains(self) -> frozenset[str]:
        """Names of cookies that the response sets and that no browser stores, because their Domain does not cover the server's host."""
        return cookies_of_other_domains(self.response_head.values("set-cookie"), host_of(self.observation.target_origin))

    @fact("response.secure-cookies-over-http", message="response", header="set-cookie")
    def response_secure_cookies_over_http(self) -> frozenset[str]:
        """Names of cookies that the response sets with Secure over plain http to a page of http: no browser stores them, but from this machine."""
        page = self.observation.page_origin or self.observation.origin
        if page is None or not page.startswith("http://") or not self._asks_plain_http():
            return frozenset()  # to a page of https, a proxy may show http where the browser sees https
        return secure_cookies(self.response_head.values("set-cookie"))

    @fact("exchange.mixed-content")
    def exchange_mixed_content(self) -> bool:
        """Whether an https page asks a plain http server that is not this machine."""
        page = self.observation.page_origin or self.observation.origin
        return page is not None and page.startswith("https://") and self._asks_plain_http()

    def _asks_plain_http(self) -> bool:
        """Say whether the server is one of plain http that is not this machine."""
        scheme, host, _ = scheme_host_port(self.observation.target_origin)
        return scheme == "http" and not host.endswith("localhost") and not host.startswith("127.") and host != "[::1]"
