"""What came later proves what the browser made of it: a mode that no header shows, or a mistake of ours."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Followed, Observation, Role
from corslens.verdict.decide import decide
from corslens.verdict.decide_each import decide_each
from corslens.verdict.hindsight import (
    inherit_credentials,
    misprediction,
    settle_preflight,
    settle_redirect,
    settle_witnessed,
    witnessed,
)
from corslens.witness.witness import Witness, WitnessOutcome
from msgspec import structs

from tests.make import PAGE, exchange, preflight, request, response
from tests.observation.observe import FIREFOX, WEBKIT, observe
from tests.verdict.judge import INCLUDE, WITHOUT, under

AGENT = {"User-Agent": WEBKIT}
GRANTED = {"Access-Control-Allow-Methods": "PUT"}


def asked(allow_origin: str | None = PAGE, followed: Followed = Followed.FOLLOWED, credentials: str = "") -> Observation:
    given = {"Access-Control-Allow-Credentials": credentials} if credentials else {}
    answer = response(204, {**GRANTED, **given}, allow_origin=allow_origin)
    return structs.replace(observe(exchange(preflight("PUT", given=AGENT), answer)), followed=followed)


@pytest.mark.parametrize(
    ("preflight", "mode", "proof"),
    [
        pytest.param(asked(), WITHOUT, "actual-request-followed", id="it passed, so nothing wanted Allow-Credentials"),
        pytest.param(asked("*"), WITHOUT, "actual-request-followed", id="it passed on the wildcard"),
    ],
)
def test_a_preflights_fate_tells_the_mode(preflight: Observation, mode: CredentialsMode, proof: str) -> None:
    assert settle_preflight(preflight).credentials == Known(mode, (proof,))


@pytest.mark.parametrize(
    "preflight",
    [
        pytest.param(asked(followed=Followed.PENDING), id="nothing is known yet"),
        pytest.param(asked("*", Followed.NEVER), id="absence proves nothing: a page may have given the request up"),
        pytest.param(asked(None), id="it is blocked in both modes"),
        pytest.param(asked(credentials="true"), id="it passes in both modes"),
        pytest.param(structs.replace(asked(), engine=None), id="no known browser: who knows what it does"),
    ],
)
def test_where_a_fate_tells_nothing(preflight: Observation) -> None:
    assert settle_preflight(preflight) == preflight


def test_a_known_mode_is_not_changed() -> None:
    known = under(asked("*"), INCLUDE)
    assert settle_preflight(known) is known


def hop(allow_origin: str | None, method: str = "GET") -> Observation:
    answer = response(302, {"Location": "https://other.example/"}, allow_origin=allow_origin)
    return observe(exchange(request(method, given=AGENT), answer))


def test_a_redirect_that_was_followed_passed_its_cors_check() -> None:
    assert settle_redirect(hop("*")).credentials == Known(WITHOUT, ("redirect-followed",))


def test_a_post_whose_redirect_was_followed_without_cors_was_a_beacon_or_a_form() -> None:
    """Without fetch metadata they look alike until then."""
    settled = settle_redirect(hop(None, "POST"))
    assert (settled.role, settled.mode) == (Role.NO_CORS, Known("no-cors", ("redirect-followed",)))
    assert settle_redirect(hop(None)).role is Role.SIMPLE, "the Origin on a GET is proof of mode cors"


def test_no_cors_redirects_tell_nothing() -> None:
    no_cors = structs.replace(hop(None), role=Role.NO_CORS)
    assert settle_redirect(no_cors) is no_cors


def test_the_exchanges_of_one_fetch_share_their_mode() -> None:
    unknown, known = under(asked(), None), under(asked(), INCLUDE)
    assert inherit_credentials(unknown, known, "preflight").credentials == Known(INCLUDE, ("preflight", "a-test"))
    assert inherit_credentials(known, under(asked(), WITHOUT), "preflight") is known
    assert isinstance(inherit_credentials(unknown, unknown, "preflight").credentials, Unknown)


def test_a_preflight_that_we_call_blocked_and_that_was_followed_is_our_misprediction() -> None:
    refused = asked("https://other.example")
    told = misprediction(refused, decide(refused, Engine.WEBKIT))
    assert told is not None
    assert (told.engine, told.verdict.blocked, bool(told.seen)) == (Engine.WEBKIT, True, True)


@pytest.mark.parametrize(
    "preflight",
    [
        pytest.param(asked(), id="we called it allowed"),
        pytest.param(asked(None, Followed.NEVER), id="it was not followed"),
        pytest.param(structs.replace(asked(None), engine=None), id="not a known browser"),
    ],
)
def test_no_mistake(preflight: Observation) -> None:
    assert misprediction(preflight, decide(preflight, Engine.WEBKIT)) is None


CHROMIUM = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
}


def recorded(told: WitnessOutcome, allow_origin: str | None, code: str | None = None) -> Observation:
    witness = Witness(outcome=told, code=code)
    return observe(exchange(request("GET", given=CHROMIUM), response(allow_origin=allow_origin), witness=witness))


def test_what_the_browser_read_was_asked_in_the_mode_that_is_allowed() -> None:
    assert settle_witnessed(recorded(WitnessOutcome.READ, "*")).credentials == Known(WITHOUT, ("browser-read-it",))


def test_what_the_browser_refused_was_asked_in_the_mode_that_is_blocked() -> None:
    assert settle_witnessed(recorded(WitnessOutcome.FAILED, "*", "net::ERR_FAILED")).credentials == Known(
        INCLUDE, ("browser-refused-it",)
    )


def test_what_firefox_reports_no_refusal_of_passed() -> None:
    asked = request("GET", given={"User-Agent": FIREFOX})
    witness = Witness(outcome=WitnessOutcome.UNKNOWN, unrefused=True, live=True)
    observation = observe(exchange(asked, response(allow_origin="*"), witness=witness))
    assert settle_witnessed(observation).credentials == Known(WITHOUT, ("browser-reported-no-refusal",))


CROSS_SITE = {"User-Agent": FIREFOX, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}


@pytest.mark.parametrize("code", ["NS_ERROR_DOM_BAD_URI", "NS_ERROR_DOM_CORP_FAILED", None])
def test_a_refusal_outweighs_what_a_request_lacks(code: str | None) -> None:
    """With credentials, workers made of a Blob send in Firefox what its pages send without."""
    outcome = WitnessOutcome.UNKNOWN if code is None else WitnessOutcome.FAILED
    witness = Witness(outcome=outcome, code=code, live=True)
    asked = (request("GET", given=CROSS_SITE), preflight("PUT", given=CROSS_SITE))
    for one in asked:
        observation = observe(exchange(one, response(200, GRANTED, allow_origin="*"), witness=witness))
        assert observation.credentials == Known(WITHOUT, ("no-sec-fetch-storage-access",))
        settled = settle_witnessed(observation)
        refused = code == "NS_ERROR_DOM_BAD_URI"
        assert isinstance(settled.credentials, Known)
        assert (settled.credentials.value is INCLUDE) == refused
        assert decide(settled, Engine.FIREFOX).blocked == refused


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(recorded(WitnessOutcome.UNKNOWN, "*"), id="the browser does not say"),
        pytest.param(recorded(WitnessOutcome.FAILED, "*", "net::ERR_ABORTED"), id="given up"),
        pytest.param(recorded(WitnessOutcome.FAILED, "*", "net::ERR_BLOCKED_BY_CLIENT"), id="an ad blocker"),
    ],
)
def test_else_the_mode_stays_unknown(observation: Observation) -> None:
    assert isinstance(settle_witnessed(observation).credentials, Unknown)


def test_what_was_read_is_not_blocked_and_our_mistake_is_kept() -> None:
    """CORS may be switched off in that browser; whoever would block for the same reason is in doubt with it."""
    observation = recorded(WitnessOutcome.READ, None)
    decided = decide_each(observation)
    assert all(verdict.blocked for verdict in decided.values())
    assert {verdict.outcome.value for verdict in witnessed(observation, decided).values()} == {"allowed"}
    found = misprediction(observation, decided[Engine.CHROMIUM])
    assert found is not None and found.seen == "the browser recorded that the page read the response"


def test_what_was_not_read_stays_blocked() -> None:
    observation = recorded(WitnessOutcome.UNKNOWN, None)
    decided = decide_each(observation)
    assert witnessed(observation, decided) is decided
