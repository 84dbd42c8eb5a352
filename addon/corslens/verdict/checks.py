"""The checks that a browser makes on one exchange, each with its outcome, in an engine's own order.

Deciding takes the failures; explaining takes them all. Algorithms come from `fetch`, deviations from `engines`; here they meet.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from corslens.engines.profile import EmptyLocation, EngineProfile, PreflightStep
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    LOCATION,
    NULL,
    canonical_name,
)
from corslens.fetch.cors_check import CorsCheckStep, allow_credentials_failure, allow_origin_failure
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import first_bad_element
from corslens.fetch.messages import HeaderList, Response
from corslens.fetch.origins import is_parsable_url, is_potentially_trustworthy, origin_of
from corslens.fetch.preflight import (
    Grants,
    grants,
    is_method_granted,
    requested_header_names,
    requested_method,
    ungranted_header_names,
)
from corslens.fetch.redirects import RedirectStep, is_redirect, location_url, redirect_failure
from corslens.fetch.resource_policy import ResourcePolicy, resource_policy, resource_policy_failure
from corslens.observation.inference import crossed_origins, shows_credentials
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.observation.stored_responses import is_renewal
from corslens.verdict.page_checks import blocked_by_content_security, kept_from_redirects, requires_resource_policy
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

_ALLOW_ORIGIN = canonical_name(ACCESS_CONTROL_ALLOW_ORIGIN)
_ALLOW_CREDENTIALS = canonical_name(ACCESS_CONTROL_ALLOW_CREDENTIALS)
_ALLOW_METHODS = canonical_name(ACCESS_CONTROL_ALLOW_METHODS)
_ALLOW_HEADERS = canonical_name(ACCESS_CONTROL_ALLOW_HEADERS)
_LOCATION = canonical_name(LOCATION)
_SPELLINGS = {ACCESS_CONTROL_ALLOW_METHODS: _ALLOW_METHODS, ACCESS_CONTROL_ALLOW_HEADERS: _ALLOW_HEADERS}
_CONTROL_BYTE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class CheckName:
    """Names of the checks besides those of PreflightStep."""

    RESPONSE = "response"
    HEADER_BYTES = "header-bytes"
    ALLOW_ORIGIN = "allow-origin"
    ALLOW_CREDENTIALS = "allow-credentials"
    REDIRECT_TARGET = "redirect-target"
    MIXED_CONTENT = "mixed-content"
    CONTENT_SECURITY_POLICY = "content-security-policy"
    CONNECTION_ALLOWLIST = "connection-allowlist"
    RESOURCE_POLICY = "resource-policy"


class Checked(Struct, frozen=True, gc=False):
    """A check that was made: on which header, with which value, and how it failed (None when it passed)."""

    name: str
    header: str | None
    value: str | None
    failure: Failure | None


class OriginReasons(Struct, frozen=True, kw_only=True):
    """The CORS check's reasons, which have other names in a preflight."""

    missing: Reason
    wildcard: Reason
    multiple: Reason
    invalid: Reason
    mismatch: Reason
    credentials: Reason


_ACTUAL_REASONS = OriginReasons(
    missing=Reason.ACAO_MISSING,
    wildcard=Reason.ACAO_WILDCARD_WITH_CREDENTIALS,
    multiple=Reason.ACAO_MULTIPLE,
    invalid=Reason.ACAO_INVALID,
    mismatch=Reason.ACAO_MISMATCH,
    credentials=Reason.ACAC_NOT_TRUE,
)
_PREFLIGHT_REASONS = OriginReasons(
    missing=Reason.PREFLIGHT_ACAO_MISSING,
    wildcard=Reason.PREFLIGHT_ACAO_WILDCARD_WITH_CREDENTIALS,
    multiple=Reason.PREFLIGHT_ACAO_MULTIPLE,
    invalid=Reason.PREFLIGHT_ACAO_INVALID,
    mismatch=Reason.PREFLIGHT_ACAO_MISMATCH,
    credentials=Reason.PREFLIGHT_ACAC_NOT_TRUE,
)
_REDIRECT_REASONS: Mapping[RedirectStep, Reason] = MappingProxyType(
    {
        RedirectStep.LOCATION_UNPARSABLE: Reason.REDIRECT_LOCATION_UNPARSABLE,
        RedirectStep.SCHEME_NOT_HTTP: Reason.REDIRECT_SCHEME_NOT_HTTP,
        RedirectStep.LIMIT_EXCEEDED: Reason.REDIRECT_LIMIT_EXCEEDED,
        RedirectStep.HAS_CREDENTIALS: Reason.REDIRECT_HAS_CREDENTIALS,
    }
)
_REDIRECT_WANTED: Mapping[RedirectStep, str] = MappingProxyType(
    {
        RedirectStep.LOCATION_UNPARSABLE: "a URL",
        RedirectStep.SCHEME_NOT_HTTP: "an http or https URL",
        RedirectStep.LIMIT_EXCEEDED: "at most 20 redirects",
        RedirectStep.HAS_CREDENTIALS: "a URL without user name and password",
    }
)


