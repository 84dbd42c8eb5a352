"""Say quickly whether an exchange can have anything to do with CORS, before more is made of it: live and in captures alike.

Most traffic has not: no Origin from elsewhere, no preflight, nothing allowed, no redirect that may lead to another origin. What is
passed over here changes no word of any report, whatever its format.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from corslens.bounded_cache import bounded_cache
from corslens.fetch.origins import origin_of

_NAMES = re.compile(r"access|origin|control[-_]a|timing-a", re.IGNORECASE)
"""In the names of a response's headers: Access-Control-*, misspelled ones, Cross-Origin-*, Timing-Allow-Origin."""

_SITES = frozenset({"none", "same-origin", "same-site", "cross-site"})
_CROSS = frozenset({"cross-site", "same-site"})
_MODES = frozenset({"navigate", "no-cors", "same-origin"})
POLICY_BEARING = frozenset({"navigate", "same-origin"})
"""The modes in which documents and the scripts of workers are requested, under whose policies other requests stand."""


_TELLING = frozenset({"origin", "accept", "host", "referer", "sec-fetch-site", "sec-fetch-mode"})
"""The names of the lines that `asker_of` reads."""


class RequestingPage(Struct, frozen=True, gc=False):
    """What the header lines of a request say of the page that sent it."""

    origin: str | None = None
    host: str | None = None
    site: str = ""
    mode: str = ""
    """`navigate` also for what asks for a document without fetch metadata."""
    referrer: str = ""


def asker_of(lines: Iterable[tuple[str, str]]) -> RequestingPage:
    """Read a request's header lines."""
    origin = host = None
    site = mode = referrer = ""
    document = False
    for name, value in lines:
        # Lengths first: most names are rejected by them.
        match len(name):
            case 6:
                lowered = name.lower()
                if lowered == "origin":
                    origin = value
                elif lowered == "accept" and value.startswith("text/html"):
                    document = True
            case 4 if name.lower() == "host":
                host = value
            case 7 if name.lower() == "referer":
                referrer = value
            case 14 if value in _SITES or value in _MODES:
                lowered = name.lower()
                if lowered == "sec-fetch-site":
                    site = value
                elif lowered == "sec-fetch-mode":
                    mode = value
    return RequestingPage(origin, host, site, mode or ("navigate" if document else ""), referrer)


def request_concerns_cors(asker: RequestingPage, method: str, own_origin: str) -> bool:
    """Say whether a request is a preflight, comes from another origin, or is for a document or a worker, whose policies other requests stand under.

    Args:
        own_origin: of the request's URL; empty when it is not known, and then any Origin is another one.
    """
    if method == "OPTIONS" or asker.mode in POLICY_BEARING:
        return True
    if asker.origin is not None and asker.origin != own_origin and (asker.site != "same-origin" or not own_origin):
        return True
    if asker.site:
        return asker.site in _CROSS  # perhaps no-cors, of which some rules have something to say
    return bool(asker.referrer) and origin_of(asker.referrer) != own_origin


def response_concerns_cors(status: int, names: tuple[str, ...]) -> bool:
    """Say whether a response allows something to other origins, or its status may have to do with them.

    Args:
        status: 0 without a response.
        names: of its headers.
    """
    return status_concerns_cors(status) or _concern(names)


def status_concerns_cors(status: int) -> bool:
    """Say whether a response of this status may lead to another origin, or refuse even its own page for its Origin or for the credentials mode."""
    return (300 <= status < 400 and status != 304) or status in (401, 403)


@bounded_cache(4096)
def _concern(names: tuple[str, ...]) -> bool:
    """Say so of a set of names: a server sends few of them, over and over."""
    return any(map(concerns_other_origins, names))


@bounded_cache(4096)
def concerns_other_origins(name: str) -> bool:
    """Say whether a response header of this name has, or was meant to have, a part in what other origins may do."""
    return _NAMES.search(name) is not None


def relevant_places(names: tuple[str, ...], *, request: bool) -> tuple[int, ...]:
    """Return which header lines of a request, or a response, show whether it concerns CORS; of a response one will do.

    Args:
        names: theirs, in lower case.
    """
    if request:
        return tuple([place for place, name in enumerate(names) if name in _TELLING])
    return next(((place,) for place, name in enumerate(names) if concerns_other_origins(name)), ())
