"""What a browser recorded in a HAR beside the messages: how each request ended, who asked for it, and what was never sent."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.fetch.constants import CROSS_ORIGIN_RESOURCE_POLICY, ORIGIN
from corslens.fetch.messages import HeaderLine
from corslens.fetch.origins import is_potentially_trustworthy, origin_of
from corslens.inputs.har_form import EntryForm, ResponseForm
from corslens.inputs.har_lines import Lines
from corslens.witness.witness import Initiator, Witness, WitnessOutcome

BROWSERS = ("webinspector", "webkit", "firefox", "playwright", "safari", "chrom", "cypress")
"""Parts of the names of creators that see a request before it leaves: what they call blocked, dns and connect comes before its head is sent.

Source for Cypress' generator of HARs: dist/index.js of @neuralegion/cypress-har-generator 5.17.1, whose timings are those of DevTools.
"""

ENGINES = {"webinspector": Engine.CHROMIUM, "firefox": Engine.FIREFOX, "webkit": Engine.WEBKIT}
"""The engine of the browsers whose developer tools call themselves so."""

RECORD_WHAT_PAGES_GOT = ("webinspector", "playwright")
"""Those whose record of a body says that the page got it: they list what CORS refused with an error (Chromium's DevTools, Playwright)."""


class _Place(Struct, gc=False):
    url: str = ""
    lineNumber: int | None = None
    columnNumber: int | None = None
    functionName: str = ""


_place = msgspec.json.Decoder(_Place)
_words = msgspec.json.Decoder(str)
_SCHEMES = rb"https?|file|webpack|capacitor|ionic|app|tauri"
_PLACES = [
    re.compile(rb'\{[^{}]*"url"\s*:\s*"(?:' + schemes + rb')[^"]*"[^{}]*\}')
    for schemes in (_SCHEMES, rb"(?:chrome|moz)-extension")
]
"""The first object of an initiator that names a place in code: the innermost frame that has one, or what the browser names itself.

An extension that wraps `fetch` stands on top of every stack: it comes second.
"""

_PREFLIGHT = re.compile(rb'"type"\s*:\s*"preflight"')


class BrowserRecord:
    """Make a witness of what one file says of each request."""

    def __init__(
        self, creator: str, pages: Callable[[], Mapping[str, str]], console: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Take the file's own words.

        Args:
            creator: the program that wrote it, in lower case.
            pages: gives the URL of each page by its id; asked at most once, for what was refused.
            console: why CORS blocked requests, by URL, in the words of the browser's console.
        """
        self.is_browser = any(word in creator for word in BROWSERS)
        """Whether a browser wrote it, or a tool that asks one."""
        self.engine = next((engine for name, engine in ENGINES.items() if creator.startswith(name)), None)
        """That of the browser that wrote it, where its name says."""
        self._records_reading = creator.startswith(RECORD_WHAT_PAGES_GOT)
        self._firefox = creator.startswith("firefox")
        self._keeps_bodies = creator.startswith("webinspector")
        self._find_pages = pages
        self._console = console
        self._pages: Mapping[str, str] | None = None

    def witness(self, entry: EntryForm, url: str, asked: Lines, received: Lines) -> Witness | None:
        """Return what the browser says of a request; None when it says nothing beyond the messages, or no browser wrote the file.

        Args:
            url: of the request.
            asked: its header lines.
            received: those of the response.
        """
        if not self.is_browser:
            return None
        response = entry.response
        code = None if response is None else response.error if response.error is not None else response.failure_text
        code = code or _word(entry.blocked_reason) or code
        responded = response is not None and 100 <= response.status <= 999
        from_cache = _word(entry.from_cache)
        if (
            responded
            and not code
            and from_cache is None
            and ORIGIN not in asked
            and CROSS_ORIGIN_RESOURCE_POLICY not in received
        ):
            return None  # no browser decides who may have it, and there is no more to say than the messages do
        page = None if responded or entry.pageref is None else self._page(entry.pageref)
        # Firefox up to 54 writes no status of what comes out of its cache, but its headers.
        refused_by_firefox = self._firefox and response is not None and not response.headers
        mixed = not responded and response is not None and _is_mixed_content(url, asked.relevant(), page)
        if code or (not responded and (code is not None or mixed or refused_by_firefox)):
            outcome = WitnessOutcome.FAILED
        elif responded and ((self._records_reading and self._has_body(response)) or _by_service_worker(response)):
            outcome = WitnessOutcome.READ
        else:
            outcome = WitnessOutcome.UNKNOWN
        # Who asked for what was read nobody needs to know; there are many of those.
        initiator = None if outcome is WitnessOutcome.READ else _initiator(entry.initiator)
        if outcome is WitnessOutcome.UNKNOWN and responded and initiator is None and from_cache is None:
            return None
        return Witness(
            outcome=outcome,
            code=code or None,
            mixed_content=mixed,
            initiator=initiator,
            from_cache=from_cache,
            page=page,
            console=self._console.get(entry.request.url) if outcome is WitnessOutcome.FAILED else None,
        )

    def _has_body(self, response: ResponseForm | None) -> bool:
        """Say whether the page got a body.

        DevTools write a size also of responses that the page never got, and keep each body that it did. Playwright's minimal HARs, which
        `routeFromHAR` writes, have bodies and no sizes.
        """
        content = None if response is None else response.content
        if content is None:
            return False
        kept = len(content.text) > len(b'""') or len(content.file) > len(b'""')
        sized = (content.size or 0) > 0
        return sized and kept if self._keeps_bodies else sized or kept

    def _page(self, id: str) -> str | None:
        if self._pages is None:
            self._pages = self._find_pages()
        return self._pages.get(id)


def _by_service_worker(response: ResponseForm | None) -> bool:
    """Say whether a service worker of the page responded: the page reads what that passes on, whatever its headers.

    Standard: https://fetch.spec.whatwg.org/#concept-http-fetch (the CORS check is made of what came from the network only).
    """
    return response is not None and (
        bytes(response.via_service_worker) == b"true" or _word(response.fetch_type) == "Service Worker"
    )


def _word(raw: msgspec.Raw) -> str | None:
    """Return a field that is a word, None for anything else."""
    if len(raw) < 3:
        return None
    try:
        return _words.decode(raw)[:100] or None
    except msgspec.MsgspecError:
        return None


def _initiator(raw: msgspec.Raw) -> Initiator | None:
    """Return what asked (lines and columns count from 0 there); what Chromium names for a preflight is the request that it is for."""
    found = next((found for place in _PLACES if (found := place.search(raw))), None)
    if found is None or _PREFLIGHT.search(raw):
        return None
    try:
        place = _place.decode(found[0])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Initiator(
        url=place.url,
        line=_from_1(place.lineNumber),
        column=_from_1(place.columnNumber),
        function=place.functionName or None,
    )


def _from_1(number: int | None) -> int | None:
    return None if number is None or number < 0 else number + 1


def _is_mixed_content(url: str, lines: Iterable[HeaderLine], page: str | None) -> bool:
    """Say whether an https page asks an insecure URL. Standard: https://w3c.github.io/webappsec-mixed-content/#should-block-fetch"""
    secure = page is not None and page.startswith("https:")
    secure = secure or any(name.lower() in ("origin", "referer") and value.startswith("https:") for name, value in lines)
    return secure and not is_potentially_trustworthy(origin_of(url))
