"""A cookie that is known to be kept, and does not come along, tells that a request to the page's own site includes no credentials."""

import pytest
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.cookie_jar import CookieJar
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known

from tests.make import exchange, request, response
from tests.observation.observe import CHROMIUM, observe_all

PAGE = "http://localhost:3000"
API = "http://localhost:8000"
LOGIN = f"{API}/login"


def visit(at: float, *, cookie: str = "", sets: str = "", url: str = LOGIN) -> Exchange:
    """A navigation, which carries every cookie that there is."""
    given = {"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "navigate", **({"Cookie": cookie} if cookie else {})}
    answer = response(200, {"Set-Cookie": sets} if sets else {}, time=at + 0.01)
    return exchange(request(url=url, origin=None, given=given, time=at), answer, client="me")


def fetched(at: float, *, url: str = f"{API}/api/me", page: str = PAGE, cookie: str = "") -> Exchange:
    given = {"User-Agent": CHROMIUM, **({"Cookie": cookie} if cookie else {})}
    return exchange(
        request(url=url, origin=page, given=given, time=at), response(allow_origin="*", time=at + 0.01), id="f", client="me"
    )


KEPT = (visit(0.0, sets="sid=1; Path=/; Max-Age=100"), visit(1.0, cookie="sid=1"))


@pytest.mark.parametrize(
    ("before", "last", "told"),
    [
        pytest.param(KEPT, fetched(2.0), True, id="it is kept, and did not come"),
        pytest.param(KEPT, fetched(2.0, cookie="sid=1"), False, id="it came, which proves the contrary"),
        pytest.param(KEPT[:1], fetched(2.0), False, id="nobody saw the browser keep it"),
        pytest.param(KEPT, fetched(200.0), False, id="it expired"),
        pytest.param((*KEPT, visit(1.5)), fetched(2.0), False, id="a navigation went without it: it is gone"),
        pytest.param((*KEPT, visit(1.5, cookie="sid=1", sets="sid=; Max-Age=0; Path=/")), fetched(2.0), False, id="taken back"),
        pytest.param(KEPT, fetched(2.0, page="http://app.example"), False, id="another site, to which SameSite counts"),
        pytest.param(KEPT, fetched(2.0, url="http://127.0.0.1:8000/api/me"), False, id="another host"),
        pytest.param(
            (visit(0.0, sets="sid=1; Path=/admin"), visit(1.0, cookie="sid=1", url=f"{API}/admin/x")), fetched(2.0), False, id="another path"
        ),
        pytest.param(
            (visit(0.0, sets="sid=1; Path=/; Secure; Partitioned"), visit(1.0, cookie="sid=1")), fetched(2.0), False, id="partitioned"
        ),
        pytest.param(
            (visit(0.0, sets="sid=1"), visit(1.0, cookie="sid=1")), fetched(2.0), True, id="the default path of /login is /"
        ),
    ],
)  # fmt: skip
def test_what_a_missing_cookie_tells(before: tuple[Exchange, ...], last: Exchange, told: bool) -> None:
    credentials = observe_all(*before, last)["f"].credentials
    known = Known(CredentialsMode.SAME_ORIGIN_OR_OMIT, ("cookie-not-sent",))
    assert (credentials == known) is told


def test_a_domains_cookie_goes_to_hosts_below_it() -> None:
    jar = CookieJar(10)
    login = request(url="https://app.example/", origin=None)
    jar.note_response("me", login, response(200, {"Set-Cookie": "sid=1; Domain=app.example; Secure; Path=/"}))
    jar.note_request("me", request(url="https://app.example/", given={"Cookie": "sid=1"}), credentialed=True)
    assert jar.misses_one("me", request(url="https://api.app.example/me"))
    assert not jar.misses_one("me", request(url="http://api.app.example/me")), "Secure"
    assert not jar.misses_one("you", request(url="https://api.app.example/me"))
    jar.note_response("me", login, response(200, {"Set-Cookie": "x=1; Domain=example"}))
    assert not jar.misses_one("me", request(url="https://b.example/"))


def test_the_jar_is_bounded() -> None:
    jar = CookieJar(2)
    for number in range(5):
        url = f"https://h{number}.example/"
        for name in range(100):
            jar.note_response("me", request(url=url), response(200, {"Set-Cookie": f"n{name}=1"}))
    assert len(jar.hosts) == 2 and jar.hosts.dropped == 3
    assert all(len(cookies) == 50 for cookies in jar.hosts.values())
