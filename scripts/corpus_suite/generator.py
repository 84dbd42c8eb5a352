"""Makes the corpus: captures of browser sessions in several formats, and `truth.json` beside them.

The same arguments make the same bytes. Every capture is drawn from its own number, so that a larger corpus begins with a smaller one.
"""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from scripts.corpus_suite.servers import DOMAIN, ENDPOINTS, Manner, Server, World

TRUTH = "truth.json"
_BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
_UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
_BODY = json.dumps({"items": [{"name": "a thing", "price": 12}] * 3})
_SERVERS_OF_A_SESSION = 12


class Message(Struct, frozen=True):
    """A request and its response."""

    method: str
    url: str
    given: list[tuple[str, str]]
    status: int
    answer: list[tuple[str, str]]


class Truth(Struct, frozen=True, kw_only=True):
    """What is true of a corpus."""

    seed: int
    captures: int
    exchanges: int
    cors: int
    """Exchanges with an Origin of another site: on each of them a CORS check is made."""
    servers: dict[str, Manner]
    """By origin; only those that were used."""


def generate(folder: Path, captures: int, exchanges: int = 500, *, seed: int = 1, apis: int = 2_000, sites: int = 200) -> Truth:
    """Make the captures, and write and return what is true of them.

    Args:
        exchanges: of each capture.
        apis: how many servers there are.
        sites: how many pages' origins.
    """
    world = World(seed, apis=apis, sites=sites)
    folder.mkdir(parents=True, exist_ok=True)
    cors = 0
    used: dict[str, Manner] = {}
    for number in range(captures):
        drawn = random.Random(f"{seed} {number}")
        session = list(_session(world, drawn, exchanges, used))
        cors += sum(any(name == "Origin" for name, _ in one.given) for one in session)
        ending, write = _FORMS[number % len(_FORMS)]
        begin = _BEGIN + timedelta(minutes=7 * number)
        write(folder / f"session-{number:06}{ending}", session, begin)
    truth = Truth(seed=seed, captures=captures, exchanges=captures * exchanges, cors=cors, servers=used)
    (folder / TRUTH).write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1))
    return truth


def multiply(folder: Path, out: Path, times: int) -> Truth:
    """Make a larger corpus of one that is there, far sooner: its captures that many times, each time with servers of other names.

    Args:
        times: 9 at most.
    """
    truth = truth_of(folder)
    out.mkdir(parents=True, exist_ok=True)
    servers: dict[str, Manner] = {}
    for number in range(1, times + 1):
        domain = f".servic{number}.example"  # as long as the one that it replaces: flow files count characters
        servers |= {origin.replace(DOMAIN, domain): manner for origin, manner in truth.servers.items()}
        for path in sorted(folder.glob("session-*")):
            data = path.read_bytes()
            packed = path.suffix == ".gz"
            data = (gzip.decompress(data) if packed else data).replace(DOMAIN.encode(), domain.encode())
            name, dot, ending = path.name.partition(".")
            (out / f"{name}-{number}{dot}{ending}").write_bytes(gzip.compress(data, 1, mtime=0) if packed else data)
    made = structs.replace(
        truth,
        captures=truth.captures * times,
        exchanges=truth.exchanges * times,
        cors=truth.cors * times,
        servers=servers,
    )
    (out / TRUTH).write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1))
    return made


def truth_of(folder: Path) -> Truth:
    """Return what is true of a corpus that was made before."""
    return msgspec.json.decode((folder / TRUTH).read_bytes(), type=Truth)


def _session(world: World, drawn: random.Random, exchanges: int, used: dict[str, Manner]) -> Iterator[Message]:
    """Yield what a browser did: some pages, their files, and requests of their scripts to a dozen servers."""
    left = exchanges
    pages = drawn.sample(world.pages, min(3, len(world.pages)))
    servers = world.pick(drawn, _SERVERS_OF_A_SESSION)
    while left > 0:
        page = drawn.choice(pages)
        if drawn.random() < 0.57:
            made = [_own_file(page, drawn)]
        else:
            server = drawn.choice(servers)
            used[server.origin] = server.manner
            made = _call(server, page, drawn)
        yield from made[:left]
        left -= len(made)


