"""Sites to look at: a dozen pages that ask thirty APIs, half of it their own files, some of it wrong; and the server that answers for all.

How an endpoint answers depends on its name alone, so that client and server need not talk about it.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit
from zlib import crc32

import aiohttp
from aiohttp import web
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.exchange import Exchange
from msgspec import Struct

PAGES: Final = tuple(f"http://page{number}.test" for number in range(12))
APIS: Final = tuple(f"http://api{number}.test" for number in range(30))
NOUNS: Final = (
    "accounts", "alerts", "baskets", "brands", "carts", "coupons", "events", "feeds", "files", "images",
    "invoices", "items", "likes", "notes", "orders", "prices", "reviews", "stores", "tags", "users",
)  # fmt: skip
_UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
_MANNERS = ("good",) * 12 + ("closed",) * 3 + ("another's",) * 2 + ("any",) * 2 + ("method refused",)


class Ask(Struct, frozen=True):
    """One request."""

    method: str
    url: str
    headers: dict[str, str]


def manner(path: str) -> str:
    """Return how an endpoint behaves, ids left out."""
    return _MANNERS[crc32(path.rpartition("/")[0].encode()) % len(_MANNERS)]


def visits(count: int, seed: int = 1) -> Iterator[tuple[Ask, ...]]:
    """Yield what pages do, `count` requests in all: their own files, simple requests, preflights with what follows if they may."""
    random_ = random.Random(seed)
    while count > 0:
        visit = _visit(random_)[:count]
        count -= len(visit)
        yield visit


def _visit(random_: random.Random) -> tuple[Ask, ...]:
    page, kind = random_.choice(PAGES), random_.random()
    common = {"User-Agent": _UA, "Referer": f"{page}/", "Accept-Language": "en-US,en;q=0.9"}
    if kind < 0.5:
        return (Ask("GET", f"{page}/static/{random_.randrange(200)}.js", common),)
    api = random_.choice(APIS)
    url = f"{api}/{api.removeprefix('http://').removesuffix('.test')}/{random_.choice(NOUNS)}/{random_.randrange(500)}"
    cors = {**common, "Origin": page}
    if kind < 0.8:
        return (Ask("GET", url, cors | ({"Cookie": "sid=1"} if kind < 0.55 else {})),)
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    preflight = Ask("OPTIONS", url, cors | asked)
    if manner(urlsplit(url).path) not in ("good", "any"):
        return (preflight,)
    return (preflight, Ask("PUT", url, cors | {"Content-Type": "application/json"}))


def answered(method: str, path: str, origin: str | None) -> tuple[int, dict[str, str]]:
    """Return status and headers of the endpoint's answer."""
    how = manner(path)
    headers: dict[str, str] = {}
    if origin is not None and how != "closed":
        allowed = {"another's": "https://www.example", "any": "*"}.get(how, origin)
        headers = {"Access-Control-Allow-Origin": allowed, "Vary": "Origin"}
    if method != "OPTIONS":
        return 200, {"Content-Type": "application/json", **headers}
    methods = "GET" if how == "method refused" else "GET, PUT"
    granted = {"Access-Control-Allow-Methods": methods, "Access-Control-Allow-Headers": "content-type"}
    return 204, headers | granted if headers else headers


async def answer(request: web.Request) -> web.StreamResponse:
    """Answer as the endpoint does."""
    status, headers = answered(request.method, request.path, request.headers.get("Origin"))
    return web.Response(status=status, headers=headers, body=None if status == 204 else b'{"hello":"world"}\n')


def exchanges(count: int) -> Iterator[Exchange]:
    """Yield the same as exchanges that went through no proxy."""
    for number, ask in enumerate(ask for visit in visits(count) for ask in visit):
        time = 1_790_000_000.0 + number / 50
        status, headers = answered(ask.method, urlsplit(ask.url).path, ask.headers.get("Origin"))
        yield Exchange(
            id=f"e{number}",
            request=Request(method=ask.method, url=ask.url, headers=HeaderList(ask.headers.items()), time=time),
            response=Response(status=status, headers=HeaderList(headers.items()), time=time + 0.01),
            client="c",
        )


async def drive(proxy: str, sent: Iterable[tuple[Ask, ...]], *, clients: int = 16) -> None:
    """Let the visits pass through a proxy (HOST:PORT), several at a time, the requests of one in order."""
    queue = iter(sent)

    async def work(client: aiohttp.ClientSession) -> None:
        for visit in queue:
            for ask in visit:
                await send(client, proxy, ask)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=clients)) as client:
        await asyncio.gather(*(work(client) for _ in range(clients)))


async def send(client: aiohttp.ClientSession, proxy: str, ask: Ask) -> None:
    """Send one request and read its answer."""
    async with client.request(ask.method, ask.url, headers=ask.headers, proxy=f"http://{proxy}") as answered:
        await answered.read()
