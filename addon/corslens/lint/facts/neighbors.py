"""Facts about what is not CORS and is taken for it: frames, images on a canvas."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.framing import framing_refusal
from corslens.fetch.origins import origin_of
from corslens.lint.classify.redirects import Redirection, redirection
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.observation import Role

_OK = 200
_IN_FRAMES = frozenset({"iframe", "frame", "embed", "object"})


class NeighborFacts(FactsBase):
    """`request.is-login`, `response.framing-refusal`, `response.loaded-twice`, `response.allows-page`."""

    @fact("response.framing-refusal", message="response")
    def response_framing_refusal(self) -> str | None:
        """The header that keeps a document out of the frame it was loaded for: X-Frame-Options, or Content-Security-Policy with frame-ancestors."""
        request, response = self.request_head, self.response
        if response is None or self.observation.role is not Role.NAVIGATION or response.status >= 300:
            return None
        if request.get("sec-fetch-dest") not in _IN_FRAMES or request.get("sec-fetch-site") == "same-origin":
            return None
        embedder = origin_of(request.get("referer") or "")
        return None if embedder == "null" else framing_refusal(response.headers, self.request.url, embedder)

    @fact("request.is-login")
    def request_is_login(self) -> bool:
        """Whether the URL is that of a page where people sign in, as far as it shows."""
        referrer = self.request_head.get("referer") or self.observation.page_origin or ""
        return self.observation.role is Role.NAVIGATION and redirection(referrer, self.request.url) is Redirection.LOGIN

    @fact("response.loaded-twice", rare=True)
    def response_loaded_twice(self) -> bool:
        """Whether the same script or style sheet was sent a moment before for a request without CORS (a preload), and again for this one."""
        observation, response = self.observation, self.response
        from_cache = observation.exchange.witness is not None and observation.exchange.witness.from_cache is not None
        return (
            observation.stored_without_cors is not None and response is not None and response.status == _OK and not from_cache
        )

    @fact("response.allows-page", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def response_allows_page(self) -> bool:
        """Whether Access-Control-Allow-Origin names the page's origin, or anyone's, though the request may have had no Origin."""
        allowed = self.response_head.get(ACCESS_CONTROL_ALLOW_ORIGIN)
        return allowed is not None and allowed in (WILDCARD, self.observation.page_origin)
