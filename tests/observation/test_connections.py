"""Connections of one kind tell the credentials mode in the engines that keep them apart, and nowhere else."""

from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Request
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Observation
from msgspec import structs

from tests.make import API, exchange, preflight, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, WEBKIT, observe, observe_all

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT


def _asked(agent: str, url: str) -> Request:
    return request(url=url, given={"User-Agent": agent})


def _on(connection: str, asked: Request) -> Observation:
    navigation = request(url=f"{API}/", origin=None, given={"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "navigate"})
    asking = preflight("PUT", url="http://api.example/x", given={"User-Agent": CHROMIUM})
    return observe(
        exchange(navigation, response(), connection="with"),
        exchange(asking, response(), connection="without"),
        exchange(asked, response(), connection=connection),
    )


def test_chromium_keeps_credentialed_requests_on_connections_of_their_own() -> None:
    asked = _asked(CHROMIUM, "http://api.example/me")
    assert _on("with", asked).credentials == Known(INCLUDE, ("credentialed-connection",))
    assert _on("without", asked).credentials == Known(WITHOUT, ("uncredentialed-connection",))
    assert isinstance(_on("other", asked).credentials, Unknown)


def test_firefox_does_over_http1() -> None:
    """Over HTTP/2 a session carries both."""
    asked = _asked(FIREFOX, "http://api.example/me")
    assert _on("with", asked).credentials == Known(INCLUDE, ("credentialed-connection",))
    assert _on("without", asked).credentials == Known(WITHOUT, ("uncredentialed-connection",))
    for connection in ("with", "without"):
        assert isinstance(_on(connection, structs.replace(asked, http_version="HTTP/2.0")).credentials, Unknown)


def test_webkit_does_not() -> None:
    assert isinstance(_on("without", _asked(WEBKIT, "http://api.example/me")).credentials, Unknown)


def get(id: str, at: float, connection: str, agent: str = CHROMIUM, *, version: str = "HTTP/1.1", cookie: str = "") -> Exchange:
    """A request across origins that by itself shows its mode only by a cookie."""
    given = {"User-Agent": agent, **({"Cookie": cookie} if cookie else {})}
    asked = structs.replace(request(url="http://api.example/me", given=given, time=at), http_version=version)
    return exchange(asked, response(allow_origin="*", time=at + 0.01), id=id, connection=connection, client="me")


def modes(*exchanges: Exchange) -> dict[str, object]:
    """The latest known credentials mode of each exchange, with its first proof."""
    return {
        id: (each.credentials.value, each.credentials.evidence[0]) if isinstance(each.credentials, Known) else None
        for id, each in observe_all(*exchanges).items()
    }


def test_a_connections_kind_settles_what_came_before_on_it() -> None:
    seen = modes(get("before", 0.0, "1"), get("cookie", 1.0, "1", cookie="a=1"), get("other", 2.0, "2"))
    assert seen == {"before": (INCLUDE, "credentialed-connection"), "cookie": (INCLUDE, "cookie"), "other": None}


def test_not_in_webkit_and_in_firefox_over_http1_only() -> None:
    assert modes(get("before", 0.0, "1", WEBKIT), get("cookie", 1.0, "1", WEBKIT, cookie="a=1"))["before"] is None
    for version, known in (("HTTP/1.1", True), ("HTTP/2.0", False)):
        for order in ((0.0, 1.0), (1.0, 0.0)):
            plain = get("plain", order[0], "1", FIREFOX, version=version)
            cookie = get("cookie", order[1], "1", FIREFOX, version=version, cookie="a=1")
            seen = modes(*sorted((plain, cookie), key=lambda each: each.request.time))
            assert (seen["plain"] is not None) is known, (version, order)


def test_over_http2_a_second_session_beside_one_that_is_in_use_is_of_the_other_kind() -> None:
    first = get("first", 0.0, "1", version="HTTP/2.0", cookie="a=1")
    second = get("second", 1.0, "2", version="HTTP/2.0")
    again = get("again", 2.0, "1", version="HTTP/2.0", cookie="a=1")
    assert modes(first, second)["second"] is None, "the first session may have been closed by then"
    assert modes(first, second, again)["second"] == (WITHOUT, "other-session-was-free")
    over_http1 = [get(id, at, id, cookie=cookie) for id, at, cookie in (("1", 0.0, "a=1"), ("2", 1.0, ""), ("1", 2.0, "a=1"))]
    assert modes(*over_http1)["2"] is None, "HTTP/1 opens as many as it needs"


def test_over_http2_a_session_in_use_is_of_the_other_kind_than_one_that_was_opened_beside_it() -> None:
    first = get("first", 0.0, "1", version="HTTP/2.0")
    second = get("second", 1.0, "2", version="HTTP/2.0", cookie="a=1")
    again = get("again", 2.0, "1", version="HTTP/2.0")
    assert modes(first, second)["first"] is None, "the first session may have been closed by then"
    seen = modes(first, second, again)
    assert seen["first"] == seen["again"] == (WITHOUT, "other-session-was-free")


def test_a_port_is_no_connection() -> None:
    """Chrome's HARs hold the server's port where others hold the connection."""
    assert modes(get("plain", 0.0, "80"), get("cookie", 1.0, "80", cookie="a=1"))["plain"] is None
