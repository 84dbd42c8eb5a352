"""EngineProfile: one field a departure from the Fetch standard. The standard is a profile too.

Every value in the engines' modules names its source: a measurement (recorded from the browser named in the module) or a file of the
engine's source code.
"""

from enum import StrEnum

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.fetch.preflight_cache import CachePolicy
from corslens.fetch.request_headers import STANDARD_SAFELIST, SafelistDepartures


class PreflightStep(StrEnum):
    """The checks on a preflight's response; a profile holds them in its engine's order."""

    REDIRECT = "redirect"
    ALLOW_ORIGIN = "allow-origin"
    ALLOW_CREDENTIALS = "allow-credentials"
    STATUS = "status"
    ALLOW_METHODS_SYNTAX = "allow-methods-syntax"
    ALLOW_HEADERS_SYNTAX = "allow-headers-syntax"
    METHOD = "method"
    HEADERS = "headers"


class EmptyLocation(StrEnum):
    """What an engine makes of a redirect with an empty Location."""

    FOLLOWED = "followed"
    """The standard: it is a relative reference to the same URL, so it loops."""
    RESPONSE = "response"
    """It is no redirect: the 3xx itself is the response."""
    REFUSED = "refused"
    """A network error."""


class AllowOriginNaming(Struct, frozen=True, kw_only=True):
    """What an engine calls an Access-Control-Allow-Origin that is not the origin. The standard has but one failure."""

    lines_are_multiple: bool = False
    """Several header lines are named as such, before anything else is looked at (HTTP/1 only)."""
    multiple_separators: str = ""
    """A combined value with one of these characters is named `multiple`."""
    names_invalid: bool = False
    """A value that is not a URL is named `invalid`."""
    non_ascii_is_invalid: bool = False
    """And so is one with a byte beyond ASCII, though the URL standard reads it."""


class EngineProfile(Struct, frozen=True, kw_only=True):
    """How one engine departs from the standard; the defaults are the standard."""

    engine: Engine | None
    preflight_order: tuple[PreflightStep, ...]
    allow_origin: AllowOriginNaming = AllowOriginNaming()
    joins_empty_lines_over_http2: bool = False
    """Over HTTP/2 an empty header line vanishes when lines are combined."""
    drops_empty_stored_lines: bool = False
    """The HTTP cache keeps no header lines without a value, so a renewed response lacks them."""
    wildcard_covers_authorization: bool = False
    """`Access-Control-Allow-Headers: *` lets a page-set Authorization pass."""
    wildcard_authorization_note: bool = False
    """…and the engine says in its console that it will not for ever."""
    safelist: SafelistDepartures = STANDARD_SAFELIST
    cache: CachePolicy = CachePolicy()
    dropped_headers_cause_preflights: bool = False
    """A header that a redirect drops (Content-Type, Authorization) stays a reason for a preflight, which asks for it."""
    delete_becomes_get_across_origins: bool = False
    """Every redirect to another origin turns DELETE into GET, whatever its status; one to the same origin turns it as the standard says."""
    own_origin_preflights_unchecked: bool = False
    """The CORS check is not made on a preflight to the page's own origin (behind a redirect back home); what it grants is looked at."""
    preflight_keeps_page_origin: bool = False
    """The preflight behind a tainting redirect carries the page's origin, the request that follows `null`."""
    empty_location: EmptyLocation = EmptyLocation.FOLLOWED
    redirects_after_own_origin_want_credentials: bool = False
    """own -> cross-origin -> anywhere: the second redirect is refused unless it allows credentials, as if the mode were `include`."""
    credentialed_connections_tell: bool = False
    """A cross-origin request on a connection that carried a navigation or cookies has the credentials mode `include`.
    Standard: a connection pool is keyed by credentials, https://fetch.spec.whatwg.org/#concept-connection; not every engine does."""
    uncredentialed_connections_tell: bool = False
    """A request on a connection that carried a preflight has another one."""
    connections_tell_over_http1_only: bool = False
    """Over HTTP/2 the engine shares a session between credentialed and other requests."""
    one_http2_session_per_kind: bool = False
    """Over HTTP/2 all requests of a page to a host that are of one kind share a session, so that a second session is of the other kind."""
    local_network_access_since: int | None = None
    """The first version that keeps public pages from the local network without the user's permission; None: no version does."""
    local_network_websockets_since: int | None = None
    """The same of WebSockets."""
    blocks_local_network_from_http: bool = False
    """It does not ask for a page that is no secure context."""
    document_isolation: bool = False
    """Document-Isolation-Policy counts as an embedder policy does."""
    connection_allowlist: bool = False
    """Connection-Allowlist keeps a page from following redirects."""
    invalid_resource_policy_opts_in: bool = False
    """A Cross-Origin-Resource-Policy with a value that means nothing satisfies an embedder policy."""
    invalid_header_bytes_break_http2: bool = False
    """A control byte in a header value is a connection error over HTTP/2."""


STANDARD = EngineProfile(
    engine=None,
    preflight_order=(
        PreflightStep.ALLOW_ORIGIN,
        PreflightStep.ALLOW_CREDENTIALS,
        PreflightStep.REDIRECT,
        PreflightStep.STATUS,
        PreflightStep.ALLOW_METHODS_SYNTAX,
        PreflightStep.ALLOW_HEADERS_SYNTAX,
        PreflightStep.METHOD,
        PreflightStep.HEADERS,
    ),
)
"""CORS-preflight fetch, step 7, https://fetch.spec.whatwg.org/#cors-preflight-fetch-0"""
