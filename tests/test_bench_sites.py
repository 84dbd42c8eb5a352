"""What scripts/bench sends through the live page's proxy: as much as asked, the same each time, and a good part of it wrong."""

import pytest
from aiohttp import ClientSession
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.verdict.verdict import Outcome

from scripts.bench_suite.sites import PAGES, Ask, answer, answered, exchanges, manner, visits
from tests.browser.kit.servers import Server


@pytest.mark.parametrize("count", [0, 1, 7, 300])
def test_there_are_as_many_requests_as_asked_for(count: int) -> None:
    """To the one, and no others the next time."""
    asked = [ask for visit in visits(count) for ask in visit]
    assert len(asked) == count
    assert asked == [ask for visit in visits(count) for ask in visit]


def test_a_preflight_is_followed_only_when_it_may_be() -> None:
    """As a browser would."""
    pairs = [visit for visit in visits(2_000) if visit[0].method == "OPTIONS"]
    for preflight, *followed in pairs[:-1]:  # of the last one the count may have cut off the rest
        path = "/" + preflight.url.split("/", 3)[3]
        assert bool(followed) == (manner(path) in ("good", "any"))
    assert {len(pair) for pair in pairs} == {1, 2}


@pytest.mark.slow  # thousands of exchanges
def test_it_is_a_day_of_development() -> None:
    """Half of it no CORS; what is wrong is wrong at many endpoints and in several ways, and most of the rest is allowed."""
    inspector = Inspector(rules=load_rules(), history=3_000)
    for exchange in exchanges(3_000):
        inspector.inspect(exchange)
    inspector.finish()
    seen = list(inspector.recent())
    cors = [each for each in seen if each.observation.is_cors]
    blocked = [each for each in cors if each.verdict.outcome is Outcome.BLOCKED]
    assert 0.4 < len(cors) / len(seen) < 0.65
    assert 0.15 < len(blocked) / len(cors) < 0.5
    assert len({each.observation.target_origin for each in blocked}) > 20
    assert len({failure.reason for each in blocked for failure in each.verdict.failures}) >= 4


async def test_the_server_answers_as_the_exchanges_say() -> None:
    """The same status and header lines, whichever way they are made."""
    async with Server(default=answer) as server, ClientSession() as client:
        for method, path in (("GET", "/api0/orders/1"), ("OPTIONS", "/api0/orders/1"), ("OPTIONS", "/api1/tags/2")):
            ask = Ask(method, server.url(path), {"Origin": PAGES[0]})
            async with client.request(ask.method, ask.url, headers=ask.headers) as got:
                status, headers = answered(method, path, PAGES[0])
                assert (got.status, headers.items() <= dict(got.headers).items()) == (status, True)
