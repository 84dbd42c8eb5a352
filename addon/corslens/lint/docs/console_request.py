"""What a line of a browser's console says of the request that failed: its URL, the page's origin, the method, a header, the status."""

import re

from msgspec import Struct, structs

from corslens.fetch.header_values import is_token

_MAX_LINE_CHARACTERS = 2_000
_URL = r"(https?://[^\s'\"`<>()\x7f-\U0010ffff]+)"
_TARGETS = (
    re.compile(
        rf"\b(?i:access to [\w -]{{1,40}} at|resource at|cannot load|load to|load|connect(?:ing)? to|redirection to) ['“]?{_URL}"
    ),
    re.compile(rf"\b(?:insecure (?:resource|content from)|mixed (?:active|display) content) ['“]?{_URL}"),
    re.compile(rf"\bsettings blocked .{{1,80}}? at {_URL}"),
    re.compile(rf"\b[A-Z]{{3,7}} {_URL} (?:net::|CORS )"),
    re.compile(rf"\bXHR[A-Z]{{3,7}}{_URL}"),
)
_ELSEWHERE = re.compile(rf"\b(?:CORS|[Cc]ross-[Oo]rigin|Same Origin)\b.*?{_URL}|{_URL}.*\bCORS\b")
"""Firefox in a language in which nothing else is known before the URL."""
_ORIGIN = re.compile(
    rf"\bfrom origin '(null|[a-z][a-z0-9+.-]*://[!-&(-~]+)'|\bOrigin '?(null|{_URL})'? is (?:not|therefore not) allowed"
)
_METHOD = re.compile(r"\bMethod ([!-~]{1,30}) is not allowed by Access-Control-Allow-Methods")
_HEADER = re.compile(
    r"\b[Rr]equest header field ([!-~]{1,80}) is not allowed|header ['‘]([!-~]{1,80})['’] is not allowed according to"
)
_ALLOW_ORIGIN = re.compile(
    r"'Access-Control-Allow-Origin' (?:header (?:has a value|contains multiple values|contains the invalid value)|does not match) '([ -~]{0,200}?)'"
    r"|['\"«»„“”] ?Access-Control-Allow-Origin ?['\"»”] [^\s'\"«„“][^'\"«„“]{0,30}['\"«„“] ?(?!\(null)([!-&(-~]{1,200}?) ?['\"»”]"  # Firefox in any language
)
_ERROR = re.compile(
    r"\b(net::ERR_\w{1,60}|(?:NS_ERROR|SEC_ERROR|SSL_ERROR|MOZILLA_PKIX_ERROR)_\w{1,60}|(?i:could not connect to the server|the network connection was lost"
    r"|the request timed out|a server with the specified hostname could not be found|the certificate for this server is invalid|an SSL error has occurred))"
)
_STATUS = re.compile(r"\b(?:status code:?|net::ERR_FAILED) ([1-5]\d\d)\b|\bCORS\b.*[:：] ?([1-5]\d\d)\W*$", re.IGNORECASE)
_QUOTES = str.maketrans("‘’", "''")


class ConsoleRequest(Struct, frozen=True, kw_only=True):
    """What a line says of a request; None for what it does not say."""

    url: str | None = None
    """Of a chain of redirects the last one, whose response failed the check."""
    origin: str | None = None
    method: str | None = None
    header: str | None = None
    """The name of a request header that was not allowed."""
    status: int | None = None
    allow_origin: str | None = None
    """What the server sent in Access-Control-Allow-Origin."""
    error: str | None = None
    """Why there was no response, in the browser's words."""

    def __bool__(self) -> bool:
        return any(value is not None for value in structs.astuple(self))


def request_in(line: str) -> ConsoleRequest:
    """Return what a line of Chrome's, Firefox's or Safari's console says of the request: wrapped or not, a part of it in any language."""
    text = " ".join(line[:_MAX_LINE_CHARACTERS].translate(_QUOTES).split())
    matched = _ORIGIN.search(text)
    patterns = _TARGETS if matched else (*_TARGETS, _ELSEWHERE)
    urls = (next(filter(None, found.groups())) for pattern in patterns if (found := pattern.search(text)))
    url = next((url.rstrip(".,:;") for url in urls), None)
    origin = next(filter(None, matched.groups()), None) if matched else None
    method = found[1] if (found := _METHOD.search(text)) else None
    header = next(filter(None, found.groups()), None) if (found := _HEADER.search(text)) else None
    sent = next((one for one in found.groups() if one is not None), None) if (found := _ALLOW_ORIGIN.search(text)) else None
    error = found[1] if (found := _ERROR.search(text)) else None
    status = int(next(filter(None, found.groups()))) if (found := _STATUS.search(text)) else None
    return ConsoleRequest(
        url=url,
        origin=None if origin is None else origin.rstrip("/"),
        method=method if method is not None and is_token(method) else None,
        header=header.lower() if header is not None and is_token(header) else None,
        status=status,
        allow_origin=sent,
        error=error,
    )
