"""Inspection: everything known of one exchange."""

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from corslens.engines.engine import Engine
from corslens.lint.finding import Finding, Severity
from corslens.observation.observation import Followed, Observation
from corslens.observation.weight import weigh_exchange, weigh_observation
from corslens.patching.patch import Patch
from corslens.verdict.hindsight import Misprediction, confirmation, misprediction
from corslens.verdict.verdict import ALLOWED, Verdict
from corslens.witness.witness import WitnessOutcome


class PatchedView(Struct, frozen=True, kw_only=True, gc=False):
    """A patch proposed for an exchange, and what became of it."""

    patch: Patch
    applied: bool
    """False in a dry run, or when it was refused."""
    verdicts_after: Mapping[Engine, Verdict]
    """What browsers make of the response with the changes made."""
    injected: bool = False
    """It was asked for by an injection, whatever the verdict: nothing that the server lacks."""


class Inspection(Struct, frozen=True, kw_only=True, gc=False):
    """An observation with its verdicts, findings and patch. `verdicts` and `findings` are of the response as the server sent it."""

    observation: Observation
    headline: Engine
    """The engine whose verdict comes first: the one that sent it, or the one that the user chose."""
    verdicts: Mapping[Engine, Verdict]
    findings: tuple[Finding, ...] = ()
    """None yet on a preflight whose request may still come, unless it is blocked."""
    suppressed: tuple[Finding, ...] = ()
    """Findings that a user's own rules suppress; counted, not shown."""
    patch: PatchedView | None = None
    misprediction: Misprediction | None = None
    """What came later contradicts the verdict of the engine that sent it: a fault of ours, to be reported."""
    confirmed: bool | None = None
    """Whether the browser that was listened to agrees with the verdict of its engine on what it got; None where it said nothing of that."""

    @property
    def id(self) -> str:
        """The exchange's id."""
        return self.observation.exchange.id

    @property
    def verdict(self) -> Verdict:
        """The headline engine's verdict."""
        return self.verdicts[self.headline]

    @property
    def is_plain(self) -> bool:
        """Whether the headline engine lets it pass, with nothing changed and nothing more to say of that."""
        return self.verdicts[self.headline] is ALLOWED and self.patch is None and self.misprediction is None

    @property
    def delivered_verdicts(self) -> Mapping[Engine, Verdict]:
        """The verdicts on what the browser got: those after the patch, where one was applied."""
        return self.verdicts if self.patch is None or not self.patch.applied else self.patch.verdicts_after

    @property
    def delivered_verdict(self) -> Verdict:
        """The headline engine's verdict on what the browser got."""
        return self.delivered_verdicts[self.headline]

    @property
    def worst(self) -> Severity | None:
        """The highest severity among the findings."""
        return max([finding.severity for finding in self.findings]) if self.findings else None


type FindInspection = Callable[[str], Inspection | None]
"""Looks up an exchange by its id, while it is remembered."""


def held_against(inspection: Inspection, verdicts: Mapping[Engine, Verdict]) -> Inspection:
    """Return the inspection with what the browser made of the exchange, where these verdicts on what it got can be held against that."""
    observation = inspection.observation
    mispredicted = _misprediction(observation, verdicts)
    confirmed = None if observation.engine is None else confirmation(observation, verdicts[observation.engine])
    if mispredicted is None and confirmed is None:
        return inspection
    return structs.replace(inspection, misprediction=mispredicted, confirmed=confirmed)


def _misprediction(observation: Observation, verdicts: Mapping[Engine, Verdict]) -> Misprediction | None:
    if observation.engine is None or not (observation.is_cors or verdicts[observation.engine].blocked):
        return None
    witness = observation.exchange.witness
    spoken = witness is not None and (
        witness.outcome in (WitnessOutcome.READ, WitnessOutcome.PASSED) or witness.reason is not None
    )
    if not (spoken or observation.followed is Followed.FOLLOWED or observation.redirect_followed):
        return None
    return misprediction(observation, verdicts[observation.engine])


def weigh_inspection(inspection: Inspection) -> int:
    """Return the estimated bytes of an inspection: of its exchange, and of the texts that verdicts and findings quote from that."""
    return weigh_observation(inspection.observation, _QUOTED)


def weigh_alone(inspection: Inspection) -> int:
    """Return the same without the preflight and the hops before it, where those are weighed by themselves."""
    return weigh_exchange(inspection.observation.exchange, _QUOTED)


_QUOTED = 2
"""How often an inspection keeps the text of an exchange's header lines: in the exchange, and quoted."""
