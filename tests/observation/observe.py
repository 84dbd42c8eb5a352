"""Observations for tests, made by the real pairing."""

from math import inf

from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing

from tests.make import API, PAGE, exchange, preflight, request, response

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
WEBKIT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
URL = f"{API}/me"


def observe(*exchanges: Exchange) -> Observation:
    """Return the observation of the last of these exchanges, seen one after the other."""
    pairing = Pairing(100)
    for one in exchanges:
        pairing.begin(one)
        last = pairing.complete(one)
    return last


def observe_all(*exchanges: Exchange) -> dict[str, Observation]:
    """Return the latest observation of each exchange, by its id."""
    pairing = Pairing(100)
    latest: dict[str, Observation] = {}
    for one in exchanges:
        for changed in pairing.begin(one):
            latest[changed.id] = changed
        latest[one.id] = pairing.complete(one)
    for left in pairing.finish(inf):
        latest[left.id] = left
    return latest


def asks(
    id: str = "p", *, method: str = "PUT", names: str = "", url: str = URL, origin: str = PAGE, at: float = 0.0, took: float = 0.01,
    agent: str = WEBKIT, client: str = "me", status: int = 204, max_age: str | None = "0", allow: str | None = None, answered: bool = True,
) -> Exchange:  # fmt: skip
    """A preflight, whose answer grants all that it asks unless told otherwise; it is not cached."""
    granted = {"Access-Control-Allow-Methods": method, "Access-Control-Allow-Headers": names}
    if max_age is not None:
        granted["Access-Control-Max-Age"] = max_age
    return exchange(
        preflight(method, url, names, {"User-Agent": agent}, origin=origin, time=at),
        response(status, granted, allow_origin=allow or origin, time=at + took) if answered else None,
        id=id,
        client=client,
    )


def sends(
    id: str = "a", *, method: str = "PUT", names: str = "", url: str = URL, origin: str | None = PAGE, at: float = 0.05,
    agent: str = WEBKIT, client: str = "me", status: int = 200, location: str | None = None, cookie: str = "", allow: str = PAGE,
) -> Exchange:  # fmt: skip
    """A request with these header names set by its page."""
    lines = [("User-Agent", agent), *((name, "application/json") for name in names.split(",") if name)]
    if cookie:
        lines.append(("Cookie", cookie))
    answer = response(status, {} if location is None else {"Location": location}, allow_origin=allow, time=at + 0.01)
    return exchange(request(method, url, lines, origin=origin, time=at), answer, id=id, client=client)
