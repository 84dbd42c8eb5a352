"""Facts about the exchanges around this one: its preflight, its redirect chain."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Response
from corslens.fetch.preflight import requested_method
from corslens.fetch.request_headers import mime_type_essence
from corslens.lint.classify.redirects import Redirection, is_lasting, redirection, works_directly
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.habits import FAILED_AFTER_IT, NEVER_FOLLOWED_HERE, PAGE_INCLUDES, PAGE_OMITS, SAME_PREFLIGHT_FOLLOWED
from corslens.observation.observation import Followed, Observation, Role
from corslens.observation.products.catalog import Product
from corslens.verdict.verdict import Outcome

_WORDS = {
    SAME_PREFLIGHT_FOLLOWED: "the same preflight was followed at another time",
    NEVER_FOLLOWED_HERE: "it was allowed several times and never followed",
    FAILED_AFTER_IT: "the request failed in the browser after it",
    PAGE_INCLUDES: "this page's other requests to this API include credentials",
    PAGE_OMITS: "this page's other requests to this API include no credentials",
}


class PairFacts(FactsBase):
    """`preflight.*`, `redirect.*`."""

    @fact("preflight.seen")
    def preflight_seen(self) -> bool:
        """Whether the preflight that let this request be sent was seen."""
        return self.observation.preflight is not None

    @fact("preflight.from-cache")
    def preflight_from_cache(self) -> bool:
        """Whether an earlier preflight, kept in the browser's preflight cache, let this request be sent."""
        return self.observation.preflight is not None and self.observation.preflight.from_cache

    @fact("preflight.missed", rare=True)
    def preflight_missed(self) -> bool:
        """Whether a request that needs a preflight came without one, in traffic that shows preflights."""
        return self.observation.preflights_missed

    @fact("preflight.followed")
    def preflight_followed(self) -> Followed | None:
        """Of a preflight: whether its actual request came."""
        return self.observation.followed

    @fact("preflight.request-failed")
    def preflight_request_failed(self) -> bool:
        """Of a preflight that allows a request without credentials only: whether the browser recorded that the request failed, and recorded no reason."""
        likely = self.observation.likely
        return self.observation.role is Role.PREFLIGHT and likely is not None and FAILED_AFTER_IT in likely.evidence

    @fact("preflight.not-followed-because")
    def preflight_not_followed_because(self) -> str | None:
        """Of a granted preflight that was not followed: what that comes from as far as evidence speaks, else what it can come from, the likeliest first."""
        if self.observation.role is not Role.PREFLIGHT:
            return None
        likely = self.observation.likely
        if likely is not None and self._may_be_refused():
            why = " and ".join(_WORDS[name] for name in likely.evidence)
            if likely.value is CredentialsMode.INCLUDE:
                return f"most likely the browser blocked it because it includes credentials, as {why}; this is inferred, the traffic does not show it"
            return f"most likely the page canceled it, as {why}"
        request = self.observation.exchange.request
        method = requested_method(request)
        causes = ["the page canceled the request (an abort, a timeout, an unmounted component, a page that was left)"]
        if method in ("GET", "HEAD"):
            causes.append("the browser's HTTP cache responded")
        elif not request.http_version.startswith(("HTTP/2", "HTTP/3")):
            causes.append("the body is a stream, which HTTP/1 cannot carry")
        if self._may_be_refused():
            causes.append("the request includes credentials, which the preflight's response does not allow")
        return ", ".join(causes[:-1]) + f", or {causes[-1]}" if len(causes) > 1 else causes[0]

    def _may_be_refused(self) -> bool:
        """Whether the credentials mode turns the verdict in some engine."""
        return any(verdict.outcome is Outcome.DEPENDS for verdict in self.verdicts.values())

    @fact("preflight.products")
    def preflight_products(self) -> frozenset[str]:
        """Every product that left a mark in the head of the preflight's response."""
        preflight, response = self.observation.preflight, self._preflight_response()
        if preflight is None or response is None:
            return frozenset()
        return frozenset(product.id for product in self.catalog.of(preflight.exchange.request, response))

    @fact("preflight.allow-origin", message="preflight.response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def preflight_allow_origin(self) -> str | None:
        """Access-Control-Allow-Origin of the preflight's response."""
        response = self._preflight_response()
        return None if response is None else response.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)

    @fact("preflight.granted", message="preflight.response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def preflight_granted(self) -> bool:
        """Whether the preflight's response allows the origin, exactly or by `*`."""
        allowed = self.preflight_allow_origin
        return allowed is not None and allowed in (WILDCARD, self.observation.origin)

    @fact("preflight.credentials-allowed", message="preflight.response", header=ACCESS_CONTROL_ALLOW_CREDENTIALS)
    def preflight_credentials_allowed(self) -> bool:
        """Whether the preflight's response allows credentials."""
        response = self._preflight_response()
        return response is not None and response.headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS) == "true"

    @fact("preflight.says-the-same", message="preflight.response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def preflight_says_the_same(self) -> bool:
        """Whether the preflight's response and this one hold the same Access-Control-Allow-Origin and -Credentials."""
        response = self._preflight_response()
        names = (ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS)
        return response is not None and all(response.headers.get(name) == self.response_head.get(name) for name in names)

    @fact("redirect.followed", rare=True)
    def redirect_followed(self) -> bool:
        """Whether a redirect led to this request."""
        return self.observation.redirected_from is not None

    @fact("redirect.tainted", message="request", header="origin", alone=False, rare=True)
    def redirect_tainted(self) -> bool:
        """Whether Origin is `null` because a redirect led from one cross-origin URL to another origin."""
        return self.observation.tainted

    @fact("redirect.authorization-dropped", rare=True)
    def redirect_authorization_dropped(self) -> bool:
        """Whether the hop before carried Authorization, and this one, on another origin, does not."""
        before = self.observation.redirected_from
        if before is None or before.target_origin == self.observation.target_origin:
            return False
        return "authorization" in before.exchange.request.headers and "authorization" not in self.request_head

    @fact("redirect.first-url", rare=True)
    def redirect_first_url(self) -> str | None:
        """The URL that the page requested, before any redirect."""
        first = self._first_hop()
        return None if first is None else first.exchange.request.url

    @fact("redirect.from-own-server", rare=True)
    def redirect_from_own_server(self) -> bool:
        """Whether the page requested its own server first, which redirected to another origin."""
        first = self._first_hop()
        return first is not None and first.target_origin == first.page_origin != self.observation.target_origin

    @fact("redirect.to-login", rare=True)
    def redirect_to_login(self) -> bool:
        """Whether a redirect before this request led to a page where people sign in."""
        return any(_leads_to(hop) is Redirection.LOGIN for hop in self.observation.hops[:-1])

    @fact("redirect.works-directly")
    def redirect_works_directly(self) -> bool:
        """Whether the page can request the address that a redirect leads to in its place: no login, no signed or expiring URL, and no other path of another site."""
        request, response = self.observation.exchange.request, self.response
        location = None if response is None or not 300 <= response.status < 400 else self.response_head.get("location")
        if location is not None:
            return works_directly(request.url, location)
        first = self._first_hop()
        if first is None:
            return False
        if works_directly(first.exchange.request.url, request.url):
            return True
        # Elsewhere a response that is there says whether it is data or a page.
        kind = (mime_type_essence(self.response_head.get("content-type") or "") or "").lower()
        return (
            response is not None
            and bool(kind)
            and kind != "text/html"
            and is_lasting(request.url)
            and not self.redirect_to_login
        )

    @fact("redirect.library-fix", rare=True)
    def redirect_library_fix(self) -> str | None:
        """What to do where the first request was a framework's own (a router's data request), which followed the redirect in the background."""
        first = self._first_hop()
        names = () if first is None else first.exchange.request.headers.names.members
        found = sorted((product.id, product.request_fix) for name in names if (product := self._router(name)) is not None)
        return found[0][1] if found else None

    def _router(self, header: str) -> Product | None:
        product = self.catalog.adds_header(header)
        return product if product is not None and product.id in _ROUTERS else None

    def _first_hop(self) -> Observation | None:
        hops = self.observation.hops
        return hops[0] if len(hops) > 1 else None

    def _preflight_response(self) -> Response | None:
        preflight = self.observation.preflight
        return None if preflight is None else preflight.exchange.response


_ROUTERS = frozenset({"next-router", "inertia", "htmx", "turbo", "unpoly"})
"""Libraries whose requests stand for a navigation."""


def _leads_to(hop: Observation) -> Redirection | None:
    response = hop.exchange.response
    location = None if response is None or not 300 <= response.status < 400 else response.headers.get("location")
    return None if location is None else redirection(hop.exchange.request.url, location)
