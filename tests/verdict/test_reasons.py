"""Every reason has its names, and is either what a check fails for or out of a proxy's sight."""

import ast
import inspect

import pytest
from corslens.engines.engine import Engine
from corslens.verdict import checks, cors_checks, preflight_checks
from corslens.verdict.reasons import NAMES, OF_PREFLIGHT, Effect, Reason

from tests.truth.judged import judged

CORS_ERRORS = frozenset({
    "DisallowedByMode", "InvalidResponse", "WildcardOriginNotAllowed", "MissingAllowOriginHeader", "MultipleAllowOriginValues",
    "InvalidAllowOriginValue", "AllowOriginMismatch", "InvalidAllowCredentials", "CorsDisabledScheme", "PreflightInvalidStatus",
    "PreflightDisallowedRedirect", "PreflightWildcardOriginNotAllowed", "PreflightMissingAllowOriginHeader",
    "PreflightMultipleAllowOriginValues", "PreflightInvalidAllowOriginValue", "PreflightAllowOriginMismatch",
    "PreflightInvalidAllowCredentials", "PreflightMissingAllowExternal", "PreflightInvalidAllowExternal",
    "InvalidAllowMethodsPreflightResponse", "InvalidAllowHeadersPreflightResponse", "MethodDisallowedByPreflightResponse",
    "HeaderDisallowedByPreflightResponse", "RedirectContainsCredentials", "InsecureLocalNetwork", "InvalidLocalNetworkAccess",
    "NoCorsRedirectModeNotFollow", "LocalNetworkAccessPermissionDenied",
})  # fmt: skip
"""Network.CorsError, https://chromedevtools.github.io/devtools-protocol/tot/Network/#type-CorsError"""

NEVER_SENT = {
    Reason.MODE_SAME_ORIGIN_VIOLATED, Reason.SCHEME_NOT_CORS_ENABLED, Reason.NO_CORS_REDIRECT_MODE, Reason.CORS_DISABLED_BY_USER,
    Reason.ORIGIN_HEADER_NOT_ADDABLE, Reason.LNA_INSECURE_CONTEXT, Reason.LNA_ADDRESS_SPACE_MISMATCH, Reason.LNA_PERMISSION_DENIED,
    Reason.BAD_PORT, Reason.KEEPALIVE_BODY_TOO_LARGE,
}  # fmt: skip
"""The browser refuses before anything reaches a proxy."""
AFTERWARDS = {
    Reason.OPAQUE_RESPONSE_BLOCKED, Reason.MIME_OR_NOSNIFF_BLOCKED, Reason.UNREQUESTED_RANGE_RESPONSE, Reason.INTEGRITY_MISMATCH,
    Reason.REDIRECT_MODE_ERROR, Reason.REDIRECT_BODY_NOT_REPLAYABLE,
}  # fmt: skip
"""Turns on bodies or on what the script asked for: not in a head."""
OBSOLETE = {
    Reason.PNA_PREFLIGHT_MISSING_ALLOW, Reason.PNA_PREFLIGHT_INVALID_ALLOW,
    Reason.PNA_PREFLIGHT_MISSING_DEVICE_IDENTITY, Reason.PNA_UNEXPECTED_PRIVATE_NETWORK,
}  # fmt: skip
"""Current engines make no such check."""


def _reasons_of_checks() -> set[Reason]:
    trees = [ast.parse(inspect.getsource(module)) for module in (checks, cors_checks, preflight_checks)]
    named = {
        Reason[node.attr]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason"
    }
    return named | {OF_PREFLIGHT[reason] for reason in named & OF_PREFLIGHT.keys()}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_named(reason: Reason) -> None:
    assert reason in NAMES
    assert reason.value == reason.name.lower().replace("_", "-")


def test_every_blocking_reason_is_checked_or_out_of_sight() -> None:
    checked = _reasons_of_checks()
    blocking = {reason for reason in Reason if NAMES[reason].effect is Effect.BLOCKS}
    assert {NAMES[reason].effect for reason in checked} == {Effect.BLOCKS}
    assert blocking - checked == NEVER_SENT | AFTERWARDS | OBSOLETE - {Reason.PNA_UNEXPECTED_PRIVATE_NETWORK}


def test_devtools_names_are_those_of_the_protocol() -> None:
    named = {name for names in NAMES.values() for name in names.chromium}
    assert named <= CORS_ERRORS
    # Nothing in Chromium produces these two any more.
    assert CORS_ERRORS - named == {"PreflightMissingAllowExternal", "PreflightInvalidAllowExternal"}


def test_mdn_has_a_page_for_what_firefox_says() -> None:
    for reason, names in NAMES.items():
        if any(name.startswith("CORS") for name in names.firefox):
            assert names.mdn, reason


def test_every_name_that_a_browser_used_in_the_recordings_is_known() -> None:
    used = {
        request.outcome["cors_error"]
        for engine in (Engine.CHROMIUM, Engine.FIREFOX)
        for request in judged(engine)
        if request.outcome["result"] == "blocked"
    }
    assert used <= {name for names in NAMES.values() for name in (*names.chromium, *names.firefox)}
