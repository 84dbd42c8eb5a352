"""Facts about the headers that libraries add to a page's requests: what forces a preflight without the page's author knowing it."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_HEADERS, WILDCARD
from corslens.fetch.preflight import requested_header_names
from corslens.lint.classify.header_lists import split_list
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.observation import Role
from corslens.observation.products.catalog import Product

_SAFELISTED_NAMES = frozenset({"accept", "accept-language", "content-language", "range"})
"""Names that a preflight requests only because of their value; Content-Type is left out, whose usual value is one of those."""


class LibraryFacts(FactsBase):
    """`request.library-*` and what else tells who made a preflight necessary."""

    @fact("request.not-allowed-headers")
    def request_not_allowed_headers(self) -> frozenset[str]:
        """Of a preflight: the requested header names that the response does not list, lowercase."""
        listed = split_list(self.response_head.values(ACCESS_CONTROL_ALLOW_HEADERS))
        return frozenset() if WILDCARD in listed else self._requested - listed

    @fact("request.library-headers")
    def request_library_headers(self) -> frozenset[str]:
        """Of a preflight: the requested header names that the response does not list and that a known library adds."""
        return frozenset(name for name in self.request_not_allowed_headers if self.catalog.adds_header(name) is not None)

    @fact("request.libraries")
    def request_libraries(self) -> str | None:
        """Who adds `request.library-headers`."""
        names = sorted({product.name for product in self._libraries})
        return " and ".join(names) or None

    @fact("request.library-fix")
    def request_library_fix(self) -> str | None:
        """How to keep the first of these libraries from adding them."""
        libraries = sorted(self._libraries, key=lambda product: product.id)
        return libraries[0].request_fix if libraries else None

    @fact("request.only-library-headers")
    def request_only_library_headers(self) -> bool:
        """Whether a preflight would not have been needed without `request.library-headers`: nothing else is requested."""
        method = self.request_head.get("access-control-request-method")
        return method in ("GET", "HEAD", "POST") and bool(self._requested) and self._requested == self.request_library_headers

    @fact("request.requested-for-their-value")
    def request_requested_for_their_value(self) -> frozenset[str]:
        """Of a preflight: requested header names that are CORS-safelisted, so that only their value made the preflight necessary."""
        return self._requested & _SAFELISTED_NAMES

    @fact("request.only-safelisted-names")
    def request_only_safelisted_names(self) -> bool:
        """Whether a preflight would not have been needed with other values of `request.requested-for-their-value`: nothing else is requested."""
        method = self.request_head.get("access-control-request-method")
        return (
            method in ("GET", "HEAD", "POST")
            and bool(self._requested)
            and self._requested == self.request_requested_for_their_value
        )

    @fact("request.only-needless-content-type")
    def request_only_needless_content_type(self) -> bool:
        """Whether nothing but Content-Type made the preflight of a GET or HEAD necessary, which have no body."""
        return self.request_head.get("access-control-request-method") in ("GET", "HEAD") and self._requested == {"content-type"}

    @fact("request.content-type-alone")
    def request_content_type_alone(self) -> str | None:
        """Of a preflight: whether Content-Type is the only header that it requests (`asked`), or the only one that is not allowed (`not-allowed`)."""
        if self._requested == {"content-type"}:
            return "asked"
        return "not-allowed" if self.request_not_allowed_headers == {"content-type"} else None

    @property
    def _requested(self) -> frozenset[str]:
        return frozenset(requested_header_names(self.request)) if self.observation.role is Role.PREFLIGHT else frozenset()

    @property
    def _libraries(self) -> set[Product]:
        found = (self.catalog.adds_header(name) for name in self.request_library_headers)
        return {product for product in found if product is not None}
