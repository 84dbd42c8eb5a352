"""Facts about what is not CORS and is taken for it: frames, images on a canvas."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.framing import framing_refusal
from corslens.fetch.origins import origin_of
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.observation import Role

_IN_FRAMES = frozenset({"iframe", "frame", "embed", "object"})


class NeighborFacts(FactsBase):
    """`response.framing-refusal`, `response.allows-page`."""

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

    @fact("response.allows-page", message="response", header=ACCESS_CONTROL_ALLOW_ORIGIN)
    def response_allows_page(self) -> bool:
        """Whether Access-Control-Allow-Origin names the page's origin, or anyone's, though the request may have had no Origin."""
        allowed = self.response_head.get(ACCESS_CONTROL_ALLOW_ORIGIN)
        return allowed is not None and allowed in (WILDCARD, self.observation.page_origin)
