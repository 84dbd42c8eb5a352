"""A crowd: every exchange from an origin of its own to an endpoint of its own."""

from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange

_UA = ("User-Agent", "Mozilla/5.0 Chrome/156.0.0.0")

type _Lines = list[tuple[str, str]]


def crowd(count: int) -> Iterator[Exchange]:
    """Yield preflights that are never followed, pairs, redirects, renewals and simple requests, no origin or endpoint twice."""
    return islice((exchange for number in numbers() for exchange in _visit(number)), count)


def _visit(number: int) -> Iterator[Exchange]:
    """Yield what one page does: as a rule one exchange, of a pair both, of a renewal what is renewed and its 304."""
    preflight: _Lines = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", f"x-{number}")]
    granted: _Lines = [("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", f"x-{number}")]
    match number % 8:
        case 0:
            yield _exchange(number, "OPTIONS", preflight, 204, [*granted, ("Access-Control-Max-Age", "86400")])
        case 1 | 2:
            yield _exchange(number, "OPTIONS", preflight, 204, granted)
            yield _exchange(number, "PUT", [(f"X-{number}", "1")], 200, [], part=1)
        case 3:
            yield _exchange(number, "PUT", [], 200, [])
        case 4:
            yield _exchange(number, "GET", [], 302, [("Location", f"https://other{number}.example/")])
        case 5:
            yield _exchange(number, "GET", [], 200, [("ETag", '"1"')])
            yield _exchange(number, "GET", [("If-None-Match", '"1"')], 304, [("ETag", '"1"')], part=1)
        case 6:
            yield _exchange(number, "GET", [], 200, [], allow="https://www.example")
        case _:
            yield _exchange(number, "GET", [], 200, [])


def _exchange(
    number: int, method: str, asked: _Lines, status: int, answered: _Lines, *, part: int = 0, allow: str | None = None
) -> Exchange:
    origin = f"https://page{number}.example"
    time = 1_790_000_000.0 + number / 400 + part / 2_000
    lines = [("Origin", origin), ("Sec-Fetch-Mode", "cors"), _UA, *asked]
    return Exchange(
        id=f"c{number}.{part}",
        request=Request(
            method=method,
            url=f"https://api{number}.example/path{number}/x{number}?q={number}",
            headers=HeaderList(lines),
            time=time,
        ),
        response=Response(
            status=status,
            headers=HeaderList([("Access-Control-Allow-Origin", allow or origin), *answered]),
            time=time + 0.000_1,
        ),
        client=f"client{number % 5000}",
        connection=f"connection{number}",
    )
