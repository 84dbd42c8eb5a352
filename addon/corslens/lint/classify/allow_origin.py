"""Values of Access-Control-Allow-Origin: what somebody meant by them, and how they differ from the origin that was wanted."""

from enum import StrEnum

from corslens.bounded_cache import bounded_cache
from corslens.fetch.app_origins import is_known_app_origin
from corslens.fetch.constants import NULL, WILDCARD
from corslens.fetch.origins import is_serialized_origin, origin_of, registrable_domain, scheme_host_port


class Form(StrEnum):
    """What is written in Access-Control-Allow-Origin (its lines combined)."""

    WILDCARD = "wildcard"
    NULL = "null"
    ORIGIN = "origin"
    """A serialized origin, as it must be, or an app's (`capacitor://localhost`)."""
    EMPTY = "empty"
    REPEATED_WILDCARD = "repeated-wildcard"
    """`*, *`"""
    REPEATED_ORIGIN = "repeated-origin"
    """The same origin more than once."""
    WILDCARD_AND_ORIGIN = "wildcard-and-origin"
    LIST = "list"
    """Several origins, with commas, spaces, semicolons or bars between them."""
    PATTERN = "pattern"
    """An origin with a `*` in it, or a regular expression."""
    QUOTED = "quoted"
    NO_SCHEME = "no-scheme"
    """`app.example`"""
    TRAILING_SLASH = "trailing-slash"
    PATH = "path"
    """An origin with a path, query or fragment behind it."""
    DEFAULT_PORT = "default-port"
    """`https://app.example:443`"""
    UPPER_CASE = "upper-case"
    NON_ASCII = "non-ascii"
    """Not the punycode form in which Origin carries an international name, or an invisible character that slipped in."""
    INVALID = "invalid"


class Difference(StrEnum):
    """How an allowed origin differs from the request's."""

    ITSELF = "itself"
    """It is the responding server's own origin."""
    SCHEME = "scheme"
    PORT = "port"
    WWW = "www"
    """With `www.` on one side."""
    SUBDOMAIN = "subdomain"
    """Another host of the same site."""
    HOST_NAME = "host-name"
    """`localhost` on one side and `127.0.0.1` or `[::1]` on the other."""
    OTHER = "other"


@bounded_cache(4096)
def form_of(value: str) -> Form:
    """Say what is written in a (combined) Access-Control-Allow-Origin."""
    if value == WILDCARD:
        return Form.WILDCARD
    if value == NULL:
        return Form.NULL
    # The URL parser takes a `*` in a host for a letter like any other.
    if ("*" not in value and is_serialized_origin(value)) or is_known_app_origin(value):
        return Form.ORIGIN
    text = value.strip()
    if not text:
        return Form.EMPTY
    if not text.isascii():
        return Form.NON_ASCII
    parts = _split(text)
    if len(parts) == 1 and parts[0] != text:
        return Form.LIST  # `, *`: an empty line beside another
    if len(parts) > 1:
        unique = set(parts)
        if unique == {WILDCARD}:
            return Form.REPEATED_WILDCARD
        if len(unique) == 1:
            return Form.REPEATED_ORIGIN
        return Form.WILDCARD_AND_ORIGIN if WILDCARD in unique else Form.LIST
    if text[0] in "'\"" and text[-1] == text[0]:
        return Form.QUOTED
    if "*" in text or "\\" in text or text[0] == "^" or text[-1] == "$":
        return Form.PATTERN
    return _form_of_one(text)


def _split(text: str) -> list[str]:
    for separator in ",;|":
        text = text.replace(separator, " ")
    return text.split()


def _form_of_one(text: str) -> Form:
    scheme, separator, rest = text.partition("://")
    if not separator:
        bare = origin_of(f"https://{text}")
        return (
            Form.NO_SCHEME
            if bare != NULL and ("." in text or text.startswith("localhost")) and " " not in text
            else Form.INVALID
        )
    origin = origin_of(text)
    if origin == NULL or not scheme:
        return Form.INVALID
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    if rest == f"{authority}/":
        return Form.TRAILING_SLASH
    if rest != authority:
        return Form.PATH
    if text.lower() == origin:
        return Form.UPPER_CASE
    if authority.rpartition(":")[2] in ("80", "443") and origin == origin_of(f"{scheme}://{authority.rpartition(':')[0]}"):
        return Form.DEFAULT_PORT
    return Form.INVALID


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


@bounded_cache(4096)
def difference(allowed: str, origin: str, target: str) -> Difference | None:
    """Say how an allowed origin (any text) differs from the request's (which a browser serializes, and others may not).

    Returns: None where they are the same one in two spellings, or one of them is opaque.
    """
    named, wanted = origin_of(allowed), origin_of(origin)
    if NULL in (named, wanted) or named == wanted:
        return None
    if named == target:
        return Difference.ITSELF
    scheme, host, port = scheme_host_port(named)
    wanted_scheme, wanted_host, wanted_port = scheme_host_port(wanted)
    if host == wanted_host:
        return Difference.SCHEME if scheme != wanted_scheme else Difference.PORT
    if {host, wanted_host} <= _THIS_MACHINE and port == wanted_port:
        return Difference.HOST_NAME
    if host.removeprefix("www.") == wanted_host.removeprefix("www."):
        return Difference.WWW
    domain = registrable_domain(host)
    return Difference.SUBDOMAIN if domain is not None and domain == registrable_domain(wanted_host) else Difference.OTHER
