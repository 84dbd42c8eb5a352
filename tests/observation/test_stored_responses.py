"""Stored responses: what a browser judges when it gets a 304."""

import pytest
from corslens.fetch.messages import Response
from corslens.observation.observation import Observation, Role
from corslens.observation.stored_responses import StoredResponses, is_renewal
from corslens.patching.patch import apply
from corslens.patching.policy import parse_policy
from corslens.patching.propose import propose
from corslens.witness.witness import Witness, WitnessOutcome
from msgspec import structs

from tests import make
from tests.patching.seen import PAGE, chain, seen

LOOPBACK = parse_policy()
FONT = {"Sec-Fetch-Dest": "font"}  # known to go without credentials


def asked(response: Response, *, url: str = "https://api.test/me", origin: str = PAGE, agent: str = "x") -> Observation:
    """A request without credentials, answered so."""
    return seen(make.request(url=url, given={**FONT, "User-Agent": agent}, origin=origin), response)


STORED = make.response(200, {"ETag": '"1"', "Vary": "Accept", "Content-Type": "text/plain", "X-A": "1"})
RENEWAL = make.response(304, {"ETag": '"1"', "X-A": "2", "Content-Type": "text/html"}, time=5.0)


def renewing(stored: StoredResponses) -> Observation:
    """The 304, with what it renews."""
    observation = asked(RENEWAL)
    exchange = structs.replace(observation.exchange, renewed=stored.renewed_by(observation))
    return structs.replace(observation, exchange=exchange)


def test_renewal_is_the_stored_response_updated() -> None:
    """What the 304 brings replaces what is stored, except what describes the body."""
    stored = StoredResponses()
    stored.remember(asked(STORED), STORED)
    renewed = stored.renewed_by(asked(RENEWAL))
    assert renewed is not None
    assert (renewed.status, renewed.time) == (200, 5.0)
    assert {name: renewed.headers.values(name) for name in renewed.headers.names.ordered} == {
        "etag": ('"1"',), "vary": ("Accept",), "content-type": ("text/plain",), "x-a": ("2",),
    }  # fmt: skip


SHOP = "https://shop.app.example"
ADMIN = "https://admin.app.example"


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        pytest.param({}, True, id="the same page"),
        pytest.param(
            {"origin": ADMIN}, True, id="another origin of the site: it asks with the ETag of what the first one stored"
        ),
        pytest.param({"origin": "https://other.example"}, False, id="another site has a cache of its own"),
        pytest.param({"origin": "http://shop.app.example"}, False, id="and so has another scheme"),
        pytest.param({"url": "https://api.test/you"}, False, id="another URL"),
        pytest.param({"agent": "y"}, False, id="another browser"),
    ],
)
def test_who_shares_a_stored_response(change: dict[str, str], shared: bool) -> None:
    stored = StoredResponses()
    stored.remember(asked(STORED, origin=SHOP), STORED)
    renewed = stored.renewed_by(asked(RENEWAL, **{"origin": SHOP, **change}))
    assert (renewed is not None) is shared
    assert stored.renewed_by(asked(STORED, origin=SHOP)) is None, "only a 304 renews"


def test_an_image_without_cors_is_what_a_fetch_renews() -> None:
    """The classic order: it has no Access-Control-Allow-Origin, and that is what the browser judges."""
    stored = StoredResponses()
    image = make.request(
        url="https://api.test/me", origin=None, given={"Sec-Fetch-Mode": "no-cors", "Referer": f"{SHOP}/", "User-Agent": "x"}
    )
    stored.remember(seen(image, STORED), STORED)
    renewed = stored.renewed_by(asked(RENEWAL, origin=SHOP))
    assert renewed is not None and "access-control-allow-origin" not in renewed.headers


def test_what_an_image_left_in_store_is_told_of_a_read_that_failed() -> None:
    """Not of one that came, nor once a read with CORS has replaced it."""
    stored = StoredResponses()
    image = asked(STORED)
    stored.remember(structs.replace(image, role=Role.NO_CORS), STORED)
    failed = asked(STORED)
    word = Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED")
    failed = structs.replace(failed, exchange=structs.replace(failed.exchange, response=None, witness=word))
    assert stored.without_cors(failed) == STORED
    assert stored.without_cors(asked(STORED)) is None
    stored.remember(asked(STORED), STORED)
    assert stored.without_cors(failed) is None


