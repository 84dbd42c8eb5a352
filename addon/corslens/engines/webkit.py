"""WebKit. Measured: WebKitGTK 2.50 through a recording proxy; sources: `Source/WebCore/loader/CrossOriginAccessControl.cpp`."""

from corslens.engines.engine import Engine
from corslens.engines.profile import AllowOriginNaming, EmptyLocation, EngineProfile, PreflightStep
from corslens.fetch.preflight_cache import CachePolicy
from corslens.fetch.request_headers import SafelistDepartures

WEBKIT = EngineProfile(
    engine=Engine.WEBKIT,
    # validatePreflightResponse tests the status (a redirect's too) before any header; measured.
    preflight_order=(
        PreflightStep.REDIRECT,
        PreflightStep.STATUS,
        PreflightStep.ALLOW_ORIGIN,
        PreflightStep.ALLOW_CREDENTIALS,
        PreflightStep.ALLOW_METHODS_SYNTAX,
        PreflightStep.ALLOW_HEADERS_SYNTAX,
        PreflightStep.METHOD,
        PreflightStep.HEADERS,
    ),
    allow_origin=AllowOriginNaming(multiple_separators=","),
    wildcard_covers_authorization=True,  # measured
    safelist=SafelistDepartures(range_unit_ignores_case=True, total_limit=False),  # range measured
    cache=CachePolicy(
        limit_seconds=600,  # CrossOriginPreflightResultCache.cpp
        wildcard_covers_authorization=True,
        merges_preflights=False,  # CrossOriginPreflightResultCache.cpp, appendEntry: one item a key
        dropped_by_failed_actual=False,
    ),
    dropped_headers_cause_preflights=True,  # measured
    delete_becomes_get_across_origins=True,  # NetworkDataTaskSoup.cpp, shouldRedirectAsGET; measured (WebKitGTK)
    # NetworkLoadChecker.cpp keeps the credentials of the request's own origin until that redirect was checked; measured.
    redirects_after_own_origin_want_credentials=True,
    empty_location=EmptyLocation.REFUSED,  # measured
)
