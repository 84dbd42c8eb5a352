"""Origins and sites of URLs."""

import pytest
from corslens.fetch.origins import (
    host_of,
    is_ip_address,
    is_loopback,
    is_parsable_url,
    is_potentially_trustworthy,
    is_same_site,
    is_schemelessly_same_site,
    is_serialized_origin,
    origin_of,
    registrable_domain,
    scheme_host_port,
)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x?y#z", "https://a.example"),
        ("https://a.example:443/", "https://a.example"),
        ("http://a.example:443/", "http://a.example:443"),
        ("http://a.example:80", "http://a.example"),
        ("HTTPS://A.Example/", "https://a.example"),
        ("https://u:p@a.example/", "https://a.example"),
        ("https://a.example?x=://b", "https://a.example"),
        ("https://a.example\\@b.example/", "https://a.example"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("http://127.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("wss://a.example/", "wss://a.example"),
        ("data:text/html,x", "null"),
        ("about:blank", "null"),
        ("file:///etc/passwd", "null"),
        ("null", "null"),
        ("", "null"),
        ("https://", "null"),
        ("https://a b/", "null"),
        ("http://a.example:99999/", "null"),
    ],
)
def test_origin_of(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("text", "is_origin"),
    [
        ("https://a.example", True), ("http://a.example:8080", True), ("http://[::1]:1", True),
        ("https://a.example/", False), ("https://a.example:443", False), ("https://A.example", False),
        ("a.example", False), ("null", False), ("*", False), ("", False), ("https://a.example, https://b.example", False),
    ],
)  # fmt: skip
def test_is_serialized_origin(text: str, is_origin: bool) -> None:
    assert is_serialized_origin(text) is is_origin


@pytest.mark.parametrize(
    ("text", "parsable"), [("https://a", True), ("mailto:x", True), ("example.com", False), ("//a", False), ("", False)]
)
def test_is_parsable_url(text: str, parsable: bool) -> None:
    assert is_parsable_url(text) is parsable


@pytest.mark.parametrize(
    ("origin", "parts"),
    [
        ("https://a.example", ("https", "a.example", "443")), ("http://a.example:8080", ("http", "a.example", "8080")),
        ("http://[::1]", ("http", "[::1]", "80")), ("http://[::1]:3000", ("http", "[::1]", "3000")), ("null", ("", "", "")),
    ],
)  # fmt: skip
def test_scheme_host_port(origin: str, parts: tuple[str, str, str]) -> None:
    assert scheme_host_port(origin) == parts
    assert host_of(origin) == parts[1]


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.a.example.co.uk", "example.co.uk"), ("example.com", "example.com"), ("co.uk", None), ("me.github.io", "me.github.io"),
        ("github.io", None), ("a.unknown-tld", "a.unknown-tld"), ("localhost", None), ("127.0.0.1", None), ("[::1]", None),
        ("www.example.com.", "example.com"), ("www.xn--mnchen-3ya.example.com", "example.com"), ("xn--55qx5d.cn", None),
        ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"), ("a.xn--p1ai", "a.xn--p1ai"), ("www.xn--a.example", "xn--a.example"),
    ],
)  # fmt: skip
def test_registrable_domain(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("one", "other", "same", "schemeless"),
    [
        pytest.param("https://www.a.example", "https://api.a.example", True, True, id="below one registrable domain"),
        pytest.param("https://a.example", "http://a.example", False, True, id="schemes differ"),
        pytest.param("http://localhost:1", "http://localhost:2", True, True, id="ports do not count"),
        pytest.param("http://127.0.0.1", "http://127.0.0.2", False, False, id="addresses have no site but themselves"),
        pytest.param("https://a.github.io", "https://b.github.io", False, False, id="neighbours below a public suffix"),
        pytest.param("null", "null", False, False, id="an opaque origin has no site"),
        pytest.param("https://a.co.uk", "https://b.co.uk", False, False, id="a suffix of two labels"),
    ],
)
def test_sites(one: str, other: str, same: bool, schemeless: bool) -> None:
    assert is_same_site(one, other) is is_same_site(other, one) is same
    assert is_schemelessly_same_site(one, other) is schemeless


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("app.localhost", True),
        ("127.8.9.1", True),
        ("[::1]", True),
        ("127.example", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("origin", "trustworthy"),
    [
        ("https://a.example", True),
        ("wss://a.example", True),
        ("http://localhost:3000", True),
        ("http://127.0.0.1", True),
        ("http://a.example", False),
        ("null", False),
    ],
)
def test_potentially_trustworthy(origin: str, trustworthy: bool) -> None:
    assert is_potentially_trustworthy(origin) is trustworthy


def test_is_ip_address() -> None:
    assert is_ip_address("1.2.3.4") and is_ip_address("[2001:db8::1]")
    assert not is_ip_address("1.2.3") and not is_ip_address("a.b.c.d")
