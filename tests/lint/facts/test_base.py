"""The material that facts stand on."""

from tests.lint.make import facts


def test_headers_of_an_exchange_without_answer_are_empty() -> None:
    made = facts(error="connection refused")
    assert made.response is None
    assert list(made.response_head.names.ordered) == []


def test_request_and_response_are_the_exchange_s_own() -> None:
    made = facts({"x-a": "1"})
    assert made.request is made.observation.exchange.request
    assert made.response_head.get("x-a") == "1"