@pytest.mark.parametrize(
    ("conditions", "first"),
    [
        pytest.param({"If-None-Match": 'W/"1"'}, True, id="weakly compared"),
        pytest.param({"If-None-Match": '"9", "1"'}, True, id="one of several"),
        pytest.param({"If-None-Match": '"2"'}, False, id="another one"),
        pytest.param({}, True, id="only the 304 tells it"),
    ],
)
def test_the_validator_says_which_response_is_renewed(conditions: dict[str, str], first: bool) -> None:
    stored = StoredResponses()
    newer = make.response(200, {"ETag": '"2"'})
    stored.remember(asked(newer, origin=ADMIN), newer)
    stored.remember(asked(STORED, origin=SHOP), STORED)
    request = make.request(url="https://api.test/me", given={**FONT, "User-Agent": "x", **conditions}, origin=SHOP)
    renewed = stored.renewed_by(seen(request, RENEWAL))
    assert renewed is not None
    assert ("content-type" in renewed.headers) is first


def test_a_304_to_a_condition_that_the_page_set_is_the_pages_own() -> None:
    asks = make.preflight("GET", "https://api.test/me", "if-none-match", {"User-Agent": "x"}, origin=SHOP)
    granted = make.response(204, {"Access-Control-Allow-Headers": "if-none-match"}, allow_origin=SHOP)
    sent = make.request(url="https://api.test/me", given={"User-Agent": "x", "If-None-Match": '"1"'}, origin=SHOP, time=0.1)
    *_, own = chain(make.exchange(asks, granted), make.exchange(sent, RENEWAL))
    assert not is_renewal(own, RENEWAL)
    assert is_renewal(asked(RENEWAL), RENEWAL)


def test_an_unseen_response_is_patched_on_the_304_as_if_it_had_no_cors_headers() -> None:
    observation = asked(RENEWAL)
    assert {change.header for change in propose(observation, LOOPBACK).changes} == {"Access-Control-Allow-Origin", "Vary"}


def test_only_what_can_be_renewed_is_remembered() -> None:
    """Without a validator the browser cannot ask for a renewal."""
    stored = StoredResponses()
    plain = make.response(200, {"X-A": "1"})
    stored.remember(asked(plain), plain)
    assert stored.renewed_by(asked(RENEWAL)) is None


def test_bounded() -> None:
    """The oldest goes first."""
    stored = StoredResponses(limit=2)
    for number in range(3):
        stored.remember(asked(STORED, url=f"https://api.test/{number}"), STORED)
    found = [stored.renewed_by(asked(RENEWAL, url=f"https://api.test/{number}")) is not None for number in range(3)]
    assert found == [False, True, True]
    assert stored.dropped == 1


@pytest.mark.slow  # thousands of renewals
def test_renewals_cannot_fill_a_stored_response() -> None:
    """A server that names another header in each 304 would."""
    stored = StoredResponses()
    stored.remember(asked(STORED), STORED)
    longest = 0
    for number in range(2_000):
        renewal = structs.replace(RENEWAL, headers=RENEWAL.headers.with_header(f"x-{number}", ("1",)))
        stored.remember(asked(renewal), renewal)
        found = stored.renewed_by(asked(RENEWAL))
        longest = max(longest, 0 if found is None else len(found.headers.lines))
    assert (longest, stored.dropped) == (500, 1)


def test_a_304_mends_what_is_stored() -> None:
    """A response stored before patching was switched on is mended by the 304 that renews it, once; its own Vary is kept."""
    stored = StoredResponses()
    stored.remember(asked(STORED), STORED)
    observation = renewing(stored)
    patch = propose(observation, LOOPBACK)
    assert {change.header: change.after for change in patch.changes} == {
        "Access-Control-Allow-Origin": PAGE,
        "Vary": "Accept, Origin",
    }
    assert patch.status is None
    stored.remember(observation, apply(patch, RENEWAL))
    assert propose(renewing(stored), LOOPBACK).empty


def test_a_304_of_a_readable_response_is_left_alone() -> None:
    """What was patched when it was stored needs nothing more."""
    stored = StoredResponses()
    first = asked(STORED)
    stored.remember(first, apply(propose(first, LOOPBACK), STORED))
    assert propose(renewing(stored), LOOPBACK).empty
