"""Ways to compare Origin that people write, with the hole that each has: all allow https://app.example.com."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from corslens.observation.probe import OriginComparison as Hole
from msgspec import Struct

APP = "https://app.example.com"
_LISTED = {APP, "https://www.example.com"}


class Planted(Struct, frozen=True):
    """A matcher and its hole; None for an exact one."""

    name: str
    allows: Callable[[str], bool]
    hole: Hole | None


def _regex(pattern: str) -> Callable[[str], bool]:
    return lambda origin: re.search(pattern, origin) is not None


def _full(pattern: str) -> Callable[[str], bool]:
    return lambda origin: re.fullmatch(pattern, origin) is not None


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""


PLANTED = (
    Planted("reflects all", lambda origin: True, Hole.ANY),
    Planted("reflects all but null", lambda origin: origin != "null", Hole.ANY),
    Planted("reflects all of https", lambda origin: origin.startswith("https://"), Hole.ANY),
    Planted("regex of anything", _regex(r".*"), Hole.ANY),
    Planted("regex of any https host", _full(r"https://[a-z0-9.-]+"), Hole.ANY),
    Planted("denies a word", lambda origin: "evil" not in origin, Hole.ANY),
    Planted("startswith", lambda origin: origin.startswith(APP), Hole.PREFIX),
    Planted("regex without an end", _regex(r"^https://app\.example\.com"), Hole.PREFIX),
    Planted("re.match without an end", lambda origin: re.match(r"https?://app\.example\.com", origin) is not None, Hole.PREFIX),
    Planted("host startswith", lambda origin: _host(origin).startswith("app.example.com"), Hole.PREFIX),
    Planted("split at the name", lambda origin: origin.split("app.example.com")[0] == "https://", Hole.PREFIX),
    Planted("word boundary at the end", _regex(r"^https://app\.example\.com\b"), Hole.PREFIX),
    Planted("a dot may follow", _regex(r"^https://app\.example\.com(\.|$)"), Hole.PREFIX),
    Planted("endswith the site", lambda origin: origin.endswith("example.com"), Hole.SUFFIX),
    Planted("host endswith the site", lambda origin: _host(origin).endswith("example.com"), Hole.SUFFIX),
    Planted("regex without a beginning", _regex(r"example\.com$"), Hole.SUFFIX),
    Planted("any prefix", _full(r"https://.*example\.com"), Hole.SUFFIX),
    Planted("letters before", _full(r"https://[a-z.-]*example\.com"), Hole.SUFFIX),
    Planted("an optional subdomain without its dot", _full(r"https://(\w+\.?)?(app\.)?example\.com"), Hole.SUFFIX),
    Planted("word boundary before", lambda origin: re.search(r"\bexample\.com$", origin) is not None, Hole.SUFFIX),
    Planted("contains the host", lambda origin: "app.example.com" in origin, Hole.SUBSTRING),
    Planted("contains the site", lambda origin: "example.com" in origin, Hole.SUBSTRING),
    Planted("regex without anchors", _regex(r"example\.com"), Hole.SUBSTRING),
    Planted("count", lambda origin: origin.count("example.com") == 1, Hole.SUBSTRING),
    Planted("unescaped dot", _full(r"https://app.example\.com"), Hole.DOT),
    Planted("unescaped dots", _full(r"https://app.example.com"), Hole.DOT),
    Planted("unescaped dot of a subdomain", _full(r"https://[a-z]+.example\.com"), Hole.DOT),
    Planted("any subdomain, unescaped", _full(r"https://(.+.)?example\.com"), Hole.DOT),
    Planted("is part of the list", lambda origin: origin in f"{APP}, https://www.example.com", Hole.PART),
    Planted("the list begins so", lambda origin: APP.startswith(origin), Hole.PART),
    Planted("host in a text of hosts", lambda origin: bool(_host(origin)) and _host(origin) in "app.example.com", Hole.PART),
    Planted("anything but a letter or dot may follow", _regex(r"^https://app\.example\.com([^.a-z:]|$)"), Hole.CHARACTER),
    Planted("ends at an underscore", _regex(r"^https://app\.example\.com(_|$)"), Hole.CHARACTER),
    Planted("null is listed", lambda origin: origin in {APP, "null"}, Hole.NULL),
    Planted("http and https", _full(r"https?://app\.example\.com"), Hole.SCHEME),
    Planted("host alone", lambda origin: urlsplit(origin).netloc == "app.example.com", Hole.SCHEME),
    Planted("any port", _full(r"https://app\.example\.com(:\d+)?"), Hole.PORT),
    Planted("any subdomain", _full(r"https://([a-z0-9-]+\.)+example\.com"), Hole.SUBDOMAIN),
    Planted("localhost is listed", lambda origin: origin == APP or origin.startswith("http://localhost:"), Hole.LOCALHOST),
    Planted("starts with localhost", lambda origin: origin == APP or origin.startswith("http://localhost"), Hole.PREFIX),
    Planted("code playgrounds", lambda origin: origin == APP or origin.endswith(".github.io"), Hole.SHARED),
    Planted("a playground is listed", lambda origin: origin in {APP, "https://codepen.io"}, Hole.SHARED),
)

EXACT = (
    Planted("one", lambda origin: origin == APP, None),
    Planted("a list", lambda origin: origin in _LISTED, None),
    Planted("a full regex", _full(r"https://(app|www)\.example\.com"), None),
    Planted("an anchored regex", _regex(r"^https://app\.example\.com$"), None),
    Planted("case-insensitive", lambda origin: origin.lower() == APP, None),
    Planted(
        "a list of tenants", lambda origin: origin in {APP, *(f"https://t{number}.example.com" for number in range(9))}, None
    ),
)
