"""Request head: what a request's header lines say of browser and page, read off them once, whoever asks and however many requests share them."""

from typing import Any

from msgspec import Struct, field

from corslens.engines.engine import Engine
from corslens.engines.profiles import engine_of
from corslens.fetch.constants import ORIGIN
from corslens.fetch.messages import HeaderLine, HeaderList
from corslens.fetch.request_headers import METHOD_OVERRIDES, is_browser_generated_content_type, is_forbidden_request_header
from corslens.observation.header_additions import is_web_views, perhaps_page_set

SEC_FETCH_MODE = "sec-fetch-mode"
SEC_FETCH_DEST = "sec-fetch-dest"
SEC_FETCH_SITE = "sec-fetch-site"
SEC_FETCH_STORAGE_ACCESS = "sec-fetch-storage-access"
REFERER = "referer"

_LONGEST_USER_AGENT = 512
"""Characters of a User-Agent by which clients are told apart; it stands in the keys of many stores."""
_HEADS_READ = 256
_LONGEST_READ = 4_096
"""Characters of header lines up to which what was read off them is remembered."""
_READINGS = 16
_READ = (
    "user-agent", "sec-ch-ua", ORIGIN, SEC_FETCH_SITE, SEC_FETCH_MODE, SEC_FETCH_DEST, SEC_FETCH_STORAGE_ACCESS, REFERER, "cookie",
    "authorization", "accept", "upgrade",
)  # fmt: skip


class RequestHead(Struct, gc=False):
    """What pairing and inference ask of a request's header lines: values as `HeaderList.get` returns them."""

    user_agent: str
    """As much of it as tells clients apart."""
    engine: Engine | None
    version: int
    origin: str | None
    site: str | None
    mode: str | None
    destination: str | None
    storage_access: str | None
    referrer: str | None
    cookie: str | None
    authorization: str | None
    accept: str | None
    upgrade: str | None
    emulated: bool = False
    """The User-Agent is WebKit's, and the client hints are Chromium's: developer tools emulate a phone."""
    readings: dict[Any, Any] = field(default_factory=dict)
    """What a reader made of the head together with little else, by that; kept as long as the head (`keep_reading`)."""
    address: str | None = None
    client: str = ""
    """What `client_at` returned for the address."""
    page_set: tuple[HeaderLine, ...] | None = None
    """What `page_set_lines` returns, once it was asked."""

    @property
    def shows_credentials(self) -> bool:
        """Whether a cross-origin request (not a preflight) shows by itself that its credentials mode is `include`."""
        return self.storage_access is not None or self.cookie is not None

    def client_at(self, address: str) -> str:
        """Return what tells one browser from another: where it connects from, and its User-Agent."""
        if self.address != address:
            self.address, self.client = address, f"{address}\n{self.user_agent}"
        return self.client

    def keep_reading(self, key: Any, reading: Any) -> None:
        """Keep what a reader made of the head and of what the key holds."""
        if len(self.readings) >= _READINGS:
            self.readings.clear()
        self.readings[key] = reading


_read: dict[tuple[HeaderLine, ...], HeaderList] = {}
"""The header lines of the latest requests: a page sends the very same ones with request after request."""


def head_of(headers: HeaderList) -> RequestHead:
    """Return what the header lines of a request say."""
    head: RequestHead | None = headers.reading
    if head is not None:
        return head
    remembered = headers.characters <= _LONGEST_READ
    equal = _read.get(headers.lines) if remembered else None
    if equal is not None:
        headers.keep_all_of(equal)
        return equal.reading  # type: ignore[no-any-return]
    user_agent, sec_ch_ua, origin, *rest = headers.get_each(_READ)
    user_agent = user_agent or ""
    engine, version = engine_of(user_agent, sec_ch_ua or "")
    head = RequestHead(user_agent[:_LONGEST_USER_AGENT], engine, version, origin, *rest)  # type: ignore[arg-type]  # as many as there are names
    if engine is Engine.CHROMIUM and sec_ch_ua is not None:
        head.emulated = engine_of(user_agent, "")[0] is Engine.WEBKIT
    headers.keep(head)
    if remembered:
        if len(_read) >= _HEADS_READ:
            _read.clear()
        _read[headers.lines] = headers
    return head


def page_set_lines(headers: HeaderList) -> tuple[HeaderLine, ...]:
    """Return the lines, with lower-case names, that only a page can have set."""
    head = head_of(headers)
    lines = head.page_set
    if lines is None:
        lines = head.page_set = tuple(
            [
                (name, value)
                for name in perhaps_page_set(headers.names.ordered)
                for value in headers.values(name)
                if not _is_anothers(name, value)
            ]
        )
    return lines


def _is_anothers(name: str, value: str) -> bool:
    """Say whether the value shows that the browser, or the app around it, added the line."""
    return (
        is_web_views(name, value)
        or (name in METHOD_OVERRIDES and is_forbidden_request_header(name, value))
        or (name == "content-type" and is_browser_generated_content_type(value))
    )
