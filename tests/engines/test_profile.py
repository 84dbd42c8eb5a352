"""Each departure of an engine from the standard is shown by a recording, or names the source that it was read in."""

import pytest
from corslens.engines.engine import Engine
from corslens.engines.profile import STANDARD, EngineProfile, PreflightStep
from corslens.engines.profiles import PROFILES
from corslens.fetch.preflight_cache import CachePolicy
from corslens.fetch.request_headers import SafelistDepartures
from msgspec import Struct, structs

from tests.truth.deviations import Wrong, deviations, measure

engines = pytest.mark.parametrize("engine", Engine)

NOT_RECORDED: dict[Engine, dict[str, str]] = {
    Engine.CHROMIUM: {
        "local_network_access_since": "tests/verdict/test_direct.py holds it against what the browser did without a proxy",
        "local_network_websockets_since": "Chromium 156 blocked each WebSocket of a public page to 10.0.0.0/8 and 127.0.0.0/8, in a run that is not kept here",
        "blocks_local_network_from_http": "Chromium's guide; without a user to ask, both outcomes look the same",
        "connection_allowlist": "tests/verdict/test_page_policy_recorded.py holds it against what the browser did",
        "document_isolation": "seen in a run that is not kept here: ERR_BLOCKED_BY_RESPONSE",
        "cache.limit_seconds": "preflight_result.cc: kMaxTimeout; no page was kept open for two hours",
        "cache.merges_preflights": "preflight_cache.cc: AppendEntry sets one result a key",
        "empty_location": "recorded as a readable 302 (redir-to-empty): allowed either way, so the verdict does not show it",
        "credentialed_connections_tell": "recorded connections agree, but a cookie on the request always told first",
        "one_http2_session_per_kind": "net/spdy/spdy_session_key.h; a recorded page rarely goes back to its first session",
        "allow_origin.non_ascii_is_invalid": "seen in a run that is not kept here (a name in another alphabet): InvalidAllowOriginValue",
    },
    Engine.FIREFOX: {
        "preflight_order": "nsCORSListenerProxy.cpp: CheckPreflightRequestApproved looks for the method before it parses the headers",
        "cache.limit_seconds": "nsCORSListenerProxy.cpp: a day at most",
        "cache.separates_credentials": "nsCORSListenerProxy.cpp: GetCacheKey begins with cred or nocred; seen in a run that is not kept here",
        "cache.head_is_exempt": "nsCORSListenerProxy.cpp: CacheEntry::CheckRequest names GET and POST only",
        "drops_empty_stored_lines": "seen in a run that is not kept here: an empty ACAO, renewed by a bare 304",
        "safelist.total_limit": "seen in runs that are not kept here (1025 bytes of safelisted headers, no preflight)",
        "safelist.non_ascii_is_unsafe": "nsContentUtils.cpp compares plain chars; seen in a run that is not kept here",
        "own_origin_preflights_unchecked": "nsCORSListenerProxy.cpp: CheckRequestApproved; seen in a run that is not kept here",
        "connections_tell_over_http1_only": "seen in a run that is not kept here: a session that carried cookies carried other requests, too",
        "invalid_resource_policy_opts_in": "tests/verdict/test_page_policy_recorded.py holds it against what the browser did",
        "dropped_headers_cause_preflights": "seen in runs that are not kept here (a POST of JSON behind a 302)",
        "local_network_access_since": "tests/verdict/test_direct.py holds it against what the browser did without a proxy",
    },
    Engine.WEBKIT: {
        "cache.limit_seconds": "CrossOriginPreflightResultCache.cpp: maxPreflightCacheTimeout",
        "cache.merges_preflights": "CrossOriginPreflightResultCache.cpp: appendEntry sets one item a key",
        "cache.wildcard_covers_authorization": "CrossOriginPreflightResultCache.cpp: allowsCrossOriginHeaders has no exception",
        "safelist.range_unit_ignores_case": "seen in a run that is not kept here (Range: BYTES=0-1, no preflight)",
        "safelist.total_limit": "CrossOriginAccessControl.cpp has no such limit; no recorded request comes near it without being unsafe",
    },
}
"""Departures whose absence no recording contradicts, each with where it comes from."""


@engines
def test_the_profile_contradicts_no_recording(engine: Engine) -> None:
    """With the credentials mode given, verdicts, notes, cache, safelists and pairing are all as recorded."""
    assert structs.replace(measure(engine), unknown=0) == Wrong()


@pytest.mark.slow  # judges every recording once for each
@engines
def test_each_departure_is_shown_by_a_recording_or_names_its_source(engine: Engine) -> None:
    """Without it a recorded request would be misjudged; those of which that is not so are listed, and no others."""
    own = measure(engine)
    unshown = {name for name, without in deviations(engine) if not measure(engine, without).worse_than(own)}
    assert unshown == NOT_RECORDED[engine].keys()


@pytest.mark.slow  # judges every recording twice
@engines
def test_the_bare_standard_would_misjudge_each_engine(engine: Engine) -> None:
    assert measure(engine, structs.replace(STANDARD, engine=engine)).verdicts > measure(engine).verdicts


@engines
def test_each_engine_makes_every_check_on_a_preflight_once(engine: Engine) -> None:
    assert sorted(PROFILES[engine].preflight_order) == sorted(PreflightStep)
    assert sorted(STANDARD.preflight_order) == sorted(PreflightStep)


@pytest.mark.parametrize("record", [EngineProfile, CachePolicy, SafelistDepartures])
def test_every_field_is_a_departure_of_some_engine(record: type[Struct]) -> None:
    """A field that no engine sets would be a rule that nothing follows."""
    changed = {name.rpartition(".")[2] for engine in Engine for name, _ in deviations(engine)}
    changed |= {name.partition(".")[0] for engine in Engine for name, _ in deviations(engine)}
    assert {field.name for field in structs.fields(record)} - {"engine"} <= changed
