"""IP address spaces, https://wicg.github.io/local-network-access/#ip-address-space"""

import pytest
from corslens.fetch.address_space import space_of_address, space_of_origin


@pytest.mark.parametrize(
    ("address", "space"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.0.9", "loopback"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "local"),
        ("172.31.255.255", "local"),
        ("172.32.0.1", "public"),
        ("192.168.1.1", "local"),
        ("169.254.1.1", "local"),
        ("100.64.0.1", "local"),
        ("100.128.0.1", "public"),
        ("fd12::1", "local"),
        ("fe80::1%eth0", "local"),
        ("::ffff:192.168.0.1", "local"),
        ("203.0.113.7", "public"),
        ("2001:4860::8888", "public"),
        ("0.0.0.0", "loopback"),
        ("::", "loopback"),
        ("172.20.7.7", "local"),
        ("192.169.0.7", "public"),
        ("100.127.255.7", "local"),
        ("192.0.0.7", "public"),
        ("192.0.2.7", "public"),
        ("198.18.0.7", "public"),
        ("240.0.0.7", "public"),
        ("::ffff:203.0.113.7", "public"),
        ("fc00::7", "local"),
        ("64:ff9b::a07:707", "public"),
        ("2002:a07:707::7", "public"),
        ("", None),
        ("api.example", None),
    ],
)
def test_addresses(address: str, space: str | None) -> None:
    """As Chromium 156 and Firefox 153 have it: each stood for a page's server and for a target, on this machine's loopback interface."""
    assert space_of_address(address) == space


@pytest.mark.parametrize(
    ("origin", "space"),
    [
        ("http://localhost:3000", "loopback"),
        ("http://a.localhost", "loopback"),
        ("http://printer.local", "local"),
        ("http://192.168.0.1:8123", "local"),
        ("https://[::1]:8443", "loopback"),
        ("https://app.example", None),
        ("null", None),
    ],
)
def test_names(origin: str, space: str | None) -> None:
    """Other names say nothing: one may resolve to any address."""
    assert space_of_origin(origin) == space
