"""A crowd: every exchange from an origin of its own to an endpoint of its own."""

from collections.abc import Iterator

from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange

_UA = ("User-Agent", "Mozilla/5.0 Chrome/156.0.0.0")


def crowd(count: int) -> Iterator[Exchange]:
    """Yield preflights that are never followed, pairs, redirects and simple requests, no origin or endpoint twice."""
    for number in range(count):
        origin = f"https://page{number}.example"
        url = f"https://api{number}.example/path{number}/x{number}?q={number}"
        time = 1_790_000_000.0 + number / 100
        lines = [("Origin", origin), ("Sec-Fetch-Mode", "cors"), _UA]
        method, status, answer = "GET", 200, [("Access-Control-Allow-Origin", origin)]
        match number % 4:
            case 0:
                method = "OPTIONS"
                lines.append(("Access-Control-Request-Method", "PUT"))
                answer += [("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Max-Age", "86400")]
            case 1:
                method = "PUT"
            case 2:
                status = 302
                answer.append(("Location", f"https://other{number}.example/"))
        yield Exchange(
            id=f"c{number}",
            request=Request(method=method, url=url, headers=HeaderList(lines), time=time),
            response=Response(status=status, headers=HeaderList(answer), time=time + 0.001),
            client=f"client{number % 5000}",
            connection=f"connection{number}",
        )
