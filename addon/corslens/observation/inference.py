"""What a proxy cannot see, inferred: mode, destination, role, page origin, credentials mode. Known with its evidence, or Unknown.

Sources: fetch metadata, https://w3c.github.io/webappsec-fetch-metadata/; `Sec-Fetch-Storage-Access`,
https://privacycg.github.io/storage-access-headers/; and what recorded browsers were seen to send.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.fetch.constants import NULL
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderLine, Request
from corslens.fetch.origins import is_potentially_trustworthy, is_schemelessly_same_site, origin_of
from corslens.fetch.preflight import is_cors_preflight_request
from corslens.fetch.request_headers import (
    MAXIMUM_TOTAL_BYTES,
    SafelistDepartures,
    cors_unsafe_request_header_names,
    mime_type_essence,
)
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import CORS_ROLES, Observation, Role
from corslens.observation.request_head import (
    SEC_FETCH_DEST,
    SEC_FETCH_MODE,
    SEC_FETCH_STORAGE_ACCESS,
    RequestHead,
    head_of,
    page_set_lines,
)

_LONGEST_ORIGIN = 512
"""Characters of a target's origin up to which what follows from it is remembered: a name has 253 at most."""

WORKERS = frozenset({"worker", "sharedworker", "serviceworker"})
"""Destinations of the scripts that start one."""

STORAGE_ACCESS_SINCE: Mapping[Engine, int] = MappingProxyType({Engine.CHROMIUM: 133, Engine.FIREFOX: 153})
"""The version since which an engine sends Sec-Fetch-Storage-Access with every cross-site `include`: documented for Chromium, the oldest recorded Firefox."""

_MODE_OF_ORIGIN = Known("cors", ("origin-on-get",))
_PREFLIGHT_MODE = Known("cors", ("preflight",))
_WEBSOCKET_MODE = Known("websocket", ("upgrade",))
_NAVIGATION_MODE = Known("navigate", ("accept-html",))
_SIMPLE_POST = Unknown("without fetch metadata an Origin header on this method is also sent by no-cors requests and forms")
_NO_METADATA = Unknown("there is no fetch metadata: the target is plain http, or the client is old or not a browser")
_MODES = {
    mode: Known(mode, (SEC_FETCH_MODE,)) for mode in ("cors", "no-cors", "navigate", "same-origin", "websocket", "webtransport")
}
_DESTINATIONS: dict[str, Known[str]] = {}

INCLUDE = CredentialsMode.INCLUDE
NOT_INCLUDE = CredentialsMode.SAME_ORIGIN_OR_OMIT
NOT_SHOWN = Unknown("a request without cookies may still have the credentials mode include")
"""Of a request across origins that shows nothing by itself."""
_NO_CORS_REQUEST = Unknown("only a cross-origin CORS request's credentials mode shows on the wire")
_UNKNOWN_OF_PREFLIGHT = Unknown("a preflight carries no credentials, whatever the request that it is for will carry")
_STORAGE_ACCESS = Known(INCLUDE, (SEC_FETCH_STORAGE_ACCESS,))
_COOKIE = Known(INCLUDE, ("cookie",))
_FONT = Known(NOT_INCLUDE, ("font",))
NO_STORAGE_ACCESS = "no-sec-fetch-storage-access"
_NO_STORAGE_ACCESS = Known(NOT_INCLUDE, (NO_STORAGE_ACCESS,))


_REPORTS = frozenset({"ping", "beacon", "cspviolationreport", "csp-violation-report", "cspreport"})
"""What browsers call `navigator.sendBeacon`, `<a ping>` and reports of a policy: their mode is no-cors (but see `_is_report`)."""
_REPORT_TYPES = frozenset({
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/ping", "application/csp-report",
    "application/reports+json",
})  # fmt: skip
"""Content types that are sent without a preflight: the safelisted ones, and those of the browser's own reports."""
_REPORT_MODE = Known("no-cors", ("resource-type",))
_DOCUMENT_MODE = Known("navigate", ("resource-type",))


def infer_mode(request: Request, resource_type: str | None = None) -> Known[str] | Unknown:
    """Return the request's mode, https://fetch.spec.whatwg.org/#concept-request-mode

    Args:
        resource_type: what the capturing browser calls it.
    """
    head = head_of(request.headers)
    if head.mode is not None and head.mode in _MODES:
        return _MODES[head.mode]
    if is_cors_preflight_request(request):
        return _PREFLIGHT_MODE
    if head.upgrade is not None and head.upgrade.lower() == "websocket":
        return _WEBSOCKET_MODE
    kind = (resource_type or "").lower()
    if kind == "document":
        return _DOCUMENT_MODE
    if kind in _REPORTS and _is_report(request):
        return _REPORT_MODE
    # A navigation's Accept, in every browser; only one that submits a form carries an Origin.
    if (head.accept or "").startswith("text/html,") and (head.origin is None or request.method == "POST"):
        return _NAVIGATION_MODE
    if head.origin is None:
        return _NO_METADATA
    return _MODE_OF_ORIGIN if request.method in ("GET", "HEAD") else _SIMPLE_POST


