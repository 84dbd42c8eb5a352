"""The CORS check's two halves, which a preflight and the response share: the origin's and the credentials'.

Whether one fails is the standard's; by which name an engine reports it is its profile's.
"""

from corslens.engines.profile import EngineProfile
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, NULL, canonical_name
from corslens.fetch.cors_check import CorsCheckStep, allow_credentials_failure, allow_origin_failure
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList
from corslens.fetch.origins import is_parsable_url
from corslens.observation.observation import Observation, Role
from corslens.verdict.checked import Checked, CheckName
from corslens.verdict.reasons import OF_PREFLIGHT, Reason
from corslens.verdict.verdict import Failure

_ALLOW_ORIGIN = canonical_name(ACCESS_CONTROL_ALLOW_ORIGIN)
_ALLOW_CREDENTIALS = canonical_name(ACCESS_CONTROL_ALLOW_CREDENTIALS)


def _combined(headers: HeaderList, name: str, observation: Observation, profile: EngineProfile) -> str | None:
    value = headers.get(name)
    if profile.joins_empty_lines_over_http2 and value and observation.exchange.request.http_version.startswith("HTTP/2"):
        lines = [line for line in headers.values(name) if line]
        return ", ".join(lines) if lines else value
    return value


def allow_origin(observation: Observation, headers: HeaderList, profile: EngineProfile, mode: CredentialsMode) -> Checked:
    """Return how Access-Control-Allow-Origin fares, a failure under the name that the engine gives it."""
    origin = observation.origin or NULL
    naming = profile.allow_origin
    value = _combined(headers, ACCESS_CONTROL_ALLOW_ORIGIN, observation, profile)
    lines = len(headers.values(ACCESS_CONTROL_ALLOW_ORIGIN))
    if lines > 1 and naming.lines_are_multiple and not observation.exchange.request.http_version.startswith("HTTP/2"):
        reason = Reason.ACAO_MULTIPLE
    else:
        match allow_origin_failure(value, origin, mode):
            case None:
                return Checked(CheckName.ALLOW_ORIGIN, _ALLOW_ORIGIN, value, None)
            case CorsCheckStep.ALLOW_ORIGIN_ABSENT:
                reason = Reason.ACAO_MISSING
            case CorsCheckStep.ALLOW_ORIGIN_WILDCARD:
                reason = Reason.ACAO_WILDCARD_WITH_CREDENTIALS
            case _:
                reason = _name_mismatch(value or "", profile)
    if observation.role is Role.PREFLIGHT:
        reason = OF_PREFLIGHT[reason]
    return Checked(
        CheckName.ALLOW_ORIGIN, _ALLOW_ORIGIN, value, Failure(reason=reason, header=_ALLOW_ORIGIN, value=value, wanted=origin)
    )


def _name_mismatch(value: str, profile: EngineProfile) -> Reason:
    naming = profile.allow_origin
    if any(separator in value for separator in naming.multiple_separators):
        return Reason.ACAO_MULTIPLE
    if naming.non_ascii_is_invalid and not value.isascii():
        return Reason.ACAO_INVALID
    if naming.names_invalid and value != NULL and not is_parsable_url(value):
        return Reason.ACAO_INVALID
    return Reason.ACAO_MISMATCH


def allow_credentials(observation: Observation, headers: HeaderList, mode: CredentialsMode) -> Checked:
    """Return how Access-Control-Allow-Credentials fares."""
    value = headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS)
    failure = None
    if allow_credentials_failure(value, mode) is not None:
        reason = Reason.ACAC_NOT_TRUE
        if observation.role is Role.PREFLIGHT:
            reason = OF_PREFLIGHT[reason]
        failure = Failure(reason=reason, header=_ALLOW_CREDENTIALS, value=value, wanted="true")
    return Checked(CheckName.ALLOW_CREDENTIALS, _ALLOW_CREDENTIALS, value, failure)
