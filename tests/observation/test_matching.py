"""Whether two exchanges belong together."""

import pytest
from corslens.engines.chromium import CHROMIUM
from corslens.engines.gecko import GECKO
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.webkit import WEBKIT
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.matching import answered_at, continues, fit, grants_request, is_tainted, same_asker
from corslens.observation.observation import Observation
from msgspec import structs

from tests.make import API, PAGE, exchange, preflight, request, response
from tests.observation.observe import observe

OTHER = "https://other.example"
GRANTS = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "x-a"}


def asked(
    status: int = 204, *, names: str = "x-a", allow: str = PAGE, at: float = 1.0, given: dict[str, str] = GRANTS
) -> Observation:
    return observe(
        exchange(preflight("PUT", unsafe=names, time=at), response(status, given, allow_origin=allow, time=at + 0.5))
    )


def test_answered_at() -> None:
    assert answered_at(asked()) == 1.5
    assert answered_at(observe(exchange(preflight("PUT", time=1.0)))) == 1.0
    assert answered_at(observe(exchange(preflight("PUT", time=1.0), response(204)))) == 1.0, "an answer without a time"


@pytest.mark.parametrize(
    ("preflight", "grants"),
    [
        pytest.param(asked(), True, id="all granted"),
        pytest.param(asked(404), False, id="a status that is not ok"),
        pytest.param(asked(allow=OTHER), False, id="another origin"),
        pytest.param(asked(names="x-b"), False, id="another header"),
        pytest.param(asked(given={}), False, id="no method"),
        pytest.param(asked(given={**GRANTS, "Access-Control-Allow-Methods": "PUT;"}), False, id="no list"),
        pytest.param(
            asked(names="authorization", given={**GRANTS, "Access-Control-Allow-Headers": "*"}),
            True,
            id="Authorization under a wildcard: every engine accepts it",
        ),
        pytest.param(observe(exchange(preflight("PUT"))), False, id="no response yet"),
    ],
)
def test_grants_request(preflight: Observation, grants: bool) -> None:
    assert grants_request(preflight) is grants


def test_a_known_mode_counts_in_what_is_granted() -> None:
    included = structs.replace(asked(allow="*"), credentials=Known(CredentialsMode.INCLUDE, ("a-test",)))
    assert not grants_request(included)
    assert grants_request(structs.replace(included, credentials=Unknown("a test")))


@pytest.mark.parametrize(
    ("names", "sent", "how_well"),
    [
        pytest.param("x-a", {"x-a": "1"}, 3, id="all that was asked for is there"),
        pytest.param("x-a,authorization", {"x-a": "1"}, 1, id="some is missing"),
        pytest.param("authorization", {}, 0, id="all is missing"),
        pytest.param("x-a", {"x-b": "1"}, -1, id="something that was not asked for"),
        pytest.param("", {}, 2, id="nothing asked for, nothing there"),
    ],
)
def test_fit(names: str, sent: dict[str, str], how_well: int) -> None:
    unsafe = tuple(name for name in sent if name.startswith("x-"))
    assert fit(asked(names=names), exchange(request("PUT", given=sent, time=2.0)), unsafe) == how_well


def test_fit_needs_method_and_order_of_time() -> None:
    assert fit(asked(names=""), exchange(request("DELETE", time=2.0)), ()) == -1
    assert fit(asked(names=""), exchange(request("PUT", time=1.2)), ()) == -1, "sent before the preflight was answered"


@pytest.mark.parametrize(("profile", "same"), [(STANDARD, False), (CHROMIUM, False), (GECKO, True), (WEBKIT, False)])
def test_same_asker(profile: EngineProfile, same: bool) -> None:
    assert same_asker(asked(), PAGE, PAGE, profile)
    assert not same_asker(asked(), OTHER, OTHER, profile)
    assert same_asker(asked(), "null", PAGE, profile) is same


def test_tainted_once_is_tainted_for_good() -> None:
    first = observe(exchange(request()))
    assert not is_tainted(PAGE, API, None)
    assert not is_tainted(PAGE, API, first)
    assert is_tainted(PAGE, OTHER, first)
    assert is_tainted(PAGE, API, structs.replace(first, tainted=True))
    assert not is_tainted(None, OTHER, first), "nobody knows whose page it is"


def hop(status: int = 302, method: str = "GET", url: str = f"{API}/a", **given: str) -> Observation:
    return observe(exchange(request(method, url, given), response(status, {"Location": f"{API}/b"}, allow_origin=PAGE)))


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        pytest.param(hop(), exchange(request(url=f"{API}/b")), True, id="same origin, same page"),
        pytest.param(hop(), exchange(request(url=f"{API}/b", origin="null")), False, id="null without a reason"),
        pytest.param(hop(), exchange(request(url=f"{OTHER}/b", origin="null")), True, id="null across origins"),
        pytest.param(
            hop(), exchange(request(url=f"{OTHER}/b", origin=None)), False, id="a CORS request does not lose its Origin"
        ),
        pytest.param(hop(method="POST"), exchange(request("GET", f"{API}/b")), True, id="a POST becomes a GET"),
        pytest.param(hop(307, "POST"), exchange(request("GET", f"{API}/b")), False, id="not with 307"),
        pytest.param(hop(307, "PUT"), exchange(preflight("PUT", f"{API}/b")), True, id="its preflight asks for its method"),
        pytest.param(hop(307, "PUT"), exchange(preflight("DELETE", f"{API}/b")), False, id="another one does not"),
        pytest.param(
            hop(method="POST"),
            exchange(request("GET", f"{API}/b", {"Content-Type": "text/plain"})),
            False,
            id="the body's headers go with it",
        ),
    ],
)
def test_continues(before: Observation, after: Exchange, follows: bool) -> None:
    assert continues(before, after, STANDARD) is follows


def test_engines_ask_for_headers_that_a_redirect_dropped() -> None:
    asking = exchange(preflight("GET", f"{OTHER}/b", "authorization"))
    assert [continues(hop(), asking, profile) for profile in (STANDARD, CHROMIUM, GECKO, WEBKIT)] == [False, False, True, True]


def test_nothing_follows_a_preflight_or_an_unanswered_request() -> None:
    assert not continues(asked(), exchange(request("PUT")), STANDARD)
    assert not continues(observe(exchange(request())), exchange(request()), STANDARD)
