"""The checks on a preflight's response, in an engine's own order."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from corslens.engines.profile import EngineProfile, PreflightStep
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, LOCATION, canonical_name
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import first_bad_element
from corslens.fetch.messages import Response
from corslens.fetch.preflight import (
    Grants,
    grants,
    is_method_granted,
    requested_header_names,
    requested_method,
    ungranted_header_names,
)
from corslens.fetch.redirects import is_redirect
from corslens.observation.observation import Observation
from corslens.verdict.checked import Checked
from corslens.verdict.cors_checks import allow_credentials, allow_origin
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

_ALLOW_METHODS = canonical_name(ACCESS_CONTROL_ALLOW_METHODS)
_ALLOW_HEADERS = canonical_name(ACCESS_CONTROL_ALLOW_HEADERS)
_LOCATION = canonical_name(LOCATION)
_SPELLINGS = {ACCESS_CONTROL_ALLOW_METHODS: _ALLOW_METHODS, ACCESS_CONTROL_ALLOW_HEADERS: _ALLOW_HEADERS}


class _Preflight(Struct, frozen=True):
    """What the checks on a preflight's response look at."""

    observation: Observation
    response: Response
    profile: EngineProfile
    mode: CredentialsMode
    granted: Grants


def _check_redirect(p: _Preflight) -> Checked:
    location = p.response.headers.get(LOCATION)
    failure = None
    if is_redirect(p.response):
        failure = Failure(
            reason=Reason.PREFLIGHT_REDIRECT, header=_LOCATION, value=location, wanted="a response that is not a redirect"
        )
    return Checked(PreflightStep.REDIRECT, _LOCATION, location, failure)


def _check_allow_origin(p: _Preflight) -> Checked:
    return allow_origin(p.observation, p.response.headers, p.profile, p.mode)


def _check_allow_credentials(p: _Preflight) -> Checked:
    return allow_credentials(p.observation, p.response.headers, p.mode)


def _check_status(p: _Preflight) -> Checked:
    status = p.response.status
    failure = None
    if not 200 <= status <= 299 and not is_redirect(p.response):
        failure = Failure(reason=Reason.PREFLIGHT_STATUS_NOT_OK, value=str(status), wanted="200 to 299")
    return Checked(PreflightStep.STATUS, None, str(status), failure)


def _check_methods_syntax(p: _Preflight) -> Checked:
    is_list = p.granted.methods is not None
    return _syntax(
        p, PreflightStep.ALLOW_METHODS_SYNTAX, ACCESS_CONTROL_ALLOW_METHODS, is_list, Reason.PREFLIGHT_ACAM_UNPARSABLE
    )


def _check_headers_syntax(p: _Preflight) -> Checked:
    is_list = p.granted.header_names is not None
    return _syntax(
        p, PreflightStep.ALLOW_HEADERS_SYNTAX, ACCESS_CONTROL_ALLOW_HEADERS, is_list, Reason.PREFLIGHT_ACAH_UNPARSABLE
    )


def _syntax(p: _Preflight, check: PreflightStep, name: str, is_list: bool, reason: Reason) -> Checked:
    header, value = _SPELLINGS[name], p.response.headers.get(name)
    failure = None
    if not is_list:
        bad = first_bad_element(p.response.headers.values(name))
        failure = Failure(reason=reason, header=header, value=value, wanted=f"tokens between commas, not {bad!r}")
    return Checked(check, header, value, failure)


def _check_method(p: _Preflight) -> Checked:
    method = requested_method(p.observation.exchange.request)
    value = p.response.headers.get(ACCESS_CONTROL_ALLOW_METHODS)
    failure = None
    if not is_method_granted(method, p.granted.methods or (), p.mode):
        failure = Failure(reason=Reason.PREFLIGHT_METHOD_NOT_ALLOWED, header=_ALLOW_METHODS, value=value, wanted=method)
    return Checked(PreflightStep.METHOD, _ALLOW_METHODS, value, failure)


def _check_headers(p: _Preflight) -> Checked:
    asked = requested_header_names(p.observation.exchange.request)
    value = p.response.headers.get(ACCESS_CONTROL_ALLOW_HEADERS)
    failure = None
    missing = ungranted_header_names(
        asked, p.granted.header_names or (), p.mode, wildcard_covers_authorization=p.profile.wildcard_covers_authorization
    )
    if missing:
        reason = Reason.PREFLIGHT_HEADER_NOT_ALLOWED
        if missing == ("authorization",) and "*" in (p.granted.header_names or ()) and p.mode is not CredentialsMode.INCLUDE:
            reason = Reason.PREFLIGHT_AUTHORIZATION_NOT_COVERED_BY_WILDCARD
        failure = Failure(reason=reason, header=_ALLOW_HEADERS, value=value, wanted=", ".join(missing))
    return Checked(PreflightStep.HEADERS, _ALLOW_HEADERS, value, failure)


_PREFLIGHT_CHECKS: Mapping[PreflightStep, Callable[[_Preflight], Checked]] = MappingProxyType(
    {
        PreflightStep.REDIRECT: _check_redirect,
        PreflightStep.ALLOW_ORIGIN: _check_allow_origin,
        PreflightStep.ALLOW_CREDENTIALS: _check_allow_credentials,
        PreflightStep.STATUS: _check_status,
        PreflightStep.ALLOW_METHODS_SYNTAX: _check_methods_syntax,
        PreflightStep.ALLOW_HEADERS_SYNTAX: _check_headers_syntax,
        PreflightStep.METHOD: _check_method,
        PreflightStep.HEADERS: _check_headers,
    }
)


def preflight_checks(
    observation: Observation, response: Response, profile: EngineProfile, mode: CredentialsMode
) -> Iterator[Checked]:
    """Yield every check that the engine makes on a preflight's response, in its order.

    Standard: CORS-preflight fetch, step 7, https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
    """
    preflight = _Preflight(observation, response, profile, mode, grants(response.headers))
    unchecked = profile.own_origin_preflights_unchecked and observation.page_origin == observation.target_origin
    for check in profile.preflight_order:
        if unchecked and check in (PreflightStep.ALLOW_ORIGIN, PreflightStep.ALLOW_CREDENTIALS):
            continue
        yield _PREFLIGHT_CHECKS[check](preflight)
