"""A witness says why the browser refused, only where it did."""

from corslens.witness.refusals import Refusal
from corslens.witness.witness import Initiator, Witness, WitnessOutcome


def test_only_a_failure_is_a_refusal() -> None:
    assert Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED").refusal is Refusal.UNSPECIFIED
    assert Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED", mixed_content=True).refusal is Refusal.MIXED_CONTENT
    assert Witness(outcome=WitnessOutcome.READ).refusal is None
    assert Witness(outcome=WitnessOutcome.FAILED, code="net::ERR_CONNECTION_REFUSED", mixed_content=True).refusal is None


def test_a_reason_that_the_browser_names_counts_before_what_the_url_suggests() -> None:
    code = "net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS"
    assert Witness(outcome=WitnessOutcome.FAILED, code=code, mixed_content=True).refusal is Refusal.LOCAL_NETWORK
    assert Witness(outcome=WitnessOutcome.UNKNOWN, code="net::ERR_FAILED").refusal is None


def test_a_place_in_words() -> None:
    assert (
        str(Initiator(url="https://app.example/api.js", line=42, column=3, function="load"))
        == "https://app.example/api.js:42:3 in load"
    )
    assert str(Initiator(url="https://app.example/", line=7)) == "https://app.example/:7"
    assert str(Initiator(url="https://app.example/")) == "https://app.example/"