def _is_report(request: Request) -> bool:
    """Say whether it needs no preflight: a beacon of another content type is a CORS request, https://w3c.github.io/beacon/#sendbeacon-method"""
    kind = mime_type_essence(request.headers.get("content-type") or "text/plain") or ""
    return kind in _REPORT_TYPES


def infer_destination(request: Request) -> Known[str] | Unknown:
    """Return the request's destination, `empty` for fetch and XHR, https://fetch.spec.whatwg.org/#concept-request-destination"""
    destination = head_of(request.headers).destination
    if destination is None:
        return _NO_METADATA
    known = _DESTINATIONS.get(destination)
    if known is None:
        known = Known(destination, (SEC_FETCH_DEST,))
        if len(_DESTINATIONS) < 64:
            _DESTINATIONS[destination] = known
    return known


@lru_cache(maxsize=1024)
def _unsafe_names(lines: tuple[HeaderLine, ...], safelist: SafelistDepartures) -> tuple[str, ...]:
    return cors_unsafe_request_header_names(lines, safelist)


def page_set_unsafe_names(request: Request, safelist: SafelistDepartures) -> tuple[str, ...]:
    """Return the CORS-unsafe names among the headers that only a page can have set, lower-case and sorted."""
    lines = page_set_lines(request.headers)
    # A browser sends the same Accept and Accept-Language all day; a hostile megabyte is not remembered.
    is_short = sum([len(name) + len(value) for name, value in lines]) < MAXIMUM_TOTAL_BYTES
    return _unsafe_names(lines, safelist) if is_short else cors_unsafe_request_header_names(lines, safelist)


class Standalone(Struct, gc=False):
    """What a request shows by itself, when nothing that came before it says more."""

    page_origin: str | None
    mode: Known[str] | Unknown
    role: Role
    destination: Known[str] | Unknown
    unsafe_names: tuple[str, ...]
    """What `page_set_unsafe_names` returns, of a CORS request that is no preflight."""
    _credentials: Known[CredentialsMode] | Unknown | None = None
    _with_storage_access: Known[CredentialsMode] | Unknown | None = None

    def credentials(
        self, request: Request, target_origin: str, resource_type: str | None, *, sends_storage_access: bool
    ) -> Known[CredentialsMode] | Unknown:
        """Return what `infer_credentials` does of a request that was sent."""
        known = self._with_storage_access if sends_storage_access else self._credentials
        if known is None:
            known = infer_credentials(
                request,
                role=self.role,
                target_origin=target_origin,
                sends_storage_access=sends_storage_access,
                page_origin=self.page_origin,
                previous=None,
                preflight=None,
                cached=None,
                resource_type=resource_type,
            )
            if sends_storage_access:
                self._with_storage_access = known
            else:
                self._credentials = known
        return known


def standalone(request: Request, target_origin: str, resource_type: str | None, safelist: SafelistDepartures) -> Standalone:
    """Return what a request shows by itself: found once for each head, method and target.

    Args:
        resource_type: what the capturing browser calls it.
        safelist: that of the engine which the head names.
    """
    head = head_of(request.headers)
    key = request.method, target_origin, resource_type
    found: Standalone | None = head.readings.get(key)
    if found is None:
        page_origin, mode = infer_page_origin(request, target_origin, None) or None, infer_mode(request, resource_type)
        role = infer_role(request, mode, target_origin=target_origin, page_origin=page_origin, previous=None)
        unsafe = page_set_unsafe_names(request, safelist) if role is Role.SIMPLE else ()
        found = Standalone(page_origin, mode, role, infer_destination(request), unsafe)
        if len(target_origin) <= _LONGEST_ORIGIN:
            head.keep_reading(key, found)
    return found


def crossed_origins(page_origin: str | None, previous: Observation | None) -> bool:
    """Say whether the redirect chain before this hop already left the page's origin: its tainting is no longer `basic`."""
    hop = previous
    while hop is not None:
        if hop.target_origin != page_origin:
            return True
        hop = hop.redirected_from
    return False


def infer_page_origin(request: Request, target_origin: str, previous: Observation | None) -> str | None:
    """Return the serialized origin of the page that asked, None when the wire does not show it."""
    if previous is not None:
        return previous.page_origin
    head = head_of(request.headers)
    if head.origin is not None and (head.origin != NULL or head.mode in (None, "cors")):
        return head.origin
    if head.site == "same-origin":
        return target_origin
    return origin_of(head.referrer) if head.referrer else None


