"""Weight: the bytes that what is kept of an exchange takes, estimated. Shared by all stores that are bounded in bytes."""

from typing import Final

from corslens.fetch.messages import HeaderList
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation

EXCHANGE_BYTES: Final = 2_048
"""What an exchange takes without its text: the records of it, of its observation and verdicts."""
RESPONSE_BYTES: Final = 512
_LINE_BYTES = 256
"""What a header line takes without its text: two texts, a pair, an entry of the look-up."""

HISTORY_BYTES: Final = 256 << 20
"""The default of what a session keeps."""


def weigh_headers(headers: HeaderList) -> int:
    """Return the estimated bytes of header lines."""
    return headers.characters + _LINE_BYTES * len(headers.lines)


def weigh_exchange(exchange: Exchange, copies: int = 1) -> int:
    """Return the estimated bytes of an exchange. What the browser got in the place of a response shares most of its lines.

    Args:
        copies: how often the text of its header lines is kept, quotes included.
    """
    request, response = exchange.request, exchange.response or exchange.replaced
    headers = request.headers
    weight = EXCHANGE_BYTES + len(request.url) + copies * headers.characters + _LINE_BYTES * len(headers.lines)
    if exchange.error is not None:
        weight += len(exchange.error)
    if response is None:
        return weight
    headers = response.headers
    return weight + copies * headers.characters + _LINE_BYTES * len(headers.lines)


def weigh_observation(observation: Observation, copies: int = 1) -> int:
    """Return the estimated bytes of an observation with the exchanges that it keeps alive: its preflight, the hops before it."""
    weight = weigh_exchange(observation.exchange, copies)
    if observation.preflight is not None:
        weight += weigh_exchange(observation.preflight.exchange)
    if observation.redirected_from is not None:
        weight += sum(weigh_exchange(hop.exchange) for hop in observation.hops[:-1])
    return weight


def weigh_observations(observations: tuple[Observation, ...]) -> int:
    """Return the estimated bytes of several."""
    return sum(map(weigh_observation, observations))
