"""An observation knows its chain, and whether a CORS check is made."""

import pytest
from corslens.observation.observation import Role
from msgspec import structs

from tests.make import exchange, request
from tests.observation.observe import observe


@pytest.mark.parametrize(
    ("role", "is_cors"),
    [
        (Role.PREFLIGHT, True),
        (Role.ACTUAL, True),
        (Role.SIMPLE, True),
        (Role.NO_CORS, False),
        (Role.NAVIGATION, False),
        (Role.SAME_ORIGIN, False),
        (Role.WEBSOCKET, False),
    ],
)
def test_roles_of_cors(role: Role, is_cors: bool) -> None:
    assert structs.replace(observe(exchange(request())), role=role).is_cors is is_cors


def test_hops_are_the_chain_first_hop_first() -> None:
    first = observe(exchange(request(), id="a"))
    second = structs.replace(first, exchange=exchange(request(), id="b"), redirected_from=first)
    third = structs.replace(first, exchange=exchange(request(), id="c"), redirected_from=second)
    assert [hop.id for hop in third.hops] == ["a", "b", "c"]
    assert first.hops == (first,)