def checks(observation: Observation, profile: EngineProfile, mode: CredentialsMode) -> Iterator[Checked]:
    """Yield every check that the engine makes on the exchange, in its order, were the credentials mode `mode`."""
    response = observation.exchange.delivered
    preflight = observation.role is Role.PREFLIGHT
    if response is None:
        exchange = observation.exchange
        if exchange.aborted or exchange.refused or exchange.unfinished:  # there is nothing to check
            return
        reason = Reason.PREFLIGHT_NETWORK_ERROR if preflight else Reason.ACTUAL_NETWORK_ERROR
        yield Checked(
            CheckName.RESPONSE, None, None, Failure(reason=reason, value=observation.exchange.error, wanted="a response")
        )
        return
    if profile.invalid_header_bytes_break_http2 and observation.exchange.request.http_version.startswith("HTTP/2"):
        broken = _broken_header(response.headers)
        if broken is not None:
            reason = Reason.PREFLIGHT_NETWORK_ERROR if preflight else Reason.RESPONSE_HEADERS_INVALID
            failure = Failure(reason=reason, header=broken[0], value=broken[1], wanted="a value without control bytes")
            yield Checked(CheckName.HEADER_BYTES, *broken, failure)
            return
    if preflight:
        yield from _preflight_checks(observation, response, profile, mode)
    elif observation.is_cors:
        yield from _response_checks(observation, response, profile, mode)
    elif observation.role is Role.NO_CORS:
        yield from _no_cors_checks(observation, response, profile)
        if is_redirect(response):
            yield from _page_redirect_checks(observation, response, profile)
    elif observation.role is Role.SAME_ORIGIN and is_redirect(response):
        yield from _redirect_checks(observation, response, profile)


def _broken_header(headers: HeaderList) -> tuple[str, str] | None:
    if "".join([value for _, value in headers.lines]).isprintable():  # the common case, at the speed of C
        return None
    return next(((name, value) for name, value in headers.lines if _CONTROL_BYTE.search(value)), None)


def _combined(headers: HeaderList, name: str, observation: Observation, profile: EngineProfile) -> str | None:
    value = headers.get(name)
    if profile.joins_empty_lines_over_http2 and value and observation.exchange.request.http_version.startswith("HTTP/2"):
        lines = [line for line in headers.values(name) if line]
        return ", ".join(lines) if lines else value
    return value


def _allow_origin(
    observation: Observation, headers: HeaderList, profile: EngineProfile, mode: CredentialsMode, reasons: OriginReasons
) -> Checked:
    origin = observation.origin or NULL
    naming = profile.allow_origin
    value = _combined(headers, ACCESS_CONTROL_ALLOW_ORIGIN, observation, profile)
    lines = len(headers.values(ACCESS_CONTROL_ALLOW_ORIGIN))
    if lines > 1 and naming.lines_are_multiple and not observation.exchange.request.http_version.startswith("HTTP/2"):
        reason = reasons.multiple
    else:
        match allow_origin_failure(value, origin, mode):
            case None:
                return Checked(CheckName.ALLOW_ORIGIN, _ALLOW_ORIGIN, value, None)
            case CorsCheckStep.ALLOW_ORIGIN_ABSENT:
                reason = reasons.missing
            case CorsCheckStep.ALLOW_ORIGIN_WILDCARD:
                reason = reasons.wildcard
            case _:
                reason = _name_mismatch(value or "", profile, reasons)
    return Checked(
        CheckName.ALLOW_ORIGIN, _ALLOW_ORIGIN, value, Failure(reason=reason, header=_ALLOW_ORIGIN, value=value, wanted=origin)
    )


