"""decide: an observation and an engine in, a Verdict out; explain: the same with every check."""

from corslens.engines.engine import Engine
from corslens.engines.profile import EngineProfile, PreflightStep
from corslens.engines.profiles import PROFILES
from corslens.fetch.app_origins import App, app_of
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    WILDCARD,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.preflight import grants, requested_header_names
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.observation.stored_responses import is_renewal
from corslens.verdict.checked import CheckName
from corslens.verdict.checks import checks, wants_own_credentials
from corslens.verdict.cut_heads import as_far_as_kept, is_cut
from corslens.verdict.verdict import ABORTED, ALLOWED, NOT_JUDGED, Check, CheckState, Failure, Outcome, Verdict, blocked

AUTHORIZATION_COVERED_BY_WILDCARD = "authorization-covered-by-wildcard"
"""Allowed today by every engine, against the standard."""

STORED_RESPONSE_NOT_SEEN = "stored-response-not-seen"
"""A bare 304 is judged by the response that the browser has in its cache; of one that was not seen here nothing is known."""

EXTENSION_PERMISSION = "extension-permission"
"""A browser extension with a permission for the host is exempt from CORS, and the wire does not show its permissions."""

_PERMITTED = Verdict(outcome=Outcome.DEPENDS, notes=(EXTENSION_PERMISSION,))
_RENEWED = Verdict(outcome=Outcome.DEPENDS, notes=(STORED_RESPONSE_NOT_SEEN,))
_NOTED = Verdict(outcome=Outcome.ALLOWED, notes=(AUTHORIZATION_COVERED_BY_WILDCARD,))

_TITLES = {
    CheckName.RESPONSE: "there is a response",
    CheckName.HEADER_BYTES: "header values hold no control bytes",
    CheckName.ALLOW_ORIGIN: "the origin is allowed",
    CheckName.ALLOW_CREDENTIALS: "credentials are allowed, if they are included",
    CheckName.REDIRECT_TARGET: "the redirect may be followed",
    CheckName.MIXED_CONTENT: "the redirect does not lead a secure page to an insecure URL",
    CheckName.CONTENT_SECURITY_POLICY: "the page's Content-Security-Policy allows the redirect's target",
    CheckName.CONNECTION_ALLOWLIST: "the page's Connection-Allowlist lets it follow redirects",
    CheckName.RESOURCE_POLICY: "the resource policy allows other origins",
    PreflightStep.REDIRECT: "the preflight is not redirected",
    PreflightStep.STATUS: "the preflight's status is ok (200 to 299)",
    PreflightStep.ALLOW_METHODS_SYNTAX: "Access-Control-Allow-Methods is a list of tokens",
    PreflightStep.ALLOW_HEADERS_SYNTAX: "Access-Control-Allow-Headers is a list of tokens",
    PreflightStep.METHOD: "the method is allowed",
    PreflightStep.HEADERS: "the request headers are allowed",
}


def decide(observation: Observation, engine: Engine) -> Verdict:
    """Return the engine's verdict on the exchange.

    Of a preflight it says whether the actual request may be sent, of any other exchange whether the page may have the response.
    Where the credentials mode is unknown and turns the verdict, the outcome is `depends` with both branches; where something that
    was cut off a head could turn it, it is `depends` with none, and the note `head-cut`; where a 304 renews a response that was not
    seen, so it is with the note `stored-response-not-seen`; of a browser extension whose preflight was not seen, with `extension-permission`.
    """
    verdict, profile = _decide(observation, PROFILES[engine]), PROFILES[engine]
    if verdict.blocked and may_be_exempt(observation):
        return _PERMITTED
    return as_far_as_kept(verdict, observation, profile) if is_cut(observation) else verdict


