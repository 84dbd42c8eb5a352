"""Hostile exchanges: shapes of a request and shapes of a response, each as large as is wanted.

Every pair of them is one exchange of a grid, for it often takes both halves to make a step quadratic: the names that a preflight asks
for times those that its response lists.
"""

from collections.abc import Callable, Mapping

from corslens.fetch.messages import HeaderLine, HeaderList, Request, Response
from corslens.observation.exchange import Exchange

TIME = 1_790_000_000.0

type Lines = list[HeaderLine]
type RequestShape = Callable[[int], tuple[str, str, Lines]]
"""Of a size: method, URL and header lines."""
type ResponseShape = Callable[[int], tuple[int, Lines]]
"""Of a size: status and header lines. The size is a number of elements of some ten characters."""

_URL = "https://api.example/me"
_ORIGIN = "https://app.example"
_PAGE: Lines = [("Origin", _ORIGIN), ("User-Agent", "Mozilla/5.0 Chrome/156.0.0.0"), ("Sec-Fetch-Mode", "cors")]
_OPEN: Lines = [("Access-Control-Allow-Origin", _ORIGIN), ("Access-Control-Allow-Credentials", "true")]


def _names(beginning: str, size: int) -> str:
    return ", ".join(f"{beginning}{number:06}" for number in range(size))


def _get(*lines: HeaderLine) -> tuple[str, str, Lines]:
    return "GET", _URL, [*_PAGE, *lines]


def _preflight(*lines: HeaderLine, method: str = "PUT") -> tuple[str, str, Lines]:
    return "OPTIONS", _URL, [*_PAGE, ("Access-Control-Request-Method", method), *lines]


_ASKED = "Access-Control-Request-Headers"

