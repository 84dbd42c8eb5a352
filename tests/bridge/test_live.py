"""A browser's word and the proxy's exchanges, held beside each other."""

import pytest
from corslens.bridge.live import UNSENT, LiveWitness
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange
from corslens.verdict.verdict import Outcome
from corslens.witness.matching import joined
from corslens.witness.sighting import Sighting
from corslens.witness.witness import Initiator, Witness, WitnessOutcome
from msgspec import structs

from tests import make
from tests.observation.observe import CHROMIUM

PAGE = "https://app.example"
API = "https://api.example/me"
AGENT = {"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
HERE = Initiator(url=f"{PAGE}/app.js", line=42, column=1, function="loadUser")


class Proxied:
    """An inspector where the proxy would be."""

    def __init__(self) -> None:
        self.inspector = Inspector(rules=load_rules())
        self.witness = LiveWitness(self, lambda: self.now)
        self.now = 1_000.0
        self.latest: dict[str, Inspection] = {}

    def attest(self, id: str, witness: Witness) -> None:
        self.take(self.inspector.attest(id, witness))

    def never_left(self, exchange: Exchange) -> None:
        self.take(self.inspector.inspect(exchange))

    def passes(self, exchange: Exchange) -> None:
        self.take(self.inspector.inspect(exchange))

    def take(self, inspections: tuple[Inspection, ...]) -> None:
        for one in inspections:
            self.latest[one.id] = one
            self.witness.saw(one)


def exchange(id: str = "x", *, allow_origin: str | None = None, given: make.Headers = ()) -> Exchange:
    made = make.exchange(make.request(given=AGENT, origin=PAGE), make.response(200, given, allow_origin=allow_origin))
    return structs.replace(made, id=id)


def sighting(of: Exchange, told: WitnessOutcome, *, sent: bool = True, **more: object) -> Sighting:
    response = of.response
    return Sighting(
        id="7.1",
        method=of.request.method,
        url=of.request.url,
        time=of.request.time,
        sent=sent,
        request_lines=joined(of.request.headers.lines) if sent else {},
        status=response.status if response and sent else None,
        response_lines=joined(response.headers.lines) if response and sent else {},
        resource_type="Fetch",
        witness=Witness(outcome=told, initiator=HERE, page=f"{PAGE}/", live=True, **more),  # type: ignore[arg-type]
    )


def test_the_browser_agrees() -> None:
    proxied, one = Proxied(), exchange()
    proxied.passes(one)
    assert proxied.latest["x"].confirmed is None
    proxied.witness.sighted(sighting(one, WitnessOutcome.FAILED, code="net::ERR_FAILED", reason="MissingAllowOriginHeader"))
    found = proxied.latest["x"]
    assert (found.confirmed, found.misprediction, found.verdict.outcome) == (True, None, Outcome.BLOCKED)
    witness = found.observation.exchange.witness
    assert witness is not None
    assert witness.initiator == HERE
    assert proxied.witness.counts.matched == 1


def test_the_browser_does_not() -> None:
    """Both sides are kept: our verdict, and what the browser did."""
    proxied, one = Proxied(), exchange()
    proxied.passes(one)
    proxied.witness.sighted(sighting(one, WitnessOutcome.READ))
    found = proxied.latest["x"]
    assert found.confirmed is False
    assert found.verdict.outcome is Outcome.BLOCKED
    assert found.misprediction is not None
    assert found.misprediction.outcome is Outcome.ALLOWED
    assert "read" in found.misprediction.seen


@pytest.mark.parametrize(
    ("told", "more", "outcome"),
    [
        (WitnessOutcome.READ, {}, Outcome.ALLOWED),
        (WitnessOutcome.FAILED, {"code": "net::ERR_FAILED", "reason": "WildcardOriginNotAllowed"}, Outcome.BLOCKED),
    ],
)
def test_a_verdict_that_depends_is_settled(told: WitnessOutcome, more: dict[str, str], outcome: Outcome) -> None:
    proxied, one = Proxied(), exchange(allow_origin="*")
    proxied.passes(one)
    assert proxied.latest["x"].verdict.outcome is Outcome.DEPENDS
    proxied.witness.sighted(sighting(one, told, **more))
    found = proxied.latest["x"]
    assert found.verdict.outcome is outcome
    assert found.confirmed is True


def test_another_reason_is_a_misprediction() -> None:
    proxied, one = Proxied(), exchange()
    proxied.passes(one)
    proxied.witness.sighted(sighting(one, WitnessOutcome.FAILED, code="net::ERR_FAILED", reason="AllowOriginMismatch"))
    found = proxied.latest["x"]
    assert found.confirmed is False
    assert found.misprediction is not None
    assert "AllowOriginMismatch" in found.misprediction.seen


def test_a_redirect_from_the_page_s_own_server_is_confirmed() -> None:
    """It is no CORS request, and blocked all the same when it leads away with a password in its URL."""
    proxied = Proxied()
    asked = make.request(url=f"{PAGE}/a", given={**AGENT, "Sec-Fetch-Site": "same-origin"})
    one = make.exchange(asked, make.response(302, {"Location": "https://user:secret@api.example/b"}))
    proxied.passes(one)
    proxied.witness.sighted(sighting(one, WitnessOutcome.FAILED, code="net::ERR_FAILED", reason="RedirectContainsCredentials"))
    found = proxied.latest[one.id]
    assert (found.observation.is_cors, found.verdict.reason, found.confirmed) == (False, "redirect-has-credentials", True)


def test_the_reason_tells_the_credentials_mode() -> None:
    """Blocked either way, for another reason in each mode."""
    proxied = Proxied()
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x", **AGENT}
    made = make.exchange(make.request("OPTIONS", given=asked, origin=PAGE), make.response(204, (), allow_origin="*"))
    preflight = structs.replace(made, id="p")
    proxied.passes(preflight)
    proxied.witness.sighted(
        sighting(preflight, WitnessOutcome.FAILED, code="net::ERR_FAILED", reason="PreflightWildcardOriginNotAllowed")
    )
    found = proxied.latest["p"]
    assert (found.confirmed, found.misprediction) == (True, None)
    assert found.verdict.reason == "preflight-acao-wildcard-with-credentials"


def test_its_word_is_kept_when_more_becomes_known() -> None:
    """The browser speaks of a preflight, and of a redirect, before what followed them is worked off."""
    proxied = Proxied()
    asked = {"Access-Control-Request-Method": "PUT", **AGENT}
    allowed = make.response(204, {"Access-Control-Allow-Methods": "PUT"}, allow_origin=PAGE)
    preflight = structs.replace(make.exchange(make.request("OPTIONS", given=asked, origin=PAGE), allowed), id="p")
    proxied.passes(preflight)
    actual = make.exchange(make.request("PUT", given=AGENT, origin=PAGE, time=0.1), make.response(200, (), allow_origin=PAGE))
    proxied.inspector.begin(structs.replace(actual, id="a"))
    proxied.witness.sighted(sighting(preflight, WitnessOutcome.PASSED))
    proxied.take(proxied.inspector.complete(structs.replace(actual, id="a")))
    proxied.take(proxied.inspector.finish())
    assert proxied.latest["p"].observation.followed == "followed"
    assert proxied.latest["p"].confirmed is True


def test_what_is_not_about_cors_confirms_nothing() -> None:
    proxied, one = Proxied(), exchange()
    proxied.passes(one)
    proxied.witness.sighted(sighting(one, WitnessOutcome.FAILED, code="net::ERR_BLOCKED_BY_CLIENT"))
    assert proxied.latest["x"].confirmed is None
    assert proxied.latest["x"].misprediction is None


def test_a_request_that_never_left() -> None:
    proxied, one = Proxied(), exchange()
    proxied.witness.sighted(
        sighting(one, WitnessOutcome.FAILED, sent=False, code="net::ERR_FAILED", reason="InvalidLocalNetworkAccess")
    )
    (found,) = proxied.latest.values()
    assert [finding.rule for finding in found.findings] == ["target-address-space-through-proxy"]
    assert found.observation.page_origin == PAGE


def test_what_a_preflight_explains_is_no_second_request() -> None:
    proxied, one = Proxied(), exchange()
    never = sighting(one, WitnessOutcome.FAILED, sent=False, code="net::ERR_FAILED", reason="PreflightInvalidStatus")
    proxied.witness.sighted(structs.replace(never, explained=True))
    assert not proxied.latest


def test_unsent_requests_are_bounded() -> None:
    proxied, one = Proxied(), exchange()
    for number in range(UNSENT + 10):
        never = structs.replace(sighting(one, WitnessOutcome.FAILED, sent=False, code="csp"), id=str(number))
        proxied.witness.sighted(never)
    assert proxied.witness.counts.dropped == 10


def test_a_page_cannot_speak_for_another() -> None:
    """What one page requests, the browser reports with that page's own origin: it never matches another page's request."""
    proxied, one = Proxied(), exchange()
    proxied.passes(one)
    evil = make.exchange(make.request(given=AGENT, origin="https://evil.example"), make.response(200, ()))
    proxied.witness.sighted(sighting(evil, WitnessOutcome.READ))
    assert proxied.latest["x"].observation.exchange.witness is None


def test_awaited_only_while_the_browser_listens() -> None:
    proxied, one = Proxied(), exchange()
    proxied.passes(one)
    found = proxied.latest["x"]
    assert not proxied.witness.awaits(found)
    proxied.witness.listening = True
    assert proxied.witness.awaits(found)
    proxied.witness.sighted(sighting(one, WitnessOutcome.READ))
    assert not proxied.witness.awaits(found)
