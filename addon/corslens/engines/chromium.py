"""Chromium. Measured: Chromium 156 (headless) through a recording proxy; sources: `services/network/` of the Chromium tree."""

from corslens.engines.engine import Engine
from corslens.engines.profile import AllowOriginNaming, EmptyLocation, EngineProfile, PreflightStep
from corslens.fetch.preflight_cache import CachePolicy
from corslens.fetch.request_headers import SafelistDepartures

_CLIENT_HINTS = frozenset({
    "save-data", "device-memory", "dpr", "width", "viewport-width", "rtt", "downlink", "ect", "intervention",
})  # fmt: skip
_DROPPED = frozenset({"user-agent"})
"""A page may set it, and the browser silently sends its own; measured."""

CHROMIUM = EngineProfile(
    engine=Engine.CHROMIUM,
    # preflight_controller.cc: the redirect is refused in OnRedirect, the status after CheckAccess; measured.
    preflight_order=(
        PreflightStep.REDIRECT,
        PreflightStep.ALLOW_ORIGIN,
        PreflightStep.ALLOW_CREDENTIALS,
        PreflightStep.STATUS,
        PreflightStep.ALLOW_METHODS_SYNTAX,
        PreflightStep.ALLOW_HEADERS_SYNTAX,
        PreflightStep.METHOD,
        PreflightStep.HEADERS,
    ),
    # cors.cc, CheckAccessInternal: a space or comma first, then whether the value is a URL at all; bytes beyond ASCII measured.
    allow_origin=AllowOriginNaming(multiple_separators=" ,", names_invalid=True, non_ascii_is_invalid=True),
    # Feature CorsNonWildcardRequestHeadersSupport is off; DevTools issue AuthorizationCoveredByWildcard; measured.
    wildcard_covers_authorization=True,
    wildcard_authorization_note=True,
    # cors.cc, IsCorsSafelistedHeader; measured.
    safelist=SafelistDepartures(extra_names=_CLIENT_HINTS | _DROPPED),
    cache=CachePolicy(
        limit_seconds=7200,  # preflight_result.cc
        serves_opaque_origins=False,  # measured
        serves_revalidation=False,  # measured
        merges_preflights=False,  # preflight_cache.cc, AppendEntry: one result a key
        dropped_by_failed_actual=False,  # measured
    ),
    empty_location=EmptyLocation.RESPONSE,  # measured: the 302 is readable
    # PrivacyMode is part of the socket pool's group, client_socket_pool.h; measured: 0 exceptions in 110 shared connections.
    credentialed_connections_tell=True,
    uncredentialed_connections_tell=True,
    one_http2_session_per_kind=True,  # SpdySessionKey holds the PrivacyMode, net/spdy/spdy_session_key.h; measured
    local_network_access_since=142,  # https://developer.chrome.com/blog/local-network-access; measured
    local_network_websockets_since=147,  # blink-dev, "Local network access restrictions for WebSockets"; measured in 156
    blocks_local_network_from_http=True,
    document_isolation=True,  # since 137; measured: ERR_BLOCKED_BY_RESPONSE
    connection_allowlist=True,  # since 152, https://chromestatus.com; measured in 156
    invalid_header_bytes_break_http2=True,  # measured: ERR_HTTP2_PROTOCOL_ERROR
)
