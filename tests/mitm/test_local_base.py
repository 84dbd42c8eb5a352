"""LocalBase's addons: what the server behind a reverse proxy is sent, and what the browser gets back. The whole: tests/browser/test_dev.py."""

import pytest
from corslens.mitm.local_base import LocalBase

from tests.mitm.make import answered, flow

LOCAL = "http://localhost:3000"
APP = "https://app.example"


def sent(base, *lines, authority="localhost:8010", origin=LOCAL):
    """A flow as the server gets it."""
    made = flow(mode="reverse:https://api.example", authority=authority, origin=origin, lines=lines)
    base.after.requestheaders(made)
    return made


class TestRequest:
    def test_without_an_origin_to_send_only_the_host_changes(self):
        made = sent(LocalBase("https://api.example:8443"), ("Referer", f"{LOCAL}/a?b"))
        assert made.request.headers["Host"] == "api.example:8443"
        assert (made.request.headers["Origin"], made.request.headers["Referer"]) == (LOCAL, f"{LOCAL}/a?b")

    @pytest.mark.parametrize("page", [LOCAL, "http://127.0.0.1:5173", "https://[::1]"])
    def test_the_given_origin_stands_for_pages_of_this_machine(self, page):
        made = sent(LocalBase("https://api.example", APP), ("Referer", f"{page}/a?b"), origin=page)
        assert (made.request.headers["Origin"], made.request.headers["Referer"]) == (APP, f"{APP}/")

    @pytest.mark.parametrize("page", ["https://evil.example", "null", "http://localhost.evil.example", "http://10.0.0.1"])
    def test_and_for_no_others(self, page):
        assert sent(LocalBase("https://api.example", APP), origin=page).request.headers["Origin"] == page

    def test_a_page_of_the_server_itself_stays_one(self):
        made = sent(
            LocalBase("https://api.example", APP), ("Referer", "http://localhost:8010/docs?a"), origin="http://localhost:8010"
        )
        assert made.request.headers["Origin"] == "https://api.example"
        assert made.request.headers["Referer"] == "https://api.example/docs?a"

    def test_nothing_is_added(self):
        made = sent(LocalBase("https://api.example", APP), origin=None)
        assert [name for name, _ in made.request.headers.fields] == [b"Host", b"User-Agent"]

    @pytest.mark.parametrize("host", ["evil.example:8010", "localhost.evil.example", ""])
    def test_a_name_that_others_can_choose_is_refused(self, host):
        """Else a page of that name, led to this machine by its name server, would be same-origin with the server."""
        made = flow(mode="reverse:https://api.example", lines=[], authority="x")
        made.request.headers["Host"] = host
        LocalBase("https://api.example").after.requestheaders(made)
        assert made.response is not None and made.response.status_code == 421

    @pytest.mark.parametrize("host", ["127.0.0.1:8010", "[::1]:8010", "app.localhost:8010", "192.168.1.5:8010"])
    def test_addresses_and_names_of_this_machine_are_not(self, host):
        assert sent(LocalBase("https://api.example"), authority=host).response is None


class TestResponse:
    @pytest.mark.parametrize(
        ("location", "local"),
        [
            ("https://api.example/a?b#c", "http://localhost:8010/a?b#c"),
            ("http://api.example/a", "http://localhost:8010/a"),
            ("https://api.example", "http://localhost:8010"),
            ("/a", "/a"),
            ("https://login.example/a", "https://login.example/a"),
            ("https://api.example.evil.example/a", "https://api.example.evil.example/a"),
            ("https://api.example:8443/a", "https://api.example:8443/a"),
            ("//api.example/a", "http://localhost:8010/a"),
        ],
    )
    def test_redirects_to_the_server_stay_here(self, location, local):
        base = LocalBase("https://api.example")
        made = answered(sent(base), 302, [("Location", location)])
        base.before.responseheaders(made)
        assert made.response.headers["Location"] == local

    def test_each_cookie_is_made_usable_and_said_once(self, caplog):
        caplog.set_level("INFO", logger="corslens")
        base = LocalBase("https://api.example")
        for _ in range(2):
            made = answered(
                sent(base), 200, [("Set-Cookie", "a=1; Secure"), ("Set-Cookie", "b=2"), ("Set-Cookie", "c=3; Domain=x\x1b")]
            )
            base.before.responseheaders(made)
            assert made.response.headers.get_all("Set-Cookie") == ["a=1", "b=2", "c=3"]
        said = [record.getMessage() for record in caplog.records]
        assert said == [
            "corslens: cookie a: Secure removed, for http://localhost",
            "corslens: cookie c: Domain=x\\x1b removed, for http://localhost",
        ]

    def test_without_cookies_and_redirects_the_lines_stay(self):
        base = LocalBase("https://api.example", APP)
        made = answered(sent(base), 200, [("X-A", "1"), ("Access-Control-Allow-Origin", "https://other.example"), ("x-a", "2")])
        before = made.response.headers.fields
        base.before.responseheaders(made)
        assert made.response.headers.fields == before
