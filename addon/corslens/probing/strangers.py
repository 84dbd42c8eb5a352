"""Origins that no allowlist names, each of which one kind of careless comparison allows.

Only what browsers can send: a serialized origin, or `null`. The characters are those that Chromium 156 keeps in a host as they are
(`new URL("https://host" + character + ".example").origin`). Names under `.invalid` belong to no one (RFC 6761, section 6.4).
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from corslens.fetch.constants import NULL
from corslens.fetch.origins import (
    is_ip_address,
    is_loopback,
    is_same_site,
    is_serialized_origin,
    registrable_domain,
    scheme_host_port,
)
from corslens.observation.probe import OriginComparison

UNRELATED = (("https://a.invalid", "https://nobody.invalid"), ("http://a.invalid", "http://nobody.invalid"))
"""Where both of a pair are allowed, any origin is. The second pair is tried where a page over http is wanted."""
CHARACTERS = "_-!\"$&'()+,;=`{}~"
"""The first two resolve everywhere; name servers with a wildcard resolve the rest."""
_LOCALHOSTS = ("http://localhost", "http://localhost:3000", "https://localhost", "http://127.0.0.1")
_SHARED = (
    "https://codepen.io", "https://cdpn.io", "https://jsfiddle.net", "https://null.jsbin.com", "https://nobody.github.io",
    "https://nobody.vercel.app", "https://nobody.netlify.app",
)  # fmt: skip


class Stranger(Struct, frozen=True, kw_only=True):
    """An origin to try."""

    origin: str
    comparison: OriginComparison
    """What the server does if it is allowed, and nothing wider explains it."""
    imitates: str
    """The allowed origin that it resembles; of one that resembles none, itself."""

    @property
    def own_site(self) -> bool:
        """Whether it belongs to the site of the origin that it imitates."""
        return self.origin != self.imitates and is_same_site(self.origin, self.imitates)


def strangers_for(wanted: Sequence[str], target: str) -> tuple[Stranger, ...]:
    """Return the origins to try on a server, the unrelated ones first, none twice and none that is wanted.

    Args:
        wanted: the serialized origins that the server is meant to allow.
        target: the server's own serialized origin; careless lists are often made of it.
    """
    found: dict[str, Stranger] = {}
    excluded = {*wanted, target}
    for one in _all(wanted, target):
        if one.origin not in excluded and (one.origin == NULL or is_serialized_origin(one.origin)):
            found.setdefault(one.origin, one)
    return tuple(found.values())


def _all(wanted: Sequence[str], target: str) -> Iterator[Stranger]:
    insecure = any(origin.startswith("http:") for origin in wanted)
    for pair in UNRELATED if insecure else UNRELATED[:1]:
        yield from _alone(pair, OriginComparison.ANY)
    bases = [origin for origin in wanted if origin != NULL]
    host = scheme_host_port(target)[1]
    if not is_ip_address(host) and not is_loopback(host):
        bases.append(target)
    for base in bases:
        for origin, comparison in _look_alikes(base):
            yield Stranger(origin=origin, comparison=comparison, imitates=base)
    yield from _alone((NULL,), OriginComparison.NULL)
    yield from _alone(_SHARED, OriginComparison.SHARED)
    yield from _alone(_LOCALHOSTS, OriginComparison.LOCALHOST)
    yield Stranger(origin="http://localhost.a.invalid", comparison=OriginComparison.PREFIX, imitates="http://localhost")


def _alone(origins: Iterable[str], comparison: OriginComparison) -> Iterator[Stranger]:
    for origin in origins:
        yield Stranger(origin=origin, comparison=comparison, imitates=origin)


def _look_alikes(base: str) -> Iterator[tuple[str, OriginComparison]]:
    scheme, host, port = scheme_host_port(base)
    tail = base.removeprefix(f"{scheme}://{host}")
    other = "8443" if scheme == "https" else "8080"
    yield f"{scheme}://{host}:{other if port != other else '9443'}", OriginComparison.PORT
    if tail and len(port) < 5 and int(port) < 6553:
        yield f"{base}1", OriginComparison.PORT
    if scheme == "https":
        yield f"http://{host}{tail}", OriginComparison.SCHEME
    if is_ip_address(host):
        return
    site = registrable_domain(host) or host
    for name in dict.fromkeys((site, host)):
        yield f"{scheme}://a.{name}{tail}", OriginComparison.SUBDOMAIN
        yield f"{scheme}://a{name}{tail}", OriginComparison.SUFFIX
        yield f"{scheme}://a-{name}{tail}", OriginComparison.SUFFIX
        yield f"{scheme}://{name}.a.invalid{tail}", OriginComparison.PREFIX
        yield f"{scheme}://{name}a.invalid{tail}", OriginComparison.PREFIX
        yield f"{scheme}://a{name}.a.invalid{tail}", OriginComparison.SUBSTRING
        yield f"{scheme}://a.{name}.a.invalid{tail}", OriginComparison.SUBSTRING
        if "." in name:
            yield f"{scheme}://{name[:-1]}{tail}", OriginComparison.PART
            yield f"{scheme}://{name[1:]}{tail}", OriginComparison.PART
    if "." not in site:
        return
    yield f"{scheme}://aa{site}{tail}", OriginComparison.DOT
    labels = host.split(".")
    for place in range(1, len(labels) - 1):
        yield f"{scheme}://{'.'.join(labels[:place])}a{'.'.join(labels[place:])}{tail}", OriginComparison.DOT
    for character in CHARACTERS:
        yield f"{scheme}://{host}{character}.a.invalid{tail}", OriginComparison.CHARACTER