def _name_mismatch(value: str, profile: EngineProfile, reasons: OriginReasons) -> Reason:
    naming = profile.allow_origin
    if any(separator in value for separator in naming.multiple_separators):
        return reasons.multiple
    if naming.non_ascii_is_invalid and not value.isascii():
        return reasons.invalid
    if naming.names_invalid and value != NULL and not is_parsable_url(value):
        return reasons.invalid
    return reasons.mismatch


def _allow_credentials(headers: HeaderList, mode: CredentialsMode, reasons: OriginReasons) -> Checked:
    value = headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS)
    failure = None
    if allow_credentials_failure(value, mode) is not None:
        failure = Failure(reason=reasons.credentials, header=_ALLOW_CREDENTIALS, value=value, wanted="true")
    return Checked(CheckName.ALLOW_CREDENTIALS, _ALLOW_CREDENTIALS, value, failure)


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
    return _allow_origin(p.observation, p.response.headers, p.profile, p.mode, _PREFLIGHT_REASONS)


def _check_allow_credentials(p: _Preflight) -> Checked:
    return _allow_credentials(p.response.headers, p.mode, _PREFLIGHT_REASONS)


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


def _preflight_checks(
    observation: Observation, response: Response, profile: EngineProfile, mode: CredentialsMode
) -> Iterator[Checked]:
    """Standard: CORS-preflight fetch, step 7, https://fetch.spec.whatwg.org/#cors-preflight-fetch-0"""
    preflight = _Preflight(observation, response, profile, mode, grants(response.headers))
    unchecked = profile.own_origin_preflights_unchecked and observation.page_origin == observation.target_origin
    for check in profile.preflight_order:
        if unchecked and check in (PreflightStep.ALLOW_ORIGIN, PreflightStep.ALLOW_CREDENTIALS):
            continue
        yield _PREFLIGHT_CHECKS[check](preflight)


def _response_checks(
    observation: Observation, response: Response, profile: EngineProfile, mode: CredentialsMode
) -> Iterator[Checked]:
    """Standard: HTTP fetch, the CORS check, https://fetch.spec.whatwg.org/#http-fetch; then HTTP-redirect fetch."""
    if wants_own_credentials(observation, profile) and shows_credentials(observation.hops[0].exchange.request):
        mode = CredentialsMode.INCLUDE
    # A 304 is judged by the stored response, whose headers the proxy may never have seen; what it brings itself replaces them.
    headers, renews = response.headers, is_renewal(observation, response)
    if profile.drops_empty_stored_lines and observation.exchange.renewed is not None:
        names = (ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS)
        headers = HeaderList((name, value) for name in names for value in headers.values(name) if value)
    if not renews or ACCESS_CONTROL_ALLOW_ORIGIN in headers:
        yield _allow_origin(observation, headers, profile, mode, _ACTUAL_REASONS)
    if not renews or ACCESS_CONTROL_ALLOW_CREDENTIALS in headers:
        yield _allow_credentials(headers, mode, _ACTUAL_REASONS)
    if is_redirect(response):
        yield from _redirect_checks(observation, response, profile)


def wants_own_credentials(observation: Observation, profile: EngineProfile) -> bool:
    """Say whether the engine checks this redirect as if credentials were included, because the page's own origin, where the chain began, had some.

    With the mode `omit` it had none, and with `same-origin` it may have none to show.
    """
    if not profile.redirects_after_own_origin_want_credentials or observation.redirected_from is None:
        return False
    response = observation.exchange.delivered
    return response is not None and is_redirect(response) and observation.hops[0].role is Role.SAME_ORIGIN


