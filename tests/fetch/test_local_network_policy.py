"""A policy that names the local network, and the many that do not."""

import pytest
from corslens.fetch.local_network_policy import local_network_policy
from corslens.fetch.messages import HeaderList

PERMISSIONS, SECURITY = "Permissions-Policy", "Content-Security-Policy"


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        (PERMISSIONS, "camera=(), local-network-access=(self)", "local-network-access=(self)"),
        (PERMISSIONS, 'loopback-network=(self "https://app.example")', 'loopback-network=(self "https://app.example")'),
        (PERMISSIONS, "local-network=*", "local-network=*"),
        (PERMISSIONS, "local-network-access=()", None),
        (PERMISSIONS, "local-network-access=( ), camera=(self)", None),
        (PERMISSIONS, "local-network=(), loopback-network=(self)", "loopback-network=(self)"),
        (PERMISSIONS, "x-local-network=(self)", None),
        (PERMISSIONS, "," * 100_000, None),
        (PERMISSIONS, "local-network=(" + "x" * 100_000, None),
        (SECURITY, "connect-src 'self' http://localhost:9000", "connect-src http://localhost:9000"),
        (SECURITY, "connect-src ws://127.0.0.1:*", "connect-src ws://127.0.0.1:*"),
        (SECURITY, "default-src 'self'; connect-src 192.168.1.20", "connect-src 192.168.1.20"),
        (SECURITY, "connect-src http://printer.local/ipp", "connect-src http://printer.local/ipp"),
        (SECURITY, "connect-src 'self' https://api.example *.example http: 203.0.113.1", None),
        (SECURITY, "img-src http://localhost", None),
        (SECURITY, "connect-src http://[ ://", None),
    ],
)
def test_what_a_policy_says_of_the_local_network(name: str, value: str, found: str | None) -> None:
    assert local_network_policy(HeaderList(((name, value),))) == (None if found is None else f"{name}: {found}")
