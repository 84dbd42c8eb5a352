"""Preflights find their requests, redirects their next hops, and nothing finds what is not its own."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.redirects import MAXIMUM_REDIRECTS
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known
from corslens.observation.observation import Followed, PreflightNeed, Role
from corslens.observation.pairing import FOLLOW_UP_SECONDS, Pairing, preflight_need
from msgspec import structs

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, WEBKIT, observe, observe_all

URL = f"{API}/me"
OTHER = "https://other.example"


def asks(
    id: str = "p", *, method: str = "PUT", names: str = "", url: str = URL, origin: str = PAGE, at: float = 0.0, took: float = 0.01,
    agent: str = WEBKIT, client: str = "me", status: int = 204, max_age: str | None = "0", allow: str | None = None, answered: bool = True,
) -> Exchange:  # fmt: skip
    """A preflight, whose answer grants all that it asks unless told otherwise; it is not cached."""
    granted = {"Access-Control-Allow-Methods": method, "Access-Control-Allow-Headers": names}
    if max_age is not None:
        granted["Access-Control-Max-Age"] = max_age
    return exchange(
        preflight(method, url, names, {"User-Agent": agent}, origin=origin, time=at),
        response(status, granted, allow_origin=allow or origin, time=at + took) if answered else None,
        id=id,
        client=client,
    )


def sends(
    id: str = "a", *, method: str = "PUT", names: str = "", url: str = URL, origin: str | None = PAGE, at: float = 0.05,
    agent: str = WEBKIT, client: str = "me", status: int = 200, location: str | None = None, cookie: str = "", allow: str = PAGE,
) -> Exchange:  # fmt: skip
    """A request with these header names set by its page."""
    lines = [("User-Agent", agent), *((name, "application/json") for name in names.split(",") if name)]
    if cookie:
        lines.append(("Cookie", cookie))
    answer = response(status, {} if location is None else {"Location": location}, allow_origin=allow, time=at + 0.01)
    return exchange(request(method, url, lines, origin=origin, time=at), answer, id=id, client=client)


@pytest.mark.parametrize(
    ("first", "second", "paired"),
    [
        pytest.param(asks(), sends(), True, id="method, URL and origin are the same"),
        pytest.param(asks(names="content-type"), sends(names="Content-Type"), True, id="names compare without case"),
        pytest.param(asks(names="content-type,x-a"), sends(names="x-a,content-type"), True, id="in any order"),
        pytest.param(asks(names="authorization"), sends(), True, id="what was asked for may be missing afterwards"),
        pytest.param(asks(), sends(method="DELETE"), False, id="another method"),
        pytest.param(asks(method="patch"), sends(method="PATCH"), False, id="case counts in methods"),
        pytest.param(asks(), sends(url=f"{URL}?x"), False, id="another URL"),
        pytest.param(asks(), sends(origin=OTHER), False, id="another origin"),
        pytest.param(asks(), sends(client="you"), False, id="another client"),
        pytest.param(asks(), sends(agent=FIREFOX), False, id="another browser on that client"),
        pytest.param(asks(), sends(names="x-a"), False, id="a header that was not asked for"),
        pytest.param(asks(method="POST"), sends(method="POST"), True, id="a preflight that was forced"),
        pytest.param(asks(took=0.2), sends(at=0.1), False, id="sent before the preflight was answered"),
    ],
)
def test_preflight_and_actual_request(first: Exchange, second: Exchange, paired: bool) -> None:
    seen = observe_all(first, second)
    assert (seen["p"].actual == "a") is paired
    assert (seen["p"].followed is Followed.FOLLOWED) is paired
    covering = seen["a"].preflight
    assert (covering is not None and covering.id == "p") is paired


def test_the_pair_knows_why_it_was_preflighted_and_for_how_long() -> None:
    seen = observe_all(asks(names="x-b,content-type"), sends(names="x-b,content-type"))
    assert seen["p"].need == seen["a"].need == PreflightNeed(method="PUT", header_names=("content-type", "x-b"))
    covering = seen["a"].preflight
    assert covering is not None
    assert (covering.from_cache, round(covering.age, 3)) == (False, 0.04)


@pytest.mark.parametrize(
    ("method", "names", "need"),
    [
        ("PUT", (), PreflightNeed(method="PUT")),
        ("POST", ("x-b", "x-a"), PreflightNeed(header_names=("x-a", "x-b"))),
        ("POST", (), PreflightNeed(forced=True)),
        ("post", (), PreflightNeed(method="post")),
    ],
)
def test_preflight_need(method: str, names: tuple[str, ...], need: PreflightNeed) -> None:
    assert preflight_need(method, names) == need


def test_several_preflights_to_one_url_keep_their_requests() -> None:
    """Three in flight at once, told apart by method and headers; two alike are followed in their order."""
    seen = observe_all(
        asks("p1", names="x-a"), asks("p2", method="DELETE", at=0.001), asks("p3", names="x-a", at=0.002),
        sends("a2", method="DELETE", at=0.05), sends("a1", names="x-a", at=0.051), sends("a3", names="x-a", at=0.052),
    )  # fmt: skip
    assert {id: seen[id].actual for id in ("p1", "p2", "p3")} == {"p1": "a1", "p2": "a2", "p3": "a3"}


def test_a_preflight_that_was_refused_earlier_leaves_the_request_to_the_one_that_passed() -> None:
    seen = observe_all(asks("p1"), asks("p2", at=1.0), sends(at=1.05))
    assert (seen["p1"].actual, seen["p2"].actual) == (None, "a")
    assert seen["p1"].followed is Followed.NEVER


def test_clients_do_not_mix() -> None:
    seen = observe_all(asks("p1", client="me"), asks("p2", client="you"), sends("a2", client="you"), sends("a1", client="me"))
    assert (seen["p1"].actual, seen["p2"].actual) == ("a1", "a2")


def test_a_refused_preflight_that_is_followed_all_the_same_is_paired() -> None:
    """It shows a mistake of ours, which has to come to light."""
    seen = observe_all(asks(status=404), sends())
    assert seen["p"].actual == "a"


def test_the_actual_requests_cookie_tells_the_preflights_mode() -> None:
    seen = observe_all(asks(), sends(cookie="a=1"))
    assert seen["p"].credentials == Known(CredentialsMode.INCLUDE, ("actual-request", "cookie"))


def test_an_actual_request_without_preflight_is_missed_only_where_preflights_are_seen() -> None:
    """A capture that shows no preflights at all shows none that are missing."""
    assert not observe(sends()).preflights_missed
    assert observe(asks(url=f"{API}/other"), sends()).preflights_missed
    assert observe(sends()).role is Role.ACTUAL
    assert observe(sends()).need == PreflightNeed(method="PUT")


def test_the_second_request_is_explained_by_the_cache_with_its_age() -> None:
    last = observe(asks(max_age="600"), sends("a1"), sends("a2", at=60.0))
    assert last.preflight is not None
    assert (last.preflight.id, last.preflight.from_cache, round(last.preflight.age)) == ("p", True, 60)
    assert not last.preflights_missed


@pytest.mark.parametrize(
    ("agent", "at", "covered"),
    [
        (WEBKIT, 599.0, True),
        (WEBKIT, 601.0, False),
        (CHROMIUM, 7199.0, True),
        (CHROMIUM, 7201.0, False),
        (FIREFOX, 80_000.0, True),
        (FIREFOX, 90_000.0, False),
    ],
)
def test_each_engine_caps_the_lifetime(agent: str, at: float, covered: bool) -> None:
    last = observe(asks(max_age="999999", agent=agent), sends("a1", agent=agent), sends("a2", at=at, agent=agent))
    assert (last.preflight is not None) is covered
    assert last.preflights_missed is not covered


def test_a_refused_preflight_is_not_cached() -> None:
    last = observe(asks(max_age="600", allow=OTHER), sends(at=20.0))
    assert last.preflight is None or not last.preflight.from_cache


def test_firefox_forgets_the_entry_when_the_actual_answer_is_refused() -> None:
    for agent, kept in ((FIREFOX, False), (CHROMIUM, True)):
        last = observe(
            asks(max_age="600", agent=agent), sends("a1", agent=agent, allow=OTHER), sends("a2", at=10.0, agent=agent)
        )
        assert (last.preflight is not None) is kept


def test_a_cached_entry_without_credentials_serves_none_with() -> None:
    """So the request that it served had none."""
    told = {"Sec-Fetch-Site": "cross-site"}
    asked = exchange(
        preflight("PUT", given={"User-Agent": FIREFOX, **told}),
        response(204, {"Access-Control-Allow-Methods": "PUT", "Access-Control-Max-Age": "600"}, allow_origin=PAGE, time=0.01),
        id="p",
        client="me",
    )
    last = observe(asked, sends("a1", agent=FIREFOX), sends("a2", at=20.0, agent=FIREFOX))
    assert last.credentials == Known(CredentialsMode.SAME_ORIGIN_OR_OMIT, ("preflight-cache", "no-sec-fetch-storage-access"))


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


def test_a_late_request_still_claims_its_preflight() -> None:
    """A page was stopped in a debugger: what was given up on is taken back."""
    pairing = Pairing(10)
    pairing.begin(asks())
    pairing.complete(asks())
    assert len(list(pairing.expire(20.0))) == 1
    _, changed = pairing.begin(sends(at=21.0))
    assert (changed.id, changed.followed, changed.actual) == ("p", Followed.FOLLOWED, "a")


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
    sizes = {name: len(store) for name, store in vars(pairing).items() if hasattr(store, "__len__") and name != "_profiles"}
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


def test_a_refused_preflight_is_paired_with_a_request_that_carries_what_it_asked_for() -> None:
    """A header that browsers also add themselves does not show that there was a preflight; that one asked for it does."""
    asked = asks(method="POST", names="if-none-match", allow=OTHER)
    lines = [("User-Agent", WEBKIT), ("If-None-Match", '"x"')]
    carrying = exchange(request("POST", URL, lines, time=0.05), response(allow_origin=PAGE, time=0.06), id="a", client="me")
    assert observe_all(asked, carrying)["p"].followed is Followed.FOLLOWED
    plain = exchange(request("POST", URL, lines[:1], time=0.05), response(allow_origin=PAGE, time=0.06), id="a", client="me")
    assert observe_all(asked, plain)["p"].followed is Followed.NEVER


def test_a_simple_request_is_not_the_one_that_an_earlier_preflight_asked_for() -> None:
    """It carries none of the headers: the preflight was refused for a request with credentials, and the page tried again without both."""
    asked = asks(method="HEAD", names="content-type,pragma", allow="*")
    plain = exchange(
        request("HEAD", URL, [("User-Agent", WEBKIT)], time=0.06), response(allow_origin="*", time=0.07), id="a", client="me"
    )
    seen = observe_all(asked, plain)
    assert (seen["p"].followed, seen["a"].role) == (Followed.NEVER, Role.SIMPLE)


def test_firefox_does_not_tell_of_storage_access_within_a_site_whatever_the_schemes() -> None:
    """Sec-Fetch-Site says cross-site from http to https, Sec-Fetch-Storage-Access is not sent all the same."""
    lines = [("User-Agent", FIREFOX), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]
    for origin, known in (("http://localhost", True), ("http://app.api.example", False), ("https://app.other.example", True)):
        one = exchange(
            request("GET", "https://api.api.example/", lines, origin=origin), response(allow_origin="*", time=0.01), id="a"
        )
        assert isinstance(observe_all(one)["a"].credentials, Known) is known, origin


def test_a_writer_that_strips_authorization_leaves_its_preflights_a_request() -> None:
    """Chrome's default HAR has no Authorization; a simple GET beside a preflight for it is the one that was asked for."""
    asked, plain = asks(method="GET", names="authorization"), sends(method="GET")
    by_browser = [structs.replace(one, by_browser=True) for one in (asked, plain)]
    assert observe_all(*by_browser)["p"].actual == "a"
    assert observe_all(asked, plain)["p"].actual is None, "a proxy keeps it, so that GET is another one"
    kept = structs.replace(
        exchange(request("GET", OTHER, {"User-Agent": WEBKIT, "Authorization": "x"}), id="kept", client="me"), by_browser=True
    )
    assert observe_all(kept, *by_browser)["p"].actual is None, "this writer keeps it, too"


