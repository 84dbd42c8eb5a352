"""A dead API gets no settings, and the settings say what they would double."""

import pytest
from corslens.advice import advise
from corslens.advice.policy import draw_policies
from corslens.witness.witness import Witness, WitnessOutcome
from msgspec.structs import replace

from tests.advice.observed import Seen, preflight, simple
from tests.make import API, PAGE


def dead(error: str) -> Seen:
    """A preflight without a response."""
    observation = preflight().observation
    return Seen(replace(observation, exchange=replace(observation.exchange, response=None, error=error)))


def kept(code: str) -> Seen:
    """A request that the browser did not send, or whose failure it does not explain."""
    witness = Witness(outcome=WitnessOutcome.FAILED, code=code)
    return Seen(replace(dead(code).observation, exchange=replace(dead(code).observation.exchange, witness=witness)))


@pytest.mark.parametrize(
    ("seen", "how"),
    [
        ([dead("[Errno 111] Connection refused"), dead("[Errno 111] Connection refused")], "refused (2 times)"),
        ([dead("net::ERR_NAME_NOT_RESOLVED")], "dns"),
        ([simple(status=502), dead("timed out")], "502, timeout"),
        ([kept("net::ERR_BLOCKED_BY_CLIENT")], "net::ERR_BLOCKED_BY_CLIENT in the browser"),
    ],
)
def test_an_api_that_never_responds_gets_no_settings(seen: list[Seen], how: str) -> None:
    drawn = draw_policies(seen, allow_origins=(PAGE,))
    assert drawn.policies == ()
    assert drawn.warnings == (
        f"{API}: no settings, because the API never responded ({how}); make it respond first, and capture again",
    )
    with pytest.raises(ValueError, match="the API never responded"):
        advise(seen, "nginx", (PAGE,))


def test_one_response_is_enough() -> None:
    assert draw_policies([dead("refused"), simple()], allow_origins=(PAGE,)).policies
    assert draw_policies([kept("net::ERR_BLOCKED_BY_CLIENT"), simple()], allow_origins=(PAGE,)).policies
    assert draw_policies([kept("net::ERR_FAILED")], allow_origins=(PAGE,)).policies, "perhaps for want of these very settings"
    assert draw_policies([simple(status=500)], allow_origins=(PAGE,)).policies


def test_the_settings_say_what_to_remove_first() -> None:
    seen = [simple(allow_origin="*"), simple(allow_origin="*"), preflight(answer=[("Access-Control-Allow-Methods", "GET")])]
    (line,) = [line for line in advise(seen, "express", (PAGE,)).text.splitlines() if "today" in line]
    assert line == (
        "// First remove whatever sends today's CORS headers, in the application or in another layer, or browsers get them twice: "
        "Access-Control-Allow-Origin: * (2 times); Access-Control-Allow-Methods."
    )


def test_a_header_from_two_layers_is_named() -> None:
    twice = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Origin", PAGE)]
    text = advise([simple(answer=twice)], "express", (PAGE,)).text
    assert f"Access-Control-Allow-Origin: *, {PAGE}; one response has the header twice, from two layers." in text


def test_a_proxy_drops_what_the_application_sends() -> None:
    assert f"# These settings drop what the application sends today (Access-Control-Allow-Origin: {PAGE})." in (
        advise([simple(allow_origin=PAGE)], "nginx", (PAGE,)).text
    )


def test_nothing_to_remove_is_not_mentioned() -> None:
    assert "today" not in advise([simple()], "express", (PAGE,)).text


def test_a_value_of_the_wire_stays_out_of_the_settings() -> None:
    text = advise([simple(allow_origin="x\x1b[2J\nadd_header")], "express", (PAGE,)).text
    assert "an unusual value" in text
    assert "\x1b" not in text
