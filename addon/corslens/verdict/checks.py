"""The checks that a browser makes on one exchange, each with its outcome, in an engine's own order.

Deciding takes the failures; explaining takes them all. Algorithms come from `fetch`, deviations from `engines`; here they meet.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from corslens.engines.profile import EmptyLocation, EngineProfile
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    LOCATION,
    NULL,
    canonical_name,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList, Response
from corslens.fetch.origins import is_potentially_trustworthy, origin_of
from corslens.fetch.redirects import RedirectStep, is_redirect, location_url, redirect_failure
from corslens.fetch.resource_policy import ResourcePolicy, resource_policy, resource_policy_failure
from corslens.observation.inference import crossed_origins, shows_credentials
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.observation.stored_responses import is_renewal
from corslens.verdict.checked import Checked, CheckName
from corslens.verdict.cors_checks import allow_credentials, allow_origin
from corslens.verdict.page_checks import blocked_by_content_security, kept_from_redirects, requires_resource_policy
from corslens.verdict.preflight_checks import preflight_checks
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

_LOCATION = canonical_name(LOCATION)
_CONTROL_BYTE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


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
        yield from preflight_checks(observation, response, profile, mode)
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
        yield allow_origin(observation, headers, profile, mode)
    if not renews or ACCESS_CONTROL_ALLOW_CREDENTIALS in headers:
        yield allow_credentials(observation, headers, mode)
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
    if not location and profile.empty_location is EmptyLocation.RESPONSE:
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
