"""Places, hosting and look-alikes."""

import pytest
from corslens.lint.hosts import Hosting, LookAlike, Place, hosting_of, is_nobodys, look_alike, place_of


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("http://localhost:3000", Place.LOOPBACK),
        ("http://127.0.0.9", Place.LOOPBACK),
        ("http://[::1]:80", Place.LOOPBACK),
        ("http://app.localhost", Place.LOOPBACK),
        ("http://shop.test:8080", Place.LOOPBACK),
        ("http://10.1.2.3", Place.PRIVATE),
        ("http://172.16.0.1", Place.PRIVATE),
        ("http://172.32.0.1", Place.PUBLIC),
        ("http://192.168.0.1", Place.PRIVATE),
        ("http://169.254.1.1", Place.PRIVATE),
        ("http://100.64.0.1", Place.PRIVATE),
        ("http://[fd00::1]", Place.PRIVATE),
        ("http://[fe80::1]", Place.PRIVATE),
        ("http://[2001:db8::1]", Place.PUBLIC),
        ("http://printer", Place.PRIVATE),
        ("http://nas.local", Place.PRIVATE),
        ("https://wiki.corp.internal", Place.PRIVATE),
        ("https://example.com", Place.PUBLIC),
        ("http://8.8.8.8", Place.PUBLIC),
        ("null", Place.PUBLIC),
    ],
)
def test_places(origin: str, place: Place) -> None:
    assert place_of(origin) is place


@pytest.mark.parametrize(
    ("origin", "hosting"),
    [
        ("https://cdpn.io", Hosting.SANDBOX),
        ("https://abc.csb.app", Hosting.SANDBOX),
        ("https://me.github.io", Hosting.SHARED),
        ("https://x.s3.amazonaws.com", Hosting.SHARED),
        ("https://example.com", Hosting.OWN),
        ("http://localhost", Hosting.OWN),
    ],
)
def test_hosting(origin: str, hosting: Hosting) -> None:
    assert hosting_of(origin) is hosting


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("api.example.com.evil.net", LookAlike.PREFIX),
        ("example.com.evil.net", LookAlike.PREFIX),
        ("www.example.com.evil.net", LookAlike.PREFIX),
        ("example.community", LookAlike.PREFIX),
        ("evilexample.com", LookAlike.SUFFIX),
        ("apixexample.com", LookAlike.DOT),
        ("xample.com", LookAlike.SUBSTRING),
        ("example.co", LookAlike.SUBSTRING),
        ("example.com_.evil.net", LookAlike.CHARACTER),
        ("api.example.com-.evil.net", LookAlike.CHARACTER),
        ("localhost.evil.net", LookAlike.LOCALHOST),
        ("www.example.com", None),
        ("example.com", None),
        ("other.org", None),
        ("localhost", None),
        ("203.0.113.9", None),
    ],
)
def test_look_alikes(host: str, found: LookAlike | None) -> None:
    assert look_alike(f"https://{host}", "https://api.example.com") is found


@pytest.mark.parametrize(
    "origin, nobodys",
    [
        ("https://evil.example", True),
        ("https://www.attacker-site.com", True),
        ("https://anything.invalid", True),
        ("https://cdpn.io", True),
        ("https://medieval.example", False),
        ("https://partner.test", False),
        ("https://me.github.io", False),
    ],
)
def test_made_up_origins_are_nobody_s(origin: str, nobodys: bool) -> None:
    assert is_nobodys(origin) is nobodys
