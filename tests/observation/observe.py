"""Observations for tests, made by the real pairing."""

from math import inf

from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
WEBKIT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"


def observe(*exchanges: Exchange) -> Observation:
    """Return the observation of the last of these exchanges, seen one after the other."""
    pairing = Pairing(100)
    for exchange in exchanges:
        pairing.begin(exchange)
        last = pairing.complete(exchange)
    return last


def observe_all(*exchanges: Exchange) -> dict[str, Observation]:
    """Return the latest observation of each exchange, by its id."""
    pairing = Pairing(100)
    latest: dict[str, Observation] = {}
    for exchange in exchanges:
        for changed in pairing.begin(exchange):
            latest[changed.id] = changed
        latest[exchange.id] = pairing.complete(exchange)
    for left in pairing.finish(inf):
        latest[left.id] = left
    return latest
