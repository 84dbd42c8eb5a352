"""What a proxy cannot see, inferred: mode, destination, role, page origin, credentials mode. Known with its evidence, or Unknown.

Sources: fetch metadata, https://w3c.github.io/webappsec-fetch-metadata/; `Sec-Fetch-Storage-Access`,
https://privacycg.github.io/storage-access-headers/; and what recorded browsers were seen to send.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from corslens.engines.engine import Engine
from corslens.fetch.constants import NULL, ORIGIN
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderLine, Request
from corslens.fetch.origins import is_potentially_trustworthy, is_same_site, is_schemelessly_same_site, origin_of
from corslens.fetch.preflight import is_cors_preflight_request
from corslens.fetch.request_headers import (
    MAXIMUM_TOTAL_BYTES,
    METHOD_OVERRIDES,
    SafelistDepartures,
    cors_unsafe_request_header_names,
    is_browser_generated_content_type,
    is_forbidden_request_header,
    mime_type_essence,
)
from corslens.observation.cookie_jar import COOKIE_NOT_SENT
from corslens.observation.header_additions import is_web_views, perhaps_page_set
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import CORS_ROLES, Observation, Role

SEC_FETCH_MODE = "sec-fetch-mode"
SEC_FETCH_DEST = "sec-fetch-dest"
WORKERS = frozenset({"worker", "sharedworker", "serviceworker"})
"""Destinations of the scripts that start one."""
SEC_FETCH_SITE = "sec-fetch-site"
SEC_FETCH_STORAGE_ACCESS = "sec-fetch-storage-access"
REFERER = "referer"

STORAGE_ACCESS_SINCE: Mapping[Engine, int] = MappingProxyType({Engine.CHROMIUM: 133, Engine.FIREFOX: 153})
"""The version since which an engine sends Sec-Fetch-Storage-Access with every cross-site `include`: documented for Chromium, the oldest recorded Firefox."""

_MODE_OF_ORIGIN = Known("cors", ("origin-on-get",))
_PREFLIGHT_MODE = Known("cors", ("preflight",))
_WEBSOCKET_MODE = Known("websocket", ("upgrade",))
_NAVIGATION_MODE = Known("navigate", ("accept-html",))
_SIMPLE_POST = Unknown("without fetch metadata an Origin header on this method is also sent by no-cors requests and forms")
_NO_METADATA = Unknown("there is no fetch metadata: the target is plain http, or the client is old or no browser")
_MODES = {
    mode: Known(mode, (SEC_FETCH_MODE,)) for mode in ("cors", "no-cors", "navigate", "same-origin", "websocket", "webtransport")
}
_DESTINATIONS: dict[str, Known[str]] = {}

INCLUDE = CredentialsMode.INCLUDE
NOT_INCLUDE = CredentialsMode.SAME_ORIGIN_OR_OMIT


_REPORTS = frozenset({"ping", "beacon", "cspviolationreport", "csp-violation-report", "cspreport"})
"""What browsers call `navigator.sendBeacon`, `<a ping>` and reports of a policy: their mode is no-cors (but see `_is_report`)."""
_REPORT_TYPES = frozenset({
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/ping", "application/csp-report",
    "application/reports+json",
})  # fmt: skip
"""Content types that are sent without a preflight: the safelisted ones, and those of the browser's own reports."""
_REPORT_MODE = Known("no-cors", ("resource-type",))


def infer_mode(request: Request, resource_type: str | None = None) -> Known[str] | Unknown:
    """Return the request's mode, https://fetch.spec.whatwg.org/#concept-request-mode

    Args:
        resource_type: what the capturing browser calls it.
    """
    headers = request.headers
    told = headers.get(SEC_FETCH_MODE)
    if told is not None and told in _MODES:
        return _MODES[told]
    if is_cors_preflight_request(request):
        return _PREFLIGHT_MODE
    if "upgrade" in headers and (headers.get("upgrade") or "").lower() == "websocket":
        return _WEBSOCKET_MODE
    if resource_type is not None and resource_type.lower() in _REPORTS and _is_report(request):
        return _REPORT_MODE
    # A navigation's Accept, in every browser; only one that submits a form carries an Origin.
    if (headers.get("accept") or "").startswith("text/html,") and (ORIGIN not in headers or request.method == "POST"):
        return _NAVIGATION_MODE
    if ORIGIN not in headers:
        return _NO_METADATA
    return _MODE_OF_ORIGIN if request.method in ("GET", "HEAD") else _SIMPLE_POST


