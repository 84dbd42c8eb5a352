"""A request that the browser refused is seen in its context: it follows nothing, and a neighbor may explain it."""

from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Followed, Role
from corslens.witness.witness import Witness, WitnessOutcome

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import observe_all

REFUSED = Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED")
GRANTS = {"Access-Control-Allow-Methods": "PUT"}


def refused(method: str = "PUT", *, time: float = 1.0, **fields: object) -> Exchange:
    return exchange(request(method, time=time), None, error="net::ERR_FAILED", witness=REFUSED, **fields)


def test_a_preflight_that_grants_nothing_explains_it() -> None:
    asked = exchange(preflight("PUT", time=0.5), response(403, time=0.6))
    before, after = observe_all(asked, refused()).values()
    assert (after.role, after.explained_by, after.preflight, after.redirected_from) == (Role.ACTUAL, asked.id, None, None)
    assert before.followed is not Followed.FOLLOWED and before.actual is None


def test_a_preflight_that_grants_it_does_not() -> None:
    grants = {**GRANTS, "Access-Control-Allow-Credentials": "true"}
    asked = exchange(preflight("PUT", time=0.5), response(204, grants, allow_origin=PAGE, time=0.6))
    before, after = observe_all(asked, refused()).values()
    assert after.explained_by is None
    assert before.followed is not Followed.FOLLOWED


def test_one_that_grants_only_a_request_without_credentials_makes_credentials_likely() -> None:
    """It proves nothing: the request's own response can have failed as well."""
    asked = exchange(preflight("PUT", time=0.5), response(204, GRANTS, allow_origin=PAGE, time=0.6))
    before, after = observe_all(asked, refused()).values()
    assert (after.role, after.explained_by) == (Role.ACTUAL, asked.id)
    assert before.followed is Followed.UNKNOWN
    assert before.likely is not None and before.likely.value is CredentialsMode.INCLUDE


def test_a_redirect_that_fails_its_check_explains_it() -> None:
    hop = exchange(
        request("GET", f"{API}/a", {"Sec-Fetch-Mode": "cors"}, time=0.5), response(302, {"Location": f"{API}/me"}, time=0.6)
    )
    _, after = observe_all(hop, refused("GET")).values()
    assert (after.explained_by, after.redirected_from) == (hop.id, None)


def test_what_never_left_has_its_role_by_its_type() -> None:
    witness = Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_BLOCKED_BY_CSP", page=f"{PAGE}/home")
    roles = {}
    for kind in ("fetch", "image"):
        never = exchange(
            request("GET", origin=None), None, error="net::ERR_BLOCKED_BY_CSP", witness=witness, resource_type=kind
        )
        (observation,) = observe_all(never).values()
        roles[kind] = observation.role
        assert observation.page_origin == PAGE
    assert roles == {"fetch": Role.SIMPLE, "image": Role.NO_CORS}


def test_what_a_cache_answered_misses_no_preflight() -> None:
    """Nothing follows from what is not there of a request that was not sent."""
    seen = exchange(preflight("PUT", f"{API}/other", time=0.1), response(204, GRANTS, allow_origin=PAGE, time=0.2))
    given = request("GET", given={"X-A": "1"}, time=1.0)
    for from_cache, missed in (("disk", False), (None, True)):
        witness = Witness(outcome=WitnessOutcome.READ, from_cache=from_cache)
        _, cached = observe_all(seen, exchange(given, response(allow_origin=PAGE, time=1.1), witness=witness)).values()
        assert cached.preflights_missed is missed