def _redirect_checks(observation: Observation, response: Response, profile: EngineProfile) -> Iterator[Checked]:
    location = response.headers.get(LOCATION)
    if not location and profile.empty_location is EmptyLocation.ANSWER:
        return
    page_origin = observation.page_origin or NULL
    previous = observation.redirected_from
    refused = not location and profile.empty_location is EmptyLocation.REFUSED
    step = redirect_failure(
        None if refused else location_url(response, observation.exchange.request.url),
        request_origin=page_origin,
        cors_mode=True,
        tainted_cors=observation.is_cors or crossed_origins(page_origin, previous),
        count=len(observation.hops) - 1,
    )
    failure = None
    if step is not None:
        failure = Failure(reason=_REDIRECT_REASONS[step], header=_LOCATION, value=location, wanted=_REDIRECT_WANTED[step])
    yield Checked(CheckName.REDIRECT_TARGET, _LOCATION, location, failure)
    if failure is None and page_origin.startswith("https:") and _leads_to_mixed_content(observation, response):
        mixed = Failure(reason=Reason.MIXED_CONTENT, header=_LOCATION, value=location, wanted="an https URL")
        yield Checked(CheckName.MIXED_CONTENT, _LOCATION, location, mixed)
    if failure is None:
        yield from _page_redirect_checks(observation, response, profile)


def _page_redirect_checks(observation: Observation, response: Response, profile: EngineProfile) -> Iterator[Checked]:
    """Standard: https://www.w3.org/TR/CSP3/#fetch-integration, which looks at each URL of a redirect chain."""
    target = location_url(response, observation.exchange.request.url)
    directive = None if target is None else blocked_by_content_security(observation, target)
    if target is not None and directive is not None:
        failure = Failure(reason=Reason.CSP_BLOCKED, value=directive, wanted=origin_of(target))
        yield Checked(CheckName.CONTENT_SECURITY_POLICY, None, directive, failure)
    allowlist = None if target is None else kept_from_redirects(observation, profile)
    if target is not None and allowlist is not None:
        failure = Failure(reason=Reason.CONNECTION_ALLOWLIST_BLOCKED, value=allowlist, wanted=origin_of(target))
        yield Checked(CheckName.CONNECTION_ALLOWLIST, None, allowlist, failure)


def _leads_to_mixed_content(observation: Observation, response: Response) -> bool:
    """Say whether a secure page is redirected to an insecure URL that no engine upgrades instead.

    Standard: should fetching request be blocked as mixed content, https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
    """
    target = location_url(response, observation.exchange.request.url)
    if target is None or is_potentially_trustworthy(origin_of(target)):
        return False
    destination = observation.hops[0].destination
    return isinstance(destination, Known) and destination.value not in _UPGRADED_DESTINATIONS


_UPGRADED_DESTINATIONS = frozenset({"image", "audio", "video"})
"""https://w3c.github.io/webappsec-mixed-content/#upgrade-algorithm"""

_POLICY_REASONS = {
    ResourcePolicy.SAME_ORIGIN: Reason.CORP_NOT_SAME_ORIGIN,
    ResourcePolicy.SAME_SITE: Reason.CORP_NOT_SAME_SITE,
}


def _no_cors_checks(observation: Observation, response: Response, profile: EngineProfile) -> Iterator[Checked]:
    """Standard: cross-origin resource policy check, https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check"""
    page_origin = observation.page_origin
    if page_origin is None:
        return
    required = requires_resource_policy(observation, profile)
    name = "Cross-Origin-Resource-Policy"
    value = response.headers.get(name.lower())
    if value and profile.invalid_resource_policy_opts_in:
        required = False
    policy = resource_policy_failure(response, page_origin, observation.target_origin, required=required)
    failure = None
    if policy is not None:
        own = resource_policy(response) is not None
        reason = _POLICY_REASONS[policy] if own else Reason.CORP_REQUIRED_BY_EMBEDDER
        failure = Failure(reason=reason, header=name, value=value, wanted="cross-origin")
    yield Checked(CheckName.RESOURCE_POLICY, name, value, failure)
