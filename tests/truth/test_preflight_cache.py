"""The modelled preflight cache says of every recorded request whether the browser made a preflight.

The cache is filled with what is known to have passed (its actual request followed), so this holds the policies against the browsers
with nothing inferred.
"""

import pytest
from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES
from corslens.fetch.cors_check import cors_check
from corslens.fetch.preflight import requested_header_names, requested_method
from corslens.fetch.preflight_cache import PreflightCache, Wanted
from corslens.observation.observation import Observation, Role

from tests.truth.judged import Judged, judged


def _wanted(observation: Observation, request: Judged) -> Wanted:
    exchange = observation.exchange
    preflight = observation.role is Role.PREFLIGHT
    assert preflight or observation.need is not None
    names = requested_header_names(exchange.request) if preflight else observation.need.header_names if observation.need else ()
    return Wanted(
        origin=observation.origin or "",
        method=requested_method(exchange.request) if preflight else exchange.request.method,
        unsafe_names=names,
        mode=request.used_mode,
        now=exchange.request.time,
    )


def _replay(engine: Engine) -> tuple[list[str], int, int]:
    policy = PROFILES[engine].cache
    wrong: list[str] = []
    cache, spared, made = PreflightCache(1000), 0, 0
    for request in judged(engine):
        observations = [inspection.observation for inspection in request.inspections]
        for index, observation in enumerate(observations):
            exchange = observation.exchange
            client = request.scenario["scenario"]["id"]
            if observation.role is Role.PREFLIGHT:
                made += 1
                if cache.find(client, exchange.request.url, _wanted(observation, request), policy) is not None:
                    wrong.append(f"{request.name}: a preflight was made that the cache should have spared")
                if index + 1 < len(observations) and exchange.response is not None:
                    cache.store(
                        client,
                        exchange.request.url,
                        preflight_id=exchange.id,
                        origin=observation.origin or "",
                        headers=exchange.response.headers,
                        credentials=request.used_mode,
                        now=exchange.response.time,
                        policy=policy,
                    )
            elif observation.role is Role.ACTUAL:
                if observations[index - 1].role is not Role.PREFLIGHT or index == 0:
                    spared += 1
                    if cache.find(client, exchange.request.url, _wanted(observation, request), policy) is None:
                        wrong.append(f"{request.name}: the cache does not explain why no preflight was made")
                response = exchange.delivered
                failed = (
                    response is None or cors_check(response.headers, observation.origin or "", request.used_mode) is not None
                )
                if failed and policy.dropped_by_failed_actual:
                    cache.clear(client, exchange.request.url, observation.origin or "")
    return wrong, spared, made


@pytest.mark.parametrize("engine", Engine)
def test_the_cache_explains_every_missing_preflight_and_no_other(engine: Engine) -> None:
    wrong, spared, made = _replay(engine)
    assert wrong == []
    assert spared >= 10
    assert made > 150


@pytest.mark.parametrize("engine", Engine)
def test_no_missing_preflight_is_left_unexplained(engine: Engine) -> None:
    """The whole pipeline, which has to infer what passed, finds a preflight for every actual request."""
    for request in judged(engine):
        for inspection in request.inspections:
            if inspection.observation.role is Role.ACTUAL:
                assert inspection.observation.preflight is not None, request.name
                assert not inspection.observation.preflights_missed