REQUESTS: Mapping[str, RequestShape] = {
    "plain": lambda n: _get(),
    "other names": lambda n: _get(*[(f"X-{number:06}", "1") for number in range(n)]),
    "one name": lambda n: _get(*[("X-Same", "1")] * n),
    "near-miss names": lambda n: _get(*[(f"Access-Control-Allow-Orig{number:04x}", "1") for number in range(n)]),
    "response's names": lambda n: _get(*[("Access-Control-Allow-Origin", "*")] * n),
    "origins": lambda n: _get(*[("Origin", _ORIGIN)] * n),
    "cookies": lambda n: _get(*[("Cookie", f"a{number}=b") for number in range(n)]),
    "long value": lambda n: _get(("X-Long", "a" * n * 10)),
    "long origin": lambda n: ("GET", _URL, [("Origin", "https://" + "a." * n * 5 + "example")]),
    "long name": lambda n: _get(("X-" + "a" * n * 10, "1")),
    "long method": lambda n: ("A" * n * 10, _URL, _PAGE),
    "long path": lambda n: ("GET", _URL + "/abc12345.." * n, _PAGE),
    "long query": lambda n: ("GET", _URL + "?" + "token=1&a=" * n, _PAGE),
    "long type": lambda n: _get(("Content-Type", "text/plain;" * n)),
    "overrides": lambda n: _get(("X-HTTP-Method-Override", 'a, "b\\\\",' * n)),
    "ranges": lambda n: _get(("Range", "bytes=" + "0" * n * 10 + "-")),
    "preflight": lambda n: _preflight((_ASKED, "content-type")),
    "asking names": lambda n: _preflight((_ASKED, _names("x-", n))),
    "asking often": lambda n: _preflight(*[(_ASKED, f"x-{number:06}") for number in range(n)]),
    "asking the same": lambda n: _preflight((_ASKED, "x-a,X-A,, " * n)),
    "asking near misses": lambda n: _preflight((_ASKED, _names("access-control-allow-orig", n // 3))),
    "asking a method": lambda n: _preflight((_ASKED, "a"), method="P" * n * 10),
    "many cookies": lambda n: _get(("Cookie", "a=b; " * n)),
    "punycode": lambda n: ("GET", _URL, [("Origin", "https://" + "xn--a." * n)]),
    "agents": lambda n: _get(("User-Agent", "Mozilla/5.0 (a) Chrome/1 " * n)),
    "up and up": lambda n: ("GET", _URL + "/.." * n, _PAGE),
    "document": lambda n: (
        "GET",
        "https://app.example/" + "a" * n,
        [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"), _PAGE[1]],
    ),
    "asking with names": lambda n: _preflight((_ASKED, "authorization"), *[(f"X-{number:06}", "1") for number in range(n)]),
}

RESPONSES: Mapping[str, ResponseShape] = {
    "plain": lambda n: (200, _OPEN),
    "error": lambda n: (500, []),
    "other names": lambda n: (200, [*_OPEN, *[(f"X-{number:06}", "1") for number in range(n)]]),
    "near-miss names": lambda n: (200, [(f"Access-Control-Allow-Orig{number:04x}", "*") for number in range(n)]),
    "nearer names": lambda n: (200, [(f"access_control-alow-headrs{number % 100}{'x' * (number // 100 % 9)}", "*") for number in range(n)]),
    "allow origins": lambda n: (200, [("Access-Control-Allow-Origin", f"https://a{number:06}.example") for number in range(n)]),
    "one list of origins": lambda n: (200, [("Access-Control-Allow-Origin", "https://a.example, " * (n // 2))]),
    "spaces": lambda n: (200, [("Access-Control-Allow-Origin", " " * n * 10 + _ORIGIN)]),
    "labels": lambda n: (200, [("Access-Control-Allow-Origin", "https://" + "a." * n * 5 + "example")]),
    "allow headers": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", _names("y-", n))]),
    "the same headers": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", _names("x-", n))]),
    "many header lines": lambda n: (204, [*_OPEN, *[("Access-Control-Allow-Headers", f"z-{number:06}") for number in range(n)]]),
    "near-miss headers": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Headers", _names("access-control-allow-orig", n // 3))]),
    "bad headers": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Headers", "a(b, c;d, " * n)]),
    "forbidden headers": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Headers", _names("sec-", n))]),
    "allow methods": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Methods", _names("m", n))]),
    "lower-case methods": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Methods", "put, patch, delete, " * (n // 2))]),
    "commas": lambda n: (204, [*_OPEN, ("Access-Control-Allow-Methods", "," * n * 10)]),
    "wildcards": lambda n: (204, [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*, " * n * 3)]),
    "expose headers": lambda n: (200, [*_OPEN, ("Access-Control-Expose-Headers", _names("x-", n))]),
    "max age": lambda n: (204, [*_OPEN, ("Access-Control-Max-Age", "9" * n * 10)]),
    "max ages": lambda n: (204, [*_OPEN, *[("Access-Control-Max-Age", str(number)) for number in range(n)]]),
    "vary": lambda n: (200, [*_OPEN, ("Vary", _names("x-", n))]),
    "many vary": lambda n: (200, [*_OPEN, *[("Vary", "Origin")] * n]),
    "timing": lambda n: (200, [*_OPEN, ("Timing-Allow-Origin", 'a, \\"b", c,' * n)]),
    "location": lambda n: (302, [*_OPEN, ("Location", "https://b.example/" + "?token=1&" * n)]),
    "locations": lambda n: (307, [*_OPEN, *[("Location", f"/{number:06}") for number in range(n)]]),
    "policies": lambda n: (200, [*[("Cross-Origin-Resource-Policy", "same-origin")] * n]),
    "control bytes": lambda n: (200, [*_OPEN, ("X-Odd", "a\x01" * n * 5)]),
    "cookies": lambda n: (200, [*_OPEN, *[("Set-Cookie", f"a{number}=b; Path=/") for number in range(n)]]),
    "servers": lambda n: (200, [*_OPEN, *[("Server", f"Apache/{number} nginx/{number}") for number in range(n)]]),
    "one server": lambda n: (403, [*_OPEN, ("Server", "nginx/" * n)]),
    "cookies again": lambda n: (302, [*_OPEN, *[("Set-Cookie", "=" * 20)] * n]),
    "content policy": lambda n: (200, [*_OPEN, ("Content-Security-Policy", "default-src 'self' https://*.a.example; " * n)]),
    "content sources": lambda n: (200, [("Content-Security-Policy", "connect-src" + "".join(f" https://a{number}.example" for number in range(n)))]),
    "content policies": lambda n: (200, [("Content-Security-Policy", f"connect-src https://a{number}.example") for number in range(n)]),
    "connection allowlist": lambda n: (200, [("Connection-Allowlist", "(" + " ".join(f'"https://a{number}.example"' for number in range(n)) + ")")]),
    "embedder policy": lambda n: (200, [*_OPEN, ("Cross-Origin-Embedder-Policy", 'a;b="c\\", ' * n)]),
    "long punycode": lambda n: (302, [*_OPEN, ("Location", "https://" + "xn--a." * n)]),
    "up and up": lambda n: (302, [*_OPEN, ("Location", "/.." * n)]),
    "cache lines": lambda n: (200, [*_OPEN, *[("Cache-Control", "max-age=1, " * 20)] * n]),
    "wanted": lambda n: (200, [*_OPEN, *[(f"X-Total-Count-{number}", "1") for number in range(n)], ("Link", "<a>; rel=next, " * n)]),
}  # fmt: skip


def exchange(request: str, response: str, size: int) -> Exchange:
    """Return the exchange of these two shapes, of a client of its own; as it was sent, not yet within any limits."""
    method, url, asked = REQUESTS[request](size)
    status, answered = RESPONSES[response](size)
    return Exchange(
        id=f"{request} × {response} × {size}",
        request=Request(method=method, url=url, headers=HeaderList(asked), time=TIME),
        response=Response(status=status, headers=HeaderList(answered), time=TIME + 0.01),
        client=f"{request} × {response} × {size}",
        connection=f"{request} × {response} × {size}",
    )
