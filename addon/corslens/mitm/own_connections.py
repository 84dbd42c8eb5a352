"""Connections that lead from this process to itself, known by their addresses: names can be chosen by others."""

import errno
import ipaddress
import socket

from mitmproxy import connection
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

type _Address = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]


class OwnConnections:
    """Knows the proxy's open connections to servers, and the port on which its web interface listens."""

    def __init__(self) -> None:
        self.web_port: int | None = None
        """mitmweb's; None in any other tool."""
        self._outgoing: dict[str, _Address] = {}

    def server_connected(self, data: ServerConnectionHookData) -> None:
        """Take note of a connection."""
        local = _address(data.server.sockname)
        if local is not None:
            self._outgoing[data.server.id] = local

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        """Take note of its end."""
        self._outgoing.pop(data.server.id, None)

    def is_own_client(self, client: connection.Client) -> bool:
        """Say whether a client's connection is the far end of one of the proxy's own, so that the proxy is asking itself."""
        peer = _address(client.peername)
        return peer is not None and peer in self._outgoing.values()

    def leads_to_web(self, server: connection.Server) -> bool:
        """Say whether a connection leads to this process's own web interface, by whatever name or address it was requested.

        Through another proxy, which may be on this machine, any name may lead there.
        """
        peer = server.peername if server.via is None else server.address
        if peer is None or peer[1] != self.web_port:
            return False
        return is_of_this_machine(peer[0]) or (server.via is not None and _address((peer[0], 0)) is None)


def is_loopback(peer: tuple[str, int] | None) -> bool:
    """Say whether a peer is on this machine's loopback interface."""
    address = _address(peer)
    return address is not None and address[0].is_loopback


def is_of_this_machine(host: str) -> bool:
    """Say whether an IP address is one of this machine's own: only those can be bound to."""
    address = _address((host, 0))
    if address is None:
        return False
    if address[0].is_loopback or address[0].is_unspecified:
        return True
    family = socket.AF_INET if address[0].version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address[0]), 0))
        except OSError as error:
            # A link-local address wants its interface, too; which one it is says nothing about whose it is.
            return error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True


def _address(name: tuple[str, int] | tuple[str, int, int, int] | None) -> _Address | None:
    """Return address and port in one spelling, whatever the socket's family."""
    if not name:
        return None
    try:
        address = ipaddress.ip_address(name[0].partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address, name[1]
