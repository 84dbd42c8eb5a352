"""What a line of a browser's console says of the request that failed: its URL, the page's origin, the method, a header, the status."""

import re

from msgspec import Struct, structs

from corslens.fetch.header_values import is_token

_LONGEST = 2_000
_URL = r"(https?://[^\s'\"“”‘’`<>()]+)"
_TARGETS = (
    re.compile(rf"\bredirected from '{_URL}'"),
    re.compile(rf"\b(?:access to [\w-]+ at|resource at|cannot load|load) ['“‘]?{_URL}", re.IGNORECASE),
    re.compile(rf"^(?:[A-Z]{{3,7}}) {_URL} net::"),
)
_ORIGIN = re.compile(rf"\bfrom origin '(null|{_URL})'|\bOrigin (null|{_URL}) is not allowed")
_METHOD = re.compile(r"\bMethod ([!-~]{1,30}) is not allowed by Access-Control-Allow-Methods")
_HEADER = re.compile(
    r"\b[Rr]equest header field ([!-~]{1,80}) is not allowed|header ['‘]([!-~]{1,80})['’] is not allowed according to"
)
_STATUS = re.compile(r"\bStatus code: ([1-5]\d\d)\b")


class ConsoleRequest(Struct, frozen=True, kw_only=True):
    """What a line says of a request; None for what it does not say."""

    url: str | None = None
    origin: str | None = None
    method: str | None = None
    header: str | None = None
    """The name of a request header that was not allowed."""
    status: int | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in structs.astuple(self))


def request_in(line: str) -> ConsoleRequest:
    """Return what a line of Chrome's, Firefox's or Safari's console says of the request, in English."""
    text = line[:_LONGEST]
    url = next((found[1].rstrip(".,;") for pattern in _TARGETS if (found := pattern.search(text))), None)
    origin = next(filter(None, found.groups()), None) if (found := _ORIGIN.search(text)) else None
    method = found[1] if (found := _METHOD.search(text)) else None
    header = next(filter(None, found.groups()), None) if (found := _HEADER.search(text)) else None
    status = int(found[1]) if (found := _STATUS.search(text)) else None
    return ConsoleRequest(
        url=url,
        origin=None if origin is None else origin.rstrip("/"),
        method=method if method is not None and is_token(method) else None,
        header=header.lower() if header is not None and is_token(header) else None,
        status=status,
    )
