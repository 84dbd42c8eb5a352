"""The live page's server, whatever carries it: who may ask, and what is answered.

The page shows other sites' traffic and can switch patching on, so no other page may read or command it, whatever the proxied
browser loads: a foreign Origin, Host or initiator is refused, no answer ever carries a CORS header, and every answer but the page
itself and its assets wants a token that is made at start and stands only in the page.
"""

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.report.page.assets import ASSETS, SCRIPTS, asset, integrity, render_page
from corslens.report.page.live_feed import changes
from corslens.report.page.model import in_full, settings

TOKEN_HEADER = "x-corslens-token"
LARGEST_BODY = 16_384
CHANGES_AT_ONCE = 1_000
"""Exchanges, problems and cells in one answer: some 20 ms for which all traffic waits, and less than a megabyte as a rule."""

_CONTENT_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_PLAIN = "text/plain; charset=utf-8"
_JSON = "application/json"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer, refusals included."""


class PatchState(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the page shows of patch mode."""

    on: bool
    scope: str
    injections: int = 0
    """How many injections of the user's are at work beside it."""
    pages: str = ""
    """The origins that a patch may let in."""
    seconds_left: float | None = None
    dry_run: bool = False


class Session(Protocol):
    """What the page shows and commands."""

    @property
    def rules(self) -> RuleSet:
        """The rules, for what they say of themselves."""

    @property
    def summary(self) -> SessionSummary:
        """What is shown of the session."""

    def clear(self) -> None:
        """Begin the session anew."""

    def find(self, id: str) -> Inspection | None:
        """Return the latest inspection of an exchange that is still remembered."""

    def recent(self) -> Iterable[Inspection]:
        """Return all that are remembered, oldest first."""

    def dropped(self) -> Mapping[str, int]:
        """Return how many of what were forgotten over a limit."""

    def patch_state(self) -> PatchState:
        """Return the state of patch mode."""

    def switch_patching(self, scope: str) -> None:
        """Patch the responses that this flow filter matches; none, and inject nothing, when it is empty.

        Raises: ValueError for a bad one.
        """


class Export(Struct, frozen=True):
    """A format that the page offers for saving."""

    label: str
    content_type: str
    begin: Callable[[], Callable[[], bytes]]
    """Takes a snapshot of the session; what it returns writes that down, in any thread."""


class LiveRequest(Struct, frozen=True, kw_only=True):
    """A request to the page's server."""

    method: str
    path: str
    """Relative to where the page is: empty for the page itself."""
    query: str = ""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    own_origin: str
    """The origin under which the browser knows the page."""


class LiveResponse(Struct, frozen=True, kw_only=True):
    """What is answered."""

    status: int
    content_type: str = _PLAIN
    body: bytes = b""
    extra: Mapping[str, str] = {}

    def headers(self) -> dict[str, str]:
        """Return all its header lines."""
        return {"Content-Type": self.content_type, **HEADERS, **self.extra}


type Work = Callable[[], LiveResponse]
"""An answer that takes its time, for no thread that traffic waits for: what it is made of changes no more."""


