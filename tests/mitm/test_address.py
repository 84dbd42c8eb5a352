"""The URL as the browser sees it."""

import pytest
from corslens.mitm.address import browser_url

from tests.mitm.make import flow

CASES = {
    "the default port is left out": (flow(), "https://api.example/me"),
    "another port is kept": (flow(port=8443, authority="api.example:8443"), "https://api.example:8443/me"),
    "a default port in the Host header is left out": (flow(authority="api.example:443"), "https://api.example/me"),
    "port 443 is not http's default": (
        flow(scheme="http", port=443, authority="api.example:443"),
        "http://api.example:443/me",
    ),
    "the Host header names what is only an address to a transparent proxy": (
        flow(host="192.0.2.1", authority="api.example", mode="transparent"),
        "https://api.example/me",
    ),
    "upper case is no other host": (flow(authority="API.Example"), "https://api.example/me"),
    "a Host header that is none is not believed": (flow(authority="evil/../@x"), "https://api.example/me"),
    "an international host is in ASCII": (flow(host="bücher.example", authority=" "), "https://xn--bcher-kva.example/me"),
    "an IPv6 address has its brackets": (
        flow(scheme="http", host="::1", port=8000, authority="[::1]:8000"),
        "http://[::1]:8000/me",
    ),
    "OPTIONS * has no path": (flow("OPTIONS", "*"), "https://api.example/"),
    "bytes that are not ASCII are percent-encoded": (flow(path="/caf\udcc3\udca9"), "https://api.example/caf%C3%A9"),
    "the query is kept": (flow(path="/a?b=%20c&d"), "https://api.example/a?b=%20c&d"),
}


@pytest.mark.parametrize(("made", "url"), CASES.values(), ids=CASES)
def test_browser_url(made, url):
    assert url == browser_url(made)


def test_http2_authority():
    """HTTP/2 names the host in its :authority."""
    made = flow(host="192.0.2.1", version="HTTP/2.0")
    made.request.data.authority = b"api.example:8443"
    assert browser_url(made) == "https://api.example:8443/me"


def reverse(lines=(), authority="upstream.internal:9000", **fields):
    return flow(
        lines=lines, authority=authority, scheme="http", host="upstream.internal", port=9000,
        mode="reverse:http://upstream.internal:9000", **fields,
    )  # fmt: skip


def test_reverse_proxy_by_its_own_address():
    """With the Host header rewritten, a cross-origin request went to the proxy's own address."""
    assert browser_url(reverse()) == "http://127.0.0.1:8080/me"


def test_reverse_proxy_same_origin():
    """A request that is told to be same-origin went to the origin that it names."""
    lines = [("Sec-Fetch-Site", "same-origin")]
    assert browser_url(reverse(lines, origin="http://localhost:8080")) == "http://localhost:8080/me"
    lines.append(("Referer", "http://dev.test:8080/page?x=1"))
    assert browser_url(reverse(lines, origin=None)) == "http://dev.test:8080/me"


def test_reverse_proxy_that_keeps_the_host():
    """With keep_host_header the Host header is the browser's own."""
    assert browser_url(reverse(authority="dev.test:8080")) == "http://dev.test:8080/me"


def test_reverse_proxy_with_tls():
    """The name in the TLS handshake is the host that the browser used."""
    made = reverse()
    made.client_conn.timestamp_tls_setup = 1.0
    made.client_conn.sni = "dev.test"
    assert browser_url(made) == "https://dev.test:8080/me"
