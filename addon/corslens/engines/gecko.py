"""Gecko. Measured: Firefox ESR 153 (headless) through a recording proxy; sources: `netwerk/protocol/http/nsCORSListenerProxy.cpp`."""

from corslens.engines.engine import Engine
from corslens.engines.profile import AllowOriginNaming, EngineProfile, PreflightStep
from corslens.fetch.preflight_cache import CachePolicy
from corslens.fetch.request_headers import SafelistDepartures

GECKO = EngineProfile(
    engine=Engine.FIREFOX,
    # CheckRequestApproved comes before the redirect and the status; the method before the header list's grammar.
    preflight_order=(
        PreflightStep.ALLOW_ORIGIN,
        PreflightStep.ALLOW_CREDENTIALS,
        PreflightStep.REDIRECT,
        PreflightStep.STATUS,
        PreflightStep.ALLOW_METHODS_SYNTAX,
        PreflightStep.METHOD,
        PreflightStep.ALLOW_HEADERS_SYNTAX,
        PreflightStep.HEADERS,
    ),
    allow_origin=AllowOriginNaming(lines_are_multiple=True),
    joins_empty_lines_over_http2=True,  # measured
    drops_empty_stored_lines=True,  # measured: of a 304 that renews a response with an empty ACAO it says "missing"
    wildcard_covers_authorization=True,  # pref network.cors_preflight.authorization_covered_by_wildcard; measured
    wildcard_authorization_note=True,
    safelist=SafelistDepartures(total_limit=False, non_ascii_is_unsafe=True),  # measured
    cache=CachePolicy(
        limit_seconds=86400,
        caches_unparsable_max_age=False,  # measured
        wildcard_matches=False,  # measured
        separates_credentials=True,  # measured
        head_is_exempt=False,
        serves_revalidation=False,  # measured
    ),
    # nsCORSListenerProxy.cpp, CheckRequestApproved: nothing to check while the (preflight's own) channel never left the origin; measured.
    own_origin_preflights_unchecked=True,
    local_network_access_since=153,  # pref network.lna.blocking; measured
    invalid_resource_policy_opts_in=True,  # nsHttpChannel.cpp: only an empty value counts as same-origin; measured
    dropped_headers_cause_preflights=True,  # measured
    preflight_keeps_page_origin=True,  # measured
    # LOAD_ANONYMOUS is part of a connection's key, and every preflight has it: netwerk/protocol/http/nsHttpConnectionInfo.cpp,
    # nsCORSListenerProxy.cpp. Measured over HTTP/1, in both directions.
    credentialed_connections_tell=True,
    uncredentialed_connections_tell=True,
    connections_tell_over_http1_only=True,  # measured: an HTTP/2 session carries both
)
