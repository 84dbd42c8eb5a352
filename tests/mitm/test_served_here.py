"""Where an origin was served from decides, and not its name; on 2991aa5 `http://evil.test` was this machine wherever it was served."""

import pytest
from corslens.mitm.served_here import ServedHere
from mitmproxy import http
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow


def flow(
    url: str, peer: str | None, *, mode: str = "regular", via: tuple[str, tuple[str, int]] | None = None, live: bool = True
) -> http.HTTPFlow:
    made = tflow.tflow(req=http.Request.make("GET", url), resp=True)
    made.live = live
    made.server_conn.peername = None if peer is None else (peer, 80)
    made.server_conn.via = via  # type: ignore[assignment]  # a ServerSpec is such a tuple
    made.client_conn.proxy_mode = ProxyMode.parse(mode)
    return made


def after(*flows: http.HTTPFlow, most: int = 100) -> ServedHere:
    served = ServedHere(most)
    for one in flows:
        served.see(one)
    return served


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_served_from_a_loopback_address(peer: str) -> None:
    served = after(flow("http://app.test:5173/x?y", peer))
    assert "http://app.test:5173" in served
    assert "http://app.test" not in served and "https://app.test:5173" not in served


@pytest.mark.parametrize("peer", ["203.0.113.9", "192.168.1.5", "10.0.0.1", "fe80::1", None, "nonsense"])
def test_served_from_elsewhere_or_by_nobody(peer: str | None) -> None:
    assert "http://app.test" not in after(flow("http://app.test/", peer))


def test_who_was_served_from_elsewhere_is_never_this_machines() -> None:
    """A resolver that others write can lead their name to this machine a moment later."""
    far, near = flow("http://rebound.example/", "203.0.113.9"), flow("http://rebound.example/", "127.0.0.1")
    assert "http://rebound.example" not in after(far, near)
    assert "http://rebound.example" not in after(near, far)
    assert "http://rebound.example" not in after(near, far, near)


def test_another_proxy_is_no_server() -> None:
    assert "http://far.example" not in after(flow("http://far.example/", "127.0.0.1", via=("http", ("127.0.0.1", 3128))))


def test_a_reverse_proxys_server_has_every_name() -> None:
    assert not after(flow("http://evil.example/", "127.0.0.1", mode="reverse:http://127.0.0.1:3000"))._here


def test_what_was_read_from_a_file_was_not_served() -> None:
    assert "http://app.test" not in after(flow("http://app.test/", "127.0.0.1", live=False))


def test_when_full_nothing_more_is_this_machines() -> None:
    """Whoever makes up origins by the thousand does not make the proxy forget his own."""
    strangers = [flow(f"http://n{number}.example/", "203.0.113.9") for number in range(10)]
    served = after(*strangers, flow("http://app.test/", "127.0.0.1"), most=10)
    assert "http://app.test" not in served
    many = after(*(flow(f"http://a{number}.test/", "127.0.0.1") for number in range(12)), most=10)
    assert "http://a9.test" in many and "http://a11.test" not in many


@pytest.mark.parametrize("mode", ["regular", "upstream:http://127.0.0.1:3128", "socks5"])
@pytest.mark.parametrize(
    ("url", "peer"),
    [("http://127.0.0.1:3000/", "127.0.0.1"), ("http://[::1]:3000/", "::1"), ("http://far.example:3000/", "203.0.113.9")],
)
def test_a_host_header_of_anothers_says_nothing(mode: str, url: str, peer: str) -> None:
    """Whoever may use the proxy could have their own site served from this machine, or one of this machine from theirs."""
    crafted = flow(url, peer, mode=mode)
    crafted.request.headers["host"] = "other.test:3000"
    served = after(crafted)
    assert not served._here and not served._elsewhere
    served.see(flow("http://other.test:3000/", "127.0.0.1", mode=mode))
    assert "http://other.test:3000" in served


def test_another_port_in_the_host_header_says_nothing() -> None:
    """One that this machine serves would vouch for every port of its name, wherever a resolver leads that."""
    crafted = flow("http://app.test/", "127.0.0.1")
    crafted.request.headers["host"] = "app.test:8080"
    assert not after(crafted)._here
    crafted.request.headers["host"] = "app.test:80"
    assert "http://app.test" in after(crafted)


@pytest.mark.parametrize("url", ["http://APP.test:5173/", "http://app.test.:5173/", "http://[::1]:5173/"])
def test_the_same_host_in_another_spelling_is_no_other(url: str) -> None:
    assert after(flow(url, "127.0.0.1"))._here


def test_who_connects_to_an_address_names_the_host_in_the_header_alone() -> None:
    """As in transparent and local mode."""
    made = flow("http://127.0.0.1:5173/", "127.0.0.1", mode="transparent")
    made.request.headers["host"] = "app.test:5173"
    assert "http://app.test:5173" in after(made)
