"""Witness: what a browser says became of one request, and which line of code asked for it.

The words of an exporter (a HAR of DevTools', a Playwright trace, a NetLog) or of a browser that is listened to; adapters make it.
"""

from enum import StrEnum

from msgspec import Struct

from corslens.witness.refusals import Refusal, refusal_of


class WitnessOutcome(StrEnum):
    """What the browser says became of a request."""

    READ = "read"
    """The page got the response: it was recorded whole, and no check failed."""
    PASSED = "passed"
    """Of a preflight: the actual request may be sent. Of a redirect: it was followed."""
    FAILED = "failed"
    """The page got a network error; whether the request was sent, the record does not show."""
    UNKNOWN = "unknown"
    """The record ends before the request does, or says nothing of its end."""


class Initiator(Struct, frozen=True, kw_only=True, gc=False):
    """What asked for a request."""

    url: str
    """The script, style sheet or document."""
    line: int | None = None
    """From 1."""
    column: int | None = None
    """From 1."""
    function: str | None = None
    """The function's name, None for code outside one and for anonymous ones."""
    callers: tuple["Initiator", ...] = ()
    """Who called that, the nearest first, where the browser says so."""
    generated: "Initiator | None" = None
    """The place in what the browser ran, where a source map names the original."""
    script: tuple[str, str] | None = None
    """The session and the script's id of a browser that is listened to."""

    def __str__(self) -> str:
        place = self.url
        if self.line is not None:
            place = f"{place}:{self.line}" if self.column is None else f"{place}:{self.line}:{self.column}"
        return f"{place} in {self.function}" if self.function else place


class WithheldCookie(Struct, frozen=True, gc=False):
    """A cookie of the requested site that the browser did not send."""

    name: str
    why: str
    """The first reason, as the browser names it: `SameSiteLax`, `ThirdPartyBlockedInFirstPartySet`, `UserPreferences`, `SecureOnly`."""


class Witness(Struct, frozen=True, kw_only=True, gc=False):
    """What the browser says of one request."""

    outcome: WitnessOutcome
    code: str | None = None
    """Its own word for a failure: `net::ERR_FAILED`, `csp`."""
    reason: str | None = None
    """The check that failed, as the browser names it: a `CorsError` of the DevTools protocol (`PreflightMissingAllowOriginHeader`)."""
    credentialed: bool | None = None
    """Whether the request (or the one that a preflight is for) includes credentials, where the browser says so."""
    mixed_content: bool = False
    """A request that a secure page may not send: it is to an insecure URL."""
    initiator: Initiator | None = None
    from_cache: str | None = None
    """`memory`, `disk` or another cache's name: then nothing was sent for it."""
    page: str | None = None
    """The URL of the page that it was made for."""
    withheld: tuple[WithheldCookie, ...] = ()
    """Cookies that the browser did not send with it."""
    console: str | None = None
    """Why CORS blocked it, in the words of the browser's console, where the capture holds that."""
    unrefused: bool = False
    """The response was completed, and nothing reported against it by a browser that reports what it blocks: no check failed, whatever the page read."""
    live: bool = False
    """The browser was listened to while the proxy saw the exchange; else it wrote the capture."""

    @property
    def refusal(self) -> Refusal | None:
        """Why the browser refused the request or kept its response, None when it did neither or gives no reason that is known."""
        if self.outcome is not WitnessOutcome.FAILED:
            return None
        named = refusal_of(self.code or "")
        if named is Refusal.UNSPECIFIED and self.reason is not None:
            named = refusal_of(self.reason) or named
        return Refusal.MIXED_CONTENT if self.mixed_content and named is Refusal.UNSPECIFIED else named
