"""Inspector: the pipeline of one session. Exchanges in, Inspections out; the live addon and the command line share it.

observe (pairing) -> judge (three engines) -> lint -> patch. Time comes with the exchanges.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from corslens.engines.engine import Engine
from corslens.inspection import Inspection, PatchedView
from corslens.lint.facts import Facts
from corslens.lint.rule import RuleSet
from corslens.lint.run import run
from corslens.observation.bounded import Bounded
from corslens.observation.evidence import Unknown
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Followed, Observation, Role
from corslens.observation.pairing import Pairing
from corslens.observation.traffic import Traffic
from corslens.patching.injection import Injection, inject
from corslens.patching.patch import apply
from corslens.patching.policy import PatchPolicy
from corslens.patching.propose import NOTHING, propose
from corslens.patching.stored import StoredResponses
from corslens.verdict.decide import decide
from corslens.verdict.decide_each import decide_each
from corslens.verdict.hindsight import Mistake, inherit_credentials, mistake, settle_preflight, settle_redirect
from corslens.verdict.verdict import Verdict


class Inspector:
    """Inspects the exchanges of one session: one live proxy, or one file."""

    def __init__(
        self,
        *,
        rules: RuleSet,
        engine: Engine | None = None,
        history: int = 10_000,
        patch_policy: PatchPolicy | None = None,
    ) -> None:
        """Start a session.

        Args:
            engine: whose verdict is the headline; None for the engine that sent each exchange.
            history: how many exchanges are remembered, here and in every store behind.
            patch_policy: what `complete(…, patch=True)` may change; None when nothing is ever patched.
        """
        self.rules = rules
        self.engine = engine
        self.patch_policy = patch_policy
        self.dry_run = False
        self._limit = history
        self._pairing = Pairing(history)
        self._traffic = Traffic(min(history, 2_000))
        self._inspections: Bounded[str, Inspection] = Bounded(history)
        self._news: Bounded[str, Observation] = Bounded(history)
        """Earlier exchanges of which something is known that was not told yet."""
        self._stored = StoredResponses(min(history, 2_000))

    def begin(self, exchange: Exchange) -> Observation:
        """Observe an exchange whose request head was seen and whose response was not. `exchange.response` may be set, and is not looked at."""
        begun, *others = self._pairing.begin(exchange)
        observation = begun
        for other in others:
            settled = settle_preflight(self._patched(other))
            settled = structs.replace(settled, exchange=other.exchange)
            self._news[settled.id] = settled
            self._pairing.correct(settled)
            observation = inherit_credentials(observation, settled, "preflight")
        previous = observation.redirected_from
        if previous is not None:
            settled = structs.replace(settle_redirect(self._patched(previous)), exchange=previous.exchange)
            settled = inherit_credentials(settled, observation, "redirect-chain")
            if settled.role is Role.NO_CORS and isinstance(observation.mode, Unknown):
                observation = structs.replace(observation, role=settled.role, mode=settled.mode, need=None)
            if settled.is_cors and settled.engine is not None and decide(self._patched(settled), settled.engine).blocked:
                settled = structs.replace(settled, redirect_followed=True)
            if settled is not previous and settled != previous:
                self._news[settled.id] = settled
                observation = structs.replace(observation, redirected_from=settled)
                if observation.is_cors:
                    observation = inherit_credentials(observation, settled, "redirect-chain")
        if observation is not begun:
            self._pairing.correct(observation)
        return observation

    def complete(
        self, exchange: Exchange, *, patch: bool = False, injections: Sequence[Injection] = ()
    ) -> tuple[Inspection, ...]:
        """Inspect an exchange whose response head (or error) was seen.

        Args:
            patch: propose what would mend the response.
            injections: change the response so instead, where one matches.
        Returns: its Inspection, then the new ones of earlier exchanges of which something more is known now, by the same ids.
        Calling it again with the same id inspects that exchange anew, without pairing it again.
        """
        known = self._inspections.get(exchange.id)
        if known is not None and not self._pairing.is_open(exchange.id):
            own = self._inspect(structs.replace(known.observation, exchange=exchange), patch, injections, again=True)
            self._pairing.correct(own.observation)
            return (own,)
        if not self._pairing.is_open(exchange.id):
            self.begin(exchange)
        own = self._inspect(self._pairing.complete(exchange), patch, injections)
        return (own, *self.settle(exchange.request.time))

    def inspect(self, exchange: Exchange) -> tuple[Inspection, ...]:
        """Inspect an exchange that is complete already: `begin` and `complete`."""
        self.begin(exchange)
        return self.complete(exchange)

    def settle(self, now: float) -> tuple[Inspection, ...]:
        """Return the new Inspections of preflights whose actual request should have come by `now` (seconds since the epoch).

        Before them those of exchanges of which something became known since the last time.
        """
        return (*self._told(), *(self._again(observation) for observation in self._pairing.expire(now)))

    def finish(self, now: float | None = None) -> tuple[Inspection, ...]:
        """Return the new Inspections of everything that still waited: the session is over.

        Args:
            now: until when the traffic was watched, for who knows that; None: until the last message seen.
        """
        return (*self._told(), *(self._again(observation) for observation in self._pairing.finish(now)))

    def get(self, id: str) -> Inspection | None:
        """Return the latest Inspection of an exchange, None when it is unknown or forgotten."""
        return self._inspections.get(id)

    def amend(self, inspection: Inspection) -> None:
        """Remember this in place of what is remembered of the exchange, if it is."""
        if inspection.id in self._inspections:
            self._inspections[inspection.id] = inspection

    def recent(self) -> Iterable[Inspection]:
        """Return the Inspections that are remembered, oldest first."""
        return self._inspections.values()

    def clear(self) -> None:
        """Forget every exchange seen so far."""
        dry_run = self.dry_run
        self.__init__(rules=self.rules, engine=self.engine, history=self._limit, patch_policy=self.patch_policy)  # type: ignore[misc]  # a session anew is a new session
        self.dry_run = dry_run

    def dropped(self) -> Mapping[str, int]:
        """Return how many entries each store has dropped because of its limit; only those that did."""
        stores = {
            "exchanges": self._inspections.dropped,
            "endpoints": self._traffic.dropped,
            "stored responses": self._stored.dropped,
            "untold news": self._news.dropped,
            **self._pairing.dropped(),
        }
        return {name: count for name, count in stores.items() if count}

    def _told(self) -> Iterator[Inspection]:
        while self._news:
            yield self._again(self._news.popitem(last=False)[1])

    def _again(self, observation: Observation) -> Inspection:
        if observation.role is Role.PREFLIGHT:
            settled = settle_preflight(self._patched(observation))
            observation = structs.replace(settled, exchange=observation.exchange)
            self._pairing.correct(observation)
        known = self._inspections.get(observation.id)
        inspection = self._inspect(observation, again=True)
        if known is not None and known.patch is not None:
            inspection = structs.replace(inspection, patch=known.patch, mistake=None)
            self._inspections[observation.id] = inspection
        return inspection

    def _patched(self, observation: Observation) -> Observation:
        """Return the observation with the response that the browser got: what it did next is an answer to that."""
        known = self._inspections.get(observation.id)
        response = observation.exchange.delivered
        if known is None or known.patch is None or not known.patch.applied or response is None:
            return observation
        patched = apply(known.patch.patch, response)
        return structs.replace(observation, exchange=observation.exchange.with_response(patched))

    def _inspect(
        self, observation: Observation, patch: bool = False, injections: Sequence[Injection] = (), *, again: bool = False
    ) -> Inspection:
        stored = self._stored.renewed_by(observation)
        judged = observation
        if stored is not None:
            judged = structs.replace(observation, exchange=observation.exchange.with_response(stored))
        verdicts = decide_each(judged)
        headline = self.engine or observation.engine or Engine.CHROMIUM
        history = self._traffic.of(observation) if again else self._traffic.record(observation)
        result = run(self.rules, Facts(observation, verdicts, history, headline=headline))
        inspection = Inspection(
            observation=observation,
            headline=headline,
            verdicts=verdicts,
            findings=result.findings,
            silenced=result.silenced,
            patch=self._patch(observation, patch, injections) if patch or injections else None,
            mistake=_mistake(observation, verdicts),
            renewed=stored,
        )
        self._inspections[observation.id] = inspection
        if inspection.patch is not None and inspection.patch.applied:
            self._pairing.mended(observation.id)
        if observation.is_cors and not again:
            delivered = self._patched(observation).exchange.response
            if delivered is not None:
                self._stored.remember(observation, delivered)
        return inspection

    def _patch(self, observation: Observation, mend: bool, injections: Sequence[Injection]) -> PatchedView | None:
        response = observation.exchange.response
        if self.patch_policy is None or response is None:
            return None
        # What was injected on purpose is not mended: it may be meant to break.
        patch = inject(injections, observation, self.patch_policy) if injections else NOTHING
        injected = not patch.empty
        if mend and not injected:
            patch = propose(observation, self.patch_policy, renewed=self._stored.renewed_by(observation))
        if patch.empty and patch.refused is None and not patch.beyond:
            return None
        after = structs.replace(observation, exchange=observation.exchange.with_response(apply(patch, response)))
        applied = not patch.empty and not self.dry_run
        return PatchedView(patch=patch, applied=applied, verdicts_after=decide_each(after), injected=injected)


def _mistake(observation: Observation, verdicts: Mapping[Engine, Verdict]) -> Mistake | None:
    if observation.engine is None or not (observation.followed is Followed.FOLLOWED or observation.redirect_followed):
        return None
    return mistake(observation, verdicts[observation.engine])
