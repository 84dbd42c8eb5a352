"""IP address spaces: how far a server is from the public. https://wicg.github.io/local-network-access/#ip-address-space"""

from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from corslens.bounded_cache import bounded_cache
from corslens.fetch.origins import host_of, is_loopback


class AddressSpace(StrEnum):
    """Where an address is."""

    LOOPBACK = "loopback"
    """This machine."""
    LOCAL = "local"
    """The network that this machine is in."""
    PUBLIC = "public"


_LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "::1/128", "0.0.0.0/32", "::/128")))
_LOCAL = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"),
    )
)


@bounded_cache(4096)
def space_of_address(address: str) -> AddressSpace | None:
    """Return the space of an IP address (IPv6 with or without brackets), None of what is none."""
    try:
        parsed = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if any(parsed in network for network in _LOOPBACK if network.version == parsed.version):
        return AddressSpace.LOOPBACK
    if any(parsed in network for network in _LOCAL if network.version == parsed.version):
        return AddressSpace.LOCAL
    return AddressSpace.PUBLIC


@bounded_cache(4096)
def space_of_origin(origin: str) -> AddressSpace | None:
    """Return the space that the host of a serialized origin shows by itself: an address, `localhost`, a `.local` name; None of other names."""
    host = host_of(origin).rstrip(".")
    if is_loopback(host):
        return AddressSpace.LOOPBACK
    if host.endswith(".local"):  # multicast DNS, RFC 6762
        return AddressSpace.LOCAL
    return space_of_address(host)
