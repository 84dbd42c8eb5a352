"""What pairing says of exchanges: redirects find their next hops, preflights end, and nothing finds what is not its own."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.redirects import MAXIMUM_REDIRECTS
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known
from corslens.observation.observation import Followed, PreflightNeed, Role
from corslens.observation.pairing import Pairing
from corslens.observation.preflights import FOLLOW_UP_SECONDS

from tests.make import API, PAGE, exchange, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, URL, WEBKIT, asks, observe, observe_all, sends

OTHER = "https://other.example"


def test_the_actual_requests_cookie_tells_the_preflights_mode() -> None:
    seen = observe_all(asks(), sends(cookie="a=1"))
    assert seen["p"].credentials == Known(CredentialsMode.INCLUDE, ("actual-request", "cookie"))


def test_an_actual_request_without_preflight_is_missed_only_where_preflights_are_seen() -> None:
    """A capture that shows no preflights at all shows none that are missing."""
    assert not observe(sends()).preflights_missed
    assert observe(asks(url=f"{API}/other"), sends()).preflights_missed
    assert observe(sends()).role is Role.ACTUAL
    assert observe(sends()).need == PreflightNeed(method="PUT")


def test_a_preflight_without_a_follow_up_expires() -> None:
    pairing = Pairing(10)
    pairing.begin(asks())
    pairing.complete(asks())
    assert list(pairing.expire(FOLLOW_UP_SECONDS)) == []
    assert [left.followed for left in pairing.expire(FOLLOW_UP_SECONDS + 0.1)] == [Followed.NEVER]
    assert list(pairing.finish()) == []


def test_a_capture_that_ends_at_once_proves_nothing() -> None:
    """A HAR that was saved, or a proxy that was stopped, between a preflight and its request."""
    pairing = Pairing(10)
    pairing.begin(asks())
    pairing.complete(asks())
    assert [left.followed for left in pairing.finish()] == [Followed.UNKNOWN]


def test_a_capture_that_goes_on_proves_that_nothing_came() -> None:
    pairing = Pairing(10)
    pairing.begin(asks())
    pairing.complete(asks())
    pairing.begin(asks("q", at=FOLLOW_UP_SECONDS + 0.1))
    assert [(left.id, left.followed) for left in pairing.finish()] == [("p", Followed.NEVER), ("q", Followed.UNKNOWN)]


def test_a_watch_that_went_on_proves_it_too() -> None:
    pairing = Pairing(10)
    pairing.begin(asks())
    pairing.complete(asks())
    assert [left.followed for left in pairing.finish(FOLLOW_UP_SECONDS + 1.0)] == [Followed.NEVER]


def redirected(
    *,
    origin: str | None = PAGE,
    url: str = f"{OTHER}/x",
    at: float = 0.2,
    method: str = "GET",
    names: str = "",
    id: str = "b",
    agent: str = WEBKIT,
) -> Exchange:
    return sends(id, method=method, url=url, origin=origin, at=at, names=names, agent=agent)


@pytest.mark.parametrize(
    ("hop", "next_hop", "linked"),
    [
        pytest.param(
            sends(method="GET", status=302, location=f"{API}/x"), redirected(url=f"{API}/x"), True, id="within the other origin"
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{OTHER}/x"),
            redirected(origin="null"),
            True,
            id="to a third origin, as null",
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{OTHER}/x#f"),
            redirected(origin="null"),
            True,
            id="the fragment stays at home",
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{OTHER}/x"),
            redirected(origin="https://evil.example"),
            False,
            id="another page's request",
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{OTHER}/x"),
            redirected(url=f"{OTHER}/y", origin="null"),
            False,
            id="another URL",
        ),
        pytest.param(
            sends(method="GET", status=200, location=f"{OTHER}/x"), redirected(origin="null"), False, id="no redirect status"
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{OTHER}/x"),
            redirected(origin="null", at=100.0),
            False,
            id="long afterwards",
        ),
        pytest.param(
            sends(method="POST", status=303, location=f"{API}/x"), redirected(url=f"{API}/x"), True, id="a POST becomes a GET"
        ),
        pytest.param(
            sends(method="POST", status=307, location=f"{API}/x"), redirected(url=f"{API}/x"), False, id="but not with 307"
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{API}/x"),
            redirected(url=f"{API}/x", method="POST"),
            False,
            id="a GET never becomes a POST",
        ),
        pytest.param(
            sends(method="GET", status=302, location=f"{OTHER}/x"),
            redirected(origin="null", names="authorization"),
            False,
            id="Authorization never crosses origins",
        ),
        pytest.param(
            sends(method="DELETE", status=307, location=f"{OTHER}/x"),
            redirected(url=f"{OTHER}/x", origin="null"),
            True,
            id="WebKit makes a GET of a DELETE on its way to another origin, whatever the status",
        ),
        pytest.param(
            sends(method="DELETE", status=301, location=f"{API}/x"),
            redirected(url=f"{API}/x"),
            False,
            id="not within one",
        ),
        pytest.param(
            sends(method="DELETE", status=301, location=f"{API}/x", agent=FIREFOX),
            redirected(url=f"{API}/x", agent=FIREFOX),
            False,
            id="Firefox does not",
        ),
    ],
)
def test_redirects(hop: Exchange, next_hop: Exchange, linked: bool) -> None:
    last = observe(hop, next_hop)
    assert (last.redirected_from is not None and last.redirected_from.id == "a") is linked


def test_a_chain_taints_the_origin() -> None:
    """page -> API -> other: `null` from the second redirect on, and the page is still known."""
    last = observe(sends(method="GET", status=302, location=f"{OTHER}/x"), redirected(origin="null"))
    assert (last.tainted, last.origin, last.page_origin) == (True, "null", PAGE)
    assert last.role is Role.SIMPLE


def test_an_own_origin_behind_a_foreign_one_is_cors_again() -> None:
    last = observe(sends(method="GET", status=302, location=f"{PAGE}/x"), redirected(origin="null", url=f"{PAGE}/x"))
    assert last.role is Role.SIMPLE
    assert last.tainted


def test_a_preflight_behind_a_redirect_and_its_request_share_the_hop() -> None:
    hop = sends("a", status=307, location=f"{API}/x")
    seen = observe_all(asks(), hop, asks("q", url=f"{API}/x", at=0.1), sends("b", url=f"{API}/x", at=0.2))
    assert [[hop.id for hop in seen[id].hops] for id in ("q", "b")] == [["a", "q"], ["a", "b"]]
    assert seen["q"].actual == "b"


def test_firefox_asks_with_the_pages_origin_behind_a_tainting_redirect() -> None:
    """The request that follows carries `null`; they are a pair in Firefox, and strangers elsewhere."""
    for agent, paired in ((FIREFOX, True), (CHROMIUM, False)):
        hop = sends("a", method="GET", names="content-type", agent=agent, status=302, location=f"{OTHER}/x")
        asked = asks("q", method="GET", names="content-type", url=f"{OTHER}/x", at=0.1, agent=agent)
        last = sends("b", method="GET", names="content-type", url=f"{OTHER}/x", origin="null", at=0.2, agent=agent)
        seen = observe_all(asks("p", method="GET", names="content-type", agent=agent), hop, asked, last)
        assert (seen["q"].actual == "b") is paired


def test_chromium_takes_an_empty_location_for_an_answer() -> None:
    for agent, linked in ((CHROMIUM, False), (FIREFOX, True)):
        hop = sends("a", method="GET", agent=agent, status=302, location="")
        assert (observe(hop, redirected(url=URL, agent=agent)).redirected_from is not None) is linked


def test_an_exchange_may_be_completed_without_having_begun() -> None:
    assert Pairing(10).complete(sends()).role is Role.ACTUAL


def test_an_exchange_is_open_until_its_answer_came() -> None:
    pairing = Pairing(10)
    pairing.begin(asks())
    assert pairing.is_open("p")
    pairing.complete(asks())
    assert not pairing.is_open("p")


def test_every_store_is_bounded() -> None:
    pairing = Pairing(20)
    for number in range(500):
        for one in (
            asks(f"p{number}", url=f"{API}/{number}", at=float(number), max_age="600"),
            sends(
                f"a{number}", method="GET", url=f"{API}/r{number}", at=number + 0.1, status=302, location=f"{OTHER}/{number}"
            ),
        ):
            pairing.begin(one)
            pairing.complete(one)
    stores = vars(pairing) | vars(pairing.preflights)
    sizes = {name: len(store) for name, store in stores.items() if hasattr(store, "__len__") and name != "_profiles"}
    assert max(sizes.values()) <= 20, sizes
    assert pairing.dropped().keys() == {
        "pending preflights", "URLs of preflights", "redirects", "preflight cache entries",
    }  # fmt: skip


def test_a_chain_of_redirects_ends_where_every_browser_gives_up() -> None:
    """Each hop holds the one before it: who follows redirects for ever would fill the memory, history or not."""
    pairing = Pairing(20)
    longest = 0
    for number in range(200):
        hop = sends(
            f"a{number}", method="GET", url=f"{API}/{number}", at=float(number), status=302, location=f"{API}/{number + 1}"
        )
        longest = max(longest, len(pairing.begin(hop)[0].hops))
        pairing.complete(hop)
    assert longest == MAXIMUM_REDIRECTS + 2  # the last one is refused, and its refusal can be seen to be ignored


def test_a_quiet_session_drops_nothing() -> None:
    assert Pairing(10).dropped() == {}


def test_the_engine_is_that_of_the_user_agent() -> None:
    assert [observe(sends(agent=agent)).engine for agent in (CHROMIUM, FIREFOX, WEBKIT, "curl/8")] == [*Engine, None]


def test_browsers_behind_one_address_are_told_apart() -> None:
    senders = (sends(), sends(agent=FIREFOX), sends(agent=FIREFOX, client="you"))
    assert len({observe(sender).client for sender in senders}) == 3


def test_firefox_does_not_tell_of_storage_access_within_a_site_whatever_the_schemes() -> None:
    """Sec-Fetch-Site says cross-site from http to https, Sec-Fetch-Storage-Access is not sent all the same."""
    lines = [("User-Agent", FIREFOX), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]
    for origin, known in (("http://localhost", True), ("http://app.api.example", False), ("https://app.other.example", True)):
        one = exchange(
            request("GET", "https://api.api.example/", lines, origin=origin), response(allow_origin="*", time=0.01), id="a"
        )
        assert isinstance(observe_all(one)["a"].credentials, Known) is known, origin


def test_a_redirect_that_is_followed_without_origin_is_no_cors_request() -> None:
    """A program, or a navigation in a browser without fetch metadata: every CORS request carries Origin."""
    there = "https://m.other.example/"
    first = exchange(
        request(origin=None, given={"User-Agent": "okhttp/4"}), response(302, {"Location": there}, time=0.01), client="me"
    )
    then = exchange(
        request(url=there, origin=None, given={"User-Agent": "okhttp/4"}, time=0.02),
        response(time=0.03),
        id="then",
        client="me",
    )
    seen = observe_all(first, then)["then"]
    assert (seen.role, seen.redirected_from is not None) == (Role.NO_CORS, True)


def test_in_firefox_a_page_with_workers_does_not_tell_by_storage_access() -> None:
    """Measured: a worker's request with credentials carries no Sec-Fetch-Storage-Access there."""
    lines = [("User-Agent", FIREFOX), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]
    starts = [
        ("User-Agent", FIREFOX),
        ("Sec-Fetch-Mode", "same-origin"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Dest", "worker"),
    ]
    worker = exchange(request(url=f"{PAGE}/worker.js", given=starts, origin=None), response(), id="w", client="me")
    asked = exchange(request(given=lines, time=1.0), response(allow_origin="*", time=1.1), id="a", client="me")
    assert isinstance(observe_all(asked)["a"].credentials, Known)
    assert not isinstance(observe_all(worker, asked)["a"].credentials, Known)
    of_http = exchange(request(given=lines, origin="http://app.example", time=1.0), response(time=1.1), id="a", client="me")
    assert not isinstance(observe_all(of_http)["a"].credentials, Known), "whose workers are not seen to start"
    of_this_machine = exchange(
        request(given=lines, origin="http://localhost:3000", time=1.0), response(time=1.1), id="a", client="me"
    )
    assert isinstance(observe_all(of_this_machine)["a"].credentials, Known)


@pytest.mark.parametrize(("value", "paired"), [("no-cache", False), ("max-age=0", True)])
def test_what_a_reload_adds_is_no_sign_that_a_refused_preflight_was_followed(value: str, paired: bool) -> None:
    """`cache: "reload"` and `"no-store"` send Cache-Control and Pragma by themselves; any other value a page has set."""
    lines = [("User-Agent", WEBKIT), ("Cache-Control", value), ("Pragma", "no-cache")]
    reload = exchange(request("GET", URL, lines, time=0.05), response(200, allow_origin=PAGE, time=0.06), id="a", client="me")
    seen = observe_all(asks(method="GET", names="cache-control,pragma", status=403), reload)
    assert (seen["p"].actual == "a") is paired