def _is_report(request: Request) -> bool:
    """Say whether it needs no preflight: a beacon of another content type is a CORS request, https://w3c.github.io/beacon/#sendbeacon-method"""
    kind = mime_type_essence(request.headers.get("content-type") or "text/plain") or ""
    return kind in _REPORT_TYPES


def infer_destination(request: Request) -> Known[str] | Unknown:
    """Return the request's destination, `empty` for fetch and XHR, https://fetch.spec.whatwg.org/#concept-request-destination"""
    told = request.headers.get(SEC_FETCH_DEST)
    if told is None:
        return _NO_METADATA
    known = _DESTINATIONS.get(told)
    if known is None:
        known = Known(told, (SEC_FETCH_DEST,))
        if len(_DESTINATIONS) < 64:
            _DESTINATIONS[told] = known
    return known


@lru_cache(maxsize=1024)
def _unsafe_names(lines: tuple[HeaderLine, ...], safelist: SafelistDepartures) -> tuple[str, ...]:
    return cors_unsafe_request_header_names(lines, safelist)


def page_set_unsafe_names(request: Request, safelist: SafelistDepartures) -> tuple[str, ...]:
    """Return the CORS-unsafe names among the headers that only a page can have set, lower-case and sorted."""
    headers = request.headers
    lines: list[HeaderLine] = []
    length = 0
    for name in perhaps_page_set(headers.names.ordered):
        for value in headers.values(name):
            if is_web_views(name, value):
                continue
            if name in METHOD_OVERRIDES and is_forbidden_request_header(name, value):
                continue
            if name == "content-type" and is_browser_generated_content_type(value):
                continue
            lines.append((name, value))
            length += len(name) + len(value)
    # A browser sends the same Accept and Accept-Language all day; a hostile megabyte is not remembered.
    names = _unsafe_names if length < MAXIMUM_TOTAL_BYTES else cors_unsafe_request_header_names
    return names(tuple(lines), safelist)


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
    origin = request.headers.get(ORIGIN)
    if origin is not None and (origin != NULL or request.headers.get(SEC_FETCH_MODE) in (None, "cors")):
        return origin
    if request.headers.get(SEC_FETCH_SITE) == "same-origin":
        return target_origin
    referrer = request.headers.get(REFERER)
    return origin_of(referrer) if referrer else None


def infer_role(
    request: Request, mode: Known[str] | Unknown, *, target_origin: str, page_origin: str | None, previous: Observation | None
) -> Role:
    """Return what the exchange is to CORS; ACTUAL is decided by pairing, so a CORS request comes back as SIMPLE."""
    if is_cors_preflight_request(request):
        return Role.PREFLIGHT
    told = mode.value if isinstance(mode, Known) else None
    match told:
        case "navigate":
            return Role.NAVIGATION
        case "websocket" | "webtransport":
            return Role.WEBSOCKET
        case "no-cors":
            return Role.NO_CORS
    if previous is not None and previous.role in (Role.NO_CORS, Role.NAVIGATION):
        return previous.role
    origin = request.headers.get(ORIGIN)
    if crossed_origins(page_origin, previous):
        # Every CORS request carries Origin; who follows a redirect without it and without fetch metadata is a program or a navigation.
        return Role.SIMPLE if origin is not None or told is not None else Role.NO_CORS
    if told == "same-origin" or request.headers.get(SEC_FETCH_SITE) == "same-origin":
        # Origin may be `null` all the same: a referrer policy can withhold it.
        return Role.SAME_ORIGIN
    if origin is None:
        # Without Origin no CORS check follows: GET and HEAD to the page's own origin, no-cors GETs, navigations.
        if page_origin is not None and page_origin != target_origin and told is None:
            return Role.NO_CORS
        return Role.SAME_ORIGIN
    return Role.SAME_ORIGIN if origin == target_origin else Role.SIMPLE


def sends_storage_access(engine: Engine | None, version: int) -> bool:
    """Say whether this version of the engine is known to send Sec-Fetch-Storage-Access."""
    return engine is not None and version >= STORAGE_ACCESS_SINCE.get(engine, 2**31)


