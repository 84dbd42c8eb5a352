"""Hindsight: what came after an exchange proves what the browser made of it.

An actual request that followed a preflight, or a hop that followed a redirect, proves that the engine accepted it. That settles a
credentials mode that the wire does not show, or shows a mistake. What did not come proves nothing: a page gives requests up, and a cache responds to them.
"""

from msgspec import Struct, structs

from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.evidence import Known, Unknown
from corslens.observation.observation import Followed, Observation, Role
from corslens.verdict.decide import decide
from corslens.verdict.verdict import Outcome, Verdict

REQUEST_FOLLOWED = "actual-request-followed"
REDIRECT_FOLLOWED = "redirect-followed"


class Mistake(Struct, frozen=True, kw_only=True, gc=False):
    """A verdict of ours that what came later contradicts."""

    engine: Engine
    verdict: Verdict
    seen: str
    """What happened instead, in a few words."""


def settle_preflight(observation: Observation) -> Observation:
    """Return the preflight with the credentials mode that its follow-up proves in the engine that sent it."""
    return _settle(observation, REQUEST_FOLLOWED) if observation.followed is Followed.FOLLOWED else observation


def settle_redirect(observation: Observation) -> Observation:
    """Return a redirect that was followed, with the credentials mode that this proves, or the request mode.

    Without fetch metadata a POST with an Origin may be a beacon or a form; one whose redirect was followed although
    the CORS check fails was no CORS request.
    """
    if not observation.is_cors or observation.engine is None:
        return observation
    if isinstance(observation.mode, Unknown) and decide(observation, observation.engine).blocked:
        return structs.replace(observation, role=Role.NO_CORS, mode=Known("no-cors", (REDIRECT_FOLLOWED,)))
    return _settle(observation, REDIRECT_FOLLOWED)


def inherit_credentials(observation: Observation, source: Observation, evidence: str) -> Observation:
    """Return the observation with the mode of another exchange of the same fetch, if only that one's is known."""
    if isinstance(observation.credentials, Unknown) and isinstance(source.credentials, Known):
        known = Known(source.credentials.value, (evidence, *source.credentials.evidence))
        return structs.replace(observation, credentials=known)
    return observation


def mistake(observation: Observation, verdict: Verdict) -> Mistake | None:
    """Return our mistake when what we call blocked was followed up in the same engine: a preflight, or a redirect."""
    if observation.engine is None or not verdict.blocked:
        return None
    if observation.followed is Followed.FOLLOWED:
        return Mistake(engine=observation.engine, verdict=verdict, seen="the browser sent the actual request")
    if observation.redirect_followed:
        return Mistake(engine=observation.engine, verdict=verdict, seen="the browser followed the redirect")
    return None


def _settle(observation: Observation, evidence: str) -> Observation:
    if observation.engine is None or isinstance(observation.credentials, Known):
        return observation
    verdict = decide(observation, observation.engine)
    if verdict.outcome is not Outcome.DEPENDS or verdict.if_credentialed is None:
        return observation
    included = verdict.if_credentialed.allowed
    mode = CredentialsMode.INCLUDE if included else CredentialsMode.SAME_ORIGIN_OR_OMIT
    return structs.replace(observation, credentials=Known(mode, (evidence,)))
