"""Facts about the page that sends a request: where it came from, what its documents' policies are, and what the proxy changes for it."""

from corslens.engines.engine import Engine
from corslens.fetch.address_space import AddressSpace
from corslens.fetch.local_network_policy import local_network_policy
from corslens.fetch.origins import host_of, is_potentially_trustworthy, registrable_domain
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.known import Unknown
from corslens.verdict.direct import direct, page_space, target_space
from corslens.verdict.reasons import Reason

_NO_DOCUMENT = Unknown("no document of the page's origin was seen")


class PageFacts(FactsBase):
    """`page.*`, `target.address-space`, `response.local-network-policy`, `direct.*`."""

    @fact("page.address-space")
    def page_address_space(self) -> AddressSpace | Unknown:
        """Where the page's documents came from, by IP address: `public`, `local` (a private network), or `loopback`."""
        return page_space(self.observation) or Unknown("no address of the page's server was seen")

    @fact("target.address-space")
    def target_address_space(self) -> AddressSpace | Unknown:
        """Where the responding server is, by IP address; `target.place` goes by its name."""
        return target_space(self.observation) or Unknown("no address of the server was seen")

    @fact("response.local-network-policy", message="response")
    def response_local_network_policy(self) -> str | None:
        """The part of `Permissions-Policy`, or of CSP's `connect-src`, by which the response allows its page the local network: `Permissions-Policy: local-network-access=(self)`."""
        response = self.response
        return None if response is None else local_network_policy(response.headers)

    @fact("page.secure-context")
    def page_secure_context(self) -> bool | Unknown:
        """Whether the page's origin is https or this machine, as far as the wire shows: not whether it is embedded in one that is not."""
        origin = self.observation.page_origin
        return Unknown("no header names the page's origin") if origin is None else is_potentially_trustworthy(origin)

    @fact("page.policies")
    def page_policies(self) -> frozenset[str] | Unknown:
        """The lower-case names of the policy headers that every document of the page's origin sent: `content-security-policy`, `cross-origin-embedder-policy`, `document-isolation-policy`, `cross-origin-opener-policy`, `permissions-policy`, `integrity-policy`, `connection-allowlist`. A `<meta>` element is not seen."""
        page = self.observation.page
        if page is None or not page.known:
            return _NO_DOCUMENT
        return frozenset.intersection(*(frozenset(name for name, _ in one.headers) for one in page.documents))

    @fact("page.top-level-site")
    def page_top_level_site(self) -> str | Unknown:
        """The registrable domain (or address) of the page, where all of its documents were loaded at the top; of one in a frame it is unknown."""
        page, origin = self.observation.page, self.observation.page_origin
        if page is None or origin is None or not all(one.top_level for one in page.documents):
            return _NO_DOCUMENT
        host = host_of(origin)
        return registrable_domain(host) or host

    @fact("direct.reason", rare=True)
    def direct_reason(self) -> Reason | None:
        """Why the request would not (or not at once) succeed without the proxy: `lna-permission-denied` (the browser asks the user first), `lna-insecure-context`."""
        found = direct(self.observation)
        own = self.chosen_engine or self.observation.engine
        if own is not None and own in found:
            return found[own].reason
        return next((one.reason for one in found.values()), None)

    @fact("direct.engines", rare=True)
    def direct_engines(self) -> frozenset[Engine]:
        """The engines in which that is so."""
        return frozenset(direct(self.observation))
