"""The CORS check, https://fetch.spec.whatwg.org/#concept-cors-check

Its two halves are separate functions, because a tool names every failing check where a browser stops at the first.
"""

from enum import Enum, auto

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, WILDCARD
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import HeaderList


class CorsCheckStep(Enum):
    """The step at which the CORS check fails."""

    ALLOW_ORIGIN_ABSENT = auto()
    """Step 2."""
    ALLOW_ORIGIN_WILDCARD = auto()
    """Step 4, for a wildcard that step 3 did not let pass because of the credentials mode."""
    ALLOW_ORIGIN_DIFFERS = auto()
    """Step 4."""
    ALLOW_CREDENTIALS_NOT_TRUE = auto()
    """Steps 6 to 8."""


def allow_origin_failure(allow_origin: str | None, serialized_origin: str, mode: CredentialsMode) -> CorsCheckStep | None:
    """Return where steps 1 to 4 fail, None when they pass. `allow_origin` is the combined value."""
    if allow_origin is None:
        return CorsCheckStep.ALLOW_ORIGIN_ABSENT
    if allow_origin == WILDCARD:
        return CorsCheckStep.ALLOW_ORIGIN_WILDCARD if mode is CredentialsMode.INCLUDE else None
    return None if allow_origin == serialized_origin else CorsCheckStep.ALLOW_ORIGIN_DIFFERS


def allow_credentials_failure(allow_credentials: str | None, mode: CredentialsMode) -> CorsCheckStep | None:
    """Return whether steps 5 to 8 fail: only a credentialed request needs `true`, in this case and alone."""
    if mode is not CredentialsMode.INCLUDE or allow_credentials == "true":
        return None
    return CorsCheckStep.ALLOW_CREDENTIALS_NOT_TRUE


def cors_check(headers: HeaderList, serialized_origin: str, mode: CredentialsMode) -> CorsCheckStep | None:
    """Return the first failing step of the CORS check, None when it passes."""
    return allow_origin_failure(headers.get(ACCESS_CONTROL_ALLOW_ORIGIN), serialized_origin, mode) or allow_credentials_failure(
        headers.get(ACCESS_CONTROL_ALLOW_CREDENTIALS), mode
    )
