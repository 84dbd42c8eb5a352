"""What a document demands of what it embeds: Cross-Origin-Embedder-Policy and Document-Isolation-Policy.

Standards: https://html.spec.whatwg.org/multipage/browsers.html#coep; https://wicg.github.io/document-isolation-policy/
"""

import re
from enum import StrEnum

from corslens.fetch.messages import HeaderList

COEP = "cross-origin-embedder-policy"
DIP = "document-isolation-policy"

_ITEM = re.compile(r" *([A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*) *(?:;.*)?")


class EmbedderPolicy(StrEnum):
    """A policy's value; one that is absent or malformed counts as `unsafe-none`."""

    UNSAFE_NONE = "unsafe-none"
    CREDENTIALLESS = "credentialless"
    """Resources of other origins are loaded without credentials, and need no opt-in."""
    REQUIRE_CORP = "require-corp"


_ISOLATION = {
    "isolate-and-require-corp": EmbedderPolicy.REQUIRE_CORP,
    "isolate-and-credentialless": EmbedderPolicy.CREDENTIALLESS,
}


def token_of(headers: HeaderList, name: str) -> str | None:
    """Return the token of a structured header that holds one, None when it is absent or holds something else.

    Standard: parse an item, https://httpwg.org/specs/rfc9651.html#parse-item
    """
    value = headers.get(name)
    found = None if value is None else _ITEM.fullmatch(value[:2048])
    return None if found is None else found[1]


def embedder_policy(headers: HeaderList) -> EmbedderPolicy:
    """Return what Cross-Origin-Embedder-Policy says."""
    token = token_of(headers, COEP)
    try:
        return EmbedderPolicy(token or "")
    except ValueError:
        return EmbedderPolicy.UNSAFE_NONE


def isolation_policy(headers: HeaderList) -> EmbedderPolicy:
    """Return what Document-Isolation-Policy says, in the words of the embedder policy."""
    return _ISOLATION.get(token_of(headers, DIP) or "", EmbedderPolicy.UNSAFE_NONE)
