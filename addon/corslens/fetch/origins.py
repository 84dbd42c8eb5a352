"""Origins and sites of URLs.

Standards: https://html.spec.whatwg.org/#concept-origin, https://url.spec.whatwg.org/#concept-url-origin,
https://html.spec.whatwg.org/#same-site
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import ada_url
from publicsuffixlist import PSLFILE, PublicSuffixList

from corslens.bounded_cache import bounded_cache
from corslens.fetch.constants import NULL

_TUPLE_SCHEMES = frozenset({"http", "https", "ws", "wss", "ftp"})
DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""The port that a URL does not name, by scheme, https://url.spec.whatwg.org/#default-port."""

_CACHED = 8192


_AUTHORITY = re.compile(r"[^:]*://[^/?#\\]*")


@lru_cache(maxsize=1)
def public_suffixes() -> Sequence[str]:
    """Return the lines of the Public Suffix List, read when the first site is asked for. Names are as written there, in Unicode."""
    return Path(PSLFILE).read_text(encoding="utf-8").splitlines()


@lru_cache(maxsize=1024)
def _suffixes_below(top: str) -> PublicSuffixList:
    """Return the part of the list that names ending so need: to parse all of it takes as long as a small capture."""
    end = f".{top}"
    lines = [line for line in public_suffixes() if line.endswith(end) or line == top]
    return PublicSuffixList(lines, accept_unknown=True, accept_encoded_idn=False)


def _authority_prefix(url: str) -> str:
    """Return scheme and authority, so that one parse serves all URLs of an origin."""
    found = _AUTHORITY.match(url)
    return url if found is None else found[0]


@bounded_cache(_CACHED)
def _parse_origin(prefix: str) -> str:
    try:
        parsed = ada_url.URL(prefix)
    except ValueError:
        return NULL
    scheme = parsed.protocol[:-1]
    if scheme not in _TUPLE_SCHEMES or not parsed.host:
        return NULL
    return f"{scheme}://{parsed.host}"


def origin_of(url: str) -> str:
    """Return the serialized origin of a URL, `null` when it is opaque or the URL cannot be parsed.

    Standard: https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
    """
    return _parse_origin(_authority_prefix(url))


@bounded_cache(_CACHED)
def is_serialized_origin(text: str) -> bool:
    """Say whether text is exactly the serialization of a tuple origin, byte for byte."""
    return text != NULL and origin_of(text) == text


@bounded_cache(_CACHED)
def is_parsable_url(text: str) -> bool:
    """Say whether the URL parser accepts the text without a base."""
    return bool(ada_url.check_url(text))


@bounded_cache(_CACHED)
def scheme_host_port(origin: str) -> tuple[str, str, str]:
    """Return scheme, host and port (`443` when it is the default) of a serialized tuple origin; three empty texts of `null`."""
    scheme, separator, rest = origin.partition("://")
    if not separator:
        return "", "", ""
    host, colon, port = rest.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = rest, ""
    return scheme, host, port or str(DEFAULT_PORTS.get(scheme, ""))


def host_of(origin: str) -> str:
    """Return the host of a serialized tuple origin."""
    return scheme_host_port(origin)[1]


@bounded_cache(_CACHED)
def is_ip_address(host: str) -> bool:
    """Say whether a serialized host is an IPv4 or IPv6 address."""
    return host.startswith("[") or (host.replace(".", "").isdigit() and host.count(".") == 3)


@bounded_cache(_CACHED)
def registrable_domain(host: str) -> str | None:
    """Return the registrable domain of a host, None for addresses and public suffixes themselves.

    Standard: https://url.spec.whatwg.org/#host-registrable-domain
    """
    if is_ip_address(host):
        return None
    labels = host.rstrip(".").split(".")
    name = ".".join(map(_in_unicode, labels))
    found = _suffixes_below(name.rpartition(".")[2].lower()).privatesuffix(name)
    return None if found is None else ".".join(labels[-(found.count(".") + 1) :])


def _in_unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


@bounded_cache(_CACHED)
def is_schemelessly_same_site(one: str, other: str) -> bool:
    """Say whether two serialized origins have the same site, whatever their schemes.

    Standard: https://html.spec.whatwg.org/#schemelessly-same-site
    """
    if NULL in (one, other):
        return False
    host, other_host = host_of(one), host_of(other)
    if host == other_host:
        return True
    domain = registrable_domain(host)
    return domain is not None and domain == registrable_domain(other_host)


def is_same_site(one: str, other: str) -> bool:
    """Say whether two serialized origins have the same site: scheme and registrable domain.

    Standard: https://html.spec.whatwg.org/#same-site
    """
    return is_schemelessly_same_site(one, other) and scheme_host_port(one)[0] == scheme_host_port(other)[0]


@bounded_cache(_CACHED)
def is_this_machine(host: str) -> bool:
    """Say whether a serialized host is this machine whatever a resolver says: `localhost`, 127.0.0.0/8 and [::1], and no other name.

    Standard: https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy; browsers resolve `localhost` themselves.
    """
    return host in ("localhost", "[::1]") or (is_ip_address(host) and host.startswith("127."))


@bounded_cache(_CACHED)
def is_loopback(host: str) -> bool:
    """Say whether a serialized host names this machine: 127.0.0.0/8, [::1], localhost and names below it.

    Standard: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy, steps 4 and 5
    """
    host = host.rstrip(".")
    return host in ("localhost", "[::1]") or host.endswith(".localhost") or (is_ip_address(host) and host.startswith("127."))


def is_potentially_trustworthy(origin: str) -> bool:
    """Say whether the origin is one to which fetch metadata is sent.

    Standard: https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
    """
    scheme, host, _ = scheme_host_port(origin)
    return scheme in ("https", "wss") or is_loopback(host)