def _decide(observation: Observation, profile: EngineProfile) -> Verdict:
    credentials = observation.credentials
    # Which of `same-origin` and `omit` it is, matters to no check but this one.
    open_to_own = profile.redirects_after_own_origin_want_credentials and wants_own_credentials(observation, profile)
    if isinstance(credentials, Known) and (credentials.value is CredentialsMode.INCLUDE or not open_to_own):
        return decide_under(observation, profile, credentials.value)
    without = decide_under(observation, profile, CredentialsMode.SAME_ORIGIN_OR_OMIT)
    if not _mode_matters(observation):
        return without
    included = decide_under(observation, profile, CredentialsMode.INCLUDE)
    if included is _RENEWED:
        return included
    if included.outcome is not without.outcome:
        return Verdict(
            outcome=Outcome.DEPENDS, if_credentialed=included, if_not_credentialed=without, likely=observation.likely
        )
    if included.reason is without.reason:
        return without
    # Blocked either way, but first seen at another check: what fails in both is certain, and comes first.
    common = tuple(failure for failure in without.failures if failure in included.failures)
    rest = tuple(failure for failure in without.failures if failure not in common)
    return Verdict(
        outcome=without.outcome,
        failures=common + rest,
        if_credentialed=included,
        if_not_credentialed=without,
        notes=without.notes,
    )


def may_be_exempt(observation: Observation) -> bool:
    """Say whether a permission may exempt the exchange from CORS: an extension's, unless it was preflighted, which exempt ones are not.

    Source: https://developer.chrome.com/docs/extensions/develop/concepts/network-requests
    """
    origin = observation.origin
    if origin is None or observation.role not in (Role.ACTUAL, Role.SIMPLE) or observation.preflight is not None:
        return False
    return app_of(origin) is App.EXTENSION


def explain(observation: Observation, engine: Engine, mode: CredentialsMode | None = None) -> tuple[Check, ...]:
    """Return every check in the engine's order, for this credentials mode (by default the known one, else without credentials)."""
    if mode is None:
        known = observation.credentials
        mode = known.value if isinstance(known, Known) else CredentialsMode.SAME_ORIGIN_OR_OMIT
    failed = False
    explained: list[Check] = []
    for checked in checks(observation, PROFILES[engine], mode):
        state = CheckState.NOT_REACHED if failed else CheckState.PASSED
        if checked.failure is not None and not failed:
            failed, state = True, CheckState.FAILED
        elif not failed and checked.name == CheckName.ALLOW_CREDENTIALS and checked.value != "true":
            state = CheckState.NOT_NEEDED
        explained.append(
            Check(
                name=str(checked.name),
                title=_TITLES[checked.name],
                state=state,
                header=checked.header,
                value=checked.value,
                failure=checked.failure,
            )
        )
    return tuple(explained)


def decide_under(observation: Observation, profile: EngineProfile, mode: CredentialsMode) -> Verdict:
    """Return the verdict of an engine with this profile, were the credentials mode `mode`."""
    exchange = observation.exchange
    if exchange.aborted:
        return ABORTED
    if exchange.refused or exchange.unfinished:
        return NOT_JUDGED
    failures: list[Failure] = [c.failure for c in checks(observation, profile, mode) if c.failure is not None]
    if failures:
        return blocked(*failures)
    if (
        profile.wildcard_authorization_note
        and observation.role is Role.PREFLIGHT
        and _authorization_needs_wildcard(observation)
    ):
        return _NOTED
    return _RENEWED if _turns_on_stored(observation, mode) else ALLOWED


def _turns_on_stored(observation: Observation, mode: CredentialsMode) -> bool:
    """Say whether a header that decides could have come with the stored response that a 304 renews."""
    response = observation.exchange.delivered
    if not observation.is_cors or response is None or not is_renewal(observation, response):
        return False
    headers = response.headers
    if ACCESS_CONTROL_ALLOW_ORIGIN not in headers:
        return True
    return mode is CredentialsMode.INCLUDE and ACCESS_CONTROL_ALLOW_CREDENTIALS not in headers


def _authorization_needs_wildcard(observation: Observation) -> bool:
    response = observation.exchange.delivered
    if response is None or "authorization" not in requested_header_names(observation.exchange.request):
        return False
    granted = grants(response.headers).header_names or ()
    return WILDCARD in granted and "authorization" not in granted


def _mode_matters(observation: Observation) -> bool:
    """Say whether the verdict can turn on the credentials mode at all; when not, one evaluation does for both."""
    response = observation.exchange.delivered
    if response is None or not observation.is_cors:
        return False
    headers = response.headers
    if headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS) != "true" or WILDCARD in headers.values(ACCESS_CONTROL_ALLOW_ORIGIN):
        return True
    if observation.role is not Role.PREFLIGHT:
        return False
    lists = (*headers.values(ACCESS_CONTROL_ALLOW_METHODS), *headers.values(ACCESS_CONTROL_ALLOW_HEADERS))
    return any(WILDCARD in line for line in lists)
