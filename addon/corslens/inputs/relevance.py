"""Tell quickly whether a captured exchange can have anything to do with CORS, before more is made of it.

Most traffic has not: no Origin from elsewhere, no preflight, nothing granted, no redirect that may lead to another origin.
The proxy has a stricter test of its own (`mitm.relevance`), on bytes.
"""

import re
from collections.abc import Iterable

_TELLING = re.compile(r"access|origin|control[-_]a|timing-a", re.IGNORECASE)
"""In the names of a response's headers, separated by line breaks: Access-Control-*, misspelt ones, Cross-Origin-*, Timing-Allow-Origin."""


_SITES = frozenset({"none", "same-origin", "same-site", "cross-site"})


def concerns_cors(
    method: str, url: str, request_headers: Iterable[tuple[str, str]], status: int, response_headers: Iterable[tuple[str, str]]
) -> bool:
    """Say whether the exchange is to be looked at.

    Args:
        status: 0 without a response.
    """
    if method == "OPTIONS" or (300 <= status < 400 and status != 304):
        return True
    site = mode = ""
    for name, value in request_headers:
        length = len(name)
        if length == 6:
            if name.lower() == "origin" and not url.startswith(f"{value}/"):
                return True
        elif length == 14 and value in _SITES:
            if name.lower() == "sec-fetch-site":
                site = value
        elif length == 14 and value == "navigate" and name.lower() == "sec-fetch-mode":
            mode = value
    if site in ("", "cross-site", "same-site") and not mode:
        return True  # perhaps no-cors, of which some rules have something to say
    return _TELLING.search("\n".join([name for name, _ in response_headers])) is not None
