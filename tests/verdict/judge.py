"""Verdicts for tests: what one engine makes of one exchange, credentials mode given."""

from corslens.engines.profile import STANDARD, EngineProfile
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Observation
from corslens.verdict.decide import decide_under
from msgspec import structs

from tests.observation.observe import observe

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT


def under(observation: Observation, mode: CredentialsMode | None) -> Observation:
    """The same exchange with that credentials mode known, or unknown when None."""
    return structs.replace(observation, credentials=Unknown("a test") if mode is None else Known(mode, ("a-test",)))


def reasons(
    exchange: Exchange, mode: CredentialsMode = WITHOUT, profile: EngineProfile = STANDARD, *before: Exchange
) -> list[str]:
    """Every failing check's reason, in the order of the profile (by default the standard)."""
    return [failure.reason.value for failure in decide_under(observe(*before, exchange), profile, mode).failures]