def shows_credentials(request: Request) -> bool:
    """Say whether a cross-origin request (not a preflight) shows by itself that its credentials mode is `include`."""
    return SEC_FETCH_STORAGE_ACCESS in request.headers or "cookie" in request.headers


def infer_credentials(
    request: Request,
    *,
    role: Role,
    engine: Engine | None,
    target_origin: str,
    tells_storage_access: bool,
    page_origin: str | None = None,
    previous: Observation | None,
    preflight: Observation | None,
    cached: Observation | None,
    cookie_missing: bool = False,
    by_connection: Known[CredentialsMode] | None,
    resource_type: str | None = None,
    was_sent: bool = True,
) -> Known[CredentialsMode] | Unknown:
    """Return the credentials mode as far as a CORS check cares.

    Args:
        tells_storage_access: this browser is known to send Sec-Fetch-Storage-Access with `include`.
        previous: the redirect hop before; a chain has one mode.
        preflight: the preflight made for this very request.
        cached: the preflight whose cache entry spared this request its own.
        cookie_missing: the browser keeps a cookie for this URL, and the request carries none.
        by_connection: what else the client connection carried tells of it, in engines that keep credentialed
            requests on connections of their own; None when it shows nothing.
        resource_type: what the capturing browser calls it.
        was_sent: the request is what went over the wire; if not, nothing follows from what it lacks.
    """
    headers = request.headers
    if role not in CORS_ROLES:
        return Unknown("only a cross-origin CORS request's credentials mode shows on the wire")
    told = SEC_FETCH_STORAGE_ACCESS in headers
    if told:
        return Known(INCLUDE, (SEC_FETCH_STORAGE_ACCESS,))
    if "cookie" in headers and role is not Role.PREFLIGHT:
        return Known(INCLUDE, ("cookie",))
    if previous is not None and previous.is_cors and isinstance(previous.credentials, Known):
        return Known(previous.credentials.value, ("redirect-chain", *previous.credentials.evidence))
    if preflight is not None:
        if isinstance(preflight.credentials, Known):
            return Known(preflight.credentials.value, ("preflight", *preflight.credentials.evidence))
        if "authorization" in headers and preflight.need is not None and "authorization" not in preflight.need.header_names:
            return Known(INCLUDE, ("authorization-not-requested",))
    if cached is not None and isinstance(cached.credentials, Known) and cached.credentials.value is NOT_INCLUDE:
        # Standard: a cache entry match, https://fetch.spec.whatwg.org/#concept-cache-match: an entry made without credentials
        # serves no request with them.
        return Known(NOT_INCLUDE, ("preflight-cache", *cached.credentials.evidence))
    if role is not Role.PREFLIGHT and (headers.get(SEC_FETCH_DEST) == "font" or resource_type == "font"):
        return Known(NOT_INCLUDE, ("font",))
    # Chromium's preflights never carry the header, Firefox's do as the request that they are for.
    can_tell = (
        tells_storage_access and was_sent and previous is None and (role is not Role.PREFLIGHT or engine is Engine.FIREFOX)
    )
    # Behind a redirect its absence shows nothing, and this one was redirected unseen: a page whose own origin is opaque sends no
    # Referer, https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer
    if headers.get(ORIGIN) == NULL and REFERER in headers:
        can_tell = False
    # Sec-Fetch-Site counts the scheme, Firefox's Sec-Fetch-Storage-Access does not: seen from an http page to https of its own site.
    if (
        can_tell
        and engine is Engine.FIREFOX
        and page_origin is not None
        and is_schemelessly_same_site(page_origin, target_origin)
    ):
        can_tell = False
    if can_tell and headers.get(SEC_FETCH_SITE) == "cross-site" and is_potentially_trustworthy(target_origin):
        return Known(NOT_INCLUDE, ("no-sec-fetch-storage-access",))
    if role is Role.PREFLIGHT:
        return Unknown("a preflight carries no credentials, whatever the request that it is for will carry")
    if by_connection is not None:
        return by_connection
    # To its own site a page's request sends cookies whatever their SameSite, if its mode is `include`.
    if cookie_missing and page_origin is not None and is_same_site(page_origin, target_origin):
        return Known(NOT_INCLUDE, (COOKIE_NOT_SENT,))
    return Unknown("a request without cookies may still have the credentials mode include")
