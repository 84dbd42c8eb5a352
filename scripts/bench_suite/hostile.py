"""What the most expensive exchange costs in a hook: every request shape with every response shape, at a size that no server takes."""

import asyncio
import logging

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.hostile_shapes import REQUESTS, RESPONSES, exchange

_GROUP = "a hostile exchange"
_SIZE = 9_000
_TARGET = 50.0
"""Milliseconds of CPU in one hook call, while nobody else is served."""
_LOOK_AGAIN = 10.0
_TIMES = 3
"""How often a pair that took longer is measured, to take the shortest: a collection of Python's garbage falls on any call."""


def _costs(chain: Chain, request: str, response: str) -> dict[str, float]:
    """Return the milliseconds of each hook for a pair of shapes."""
    costs = chain.costs(exchange(request, response, _SIZE))
    for _ in range(_TIMES - 1):
        if max(costs.values()) > _LOOK_AGAIN:
            again = chain.costs(exchange(request, response, _SIZE))
            costs = {hook: min(cost, again[hook]) for hook, cost in costs.items()}
    return costs


async def _worst(rounds: int) -> tuple[list[float], str]:
    worst, where = [], ""
    async with Chain(odd=False, cors_log="/dev/null", cors_show="none") as chain:
        for _ in range(rounds):
            found = max(
                (cost, f"{hook}: {request} × {response}")
                for request in REQUESTS
                for response in RESPONSES
                for hook, cost in _costs(chain, request, response).items()
            )
            worst.append(found[0])
            where = found[1]
    return worst, where


def measure(rounds: int) -> list[Figure]:
    """Return the figures of this part, in milliseconds of CPU a hook call."""
    logging.disable(logging.CRITICAL)  # what is said of the exchanges would fill the terminal
    try:
        worst, where = asyncio.run(_worst(rounds))
    finally:
        logging.disable(logging.NOTSET)
    pairs = len(REQUESTS) * len(RESPONSES)
    return [figure(_GROUP, f"the longest hook call of {pairs} shapes ({where})", "ms", worst, _TARGET)]