def _common(page: str) -> list[tuple[str, str]]:
    return [("User-Agent", _UA), ("Accept", "*/*"), ("Accept-Language", "en-US,en;q=0.9"), ("Referer", f"{page}/")]


def _own_file(page: str, drawn: random.Random) -> Message:
    fetched = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")]
    answer = [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=3600")]
    return Message("GET", f"{page}/static/{drawn.choice(ENDPOINTS)[4:]}.js", [*_common(page), *fetched], 200, answer)


def _call(server: Server, page: str, drawn: random.Random) -> list[Message]:
    """Return what the browser sends for one call of a page's script."""
    endpoint = drawn.choice(ENDPOINTS)
    url = f"{server.origin}{endpoint}/{drawn.randrange(500)}" if drawn.random() < 0.5 else f"{server.origin}{endpoint}"
    fetched = [("Origin", page), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
    common = [*_common(page), *fetched]
    if server.credentialed:
        common.append(("Cookie", "sid=0123456789abcdef"))
    status = 500 if drawn.random() < 0.06 else 200
    if drawn.random() < 0.7:
        return [Message("GET", url, common, status, [*_JSON, *server.headers(page, status)])]
    method = "PUT"
    asked = [("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "content-type")]
    preflight = Message("OPTIONS", url, [*_common(page), *fetched, *asked], 204, server.headers(page, 204, method))
    if not server.allows(page):
        return [preflight]
    answer = [*_JSON, *server.headers(page, status)]
    return [preflight, Message(method, url, [*common, ("Content-Type", "application/json")], status, answer)]


_JSON = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def _body_of(one: Message) -> str:
    return "" if one.status == 204 else _BODY


def _har(session: list[Message], begin: datetime) -> bytes:
    entries = [_entry(one, begin + timedelta(milliseconds=40 * place)) for place, one in enumerate(session)]
    creator = {"name": "WebInspector", "version": "537.36"}
    return msgspec.json.encode({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}})


def _entry(one: Message, started: datetime) -> dict[str, Any]:
    body = _body_of(one)
    return {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": 31.5,
        "request": {
            "method": one.method,
            "url": one.url,
            "httpVersion": "h2",
            "headers": [{"name": name, "value": value} for name, value in one.given],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": one.status,
            "statusText": "",
            "httpVersion": "h2",
            "headers": [{"name": name, "value": value} for name, value in one.answer],
            "cookies": [],
            "content": {"size": len(body), "mimeType": "application/json", "text": body}
            if body
            else {"size": 0, "mimeType": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(body),
        },
        "cache": {},
        "timings": {"send": 0.1, "wait": 30.0, "receive": 1.4},
    }


def _write_har(path: Path, session: list[Message], begin: datetime) -> None:
    path.write_bytes(_har(session, begin))


def _write_gzip(path: Path, session: list[Message], begin: datetime) -> None:
    path.write_bytes(gzip.compress(_har(session, begin), 5, mtime=0))


def _write_flows(path: Path, session: list[Message], begin: datetime) -> None:
    # Late: no other format needs mitmproxy.
    from mitmproxy import connection, http
    from mitmproxy.io import FlowWriter

    peer, own = ("127.0.0.1", 50_000), ("127.0.0.1", 8_080)
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for place, one in enumerate(session):
            time = (begin + timedelta(milliseconds=40 * place)).timestamp()
            client = connection.Client(peername=peer, sockname=own, timestamp_start=time)
            server = connection.Server(address=None)
            client.id = server.id = f"{path.stem}-{place}"
            flow = http.HTTPFlow(client, server)
            flow.id, flow.timestamp_created = client.id, time
            flow.request = http.Request.make(one.method, one.url, headers=_raw(one.given))
            flow.response = http.Response.make(one.status, _body_of(one).encode(), headers=_raw(one.answer))
            flow.request.timestamp_start, flow.request.timestamp_end = time, time
            flow.response.timestamp_start, flow.response.timestamp_end = time + 0.03, time + 0.0315
            writer.add(flow)


def _raw(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers]


type _Write = Callable[[Path, list[Message], datetime], None]

_FORMS: tuple[tuple[str, _Write], ...] = (
    *((".har", _write_har),) * 7,
    *((".har.gz", _write_gzip),) * 2,
    (".mitm", _write_flows),
)
"""Of ten captures."""
