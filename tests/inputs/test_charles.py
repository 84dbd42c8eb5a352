"""Charles' JSON session, transaction by transaction."""

import json

from corslens.inputs.charles import open_charles
from corslens.inputs.damage import Damage

GET = {
    "method": "GET",
    "host": "a.example",
    "scheme": "https",
    "actualPort": 8443,
    "path": "/x",
    "times": {"start": "2024-03-05T14:33:21.100+01:00"},
}


def read(*transactions: object) -> tuple[list[str], list[str]]:
    """URLs, and what could not be read."""
    found = list(open_charles(json.dumps(transactions).encode(), "a.chlsj", "a", everything=True))
    return [one.request.url for one in found if not isinstance(one, Damage)], [
        str(one) for one in found if isinstance(one, Damage)
    ]


def test_what_is_no_exchange_is_passed_over_and_what_is_odd_costs_itself() -> None:
    assert read(GET, GET | {"tunnel": True}, GET | {"host": None}, 5) == (
        ["https://a.example:8443/x"],
        ["a.chlsj: entry 3: Expected `object`, got `int`"],
    )


def test_a_cut_session() -> None:
    (damage,) = open_charles(b'[{"method": "GET"', "a.chlsj", "a", everything=True)
    assert isinstance(damage, Damage) and "damaged or cut off" in damage.what


def test_a_failure_in_charles_own_words() -> None:
    (exchange,) = open_charles(
        json.dumps([GET | {"errorMessage": "Failed to connect to remote host"}]).encode(), "a", "a", everything=True
    )
    assert not isinstance(exchange, Damage)
    assert (exchange.response, exchange.error) == (None, "Failed to connect to remote host")
