"""Hindsight: what came after an exchange proves what the browser made of it.

An actual request that followed a preflight, or a hop that followed a redirect, proves that the engine accepted it. That settles a
credentials mode that the wire does not show, or shows a mistake. What did not come proves nothing: a page gives requests up, and a cache responds to them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.habits import BROWSER_READ_IT, BROWSER_REPORTED_NO_REFUSAL, REDIRECT_FOLLOWED, REQUEST_FOLLOWED
from corslens.observation.inference import NO_STORAGE_ACCESS, NOT_SHOWN
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Followed, Observation, Role
from corslens.verdict.decide import decide
from corslens.verdict.reasons import NAMES, Reason
from corslens.verdict.verdict import Outcome, Verdict
from corslens.witness.refusals import Refusal
from corslens.witness.witness import WitnessOutcome

BROWSER_REFUSED_IT = "browser-refused-it"
BROWSER_TOLD_THE_MODE = "browser-said-so"


class Misprediction(Struct, frozen=True, kw_only=True, gc=False):
    """A verdict of ours that what came later contradicts."""

    engine: Engine
    verdict: Verdict
    seen: str
    """What happened instead, in a few words."""
    outcome: Outcome = Outcome.ALLOWED
    """What the browser made of it."""


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


def settle_witnessed(observation: Observation) -> Observation:
    """Return a CORS request whose response the browser recorded as read, or as refused without another reason, in the mode that this proves."""
    witness = observation.exchange.witness
    if witness is None or not observation.is_cors:
        return observation
    if witness.credentialed is not None and isinstance(observation.credentials, Unknown):
        mode = CredentialsMode.INCLUDE if witness.credentialed else CredentialsMode.SAME_ORIGIN_OR_OMIT
        return structs.replace(observation, credentials=Known(mode, (BROWSER_TOLD_THE_MODE,)))
    if witness.reason is not None and isinstance(observation.credentials, Unknown):
        settled = _settle_by_reason(observation, witness.reason)
        if settled is not observation:
            return settled
    if observation.role is Role.PREFLIGHT:
        if witness.outcome is WitnessOutcome.PASSED:
            return _settle(observation, BROWSER_TOLD_THE_MODE)
        # A browser that is listened to says so of the preflight itself; in a capture it may be the word on the request.
        refused = witness.reason is not None or (witness.live and witness.refusal is Refusal.UNSPECIFIED)
        return _settle(observation, BROWSER_TOLD_THE_MODE, refused=True) if refused else observation
    if witness.outcome in (WitnessOutcome.READ, WitnessOutcome.PASSED):
        return _settle(observation, BROWSER_READ_IT)
    if witness.unrefused:
        return _settle(observation, BROWSER_REPORTED_NO_REFUSAL)
    if witness.refusal is Refusal.UNSPECIFIED and observation.exchange.response is not None:
        return _settle(observation, BROWSER_REFUSED_IT, refused=True)
    return observation


def witnessed(observation: Observation, verdicts: Mapping[Engine, Verdict]) -> Mapping[Engine, Verdict]:
    """Return the verdicts with what the browser recorded in their place: what it read was not blocked, whatever we make of the headers.

    CORS may be off in it, or an extension has permission for the host. Engines that would block for the same reason are allowed with it.
    """
    witness, engine = observation.exchange.witness, observation.engine
    if witness is None or witness.outcome is not WitnessOutcome.READ or engine is None:
        return verdicts
    own = verdicts[engine]
    if own.outcome is not Outcome.BLOCKED or observation.role is Role.PREFLIGHT:
        return verdicts
    read = Verdict(outcome=Outcome.ALLOWED, notes=(BROWSER_READ_IT,))
    return MappingProxyType({one: read if verdict.reason is own.reason else verdict for one, verdict in verdicts.items()})


def inherit_credentials(observation: Observation, source: Observation, evidence: str) -> Observation:
    """Return the observation with the mode of another exchange of the same fetch, if only that one's is known."""
    if isinstance(observation.credentials, Unknown) and isinstance(source.credentials, Known):
        known = Known(source.credentials.value, (evidence, *source.credentials.evidence))
        return structs.replace(observation, credentials=known)
    return observation


