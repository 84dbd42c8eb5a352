"""Observations of one exchange, or of a redirect chain, made by the pairing that the live addon uses."""

from corslens.fetch.messages import Request, Response
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing

from tests import make

PAGE = "http://localhost:3000"
COOKIE = {"Cookie": "sid=1"}


def seen(request: Request, response: Response | None = None, **fields: object) -> Observation:
    """The observation of one exchange alone."""
    pairing = Pairing()
    exchange = make.exchange(request, response, **fields)
    pairing.begin(exchange)
    return pairing.complete(exchange)


def chain(*exchanges: Exchange) -> tuple[Observation, ...]:
    """The observations of exchanges that came one after the other."""
    pairing = Pairing()
    observations = []
    for exchange in exchanges:
        pairing.begin(exchange)
        observations.append(pairing.complete(exchange))
    return tuple(observations)
