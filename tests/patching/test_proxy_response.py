"""respond_to_preflight: what the proxy itself says to a preflight."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.messages import HeaderList
from corslens.observation.observation import Observation, Role
from corslens.patching.policy import parse_policy
from corslens.patching.propose import with_response
from corslens.patching.proxy_response import respond_to_preflight
from corslens.verdict.decide import decide
from hypothesis import given
from msgspec import structs

from tests import make
from tests.patching.generated import observations
from tests.patching.seen import PAGE, seen

POLICY = parse_policy(preflight="answer")


def test_grants_what_is_asked_and_not_a_word_more() -> None:
    """A preflight whose credentials nobody knows gets the exact origin, credentials, method and header names, and no memory."""
    found = respond_to_preflight(seen(make.preflight("PUT", unsafe="content-type,x-a", origin=PAGE, time=3.0)), POLICY)
    assert found is not None and found.response is not None
    assert (found.response.status, found.response.time) == (204, 3.0)
    assert dict(found.response.headers.lines) == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PUT",
        "Access-Control-Allow-Headers": "content-type, x-a",
        "Vary": "Origin",
        "Access-Control-Max-Age": "0",
    }


def test_a_safelisted_method_is_not_granted_needlessly() -> None:
    """What needs no grant gets none."""
    found = respond_to_preflight(seen(make.preflight("POST", unsafe="content-type", origin=PAGE)), POLICY)
    assert found is not None and found.response is not None
    assert "access-control-allow-methods" not in found.response.headers


def test_without_credentials_none_are_allowed() -> None:
    """Firefox shows on its preflight whether credentials will come; where not, they are not allowed."""
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
    request = make.preflight(origin=PAGE, given={"User-Agent": firefox, "Sec-Fetch-Site": "cross-site"})
    found = respond_to_preflight(seen(request), POLICY)
    assert found is not None and found.response is not None
    assert "access-control-allow-credentials" not in found.response.headers


def test_stranger_gets_no_answer() -> None:
    """A page from elsewhere is left to the server, and the refusal says why."""
    found = respond_to_preflight(seen(make.preflight(origin="https://evil.example")), POLICY)
    assert found is not None and found.response is None
    assert (
        found.patch.refused == "the page's origin https://evil.example is not among those that the proxy may allow (loopback)"
    )


def test_nonsense_gets_no_answer() -> None:
    """What no browser asks is left to the server."""
    found = respond_to_preflight(seen(make.preflight("PUT", unsafe="b@d", origin=PAGE)), POLICY)
    assert found is not None and found.response is None


@pytest.mark.parametrize("request_", [make.request(origin=PAGE), make.request("OPTIONS", origin=PAGE)])
def test_only_preflights_are_answered(request_: object) -> None:
    """An OPTIONS of the page's own is not a preflight."""
    assert respond_to_preflight(seen(request_), POLICY) is None  # type: ignore[arg-type]


@given(observations())
def test_every_preflight_is_answered_for_every_engine(observation: Observation) -> None:
    """Whatever is asked, the response lets the actual request be sent in all three engines."""
    unanswered = structs.replace(observation, exchange=observation.exchange.with_response(None))
    found = respond_to_preflight(unanswered, parse_policy(origins=["any", "null"], max_age_seconds=5))
    if observation.role is not Role.PREFLIGHT:
        assert found is None
        return
    assert found is not None and found.response is not None
    assert all(decide(with_response(observation, found.response), engine).allowed for engine in Engine)
    assert isinstance(found.response.headers, HeaderList)
    assert found.response.headers.values("access-control-max-age") == ("5",)
