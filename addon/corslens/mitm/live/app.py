"""The live page's server, whatever carries it: who may ask, and what is returned.

The page shows other sites' traffic and can switch patching on, so no other page may read or command it, whatever the proxied
browser loads: another Origin, Host or initiator is refused, no response ever carries a CORS header, and every response but the page
itself and its assets wants a token that is made at start and stands only in the page.
"""

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from corslens.advice.table import SERVERS
from corslens.diagnosis.local_network import LocalNetwork, local_network
from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.command_types import HEADER_NAMES
from corslens.mitm.doctor import DoctorCheck
from corslens.observation.correlation import Correlation
from corslens.report.page.assets import ASSETS, SCRIPTS, asset, integrity, render_page
from corslens.report.page.live_feed import changes
from corslens.report.page.model import ServerSettings, in_full

TOKEN_HEADER = "x-corslens-token"
LARGEST_BODY = 16_384
CHANGES_AT_ONCE = 80
"""Problems, and cells, in one response: some 6 ms for which all traffic waits."""

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
"""Of every response, refusals included."""


class InjectionState(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the page shows of an injection."""

    name: str
    """Of a rule, or the entry of `modify_headers`."""
    changes: tuple[str, ...]
    """What it does to headers."""
    spec: str | None = None
    """The line that it was given in, which stops it; None where it is not the page's to stop."""
    filter: str = ""
    pages: str = ""
    """The origins whose responses it changes."""
    hits: int = 0
    led_to: str = ""
    """The verdict that it led to, the last time."""
    refused: str | None = None
    external: bool = False
    """It is not corslens' own."""


class PatchState(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the page shows of patch mode."""

    on: bool
    scope: str
    injections: tuple[InjectionState, ...] = ()
    """What is injected beside it."""
    pages: str = ""
    """The origins that a patch may allow."""
    seconds_left: float | None = None
    minutes: int = 0
    """How long patching stays on once it is switched on; 0 has no end."""
    dry_run: bool = False


class SessionApi(Protocol):
    """What the page shows and commands."""

    def examine(self, *, through_proxy: bool) -> Callable[[], list[DoctorCheck]]:
        """Return the work of finding out why nothing is seen, for a thread of its own.

        Args:
            through_proxy: whether the browser that asks got the page through the proxy.
        """

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
        """Return how many of what were dropped over a limit."""

    def patch_state(self) -> PatchState:
        """Return the state of patch mode."""

    def not_allowed(self, origins: Iterable[str]) -> list[str]:
        """Return those of the origins that a patch would not allow."""

    def switch_patching(self, scope: str, allow: Sequence[str] = ()) -> None:
        """Patch the responses that this flow filter matches; none, and inject nothing, when it is empty.

        Args:
            allow: origins of pages that may be allowed, beside those that may be already.
        Raises: ValueError for a bad one.
        """

    def inject(self, filter: str, header: str, value: str, allow: Sequence[str] = ()) -> None:
        """Inject a header into the responses that this flow filter matches.

        Raises: ValueError for what is wrong.
        """

    def stop_injecting(self, spec: str) -> None:
        """Stop an injection.

        Raises: ValueError when it is not there.
        """

    def injection_rules(self) -> str:
        """Return what is injected as a rules file."""


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
    through_proxy: bool = False
    """Whether it came through the proxy, and not to mitmweb."""


class LiveResponse(Struct, frozen=True, kw_only=True):
    """What is returned."""

    status: int
    content_type: str = _PLAIN
    body: bytes = b""
    extra: Mapping[str, str] = {}

    def headers(self) -> dict[str, str]:
        """Return all its header lines."""
        return {"Content-Type": self.content_type, **HEADERS, **self.extra}


type DeferredResponse = Callable[[], LiveResponse]
"""A response that takes its time, for no thread that traffic waits for: what it is made of changes no more."""


class _Refused(Exception):
    """A request that does not get what it wants: the status, and why in a sentence."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Switch(Struct, forbid_unknown_fields=True):
    on: bool
    scope: str = ""
    allow: list[str] = []


class _Inject(Struct, forbid_unknown_fields=True):
    filter: str
    header: str
    value: str
    allow: list[str] = []


class _Stop(Struct, forbid_unknown_fields=True):
    spec: str


_POSTS = frozenset({"api/patching", "api/inject", "api/uninject", "api/clear"})


class LiveApp:
    """Responds to the page's requests.

    Args:
        session: returns what is being watched now.
        exports: by name.
    """

    def __init__(self, session: SessionApi, exports: Mapping[str, Export]) -> None:
        self.token = secrets.token_urlsafe(32)
        self._session = session
        self._exports = exports
        self._correlation = Correlation()

    def local_network(self) -> LocalNetwork:
        """Return what the session shows of requests into the local network that never came."""
        return local_network(self._session.summary)

    def respond(self, asked: LiveRequest) -> LiveResponse:
        """Respond to a request, however long that takes."""
        begun = self.begin(asked)
        return begun if isinstance(begun, LiveResponse) else begun()

    def begin(self, asked: LiveRequest) -> LiveResponse | DeferredResponse:
        """Respond to a request, or return the work that it takes."""
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
                raise _Refused(403, "The page's token is missing or from an earlier start.")

    def _route(self, asked: LiveRequest) -> LiveResponse | DeferredResponse:
        posts = asked.path in _POSTS
        if asked.method not in (("POST",) if posts else ("GET", "HEAD")):
            raise _Refused(405, "Method not allowed.")
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        match asked.path:
            case "":
                return self._page(flows=not asked.through_proxy)
            case "api/changes":
                return self._changes(query)
            case "api/doctor":
                work = self._session.examine(through_proxy=asked.through_proxy)
                return lambda: _json({"checks": work()})
            case "api/problem":
                return self._problem(query)
            case "api/settings":
                return self._settings(query)
            case "api/export":
                return self._export(query)
            case "api/patching":
                return self._patching(asked)
            case "api/inject":
                return self._inject(asked)
            case "api/uninject":
                stop = _wish(asked, _Stop, "{spec: a line of cors_inject}")
                return self._commanded(lambda: self._session.stop_injecting(stop.spec))
            case "api/injections":
                extra = {"Content-Disposition": 'attachment; filename="corslens-injections.yaml"'}
                return LiveResponse(status=200, body=self._session.injection_rules().encode(), extra=extra)
            case "api/clear":
                self._session.clear()
                self._correlation = Correlation()
                return _json({})
            case name if name in ASSETS:
                suffix = name[name.rindex(".") :]
                return LiveResponse(
                    status=200, content_type=f"{_CONTENT_TYPES[suffix]}; charset=utf-8", body=asset(name).encode()
                )
        raise _Refused(404, "Not found.")

    def _page(self, *, flows: bool) -> LiveResponse:
        """Return the page; `flows` when mitmweb shows the flows beside it."""
        exports = [(name, export.label) for name, export in self._exports.items()]
        live = {
            "token": self.token,
            "flows": flows,
            "scripts": SCRIPTS,
            "integrity": integrity,
            "exports": exports,
            "header_names": HEADER_NAMES,
        }
        body = render_page(live=live, report=None, about="")
        return LiveResponse(status=200, content_type="text/html; charset=utf-8", body=body.encode())

    def _changes(self, query: Mapping[str, str]) -> LiveResponse:
        since = _version(query, "since", "0")
        found = changes(self._session.summary, since, limit=CHANGES_AT_ONCE)
        return _json({**found, "dropped": self._session.dropped(), "patching": self._session.patch_state()})

    def _problem(self, query: Mapping[str, str]) -> DeferredResponse:
        problem = self._session.summary.problem(query.get("id", ""))
        if problem is None:
            raise _Refused(404, "This problem is no longer known.")
        strangers = self._session.not_allowed(problem.pages)
        problem, recent, rules = problem.snapshot(), list(self._session.recent()), self._session.rules
        correlation = self._correlation

        def work() -> LiveResponse:
            known = {one.id: one for one in recent}
            full = in_full([problem], known.get, rules, correlation)
            api = problem.key.api_origin
            full["advice"] = {api: ServerSettings(recent, api).servers()}
            full["notAllowed"] = strangers
            return _json(full)

        return work

    def _settings(self, query: Mapping[str, str]) -> DeferredResponse:
        problem = self._session.summary.problem(query.get("id", ""))
        if problem is None:
            raise _Refused(404, "This problem is no longer known.")
        recent, api, server = list(self._session.recent()), problem.key.api_origin, query.get("server", "")
        if server not in {one.name for one in SERVERS}:
            raise _Refused(404, "Unknown server.")
        return lambda: _json(ServerSettings(recent, api).write(server))

    def _export(self, query: Mapping[str, str]) -> DeferredResponse:
        name = query.get("format", "")
        export = self._exports.get(name)
        if export is None:
            raise _Refused(404, f"Unknown format; the formats are {', '.join(self._exports)}.")
        content_type, write = export.content_type, export.begin()
        extra = {"Content-Disposition": f'attachment; filename="corslens.{name}"'}
        return lambda: LiveResponse(status=200, content_type=content_type, body=write(), extra=extra)

    def _patching(self, asked: LiveRequest) -> LiveResponse:
        wish = _wish(asked, _Switch, "{on: true or false, scope: a flow filter, allow: origins}")
        scope = wish.scope.strip() if wish.on else ""
        if wish.on and not scope:
            raise _Refused(400, "The scope is missing: a flow filter such as ~d api.example.")
        return self._commanded(lambda: self._session.switch_patching(scope, wish.allow))

    def _inject(self, asked: LiveRequest) -> LiveResponse:
        wish = _wish(asked, _Inject, "{filter: a flow filter, header: a name, value: text, allow: origins}")
        if not wish.filter.strip():
            raise _Refused(400, "A flow filter such as ~d api.example is needed.")
        return self._commanded(lambda: self._session.inject(wish.filter.strip(), wish.header.strip(), wish.value, wish.allow))

    def _commanded(self, command: Callable[[], None]) -> LiveResponse:
        try:
            command()
        except ValueError as error:
            raise _Refused(400, str(error)) from None
        return _json(self._session.patch_state())


def _wish[T](asked: LiveRequest, kind: type[T], form: str) -> T:
    if asked.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise _Refused(415, "Expected application/json.")
    try:
        return msgspec.json.decode(asked.body, type=kind)
    except msgspec.DecodeError:
        raise _Refused(400, f"Expected {form}.") from None


def _version(query: Mapping[str, str], name: str, default: str = "") -> int:
    text = query.get(name, default)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _Refused(400, f"{name}: expected a version number.")
    return int(text)


def _json(value: Any) -> LiveResponse:
    return LiveResponse(status=200, content_type=_JSON, body=msgspec.json.encode(value))
