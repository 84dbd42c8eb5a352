"""Facts about response headers that a page's script cannot read, and which of them the page shows that it needs."""

from collections.abc import Set

from corslens.fetch.constants import canonical_name
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList
from corslens.fetch.request_headers import mime_type_essence
from corslens.fetch.response_headers import (
    CORS_SAFELISTED_RESPONSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    cors_exposed_header_names,
)
from corslens.lint.classify.redirects import query_names
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.known import Known
from corslens.observation.observation import Role
from corslens.observation.useful_response_headers import USEFUL_RESPONSE_HEADERS

_UPLOAD = frozenset({"upload-offset", "upload-length", "location", "tus-resumable"})
_PAGING = frozenset({
    "x-total-count", "x-total", "x-total-pages", "x-page", "x-per-page", "x-next-page", "x-pagination", "pagination-count", "x-next-cursor",
})  # fmt: skip
_LIMITS = frozenset(name for name in USEFUL_RESPONSE_HEADERS if "ratelimit" in name) | {"retry-after"}
_RANGES = frozenset({"content-range", "accept-ranges"})
_DIGITS_OF_A_MEGABYTE = 7
_GRPC = frozenset({"grpc-status", "grpc-message"})


def _nothing_useful(_: Set[str], received: Set[str]) -> bool:
    """Say whether none of a response's header names is one that pages want: then none is missed, whatever the values."""
    return USEFUL_RESPONSE_HEADERS.isdisjoint(received)


class ExposureFacts(FactsBase):
    """`response.*` about headers that are not exposed."""

    @fact("response.unreadable-headers", message="response", steady=_nothing_useful)
    def response_unreadable_headers(self) -> frozenset[str]:
        """Response headers that pages usually want and that this page's script cannot read, because they are not exposed."""
        got = self.response
        if got is None or 300 <= got.status < 400 or self.observation.role not in (Role.ACTUAL, Role.SIMPLE):
            return frozenset()
        destination = self.observation.destination
        if isinstance(destination, Known) and destination.value not in ("", "empty"):
            return frozenset()  # a tag loaded it, and tags hand no headers to scripts
        names = self.response_head.names.members
        if USEFUL_RESPONSE_HEADERS.isdisjoint(names):
            return frozenset()
        wanted = USEFUL_RESPONSE_HEADERS & names
        credentials = self.observation.credentials
        mode = credentials.value if isinstance(credentials, Known) else CredentialsMode.SAME_ORIGIN_OR_OMIT
        readable = CORS_SAFELISTED_RESPONSE_HEADERS | FORBIDDEN_RESPONSE_HEADERS | cors_exposed_header_names(got, mode)
        return frozenset(canonical_name(name) for name in wanted - readable)

    @fact("response.needed-headers", message="response", steady=_nothing_useful)
    def response_needed_headers(self) -> frozenset[str]:
        """Those of `response.unreadable-headers` that the request or the response shows the page to need.

        Upload-Offset of a tus upload, Content-Range of a Range request, Accept-Ranges of a large PDF, Location of a 201, the file
        name of a download, a count for paging, Retry-After of a 429, the status of gRPC-Web, the session of MCP, the ETag of an S3
        multipart upload's part.
        """
        unreadable = {name.lower() for name in self.response_unreadable_headers}
        return frozenset(canonical_name(name) for name in unreadable & self._needed()) if unreadable else frozenset()

    def _needed(self) -> frozenset[str]:
        got, sent, received = self.response, self.request_head, self.response_head
        assert got is not None
        needed: frozenset[str] = frozenset({"mcp-session-id"})
        if "tus-resumable" in sent:
            needed |= _UPLOAD
        if "range" in sent or got.status == 206:
            needed |= _RANGES
        if _is_large_pdf(received):
            needed |= _RANGES
        if got.status == 201:
            needed |= {"location"}
        if self.request.method == "PUT" and _is_upload_part(self.request.url):
            needed |= {"etag"}
        if got.status in (429, 503):
            needed |= _LIMITS
        if got.status == 401 and "mcp-protocol-version" in sent:
            needed |= {"www-authenticate"}
        kind = (mime_type_essence(received.get("content-type") or "") or "").lower()
        if kind.startswith("application/grpc-web"):
            needed |= _GRPC
        if kind.endswith("json"):
            needed |= _PAGING
            if not (received.get("content-range") or "bytes").startswith("bytes"):
                needed |= {"content-range"}
            if 'rel="next"' in (received.get("link") or "") or "rel=next" in (received.get("link") or ""):
                needed |= {"link"}
        destination = self.observation.destination
        if (
            isinstance(destination, Known)
            and destination.value == "empty"
            and "filename" in (received.get("content-disposition") or "")
        ):
            needed |= {"content-disposition"}
        return needed


def _is_large_pdf(received: HeaderList) -> bool:
    """Say whether a viewer like pdf.js would load a document in parts, which it does only if it can read Accept-Ranges."""
    length = received.get("content-length") or ""
    return (
        (received.get("accept-ranges") or "").lower() == "bytes"
        and (mime_type_essence(received.get("content-type") or "") or "").lower() == "application/pdf"
        and length.isdigit()
        and len(length) >= _DIGITS_OF_A_MEGABYTE
    )


def _is_upload_part(url: str) -> bool:
    """Say whether a PUT is for a part of an S3 multipart upload, which is completed with the parts' ETags."""
    return {"partnumber", "uploadid"} <= query_names(url)