def test_a_hop_claims_no_preflight_that_is_older_than_the_redirect_before_it() -> None:
    there = f"{API}/there"
    given_up = asks(url=there, at=0.0)
    hop = sends("hop", status=307, location=there, at=1.0)
    preflight_of_the_hop = asks("q", url=there, at=1.02)
    arrived = sends("arrived", url=there, at=1.05)
    seen = observe_all(given_up, asks("first", at=0.9), hop, arrived)
    assert (seen["arrived"].redirected_from is not None, seen["p"].followed) == (True, Followed.NEVER)
    assert observe_all(given_up, asks("first", at=0.9), hop, preflight_of_the_hop, arrived)["q"].actual == "arrived"


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


def test_a_safelisted_accept_is_not_the_one_that_a_preflight_asked_for() -> None:
    """Every request has an Accept; a preflight asks for one whose value is not safelisted."""
    asked = asks(method="POST", names="accept", allow="*")
    lines = [("User-Agent", WEBKIT), ("Accept", "*/*")]
    plain = exchange(request("POST", URL, lines, time=0.06), response(allow_origin="*", time=0.07), id="a", client="me")
    assert observe_all(asked, plain)["p"].actual is None
    long = [("User-Agent", WEBKIT), ("Accept", "a" * 129)]
    sent = exchange(request("POST", URL, long, time=0.06), response(allow_origin="*", time=0.07), id="a", client="me")
    assert observe_all(asked, sent)["p"].actual == "a"


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