def infer_role(
    request: Request, mode: Known[str] | Unknown, *, target_origin: str, page_origin: str | None, previous: Observation | None
) -> Role:
    """Return what the exchange is to CORS; ACTUAL is decided by pairing, so a CORS request comes back as SIMPLE."""
    if is_cors_preflight_request(request):
        return Role.PREFLIGHT
    known_mode = mode.value if isinstance(mode, Known) else None
    match known_mode:
        case "navigate":
            return Role.NAVIGATION
        case "websocket" | "webtransport":
            return Role.WEBSOCKET
        case "no-cors":
            return Role.NO_CORS
    if previous is not None and previous.role in (Role.NO_CORS, Role.NAVIGATION):
        return previous.role
    head = head_of(request.headers)
    origin = head.origin
    if crossed_origins(page_origin, previous):
        # Every CORS request carries Origin; who follows a redirect without it and without fetch metadata is a program or a navigation.
        return Role.SIMPLE if origin is not None or known_mode is not None else Role.NO_CORS
    if known_mode == "same-origin" or head.site == "same-origin":
        # Origin may be `null` all the same: a referrer policy can withhold it.
        return Role.SAME_ORIGIN
    if origin is None:
        # Without Origin no CORS check follows: GET and HEAD to the page's own origin, no-cors GETs, navigations.
        if page_origin is not None and page_origin != target_origin and known_mode is None:
            return Role.NO_CORS
        return Role.SAME_ORIGIN
    return Role.SAME_ORIGIN if origin == target_origin else Role.SIMPLE


def sends_storage_access(engine: Engine | None, version: int) -> bool:
    """Say whether this version of the engine is known to send Sec-Fetch-Storage-Access."""
    return engine is not None and version >= STORAGE_ACCESS_SINCE.get(engine, 2**31)


def shows_credentials(request: Request) -> bool:
    """Say whether a cross-origin request (not a preflight) shows by itself that its credentials mode is `include`."""
    return head_of(request.headers).shows_credentials


def infer_credentials(
    request: Request,
    *,
    role: Role,
    target_origin: str,
    sends_storage_access: bool,
    page_origin: str | None = None,
    previous: Observation | None,
    preflight: Observation | None,
    cached: Observation | None,
    resource_type: str | None = None,
    was_sent: bool = True,
) -> Known[CredentialsMode] | Unknown:
    """Return the credentials mode as far as a CORS check cares; NOT_SHOWN where the exchanges beside it may still tell.

    Args:
        sends_storage_access: this browser is known to send Sec-Fetch-Storage-Access with `include`.
        previous: the redirect hop before; a chain has one mode.
        preflight: the preflight made for this very request.
        cached: the preflight whose cache entry spared this request its own.
        resource_type: what the capturing browser calls it.
        was_sent: the request is what went over the wire; if not, nothing follows from what it lacks.
    """
    if role not in CORS_ROLES:
        return _NO_CORS_REQUEST
    head = head_of(request.headers)
    is_preflight = role is Role.PREFLIGHT
    if head.storage_access is not None:
        return _STORAGE_ACCESS
    if head.cookie is not None and not is_preflight:
        return _COOKIE
    if previous is not None and previous.is_cors and isinstance(previous.credentials, Known):
        return Known(previous.credentials.value, ("redirect-chain", *previous.credentials.evidence))
    if preflight is not None:
        if isinstance(preflight.credentials, Known):
            return Known(preflight.credentials.value, ("preflight", *preflight.credentials.evidence))
        if head.authorization is not None and preflight.need is not None and "authorization" not in preflight.need.header_names:
            return Known(INCLUDE, ("authorization-not-requested",))
    if cached is not None and isinstance(cached.credentials, Known) and cached.credentials.value is NOT_INCLUDE:
        # Standard: a cache entry match, https://fetch.spec.whatwg.org/#concept-cache-match: an entry made without credentials
        # serves no request with them.
        return Known(NOT_INCLUDE, ("preflight-cache", *cached.credentials.evidence))
    if not is_preflight and (head.destination == "font" or (resource_type or "").lower() == "font"):
        return _FONT
    if sends_storage_access and was_sent and previous is None and _lacks_storage_access(head, role, target_origin, page_origin):
        return _NO_STORAGE_ACCESS
    return _UNKNOWN_OF_PREFLIGHT if is_preflight else NOT_SHOWN


def _lacks_storage_access(head: RequestHead, role: Role, target_origin: str, page_origin: str | None) -> bool:
    """Say whether the request would have Sec-Fetch-Storage-Access, were credentials included, of a browser that sends it."""
    # Chromium's preflights never carry the header, Firefox's do as the request that they are for.
    if role is Role.PREFLIGHT and head.engine is not Engine.FIREFOX:
        return False
    # Behind a redirect its absence shows nothing, and this one was redirected unseen: a page whose own origin is opaque sends no
    # Referer, https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer
    if head.origin == NULL and head.referrer is not None:
        return False
    # Sec-Fetch-Site counts the scheme, Firefox's Sec-Fetch-Storage-Access does not: seen from an http page to https of its own site.
    if head.engine is Engine.FIREFOX and page_origin is not None and is_schemelessly_same_site(page_origin, target_origin):
        return False
    return head.site == "cross-site" and is_potentially_trustworthy(target_origin)