def misprediction(observation: Observation, verdict: Verdict) -> Misprediction | None:
    """Return our misprediction when what we call blocked was followed up in the same engine (a preflight, or a redirect), or read."""
    engine, witness = observation.engine, observation.exchange.witness
    if engine is None:
        return None
    if witness is not None and witness.outcome is WitnessOutcome.FAILED and _is_about_responses(witness.reason or ""):
        seen = None
        if verdict.allowed:
            seen = f"the browser refused it: {witness.reason}"
        elif verdict.blocked and not _is_named(witness.reason or "", verdict):
            seen = f"the browser blocked it for another reason: {witness.reason}"
        if seen is not None:
            return Misprediction(engine=engine, verdict=verdict, seen=seen, outcome=Outcome.BLOCKED)
    passed = _how_it_passed(observation) if verdict.blocked else None
    return None if passed is None else Misprediction(engine=engine, verdict=verdict, seen=passed)


def _how_it_passed(observation: Observation) -> str | None:
    """Say what shows that the browser did not block the exchange, None where nothing does."""
    witness = observation.exchange.witness
    outcome = None if witness is None else witness.outcome
    if outcome is WitnessOutcome.PASSED and observation.role is Role.PREFLIGHT:
        return "the browser recorded that the preflight passed"
    if outcome is not WitnessOutcome.PASSED and observation.followed is Followed.FOLLOWED:
        return "the browser sent the actual request"
    if outcome is WitnessOutcome.READ:
        return "the browser recorded that the page read the response"
    redirected = outcome is WitnessOutcome.PASSED or observation.redirect_followed
    return "the browser followed the redirect" if redirected else None


def confirmation(observation: Observation, verdict: Verdict) -> bool | None:
    """Say whether the browser that was listened to made of the exchange what the verdict of its engine says, reason included.

    None where it said nothing of that: what it refused for another reason than CORS, or gave up, neither confirms nor contradicts.
    """
    witness = observation.exchange.witness
    if witness is None or not witness.live or observation.engine is None:
        return None
    if not observation.is_cors and not verdict.blocked:  # a redirect from the page's own server may be blocked, too
        return None
    if witness.outcome in (WitnessOutcome.READ, WitnessOutcome.PASSED):
        return None if verdict.outcome not in (Outcome.ALLOWED, Outcome.BLOCKED) else verdict.allowed
    if witness.outcome is WitnessOutcome.FAILED and witness.reason is not None and _is_about_responses(witness.reason):
        return verdict.blocked and _is_named(witness.reason, verdict)
    return None


def _settle_by_reason(observation: Observation, code: str) -> Observation:
    """Return the observation in the one mode in which the engine blocks for the reason that the browser names."""
    if observation.engine is None:
        return observation
    verdict = decide(observation, observation.engine)
    branches = (
        (CredentialsMode.INCLUDE, verdict.if_credentialed),
        (CredentialsMode.SAME_ORIGIN_OR_OMIT, verdict.if_not_credentialed),
    )
    fitting = [mode for mode, branch in branches if branch is not None and branch.blocked and _is_named(code, branch)]
    if len(fitting) != 1:
        return observation
    return structs.replace(observation, credentials=Known(fitting[0], (BROWSER_TOLD_THE_MODE,)))


def _is_named(code: str, verdict: Verdict) -> bool:
    """Say whether the browser's code is one for the reason of the verdict."""
    if verdict.reason is None:
        return False
    names = NAMES[verdict.reason]
    known = {*names.chromium, *names.firefox}
    return not known or code in known


def _is_about_responses(code: str) -> bool:
    """Say whether a browser's code is about what a response holds: nothing else is decided from the exchange."""
    return code in _OF_RESPONSES


_OF_RESPONSES = frozenset(
    name
    for reason, names in NAMES.items()
    if reason.value.startswith(("preflight-", "acao-", "acac-", "redirect-")) and reason is not Reason.PREFLIGHT_NETWORK_ERROR
    for name in (*names.chromium, *names.firefox)
)


def _settle(observation: Observation, evidence: str, *, refused: bool = False) -> Observation:
    if observation.engine is None:
        return observation
    asked = observation
    if isinstance(observation.credentials, Known):
        if not (refused and _is_told_by_absence(observation.engine, observation.credentials)):
            return observation
        asked = structs.replace(observation, credentials=NOT_SHOWN)
    verdict = decide(asked, observation.engine)
    if verdict.outcome is not Outcome.DEPENDS or verdict.if_credentialed is None:
        return observation
    included = verdict.if_credentialed.allowed is not refused
    mode = CredentialsMode.INCLUDE if included else CredentialsMode.SAME_ORIGIN_OR_OMIT
    return structs.replace(observation, credentials=Known(mode, (evidence,)))


def _is_told_by_absence(engine: Engine, credentials: Known[CredentialsMode]) -> bool:
    """Say whether a request lacks what a page's request with credentials has: one of a worker made of a Blob lacks it in Firefox, too."""
    return engine is Engine.FIREFOX and NO_STORAGE_ACCESS in credentials.evidence
