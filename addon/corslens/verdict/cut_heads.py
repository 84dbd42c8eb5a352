"""Verdicts on heads of which something was cut at the door: certain only where what was kept decides.

What was cut may have been what a browser goes by, so a check that hangs on it neither passes nor fails for certain.
"""

from msgspec import structs

from corslens.engines.profile import EngineProfile
from corslens.fetch.constants import (
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    CROSS_ORIGIN_RESOURCE_POLICY,
    LOCATION,
    ORIGIN,
)
from corslens.fetch.redirects import is_redirect
from corslens.observation.observation import Observation, Role
from corslens.verdict.verdict import Failure, Outcome, Verdict

HEAD_CUT = "head-cut"
"""The verdict hangs on what was beyond the limits of a head, and was not looked at."""

_TELL_THE_ROLE = frozenset({ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, "sec-fetch-mode", "sec-fetch-site", "sec-fetch-dest"})
_OF_THE_RESPONSE = {
    Role.PREFLIGHT: frozenset(
        {
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_HEADERS,
        }
    ),
    Role.ACTUAL: frozenset({ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS}),
    Role.SIMPLE: frozenset({ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS}),
    Role.NO_CORS: frozenset({CROSS_ORIGIN_RESOURCE_POLICY}),
}  # fmt: skip
_ASKED_IN = {
    ACCESS_CONTROL_ALLOW_METHODS: ACCESS_CONTROL_REQUEST_METHOD,
    ACCESS_CONTROL_ALLOW_HEADERS: ACCESS_CONTROL_REQUEST_HEADERS,
}
"""The header of the request that a header of the response is held against."""
_NOTHING: frozenset[str] = frozenset()


def is_cut(observation: Observation) -> bool:
    """Say whether anything was cut off the exchange's heads."""
    exchange = observation.exchange
    response = exchange.delivered
    return exchange.request.cut is not None or (response is not None and response.cut is not None)


def as_far_as_kept(verdict: Verdict, observation: Observation, profile: EngineProfile) -> Verdict:
    """Return the verdict, or `depends` in its place when it hangs on what was cut; of several failures those that are certain stay."""
    asked, received = _doubtful(observation)
    response = observation.exchange.delivered
    broken = (
        profile.invalid_header_bytes_break_http2
        and observation.exchange.request.http_version.startswith("HTTP/2")
        and response is not None
        and response.cut is not None
    )
    if not asked and not received and not broken:
        return verdict
    if verdict.outcome is Outcome.ABORTED:
        return verdict
    certain = tuple(failure for failure in verdict.failures if _is_certain(failure, asked, received))
    if certain:
        return structs.replace(verdict, failures=certain)
    return Verdict(outcome=Outcome.DEPENDS, notes=(*verdict.notes, HEAD_CUT))


def _doubtful(observation: Observation) -> tuple[frozenset[str], frozenset[str]]:
    """Return the headers, of the request and of the response, that were cut and that the verdict may hang on."""
    exchange, role = observation.exchange, observation.role
    request, response = exchange.request, exchange.delivered
    asked = received = _NOTHING
    if request.cut is not None:
        asked = request.cut.names & _TELL_THE_ROLE
        if role is Role.PREFLIGHT:
            asked |= request.cut.names & {ACCESS_CONTROL_REQUEST_HEADERS}
    if response is not None and response.cut is not None:
        received = response.cut.names & _OF_THE_RESPONSE.get(role, _NOTHING)
        if role is not Role.PREFLIGHT and is_redirect(response):
            received |= response.cut.names & {LOCATION}
    return asked, received


def _is_certain(failure: Failure, asked: frozenset[str], received: frozenset[str]) -> bool:
    if not asked.isdisjoint(_TELL_THE_ROLE):
        return False
    name = (failure.header or "").lower()
    return name not in received and _ASKED_IN.get(name) not in asked
