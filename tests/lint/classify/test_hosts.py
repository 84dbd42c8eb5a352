"""Places, hosting and look-alikes."""

import pytest
from corslens.lint.classify.hosts import (
    Hosting,
    KnownInside,
    LookAlike,
    NetworkScope,
    hosting_of,
    is_test_origin,
    known_inside,
    look_alike,
    place_of,
)


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("http://localhost:3000", NetworkScope.LOOPBACK),
        ("http://127.0.0.9", NetworkScope.LOOPBACK),
        ("http://[::1]:80", NetworkScope.LOOPBACK),
        ("http://app.localhost", NetworkScope.LOOPBACK),
        ("http://shop.test:8080", NetworkScope.LOOPBACK),
        ("http://10.1.2.3", NetworkScope.PRIVATE),
        ("http://172.16.0.1", NetworkScope.PRIVATE),
        ("http://172.32.0.1", NetworkScope.PUBLIC),
        ("http://192.168.0.1", NetworkScope.PRIVATE),
        ("http://169.254.1.1", NetworkScope.PRIVATE),
        ("http://100.64.0.1", NetworkScope.PRIVATE),
        ("http://[fd00::1]", NetworkScope.PRIVATE),
        ("http://[fe80::1]", NetworkScope.PRIVATE),
        ("http://[2001:db8::1]", NetworkScope.PUBLIC),
        ("http://printer", NetworkScope.PRIVATE),
        ("http://nas.local", NetworkScope.PRIVATE),
        ("https://wiki.corp.internal", NetworkScope.PRIVATE),
        ("https://example.com", NetworkScope.PUBLIC),
        ("http://8.8.8.8", NetworkScope.PUBLIC),
        ("null", NetworkScope.PUBLIC),
    ],
)
def test_places(origin: str, place: NetworkScope) -> None:
    assert place_of(origin) is place


@pytest.mark.parametrize(
    ("origin", "inside"),
    [
        ("http://backend:8000", KnownInside.CONTAINERS),
        ("http://host.docker.internal:8000", KnownInside.CONTAINERS),
        ("http://api.default.svc.cluster.local:8080", KnownInside.CLUSTER),
        ("http://api.default.svc", KnownInside.CLUSTER),
        ("http://localhost:8000", None),
        ("http://[::1]:8000", None),
        ("http://127.0.0.1", None),
        ("https://api.example", None),
        ("null", None),
    ],
)
def test_known_inside(origin: str, inside: KnownInside | None) -> None:
    assert known_inside(origin) is inside


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
    assert is_test_origin(origin) is nobodys
