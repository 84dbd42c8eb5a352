"""Whether a document may be shown in a frame of another page: not CORS, but asked of CORS headers again and again."""

from corslens.fetch.content_security_policy import matcher, parse_policies
from corslens.fetch.messages import HeaderList
from corslens.fetch.origins import origin_of

_FRAME_ANCESTORS = "frame-ancestors"
_MAX_SHOWN_CHARACTERS = 120
"""Characters of a directive that are shown."""


def framing_refusal(headers: HeaderList, url: str, embedder: str) -> str | None:
    """Return the header that keeps a document out of a page's frame (`X-Frame-Options: DENY`), None where none does.

    Only the embedding page itself is looked at, not the pages around it, which may be refused as well.

    Args:
        url: the document's.
        embedder: the serialized origin of the page whose frame it is.
    Standards: https://www.w3.org/TR/CSP3/#frame-ancestors-navigation-response,
        https://html.spec.whatwg.org/#check-a-navigation-response's-adherence-to-x-frame-options
    """
    policies = [policy for policy in parse_policies(headers.values("content-security-policy")) if _FRAME_ANCESTORS in policy]
    own = origin_of(url)
    # Here `'self'` is the document's own origin, and the URL that has to match is the embedding page's.
    allows = matcher(f"{embedder}/", own)
    for policy in policies:
        if not any(map(allows, policy[_FRAME_ANCESTORS])):
            return f"Content-Security-Policy: {' '.join((_FRAME_ANCESTORS, *policy[_FRAME_ANCESTORS]))}"[:_MAX_SHOWN_CHARACTERS]
    if policies:
        return None  # X-Frame-Options does not count then
    values = {part.strip().lower() for line in headers.values("x-frame-options") for part in line.split(",")}
    if len(values) > 1 and values & {"deny", "sameorigin", "allowall"}:
        return "X-Frame-Options with several values"
    if "deny" in values:
        return "X-Frame-Options: DENY"
    if "sameorigin" in values and own != embedder:
        return "X-Frame-Options: SAMEORIGIN"
    return None
