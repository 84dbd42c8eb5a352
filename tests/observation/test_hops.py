"""A redirect's next hop is found, and nothing else is taken for one."""

import pytest

from tests.make import PAGE, exchange, request, response
from tests.observation.observe import CHROMIUM, observe_all
from tests.observation.test_pairing import OTHER, URL, sends


def test_the_next_hop_goes_on_from_the_latest_of_equal_redirects() -> None:
    """A browser follows a redirect at once, so one that it did not follow is not followed later either."""
    there = "https://there.example/b"
    first = sends("first", method="GET", status=302, location=there, at=0.0)
    second = sends("second", method="GET", status=302, location=there, at=0.06)
    hop = sends("hop", method="GET", url=there, at=0.08)
    observed = observe_all(first, second, hop)["hop"]
    assert observed.redirected_from is not None
    assert observed.redirected_from.id == "second"


@pytest.mark.parametrize(("at", "linked"), [(0.03, True), (2.0, False)])
def test_a_refused_redirect_is_the_hop_before_only_of_what_follows_at_once(at: float, linked: bool) -> None:
    """Later it is the page that asks for the target itself, with the same bytes."""
    there = "https://api.example/b"
    lines = [("User-Agent", CHROMIUM), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site")]
    refused = exchange(
        request("GET", URL, lines), response(302, {"Location": there}, allow_origin=OTHER, time=0.01), id="refused", client="me"
    )
    asked = exchange(
        request("GET", there, lines, time=at), response(allow_origin=PAGE, time=at + 0.01), id="asked", client="me"
    )
    assert (observe_all(refused, asked)["asked"].redirected_from is not None) is linked
