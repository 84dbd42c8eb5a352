"""Preflights find their requests, in flight or in the cache, and no others."""

import pytest
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known
from corslens.observation.observation import Followed, PreflightNeed, Role
from corslens.observation.pairing import Pairing
from corslens.observation.preflights import preflight_need
from msgspec import structs

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, URL, WEBKIT, asks, observe, observe_all, sends

OTHER = "https://other.example"


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


def test_a_late_request_still_claims_its_preflight() -> None:
    """A page was stopped in a debugger: what was given up on is taken back."""
    pairing = Pairing(10)
    pairing.begin(asks())
    pairing.complete(asks())
    assert len(list(pairing.expire(20.0))) == 1
    _, changed = pairing.begin(sends(at=21.0))
    assert (changed.id, changed.followed, changed.actual) == ("p", Followed.FOLLOWED, "a")


def test_a_preflight_that_was_dropped_claims_no_request_that_a_later_ones_grant_covers() -> None:
    """The first was granted and given up; the second was asked when that was over, so its page had not gone on."""
    seen = observe_all(
        asks("dropped"), asks("asked-again", at=1.0, max_age="600"), sends("a", at=1.05), sends("from-cache", at=2.0)
    )
    assert (seen["asked-again"].actual, seen["dropped"].actual) == ("a", None)
    covering = seen["from-cache"].preflight
    assert covering is not None and covering.id == "asked-again"


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


def test_a_safelisted_accept_is_not_the_one_that_a_preflight_asked_for() -> None:
    """Every request has an Accept; a preflight asks for one whose value is not safelisted."""
    asked = asks(method="POST", names="accept", allow="*")
    lines = [("User-Agent", WEBKIT), ("Accept", "*/*")]
    plain = exchange(request("POST", URL, lines, time=0.06), response(allow_origin="*", time=0.07), id="a", client="me")
    assert observe_all(asked, plain)["p"].actual is None
    long = [("User-Agent", WEBKIT), ("Accept", "a" * 129)]
    sent = exchange(request("POST", URL, long, time=0.06), response(allow_origin="*", time=0.07), id="a", client="me")
    assert observe_all(asked, sent)["p"].actual == "a"


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
