"""Stored responses: what a browser judges when it gets a 304."""

from corslens.fetch.messages import Response
from corslens.observation.observation import Observation
from corslens.patching.patch import apply
from corslens.patching.policy import parse_policy
from corslens.patching.propose import propose
from corslens.patching.stored import StoredResponses
from msgspec import structs

from tests import make
from tests.patching.seen import PAGE, seen

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


def test_only_the_same_browser_url_and_origin_share() -> None:
    """Caches are kept apart, and only a 304 renews."""
    stored = StoredResponses()
    stored.remember(asked(STORED), STORED)
    assert stored.renewed_by(asked(STORED)) is None
    assert stored.renewed_by(asked(RENEWAL, url="https://api.test/you")) is None
    assert stored.renewed_by(asked(RENEWAL, origin="https://other.test")) is None
    assert stored.renewed_by(asked(RENEWAL, agent="y")) is None


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
