"""Connections from this process to itself are known by their addresses."""

import socket

import pytest
from corslens.mitm.own_connections import OwnConnections, is_loopback, is_of_this_machine
from mitmproxy import connection
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from tests.mitm.make import flow


def server(peer: tuple[str, int], local: tuple[str, int] = ("127.0.0.1", 40_000)) -> connection.Server:
    """An open connection to a server."""
    made = connection.Server(address=("name.test", peer[1]))
    made.peername, made.sockname = peer, local
    return made


def client(peer: tuple[str, int]) -> connection.Client:
    """A client's connection."""
    return connection.Client(peername=peer, sockname=("127.0.0.1", 8080), timestamp_start=0.0)


@pytest.mark.parametrize("peer", [("127.0.0.1", 40_000), ("::ffff:127.0.0.1", 40_000)])
def test_a_client_that_is_the_proxy_itself(peer: tuple[str, int]) -> None:
    """As long as the connection is open, however its address is written."""
    own, data = OwnConnections(), ServerConnectionHookData(server=server(("127.0.0.2", 8080)), client=flow().client_conn)
    assert not own.is_own_client(client(peer))
    own.server_connected(data)
    assert own.is_own_client(client(peer))
    assert not own.is_own_client(client(("127.0.0.1", 40_001)))
    own.server_disconnected(data)
    assert not own.is_own_client(client(peer))


@pytest.mark.parametrize(
    ("peer", "ours"),
    [(("127.0.0.1", 8081), True), (("127.0.0.2", 8081), True), (("::1", 8081), True), (("::ffff:127.0.0.1", 8081), True),
     (("127.0.0.1", 8082), False), (("192.0.2.7", 8081), False), (("2001:db8::7", 8081), False)],
)  # fmt: skip
def test_mitmweb_is_a_port_of_this_machine(peer: tuple[str, int], ours: bool) -> None:
    """At any of its addresses; the same port of another machine is somebody else's."""
    own = OwnConnections()
    assert not own.leads_to_web(server(peer))
    own.web_port = 8081
    assert own.leads_to_web(server(peer)) is ours
    assert not own.leads_to_web(connection.Server(address=peer))


@pytest.mark.parametrize(
    ("address", "ours"), [(("127.0.0.1", 8081), True), (("any.name.test", 8081), True), (("any.name.test", 80), False), (("192.0.2.7", 8081), False)]
)  # fmt: skip
def test_another_proxy_may_lead_there_by_any_name(address: tuple[str, int], ours: bool) -> None:
    """Its connections are not seen: the proxy's own address says nothing of where they lead."""
    own = OwnConnections()
    own.web_port = 8081
    made = connection.Server(address=address, via=("http", ("127.0.0.1", 8081)))
    made.peername = ("127.0.0.1", 8081)
    assert own.leads_to_web(made) is ours


def test_an_address_of_an_interface_is_of_this_machine() -> None:
    """Whichever this machine has beside loopback; those for documentation are nobody's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("127.0.0.1", 9))
        assert is_of_this_machine(probe.getsockname()[0])
    assert not is_of_this_machine("198.51.100.1")
    assert not is_of_this_machine("a-name.test")


@pytest.mark.parametrize(
    ("peer", "here"), [(("127.8.0.1", 1), True), (("::1", 1, 0, 0), True), (("10.0.0.1", 1), False), (None, False)]
)
def test_loopback(peer: tuple[str, int] | None, here: bool) -> None:
    """Every address of it."""
    assert is_loopback(peer) is here
