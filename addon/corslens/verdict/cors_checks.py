"""The CORS check's two halves, which a preflight and the response share: the origin's and the credentials'.

Whether one fails is the standard's; by which name an engine reports it is its profile's.
"""

from msgspec import Struct

from corslens.engines.profile import EngineProfile
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, NULL, canonical_name
from corslens.fetch.cors_check import CorsCheckStep, allow_credentials_failure, allow_origin_failure
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList
from corslens.fetch.origins import is_parsable_url
from corslens.observation.observation import Observation
from corslens.verdict.checked import Checked, CheckName
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

_ALLOW_ORIGIN = canonical_name(ACCESS_CONTROL_ALLOW_ORIGIN)
_ALLOW_CREDENTIALS = canonical_name(ACCESS_CONTROL_ALLOW_CREDENTIALS)


class OriginReasons(Struct, frozen=True, kw_only=True):
    """The CORS check's reasons, which have other names in a preflight."""

    missing: Reason
    wildcard: Reason
    multiple: Reason
    invalid: Reason
    mismatch: Reason
    credentials: Reason


ACTUAL_REASONS = OriginReasons(
    missing=Reason.ACAO_MISSING,
    wildcard=Reason.ACAO_WILDCARD_WITH_CREDENTIALS,
    multiple=Reason.ACAO_MULTIPLE,
    invalid=Reason.ACAO_INVALID,
    mismatch=Reason.ACAO_MISMATCH,
    credentials=Reason.ACAC_NOT_TRUE,
)
PREFLIGHT_REASONS = OriginReasons(
    missing=Reason.PREFLIGHT_ACAO_MISSING,
    wildcard=Reason.PREFLIGHT_ACAO_WILDCARD_WITH_CREDENTIALS,
    multiple=Reason.PREFLIGHT_ACAO_MULTIPLE,
    invalid=Reason.PREFLIGHT_ACAO_INVALID,
    mismatch=Reason.PREFLIGHT_ACAO_MISMATCH,
    credentials=Reason.PREFLIGHT_ACAC_NOT_TRUE,
)


def _combined(headers: HeaderList, name: str, observation: Observation, profile: EngineProfile) -> str | None:
    value = headers.get(name)
    if profile.joins_empty_lines_over_http2 and value and observation.exchange.request.http_version.startswith("HTTP/2"):
        lines = [line for line in headers.values(name) if line]
        return ", ".join(lines) if lines else value
    return value


def allow_origin(
    observation: Observation, headers: HeaderList, profile: EngineProfile, mode: CredentialsMode, reasons: OriginReasons
) -> Checked:
    """Return how Access-Control-Allow-Origin fares, a failure under the name that the engine gives it."""
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


def allow_credentials(headers: HeaderList, mode: CredentialsMode, reasons: OriginReasons) -> Checked:
    """Return how Access-Control-Allow-Credentials fares."""
    value = headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS)
    failure = None
    if allow_credentials_failure(value, mode) is not None:
        failure = Failure(reason=reasons.credentials, header=_ALLOW_CREDENTIALS, value=value, wanted="true")
    return Checked(CheckName.ALLOW_CREDENTIALS, _ALLOW_CREDENTIALS, value, failure)
