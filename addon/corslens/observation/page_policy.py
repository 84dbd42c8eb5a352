"""Page policies: what the documents and workers that a client loaded say about the requests of their pages.

A request names its page's origin, seldom its document, so it may be the request of any document of that origin that was seen: what all of
them say holds. What a `<meta>` element says is in a body, which is never read; so it can only be stricter than what is known here.
"""

from msgspec import Struct

from corslens.bounded import Bounded
from corslens.fetch.connection_allowlist import CONNECTION_ALLOWLIST
from corslens.fetch.content_security_policy import Directives, parse_policies
from corslens.fetch.embedder_policy import EmbedderPolicy, embedder_policy, isolation_policy
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.fetch.origins import is_potentially_trustworthy, origin_of
from corslens.observation.request_head import head_of

POLICY_HEADERS = frozenset({
    "content-security-policy", "cross-origin-embedder-policy", "document-isolation-policy", CONNECTION_ALLOWLIST,
    "integrity-policy", "permissions-policy", "cross-origin-opener-policy",
})  # fmt: skip
_DOCUMENTS = 16
"""Of one origin in one client; the newest count."""
_DESTINATIONS = frozenset({"document", "iframe", "frame", "embed", "object", "fencedframe"})
_WORKERS = frozenset({"worker", "sharedworker", "serviceworker"})
"""Each has the policy that came with its script."""


class Document(Struct, frozen=True, kw_only=True, gc=False):
    """A document, or a worker, as its response's head describes it."""

    url: str
    known: bool = True
    """Whether the head was seen that the browser went by: not of a 304 whose stored response was not."""
    address: str | None = None
    """The IP address that the document came from, where that was seen."""
    top_level: bool = False
    """It was loaded at the top, not in a frame."""
    embedder: EmbedderPolicy = EmbedderPolicy.UNSAFE_NONE
    isolation: EmbedderPolicy = EmbedderPolicy.UNSAFE_NONE
    content_security: tuple[Directives, ...] = ()
    connection_allowlist: str | None = None
    """The header's value; None without it."""
    headers: tuple[tuple[str, str], ...] = ()
    """Each policy header as it stands, by its lower-case name."""


class Page(Struct, frozen=True, kw_only=True, gc=False):
    """The documents that a request may come from."""

    documents: tuple[Document, ...]
    exact: bool
    """The request named its document."""

    @property
    def known(self) -> bool:
        """Whether the policy of each of them was seen."""
        return all(document.known for document in self.documents)


class Pages:
    """The documents that clients loaded, by origin; bounded, the oldest origin goes first."""

    def __init__(self, limit: int, budget: int = 1 << 24) -> None:
        self.seen: Bounded[tuple[str, str], tuple[Document, ...]] = Bounded(limit, weigh=_weigh, budget=budget)

    def note(self, client: str, request: Request, response: Response, address: str | None = None) -> None:
        """Take note of a response, if it is a document's."""
        if not is_document(request, response):
            return
        origin, url = origin_of(request.url), _without_fragment(request.url)
        key = (client, origin)
        others = self.seen.pop(key, None) or ()
        before = next((one for one in others if one.url == url), None)
        top_level = head_of(request.headers).destination == "document"
        document = _document(url, origin, response, before, address, top_level=top_level)
        self.seen[key] = (*(one for one in others if one.url != url), document)[-_DOCUMENTS:]

    def of(self, client: str, page_origin: str | None, referrer: str | None) -> Page | None:
        """Return what is known of the page that sends a request, None without any document of its origin."""
        if page_origin is None or not self.seen:
            return None
        found = self.seen.get((client, page_origin))
        if found is None:
            return None
        # Most pages send other origins no more of the URL than the origin, which any of its documents may be behind.
        if referrer is not None and referrer.count("/") >= 3 and not referrer.endswith(page_origin + "/"):
            for document in found:
                if document.url == referrer:
                    return Page(documents=(document,), exact=True)
            return None
        return Page(documents=found, exact=False)


def is_document(request: Request, response: Response) -> bool:
    """Say whether a response is a document's or a worker's: the navigation says so, or where browsers send no fetch metadata, both sides' media types."""
    if 300 <= response.status < 400 and response.status != 304:
        return False
    head = head_of(request.headers)
    if head.mode is not None:
        return (head.mode == "navigate" and head.destination in _DESTINATIONS) or head.destination in _WORKERS
    if not (head.accept or "").startswith("text/html"):
        return False
    return response.status == 304 or (response.headers.get("content-type") or "").lower().startswith("text/html")


def _document(
    url: str, origin: str, response: Response, before: Document | None, address: str | None, *, top_level: bool
) -> Document:
    headers = response.headers
    held = {name: headers.get(name) or "" for name in sorted(POLICY_HEADERS) if name in headers}
    if response.status == 304:
        # What a 304 brings replaces what is stored, https://www.rfc-editor.org/rfc/rfc9111#section-3.2
        if before is None:
            return Document(url=url, known=False, address=address, top_level=top_level)
        held = dict(before.headers) | held
        headers = HeaderList(tuple(held.items()))
    secure = is_potentially_trustworthy(origin)  # in another context both count as absent
    return Document(
        url=url,
        known=response.status != 304 or (before is not None and before.known),
        address=address,
        top_level=top_level,
        embedder=embedder_policy(headers) if secure else EmbedderPolicy.UNSAFE_NONE,
        isolation=isolation_policy(headers) if secure else EmbedderPolicy.UNSAFE_NONE,
        content_security=parse_policies(headers.values("content-security-policy")),
        connection_allowlist=headers.get(CONNECTION_ALLOWLIST) or None,
        headers=tuple((name, value[:8192]) for name, value in held.items()),
    )


def _weigh(documents: tuple[Document, ...]) -> int:
    """Return their estimated bytes; a policy that is parsed takes several times its text."""
    return sum(512 + len(one.url) + 8 * sum(len(value) for _, value in one.headers) for one in documents)


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]
