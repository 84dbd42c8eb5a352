"""What speaks for a credentials mode, and is never taken for a proof."""

import pytest
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.observation.habits import (
    NEVER_FOLLOWED_HERE,
    PAGE_INCLUDES,
    PAGE_OMITS,
    REQUEST_FOLLOWED,
    SAME_PREFLIGHT_FOLLOWED,
)
from corslens.observation.known import Known, Likely
from corslens.observation.observation import Followed
from corslens.observation.pairing import Pairing
from msgspec import structs

from tests.make import API, exchange, request, response
from tests.observation.observe import CHROMIUM, WEBKIT, observe_all
from tests.observation.test_pairing import asks, sends

INCLUDE, OMIT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT


def got(id: str, at: float, **given: str) -> Exchange:
    """A simple GET of the same page to the same API."""
    asked = request(url=f"{API}/other", given={"User-Agent": WEBKIT, **given}, time=at)
    return exchange(asked, response(allow_origin="*", time=at + 0.01), id=id, client="me")


@pytest.mark.parametrize(
    ("exchanges", "likely"),
    [
        pytest.param((asks(),), None, id="nothing speaks for anything"),
        pytest.param((got("g", 0.0, Cookie="a=1"), asks(at=1.0)), Likely(INCLUDE, (PAGE_INCLUDES,)), id="the page sends cookies there"),
        pytest.param(
            (got("g", 0.0, **{"Sec-Fetch-Dest": "font"}), asks(at=1.0)), None, id="a font never includes credentials, whatever the page does"
        ),
        pytest.param(
            (asks("q"), sends("a"), asks(at=1.0)), Likely(OMIT, (SAME_PREFLIGHT_FOLLOWED,)), id="the same preflight was followed before"
        ),
        pytest.param(
            (asks(at=0.0), asks("q", at=0.5), sends("a", at=0.6)), Likely(OMIT, (SAME_PREFLIGHT_FOLLOWED,)), id="and after: fetch, abort, fetch"
        ),
        pytest.param(
            (asks("q"), asks(at=20.0)), Likely(INCLUDE, (NEVER_FOLLOWED_HERE,)), id="granted twice, and never followed"
        ),
        pytest.param((asks("q"), asks(at=0.2)), None, id="given up together, as of a page that was left: one occasion"),
    ],
)  # fmt: skip
def test_what_speaks_from_a_preflight_that_was_not_followed(exchanges: tuple[Exchange, ...], likely: object) -> None:
    preflight = observe_all(*exchanges)["p"]
    assert (preflight.followed, preflight.likely) == (Followed.NEVER, likely)


def test_a_request_is_likely_like_the_pages_others() -> None:
    seen = observe_all(got("a", 0.0, Cookie="a=1"), got("b", 1.0))
    assert seen["b"].likely == Likely(INCLUDE, (PAGE_INCLUDES,))


def test_an_earlier_request_is_likely_like_the_pages_later_ones() -> None:
    pairing = Pairing(100)
    first, *_ = pairing.begin(got("a", 0.0))
    pairing.begin(got("b", 1.0, Cookie="a=1"))
    assert first.likely is None
    assert [one.likely for one in pairing.likely_by_hindsight([first])] == [Likely(INCLUDE, (PAGE_INCLUDES,))]


@pytest.mark.parametrize(
    ("evidence", "likely"),
    [
        pytest.param(("preflight", REQUEST_FOLLOWED), None, id="it passed, as none with credentials would have"),
        pytest.param(("no-sec-fetch-storage-access",), Likely(OMIT, (PAGE_OMITS,)), id="the request itself shows it"),
    ],
)
def test_what_passes_only_without_credentials_says_nothing_of_the_pages_others(
    evidence: tuple[str, ...], likely: object
) -> None:
    """Of a server that refuses credentials nothing else is ever seen to pass."""
    pairing = Pairing(100)
    first, *_ = pairing.begin(got("a", 0.0))
    pairing.correct(structs.replace(first, credentials=Known(OMIT, evidence)))
    assert pairing.begin(got("b", 1.0))[0].likely == likely


def test_where_preflights_are_granted_and_not_followed_again_and_again_those_that_omit_speak_for_nothing() -> None:
    """Of a server that allows no credentials nothing but requests without them is ever seen to pass."""
    told = {"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "cors"}
    omits = {**told, "Sec-Fetch-Site": "cross-site"}
    hidden = {**told, "Sec-Fetch-Site": "same-site"}
    assert observe_all(got("a", 0.0, **omits), got("b", 1.0, **hidden))["b"].likely == Likely(OMIT, (PAGE_OMITS,))
    pairing = Pairing(100)
    for each in (got("a", 0.0, **omits), asks("p", agent=CHROMIUM, at=1.0), asks("q", agent=CHROMIUM, at=20.0)):
        pairing.begin(each)
        pairing.complete(each)
    assert len(list(pairing.expire(50.0))) == 2
    assert pairing.begin(got("b", 60.0, **hidden))[0].likely is None
