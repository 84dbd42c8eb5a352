"""What the browser gets: the patch, or what was injected in its place, and nothing that was not asked for."""

from typing import Any

import pytest
from corslens.delivery import deliver
from corslens.inspection import PatchedView
from corslens.observation.observation import Observation
from corslens.observation.stored_responses import StoredResponses
from corslens.patching.injection import Injection
from corslens.patching.policy import PatchPolicy, parse_origins
from msgspec import structs

from tests.make import PAGE, exchange, request, response
from tests.observation.observe import observe

POLICY = PatchPolicy(origins=parse_origins([PAGE]))
REFUSED = observe(exchange(request("GET"), response(allow_origin="https://other.example")))
GRANTED = {"Access-Control-Allow-Credentials": "true", "Vary": "Origin"}
BREAKS = Injection(name="breaks", set={"Access-Control-Allow-Origin": ("https://injected.example",)})


def delivered(observation: Observation = REFUSED, policy: PatchPolicy | None = POLICY, **more: Any) -> tuple[Any, PatchedView]:
    """Access-Control-Allow-Origin as the browser gets it, and how."""
    got, view = deliver(observation, policy, StoredResponses(10), **{"patch": True, **more})
    assert view is not None
    what = got.exchange.delivered
    return None if what is None else what.headers.get("access-control-allow-origin"), view


@pytest.mark.parametrize(
    ("observation", "policy", "patch"),
    [
        (REFUSED, POLICY, False),
        (REFUSED, None, True),
        (observe(exchange(request("GET"), response(200, GRANTED, allow_origin=PAGE))), POLICY, True),
        (observe(structs.replace(exchange(request("GET"), response()), response=None, error="connection lost")), POLICY, True),
    ],
    ids=["not asked for", "no policy", "nothing to fix", "no response"],
)
def test_what_is_not_changed_is_the_same_observation(
    observation: Observation, policy: PatchPolicy | None, *, patch: bool
) -> None:
    got, view = deliver(observation, policy, StoredResponses(10), patch=patch)
    assert got is observation
    assert view is None


def test_a_patch() -> None:
    allowed, view = delivered()
    assert (allowed, view.applied, view.injected) == (PAGE, True, False)
    assert all(verdict.allowed for verdict in view.verdicts_after.values())


def test_what_is_injected_on_purpose_is_not_patched() -> None:
    allowed, view = delivered(injections=(BREAKS,))
    assert (allowed, view.applied, view.injected) == ("https://injected.example", True, True)
    assert all(verdict.blocked for verdict in view.verdicts_after.values())


def test_a_dry_run_changes_nothing_and_says_what_it_would() -> None:
    allowed, view = delivered(dry_run=True)
    assert (allowed, view.applied) == ("https://other.example", False)
    assert all(verdict.allowed for verdict in view.verdicts_after.values())


def test_what_the_proxy_made_is_no_servers() -> None:
    got, view = deliver(REFUSED, POLICY, StoredResponses(10), patch=True, made_by_proxy=True)
    assert view is not None
    assert (got.exchange.response, got.exchange.got_proxy_error_page) == (None, True)
    assert got.exchange.delivered is not None
