"""Cookie jar: what tells that a request to the page's own site went without credentials, because a cookie did not come along.

A cookie counts only once it was seen to be kept: set by a response, and sent back. From then on a request with the mode `include` would
have carried it, until it expires, is taken back by a response, or stays out of a request that must have had it.
Standard: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-retrieval-algorithm
"""

from msgspec import Struct

from corslens.bounded import Bounded
from corslens.fetch.messages import Request, Response
from corslens.fetch.origins import is_ip_address, is_loopback, origin_of, scheme_host_port
from corslens.observation.weight import HISTORY_BYTES

COOKIE_NOT_SENT = "cookie-not-sent"

_MOST_COOKIES = 50
"""Of one host; browsers keep some 180."""
_MAX_LINE_CHARACTERS = 8192
"""Characters of a Cookie header that are looked at, and four times what a cookie may have."""
_COOKIE_BYTES = 512
_LONGEST_HOST = 253
"""Characters of a name that DNS knows."""


class _Cookie(Struct, gc=False):
    """A cookie as a response set it."""

    host: str
    host_only: bool
    path: str
    secure: bool
    expires_at: float
    kept: bool = False
    """The browser sent it back."""


class CookieJar:
    """The cookies of each client's hosts, as far as they were seen to be set and kept; bounded."""

    def __init__(self, limit: int, budget: int = HISTORY_BYTES // 16) -> None:
        self.hosts: Bounded[tuple[str, str], dict[str, _Cookie]] = Bounded(limit, weigh=_weigh, budget=budget)
        """By client and the host that set it, then by name."""

    def note_request(self, client: str, request: Request, *, credentialed: bool) -> None:
        """Learn which cookies the browser keeps from those that it sends.

        Args:
            credentialed: the request carries every cookie that there is for it (a navigation, or the mode `include`).
        """
        if not self.hosts:
            return
        line = request.headers.get("cookie")
        if line is None and not credentialed:
            return
        names = _sent_names(line or "")
        for name, cookie, kept in tuple(self._matching(client, request)):
            if name in names:
                cookie.kept = True
            elif credentialed or line is not None:
                del kept[name]

    def note_response(self, client: str, request: Request, response: Response) -> None:
        """Learn what a response sets and takes back."""
        for line in response.headers.values("set-cookie"):
            if len(line) <= _MAX_LINE_CHARACTERS:
                self._set(client, request, line, max(response.time, request.time))

    def misses_one(self, client: str, request: Request) -> bool:
        """Say whether a request without any cookie would have carried one, had it included credentials."""
        if not self.hosts or "cookie" in request.headers:
            return False
        return any(cookie.kept for _, cookie, _ in self._matching(client, request))

    def _set(self, client: str, request: Request, line: str, now: float) -> None:
        pair, _, rest = line.partition(";")
        name, equals, _ = pair.partition("=")
        name = name.strip(" \t")
        scheme, host, _ = scheme_host_port(origin_of(request.url))
        if not equals or not name or not host or len(host) > _LONGEST_HOST:
            return
        given = {
            key.strip(" \t").lower(): value.strip(" \t") for key, _, value in (part.partition("=") for part in rest.split(";"))
        }
        domain = given.get("domain", "").lstrip(".").lower()
        if domain and domain != host and (is_ip_address(host) or not host.endswith(f".{domain}")):
            return
        path = given.get("path", "")
        expires_at = _expires_at(given, now)
        key = (client, host)
        cookies = self.hosts.get(key)
        # A partitioned cookie is another one at each site; what a browser may well refuse is left out.
        if expires_at <= now or "partitioned" in given or ("secure" in given and scheme != "https" and not is_loopback(host)):
            if cookies is not None:
                cookies.pop(name, None)
            return
        if cookies is None:
            cookies = {}
        before = cookies.pop(name, None)
        cookies[name] = cookie = _Cookie(
            host=domain or host,
            host_only=not domain,
            path=path if path.startswith("/") else _default_path(request.url),
            secure="secure" in given,
            expires_at=expires_at,
        )
        cookie.kept = before is not None and before.kept and (before.host, before.path) == (cookie.host, cookie.path)
        if len(cookies) > _MOST_COOKIES:
            del cookies[next(iter(cookies))]
        self.hosts[key] = cookies  # they weigh more now

    def _matching(self, client: str, request: Request) -> list[tuple[str, _Cookie, dict[str, _Cookie]]]:
        """Return the cookies that the request's URL calls for, each with its name and where it is kept."""
        scheme, host, _ = scheme_host_port(origin_of(request.url))
        path = _path(request.url)
        found: list[tuple[str, _Cookie, dict[str, _Cookie]]] = []
        domain = host if len(host) <= _LONGEST_HOST else ""
        while domain:
            for name, cookie in self.hosts.get((client, domain), {}).items():
                if cookie.expires_at > request.time and _is_sent(
                    cookie, host, path, secure=scheme == "https" or is_loopback(host)
                ):
                    found.append((name, cookie, self.hosts[client, domain]))
            domain = "" if is_ip_address(host) else domain.partition(".")[2]
        return found


def _weigh(cookies: dict[str, _Cookie]) -> int:
    return sum([_COOKIE_BYTES + len(name) + len(cookie.path) for name, cookie in cookies.items()])


def _is_sent(cookie: _Cookie, host: str, path: str, *, secure: bool) -> bool:
    if cookie.secure and not secure:
        return False
    if host != cookie.host and (cookie.host_only or not host.endswith(f".{cookie.host}")):
        return False
    return path == cookie.path or (
        path.startswith(cookie.path) and (cookie.path.endswith("/") or path[len(cookie.path)] == "/")
    )


def _expires_at(given: dict[str, str], now: float) -> float:
    """Return until when the cookie is kept; a session's is kept as long as anybody looks."""
    age = given.get("max-age")
    if age is not None and age.removeprefix("-").isdigit() and age.isascii():
        return now + min(int(age[:12]), 400 * 86400) if not age.startswith("-") else now
    expires = given.get("expires")
    if expires is None:
        return float("inf")
    from email.utils import parsedate_to_datetime  # late: it takes as long to import as a small HAR to judge

    try:
        return parsedate_to_datetime(expires).timestamp()
    except (ValueError, OverflowError):
        return now  # how each browser reads it is not known: left out


def _sent_names(line: str) -> frozenset[str]:
    return frozenset(part.partition("=")[0].strip(" \t") for part in line[:_MAX_LINE_CHARACTERS].split(";"))


def _path(url: str) -> str:
    start = url.find("/", url.find("://") + 3)
    return "/" if start < 0 else url[start:].partition("?")[0].partition("#")[0]


def _default_path(url: str) -> str:
    """Standard: default-path, https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-paths-and-path-match"""
    directory = _path(url).rpartition("/")[0]
    return directory or "/"
