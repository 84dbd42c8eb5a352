"""A head pattern holds where each of its marks does; an exchange is read once, whatever is in it."""

import pytest
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.products.head import HeadPattern, Mark, Subject
from corslens.observation.products.value import value_test


def subject(*lines: tuple[str, str], status: int = 200, url: str = "https://api.example/me", method: str = "GET") -> Subject:
    return Subject(Request(method=method, url=url), Response(status=status, headers=HeaderList(lines)))


def test_every_mark_has_to_hold() -> None:
    pattern = HeadPattern(
        statuses=((400, 499),),
        marks=(
            Mark(field="header", name="server", test=value_test("nginx*")),
            Mark(field="header", name="x-powered-by", present=False),
        ),
    )
    assert pattern.matches(subject(("Server", "NGINX/1"), status=404))
    assert not pattern.matches(subject(("Server", "nginx"), status=200))
    assert not pattern.matches(subject(("Server", "nginx"), ("X-Powered-By", "x"), status=404))


def test_one_of_several_lines_is_enough() -> None:
    pattern = HeadPattern(marks=(Mark(field="header", name="server", test=value_test("caddy")),))
    assert pattern.matches(subject(("server", "uvicorn"), ("server", "Caddy")))


def test_elements_of_a_list_header() -> None:
    pattern = HeadPattern(marks=(Mark(field="header", name="vary", elements=frozenset({"origin", "accept"})),))
    assert pattern.matches(subject(("vary", "Accept"), ("vary", "Origin, X")))
    assert not pattern.matches(subject(("vary", "Origin")))


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://API.example/Me?x=1#y", "api.example", "", "/me?x=1"),
        ("http://localhost:11434/api", "localhost", "11434", "/api"),
        ("http://[::1]:5173/a", "[::1]", "5173", "/a"),
        ("http://[::1]/a", "[::1]", "", "/a"),
        ("https://u:p@h.example:8/a", "h.example", "8", "/a"),
    ],
)
def test_places_of_the_url(url: str, host: str, port: str, path: str) -> None:
    found = subject(url=url)
    assert (found.host, found.port, found.path) == (host, port, path)


def test_location_is_resolved_and_only_of_redirects() -> None:
    redirect = subject(("location", "/.auth/login/aad?x=1"), status=302)
    assert (redirect.location_host, redirect.location_path) == ("api.example", "/.auth/login/aad?x=1")
    assert subject(("location", "https://x.example/"), status=201).location == ""
    assert subject(("location", "http://[bad"), status=302).location_host == ""


def test_cookie_names_without_values() -> None:
    assert subject(("set-cookie", "Sid=secret; Path=/"), ("set-cookie", " b = c")).cookie_names == ("sid", "b")


def test_length_is_a_number_or_nothing() -> None:
    pattern = HeadPattern(lengths=frozenset({19}))
    assert pattern.matches(subject(("content-length", "19")))
    assert not pattern.matches(subject(("content-length", "19x")))
    assert not pattern.matches(subject())


def test_anchor_is_a_header_that_has_to_be_there() -> None:
    absent = Mark(field="header", name="via", present=False)
    assert HeadPattern(marks=(absent, Mark(field="header", name="x-a"))).anchor == "x-a"
    assert HeadPattern(marks=(absent, Mark(field="cookie", test=value_test("sid")))).anchor == "set-cookie"
    assert HeadPattern(marks=(Mark(field="location-host", test=value_test("x")),)).anchor == "location"
    assert HeadPattern(marks=(absent, Mark(field="host", test=value_test("x")))).anchor is None


def test_of_many_lines_some_are_compared() -> None:
    """Each is held against dozens of products: 500 took 30 ms, for which all traffic waits. Equal lines are one."""
    lines = [("Server", "same")] * 500 + [("Server", f"s{number}") for number in range(500)]
    seen = subject(*lines)
    assert seen.header_values("server")[:2] == ("same", "s0") and len(seen.header_values("server")) < 50
