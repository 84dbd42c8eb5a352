"""No pair of a request and a response costs more than in proportion to its size, and none beyond the limits more than at them.

Quadratic steps hide where two halves meet, so every request shape is tried with every response shape, through all hooks and the log.
CPU time of the hooks is compared with that of a smaller exchange of the same shapes; scripts/bench hostile shows the longest.
"""

import logging
from collections.abc import Iterator

import pytest
from corslens.fetch.limits import LIST_ELEMENTS

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.hostile_shapes import REQUESTS, RESPONSES, exchange

SMALL, AT_THE_LIMIT, HUGE = LIST_ELEMENTS // 4, LIST_ELEMENTS, LIST_ELEMENTS * 8
SLACK = 10.0
"""Milliseconds that a busy machine may add to any measurement."""
ATTEMPTS = 4
"""Measurements of a pair that seems too slow: the least of each size counts, since others' work only ever adds to it."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def cost(chain: Chain, request: str, response: str, size: int) -> float:
    """Milliseconds of CPU in all hooks."""
    return sum(chain.costs(exchange(request, response, size)).values())


def test_the_grid_is_wide() -> None:
    assert len(REQUESTS) >= 20
    assert len(RESPONSES) >= 28


@pytest.mark.slow
@pytest.mark.parametrize("request_shape", REQUESTS)
async def test_no_pair_of_shapes_is_superlinear(request_shape: str) -> None:
    """Four times the size may take four times as long, and twice that for what is noise; beyond the limits all is cut."""
    async with Chain(odd=False, cors_log="/dev/null", cors_show="none") as chain:
        for response_shape in RESPONSES:
            costs = [float("inf")] * 3
            for _ in range(ATTEMPTS):
                again = [cost(chain, request_shape, response_shape, size) for size in (SMALL, AT_THE_LIMIT, HUGE)]
                small, limit, huge = costs = list(map(min, costs, again))
                if limit < 8 * small + SLACK and huge < 6 * limit + SLACK:
                    break
            else:
                pytest.fail(f"{request_shape} × {response_shape}: {small:.1f}, {limit:.1f}, {huge:.1f} ms")
        assert not chain.addon.faults
