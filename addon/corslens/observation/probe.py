"""Probe: why `corslens check` sent a request with an origin that no allowlist names, and what its being allowed shows of the server."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct


class OriginComparison(StrEnum):
    """How a server that allowed the origin of a probe seems to compare Origin. From the widest to the narrowest."""

    ANY = "any"
    """It does not: whatever comes is reflected."""
    SUBSTRING = "substring"
    """The allowed name may stand anywhere in it."""
    PREFIX = "prefix"
    """Only the beginning is compared."""
    SUFFIX = "suffix"
    """Only the end is compared, and not from a dot on."""
    DOT = "dot"
    """A regular expression in which a dot matches any character."""
    PART = "part"
    """An origin that is a part of an allowed one is allowed, too."""
    CHARACTER = "character"
    """The comparison stops at a special character that browsers accept in host names."""
    NULL = "null"
    """The origin `null` is allowed."""
    SHARED = "shared"
    """A code playground or a name below shared hosting is allowed."""
    LOCALHOST = "localhost"
    """Pages of the user's own machine are allowed."""
    SCHEME = "scheme"
    """The same host over http is allowed."""
    SUBDOMAIN = "subdomain"
    """Every subdomain is allowed."""
    PORT = "port"
    """Every port is allowed."""


BEHAVIOR: Mapping[OriginComparison, str] = MappingProxyType({
    OriginComparison.ANY: "reflects any Origin",
    OriginComparison.SUBSTRING: "looks for the name anywhere in Origin",
    OriginComparison.PREFIX: "compares only the beginning of Origin",
    OriginComparison.SUFFIX: "compares only the end of Origin",
    OriginComparison.DOT: "has a regular expression in which a dot matches any character",
    OriginComparison.PART: "allows an Origin that is a part of an allowed one",
    OriginComparison.CHARACTER: "stops comparing at a special character",
    OriginComparison.NULL: 'allows "null"',
    OriginComparison.SHARED: "allows a host on which anyone can put a page",
    OriginComparison.LOCALHOST: "allows pages of the user's own machine",
    OriginComparison.SCHEME: "does not compare the scheme",
    OriginComparison.SUBDOMAIN: "allows every subdomain",
    OriginComparison.PORT: "does not compare the port",
})  # fmt: skip
"""What the server does, the end of a sentence that begins with it."""


class Probe(Struct, frozen=True, kw_only=True, gc=False):
    """What a probe that was allowed shows."""

    comparison: OriginComparison
    own_site: bool = False
    """The origin belongs to the site of the origin that it imitates, so only its owner can have pages there."""
