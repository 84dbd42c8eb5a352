"""The checks that come from the page's own document: its embedder policy, Content-Security-Policy, and Connection-Allowlist.

A document's policy counts only where every document that the request may come from has it; one that would not have let the request
be sent in the first place is none of them.
"""

from itertools import chain
from typing import Final

from corslens.engines.profile import EngineProfile
from corslens.fetch.connection_allowlist import follows_redirects
from corslens.fetch.content_security_policy import blocking_directive, directives_for
from corslens.fetch.embedder_policy import EmbedderPolicy
from corslens.observation.known import Known
from corslens.observation.observation import Observation
from corslens.observation.page_policy import Document

_SOURCES: Final = 2_000
"""Source expressions that are compared with a redirect's target for one engine; a page with more is not judged by them."""


def requires_resource_policy(observation: Observation, profile: EngineProfile) -> bool:
    """Say whether the page embeds nothing of other origins that does not opt in, in this engine."""
    page = observation.page
    return page is not None and all(_requires(document, profile) for document in page.documents)


def _requires(document: Document, profile: EngineProfile) -> bool:
    if not document.known:
        return False
    isolated = profile.document_isolation and document.isolation is EmbedderPolicy.REQUIRE_CORP
    return isolated or document.embedder is EmbedderPolicy.REQUIRE_CORP


def blocked_by_content_security(observation: Observation, target: str) -> str | None:
    """Return the directive of the page's Content-Security-Policy that does not let a redirect be followed to the URL, None where nothing says so."""
    page, first = observation.page, observation.hops[0]
    page_origin, destination = observation.page_origin, first.destination
    if (
        page is None
        or page_origin is None
        or not isinstance(destination, Known)
        or "sec-purpose" in first.exchange.request.headers
    ):
        return None
    if not all(document.known for document in page.documents):
        return None
    # Documents of one server have other nonces and the same directives for requests; each is looked at once.
    distinct = {directives_for(document.content_security, destination.value): None for document in page.documents}
    if sum(map(len, chain.from_iterable(distinct))) > _SOURCES:
        return None
    requested, found = first.exchange.request.url, None
    for directives in distinct:
        if blocking_directive(directives, requested, page_origin=page_origin, redirected=False):
            continue
        found = blocking_directive(directives, target, page_origin=page_origin, redirected=True)
        if found is None:
            return None
    return found


def kept_from_redirects(observation: Observation, profile: EngineProfile) -> str | None:
    """Return the Connection-Allowlist with which the page follows no redirect in this engine, None where nothing says so."""
    page = observation.page
    if page is None or not profile.connection_allowlist:
        return None
    found = None
    for document in page.documents:
        value = document.connection_allowlist
        if not document.known or value is None:
            return None
        follows = follows_redirects(value)
        if follows:
            return None
        if follows is False:  # of None it could not have sent the request
            found = value
    return found
