"""What a browser recorded in a HAR beside the messages: how each request ended, who asked for it, and what was never sent."""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from corslens.fetch.messages import HeaderLine
from corslens.fetch.origins import is_potentially_trustworthy, origin_of
from corslens.inputs.har_form import EntryForm, ResponseForm
from corslens.witness.witness import Initiator, Told, Witness

BROWSERS = ("webinspector", "webkit", "firefox", "playwright", "safari", "chrom")
"""Parts of the names of creators that see a request before it leaves: what they call blocked, dns and connect comes before its head is sent."""

RECORD_WHAT_PAGES_GOT = ("webinspector", "playwright")
"""Those whose record of a body says that the page got it: they list what CORS refused with an error (Chromium's DevTools, Playwright)."""


class _Frame(Struct, gc=False):
    url: str = ""
    lineNumber: int | None = None
    columnNumber: int | None = None
    functionName: str = ""


class _Stack(Struct):
    callFrames: list[_Frame] = []
    parent: "_Stack | None" = None


class _Initiator(Struct):
    type: str = ""
    url: str | None = None
    lineNumber: int | None = None
    columnNumber: int | None = None
    stack: _Stack | None = None


_initiators = msgspec.json.Decoder(_Initiator)
_words = msgspec.json.Decoder(str)
_DEEPEST = 8


class BrowserRecord:
    """Make a witness of what one file says of each request."""

    def __init__(self, creator: str, pages: Mapping[str, str]) -> None:
        """Take the file's own words.

        Args:
            creator: the program that wrote it, in lower case.
            pages: the URL of each page by its id.
        """
        self.is_browser = any(word in creator for word in BROWSERS)
        """Whether a browser wrote it, or a tool that asks one."""
        self._tells_reading = creator.startswith(RECORD_WHAT_PAGES_GOT)
        self._firefox = creator.startswith("firefox")
        self._pages = pages

    def witness(self, entry: EntryForm, url: str, lines: Iterable[HeaderLine]) -> Witness | None:
        """Return what the browser says of a request; None when it says nothing beyond the messages, or no browser wrote the file."""
        if not self.is_browser:
            return None
        response = entry.response
        code = None if response is None else response.error if response.error is not None else response.failure_text
        code = code or _word(entry.blocked_reason) or code
        answered = response is not None and 100 <= response.status <= 999
        page = self._pages.get(entry.pageref or "")
        mixed = not answered and response is not None and _is_mixed_content(url, lines, page)
        if code or (not answered and (code is not None or mixed or (self._firefox and response is not None))):
            told = Told.FAILED
        elif answered and self._tells_reading and _has_body(response):
            told = Told.READ
        else:
            told = Told.UNKNOWN
        initiator = _initiator(entry.initiator)
        from_cache = _word(entry.from_cache)
        if told is Told.UNKNOWN and answered and initiator is None and from_cache is None:
            return None
        return Witness(
            told=told,
            code=code or None,
            mixed_content=mixed,
            initiator=initiator,
            from_cache=from_cache,
            page=page,
        )


def _has_body(response: ResponseForm | None) -> bool:
    return response is not None and response.content is not None and (response.content.size or 0) > 0


def _word(raw: msgspec.Raw) -> str | None:
    """Return a field that is a word, None for anything else."""
    try:
        return _words.decode(raw)[:100] or None
    except msgspec.MsgspecError:
        return None


def _initiator(raw: msgspec.Raw) -> Initiator | None:
    """Return what asked: the innermost place of the stack that has a URL, or what the browser names itself (lines count from 0 there)."""
    if len(raw) < 3:
        return None
    try:
        told = _initiators.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
    stack, depth = told.stack, 0
    while stack is not None and depth < _DEEPEST:
        for frame in stack.callFrames:
            if frame.url.startswith(
                ("http://", "https://", "file://", "webpack", "capacitor://", "app://", "chrome-extension://")
            ):
                return Initiator(
                    url=frame.url,
                    line=_from_1(frame.lineNumber),
                    column=_from_1(frame.columnNumber),
                    function=frame.functionName or None,
                )
        stack, depth = stack.parent, depth + 1
    if told.url is None:
        return None
    return Initiator(url=told.url, line=_from_1(told.lineNumber), column=_from_1(told.columnNumber))


def _from_1(number: int | None) -> int | None:
    return None if number is None or number < 0 else number + 1


def _is_mixed_content(url: str, lines: Iterable[HeaderLine], page: str | None) -> bool:
    """Say whether an https page asks an insecure URL. Standard: https://w3c.github.io/webappsec-mixed-content/#should-block-fetch"""
    secure = page is not None and page.startswith("https:")
    secure = secure or any(name.lower() in ("origin", "referer") and value.startswith("https:") for name, value in lines)
    return secure and not is_potentially_trustworthy(origin_of(url))
