"""The DevTools protocol's events, as far as they are read, and what of them is kept: header lines, and the place in code that asked.

Field names are the protocol's, https://chromedevtools.github.io/devtools-protocol/tot/Network/; what a browser leaves out has its default.
"""

from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct, field

from corslens.witness.sighting import JoinedLines
from corslens.witness.witness import Initiator

MAX_VALUE_CHARACTERS = 8192
"""Characters of a URL or of a header's value that are kept."""
_LINES = 128
FRAMES = 16
"""Of a stack."""


class Frame(Struct, gc=False):
    """A place in code; lines count from 0."""

    url: str = ""
    lineNumber: int = -1
    columnNumber: int = -1
    functionName: str = ""
    scriptId: str = ""


class Stack(Struct):
    """Places in code, the innermost first, and the stack that was waiting for them."""

    callFrames: list[Frame] = []
    parent: "Stack | None" = None


class NetworkInitiator(Struct):
    """What asked: code, the page's text, or the request that a preflight was made for."""

    type: str = ""
    url: str = ""
    lineNumber: int = -1
    columnNumber: int = -1
    requestId: str = ""
    stack: Stack | None = None


class CdpRequest(Struct):
    """A request as the page asked for it."""

    url: str = ""
    method: str = ""
    urlFragment: str = ""
    headers: dict[str, Any] = {}


class WillBeSent(Struct):
    """The page asked, or is redirected."""

    requestId: str
    request: CdpRequest
    wallTime: float = 0.0
    initiator: NetworkInitiator = field(default_factory=NetworkInitiator)
    type: str = ""
    documentURL: str = ""
    redirectResponse: msgspec.Raw = msgspec.Raw()
    redirectHasExtraInfo: bool = False


class CookieName(Struct):
    """A cookie, of which nothing but the name is read."""

    name: str = ""


class Cookie(Struct):
    """A cookie for the request's URL, and why it stayed behind if it did."""

    cookie: CookieName = field(default_factory=CookieName)
    blockedReasons: list[str] = []


class Sent(Struct):
    """What went over the wire."""

    requestId: str
    headers: dict[str, Any] = {}
    associatedCookies: list[Cookie] = []
    at: float = 0.0
    """When it came; not the browser's."""


class ResponseExtraInfo(Struct):
    """What came over the wire."""

    requestId: str
    headers: dict[str, Any] = {}
    statusCode: int = 0


class CdpResponse(Struct):
    """Where the page's response came from."""

    fromServiceWorker: bool = False
    fromDiskCache: bool = False
    fromPrefetchCache: bool = False


class Received(Struct):
    """The page has the response's head."""

    requestId: str
    hasExtraInfo: bool = False
    response: CdpResponse = field(default_factory=CdpResponse)


class CorsError(Struct):
    """The browser's own word for a CORS failure."""

    corsError: str = ""


class LoadingFailed(Struct):
    """The page has no response, or not all of it."""

    requestId: str
    errorText: str = ""
    canceled: bool = False
    blockedReason: str | None = None
    corsErrorStatus: CorsError | None = None


class ServedFromCache(Struct):
    """The memory cache had it."""

    requestId: str


class ContentSecurityPolicy(Struct):
    """A page's policy was violated."""

    contentSecurityPolicyViolationType: str = ""
    isReportOnly: bool = True
    blockedURL: str = ""
    sourceCodeLocation: Frame | None = None


class MixedContent(Struct):
    """A secure page asked for something insecure."""

    resolutionStatus: str = ""
    insecureURL: str = ""


class Details(Struct):
    """What an issue is about, as far as it is read."""

    contentSecurityPolicyIssueDetails: ContentSecurityPolicy | None = None
    mixedContentIssueDetails: MixedContent | None = None


class Issue(Struct):
    """One line of the panel of issues."""

    details: Details = field(default_factory=Details)


class IssueAdded(Struct):
    """There is an issue."""

    issue: Issue


def lines_of(headers: dict[str, Any]) -> JoinedLines:
    """Return header lines by lowercase name; pseudo-headers are none."""
    return {
        name.lower(): str(value)[:MAX_VALUE_CHARACTERS]
        for name, value in islice(headers.items(), _LINES)
        if name[:1] not in (":", "")
    }


_EXTENSION = "chrome-extension:"
_IN_CODE = ("http:", "https:", "file:", "webpack", "blob:", _EXTENSION)


def initiator_of(given: NetworkInitiator, session: str = "") -> Initiator | None:
    """Return the innermost place in code that asked, following what it was waited for; lines and columns from 1.

    An extension that wraps `fetch` stands on top of every stack: the page's code comes before it.
    """
    stack = given.stack
    frames: list[Frame] = []
    while stack is not None and len(frames) < FRAMES:
        frames += [one for one in stack.callFrames if one.url.startswith(_IN_CODE)]
        stack = stack.parent
    frames = [one for one in frames if not one.url.startswith(_EXTENSION)] or frames
    if frames:
        return _of_frame(frames[0], session, tuple(_of_frame(one, session) for one in frames[1:FRAMES]))
    if given.url.startswith(_IN_CODE) and given.type != "preflight":
        return Initiator(
            url=given.url[:MAX_VALUE_CHARACTERS], line=_from_1(given.lineNumber), column=_from_1(given.columnNumber)
        )
    return None


def _of_frame(frame: Frame, session: str, callers: tuple[Initiator, ...] = ()) -> Initiator:
    return Initiator(
        url=frame.url[:MAX_VALUE_CHARACTERS],
        line=_from_1(frame.lineNumber),
        column=_from_1(frame.columnNumber),
        function=frame.functionName[:200] or None,
        callers=callers,
        script=(session, frame.scriptId[:100]) if frame.scriptId else None,
    )


def place_of(frame: Frame | None, session: str) -> Initiator | None:
    """Return the place in code that an issue names; None where it names none."""
    # Issues count lines from 0 and columns from 1 (measured).
    return _of_frame(frame, session) if frame is not None and frame.url.startswith(_IN_CODE) else None


def _from_1(number: int) -> int | None:
    return None if number < 0 else number + 1