class _Refused(Exception):
    """A request that is not answered as it wants: the status, and why in a sentence."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Wish(Struct, forbid_unknown_fields=True):
    on: bool
    scope: str = ""


class LiveApp:
    """Answers the page's requests.

    Args:
        session: returns what is being watched now.
        exports: by name.
    """

    def __init__(self, session: Session, exports: Mapping[str, Export]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._session = session
        self._exports = exports

    def answer(self, asked: LiveRequest) -> LiveResponse:
        """LiveResponse a request, however long that takes."""
        begun = self.begin(asked)
        return begun if isinstance(begun, LiveResponse) else begun()

    def begin(self, asked: LiveRequest) -> LiveResponse | Work:
        """LiveResponse a request, or return the work that it takes."""
        try:
            self._admit(asked)
            return self._route(asked)
        except _Refused as refused:
            return LiveResponse(status=refused.status, body=f"{refused}\n".encode())

    def _admit(self, asked: LiveRequest) -> None:
        """Refuse whatever did not come from the page itself, or from somebody who typed its address."""
        origin = asked.headers.get("origin")
        if origin is not None and origin != asked.own_origin:
            raise _Refused(403, "Cross-origin requests are not allowed.")
        site = asked.headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none"):
            opened = asked.headers.get("sec-fetch-mode") == "navigate" and asked.headers.get("sec-fetch-dest") == "document"
            if not (opened and asked.path == "" and asked.method == "GET"):
                raise _Refused(403, "Cross-site requests are not allowed.")
        if asked.path.startswith("api/"):
            token = asked.headers.get(TOKEN_HEADER, "")
            if not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self.token.encode()):
                raise _Refused(403, "The page's token is missing or of an earlier start.")

    def _route(self, asked: LiveRequest) -> LiveResponse | Work:
        posts = asked.path in ("api/patching", "api/clear")
        if asked.method not in (("POST",) if posts else ("GET", "HEAD")):
            raise _Refused(405, "Method not allowed.")
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        match asked.path:
            case "":
                return self._page()
            case "api/changes":
                return self._changes(query)
            case "api/problem":
                return self._problem(query)
            case "api/export":
                return self._export(query)
            case "api/patching":
                return self._patching(asked)
            case "api/clear":
                self._session.clear()
                return _json({})
            case name if name in ASSETS:
                suffix = name[name.rindex(".") :]
                return LiveResponse(
                    status=200, content_type=f"{_CONTENT_TYPES[suffix]}; charset=utf-8", body=asset(name).encode()
                )
        raise _Refused(404, "Not found.")

    def _page(self) -> LiveResponse:
        exports = [(name, export.label) for name, export in self._exports.items()]
        live = {"token": self.token, "scripts": SCRIPTS, "integrity": integrity, "exports": exports}
        body = render_page(live=live, report=None, about="CORS as it passes through the proxy")
        return LiveResponse(status=200, content_type="text/html; charset=utf-8", body=body.encode())

    def _changes(self, query: Mapping[str, str]) -> LiveResponse:
        since = _version(query, "since", "0")
        found = changes(self._session.summary, since, limit=CHANGES_AT_ONCE)
        return _json({**found, "forgotten": self._session.dropped(), "patching": self._session.patch_state()})

    def _problem(self, query: Mapping[str, str]) -> Work:
        problem = self._session.summary.problem(query.get("id", ""))
        if problem is None:
            raise _Refused(404, "The problem is not known any more.")
        problem, recent, rules = problem.snapshot(), list(self._session.recent()), self._session.rules

        def work() -> LiveResponse:
            known = {one.id: one for one in recent}
            full = in_full([problem], known.get, rules)
            api = problem.key.api_origin
            full["advice"] = {api: settings(recent, api)}
            return _json(full)

        return work

    def _export(self, query: Mapping[str, str]) -> Work:
        name = query.get("format", "")
        export = self._exports.get(name)
        if export is None:
            raise _Refused(404, f"There is no such format; there are {', '.join(self._exports)}.")
        content_type, write = export.content_type, export.begin()
        extra = {"Content-Disposition": f'attachment; filename="corslens.{name}"'}
        return lambda: LiveResponse(status=200, content_type=content_type, body=write(), extra=extra)

    def _patching(self, asked: LiveRequest) -> LiveResponse:
        if asked.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise _Refused(415, "Expected application/json.")
        try:
            wish = msgspec.json.decode(asked.body, type=_Wish)
        except msgspec.DecodeError:
            raise _Refused(400, "Wanted is {on: true or false, scope: a flow filter}.") from None
        if wish.on and not wish.scope.strip():
            raise _Refused(400, "A scope is wanted: a flow filter such as ~d api.example.")
        try:
            self._session.switch_patching(wish.scope.strip() if wish.on else "")
        except ValueError as error:
            raise _Refused(400, str(error)) from None
        return _json(self._session.patch_state())


def _version(query: Mapping[str, str], name: str, default: str = "") -> int:
    text = query.get(name, default)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _Refused(400, f"{name}: a version number is wanted.")
    return int(text)


def _json(value: Any) -> LiveResponse:
    return LiveResponse(status=200, content_type=_JSON, body=msgspec.json.encode(value))
