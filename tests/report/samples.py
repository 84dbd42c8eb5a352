"""Sessions to show: the mistakes that people make, as exchanges on the wire."""

from collections.abc import Iterable, Iterator

from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange

from tests.make import API, PAGE, Headers, exchange, preflight, request, response

START = 1_790_000_000.0
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_BROWSER = [
    ("User-Agent", CHROME),
    ("Accept", "*/*"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Referer", f"{PAGE}/"),
]
_SERVER = [
    ("Content-Type", "application/json"),
    ("Content-Length", "2"),
    ("Server", "nginx/1.27.1"),
    ("Cache-Control", "no-store"),
]

HOSTILE = '</script><img src=x onerror="window.pwned=1">\u202e\x1b[31m{{7*7}}<!--'
"""What somebody might send so that a page that shows it runs it."""


def _sent(given: Headers = ()) -> list[tuple[str, str]]:
    return [*_BROWSER, *(given.items() if hasattr(given, "items") else given)]


def ask(
    id: str, at: float, method: str = "GET", url: str = f"{API}/me", given: Headers = (), *, origin: str = PAGE,
    status: int = 200, answer: Headers = (), allow_origin: str | None = None,
) -> Exchange:  # fmt: skip
    """An exchange without a preflight of its own."""
    return exchange(
        request(method, url, _sent(given), origin=origin, time=START + at),
        response(
            status,
            [*_SERVER, *(answer.items() if hasattr(answer, "items") else answer)],
            allow_origin=allow_origin,
            time=START + at + 0.02,
        ),
        id=id,
    )


def ask_first(
    id: str, at: float, method: str = "PUT", url: str = f"{API}/me", unsafe: str | None = "content-type", *, origin: str = PAGE,
    status: int = 204, answer: Headers = (), allow_origin: str | None = None,
) -> Exchange:  # fmt: skip
    """A preflight."""
    return exchange(
        preflight(method, url, unsafe, _sent(), origin=origin, time=START + at),
        response(
            status,
            [("Server", "nginx/1.27.1"), *(answer.items() if hasattr(answer, "items") else answer)],
            allow_origin=allow_origin,
            time=START + at + 0.01,
        ),
        id=id,
    )


def shop() -> Iterator[Exchange]:
    """A small session: one of each kind of trouble, and some that is well."""
    json_body = [("Content-Type", "application/json")]
    yield ask("ok-1", 0, url=f"{API}/products", allow_origin="*")
    yield ask_first(
        "pre-1", 1, unsafe="content-type,x-trace", allow_origin=PAGE, answer={"Access-Control-Allow-Methods": "GET, PUT"}
    )
    yield ask("simple-1", 2, url=f"{API}/cart?access_token=s3cret&page=2", given=[("Cookie", "sid=abcdef")], allow_origin="*")
    yield ask("simple-2", 3, url=f"{API}/orders/17", allow_origin="https://other.example")
    yield ask("simple-3", 3.5, url=f"{API}/orders/18", allow_origin="https://other.example")
    yield ask_first(
        "pre-2",
        4,
        allow_origin=PAGE,
        answer={"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "content-type"},
    )
    yield ask("actual-2", 4.1, "PUT", given=json_body)
    yield ask_first("pre-3", 5, "DELETE", f"{API}/cart/3", None, status=405, answer={"Allow": "GET, POST"})
    yield ask("hop-1", 6, url=f"{API}/old", status=302, answer={"Location": "https://cdn.example/new"}, allow_origin=PAGE)
    yield ask("hop-2", 6.1, url="https://cdn.example/new", origin="null")
    yield ask("reflect-1", 7, url="https://accounts.example/session", given=[("Cookie", "sid=1")], origin="https://evil.example",
              allow_origin="https://evil.example", answer={"Access-Control-Allow-Credentials": "true", "Set-Cookie": "sid=topsecret"})  # fmt: skip
    yield ask("two-1", 8, url="https://legacy.example/api", allow_origin=PAGE, answer=[("Access-Control-Allow-Origin", "*")])


def hostile() -> Iterator[Exchange]:
    """Exchanges in which every place that a stranger can write to holds something that wants to run."""
    yield ask("hostile-1", 20, url=f"{API}/{HOSTILE}?q={HOSTILE}", given=[(HOSTILE, HOSTILE)], allow_origin=HOSTILE,
              answer=[(HOSTILE, HOSTILE), ("Access-Control-Expose-Headers", HOSTILE)])  # fmt: skip
    yield ask(
        "hostile-2",
        21,
        url=f"http://a{HOSTILE.replace('/', '')}.example/",
        origin=f"http://{HOSTILE}",
        allow_origin="https://x.example",
    )
    yield ask_first("hostile-3", 22, HOSTILE, unsafe=HOSTILE, allow_origin=PAGE)


_WORDS = ("cart", "user", "item", "team", "role", "song", "tree", "blog", "file", "note", "task", "mail", "news")


def many(number: int, *, apis: int = 40) -> Iterator[Exchange]:
    """A long session: pages and APIs in many combinations, about half of them in trouble."""
    for index in range(number):
        page, api = f"https://page{index % 7}.example", f"https://api{index % apis}.example"
        url = f"{api}/{_WORDS[index % len(_WORDS)]}/items?n={index}"
        match index % 5:
            case 0:
                yield ask(f"many-{index}", 30 + index / 50, url=url, origin=page, allow_origin=page)
            case 1:
                yield ask(f"many-{index}", 30 + index / 50, url=url, origin=page)
            case 2:
                yield ask_first(f"many-{index}", 30 + index / 50, url=url, origin=page, allow_origin=page)
            case 3:
                yield ask(f"many-{index}", 30 + index / 50, url=url, origin=page, given={"Cookie": "sid=1"}, allow_origin="*")
            case _:
                yield ask(f"many-{index}", 30 + index / 50, url=url, origin=page, allow_origin="*")


def all_of(*sessions: Iterable[Exchange]) -> Iterator[Exchange]:
    """One after the other."""
    for session in sessions:
        yield from session


def inspected(exchanges: Iterable[Exchange], rules: RuleSet) -> list[Inspection]:
    """What is known of the exchanges when the session is over, oldest first."""
    inspector = Inspector(rules=rules, history=100_000)
    known: dict[str, Inspection] = {}
    for each in exchanges:
        known.update((inspection.id, inspection) for inspection in inspector.inspect(each))
    known.update((inspection.id, inspection) for inspection in inspector.finish())
    return list(known.values())