def test_a_preflight_that_was_dropped_claims_no_request_that_a_later_ones_grant_covers() -> None:
    """The first was granted and given up; the second was asked when that was over, so its page had not gone on."""
    seen = observe_all(
        asks("dropped"), asks("asked-again", at=1.0, max_age="600"), sends("a", at=1.05), sends("from-cache", at=2.0)
    )
    assert (seen["asked-again"].actual, seen["dropped"].actual) == ("a", None)
    covering = seen["from-cache"].preflight
    assert covering is not None and covering.id == "asked-again"


@pytest.mark.parametrize(("value", "paired"), [("no-cache", False), ("max-age=0", True)])
def test_what_a_reload_adds_is_no_sign_that_a_refused_preflight_was_followed(value: str, paired: bool) -> None:
    """`cache: "reload"` and `"no-store"` send Cache-Control and Pragma by themselves; any other value a page has set."""
    lines = [("User-Agent", WEBKIT), ("Cache-Control", value), ("Pragma", "no-cache")]
    reload = exchange(request("GET", URL, lines, time=0.05), response(200, allow_origin=PAGE, time=0.06), id="a", client="me")
    seen = observe_all(asks(method="GET", names="cache-control,pragma", status=403), reload)
    assert (seen["p"].actual == "a") is paired
