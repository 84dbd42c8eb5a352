"""Inspector: the pipeline of one session. Exchanges in, Inspections out; the live addon and the command line share it.

observe (pairing) -> judge (three engines) -> lint -> patch. Time comes with the exchanges.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType

from msgspec import structs

from corslens.bounded import Bounded
from corslens.delivery import deliver
from corslens.engines.engine import Engine
from corslens.fetch.budget import UNLIMITED, Budget, OverBudgetError
from corslens.fetch.messages import Response
from corslens.fetch.origins import public_suffixes
from corslens.inspection import Inspection, PatchedView, held_against, weigh_inspection
from corslens.lint.facts.vocabulary import Facts
from corslens.lint.linter import NOTHING as NO_FINDINGS
from corslens.lint.linter import run
from corslens.lint.rules.rule import RuleSet
from corslens.observation.endpoint_history import Traffic
from corslens.observation.evidence import NO_PRIOR, Prior
from corslens.observation.exchange import Exchange
from corslens.observation.known import Unknown
from corslens.observation.observation import Followed, Observation, Role
from corslens.observation.pairing import Pairing
from corslens.observation.stored_responses import StoredResponses
from corslens.observation.weight import HISTORY_BYTES, weigh_observation
from corslens.patching.injection import Injection
from corslens.patching.policy import PatchPolicy
from corslens.verdict.decide import decide
from corslens.verdict.decide_each import decide_each
from corslens.verdict.headline import SENDER, HeadlinePolicy
from corslens.verdict.hindsight import (
    inherit_credentials,
    settle_preflight,
    settle_redirect,
    settle_witnessed,
    witnessed,
)
from corslens.verdict.verdict import NOT_JUDGED, Outcome, Verdict
from corslens.witness.witness import Witness

_NOT_JUDGED: Mapping[Engine, Verdict] = MappingProxyType(dict.fromkeys(Engine, NOT_JUDGED))


class Inspector:
    """Inspects the exchanges of one session: one live proxy, or one file."""

    def __init__(
        self,
        *,
        rules: RuleSet,
        headline: HeadlinePolicy = SENDER,
        history: int = 10_000,
        history_bytes: int = HISTORY_BYTES,
        prior: Prior = NO_PRIOR,
        patch_policy: PatchPolicy | None = None,
        budget: Budget = UNLIMITED,
        at_once: int | None = None,
        over_budget: Callable[[Exchange], object] | None = None,
    ) -> None:
        """Start a session.

        Args:
            headline: whose verdict counts.
            history: how many exchanges are remembered, here and in every store behind.
            history_bytes: how many bytes of them, estimated, in all stores together.
            prior: what other sessions show of the servers.
            patch_policy: what `complete(…, patch=True)` may change; None when nothing is ever patched.
            budget: the time that an exchange may take; one that takes longer is not judged.
            at_once: how many earlier exchanges are inspected anew at once; None for any number.
            over_budget: called with each exchange that took longer.
        """
        public_suffixes()  # read now: no exchange has the time
        self.rules = rules
        self.headline = headline
        self.patch_policy = patch_policy
        self.dry_run = False
        self._budget, self._at_once, self._over_budget = budget, at_once, over_budget
        self._took_too_long = 0
        self._limit = history
        self._history_bytes = history_bytes
        share = history_bytes // 16  # of each of the stores beside; half is the history's, an eighth the problems'
        self._pairing = Pairing(history, budget=share, programs=headline.programs)
        self._prior = prior
        self._traffic = Traffic(min(history, 2_000), prior)
        self._inspections: Bounded[str, Inspection] = Bounded(
            history, weigh=weigh_inspection, budget=history_bytes // 2, too_heavy=self._pairing.preflights.drop
        )
        self._pending_updates: Bounded[str, Observation] = Bounded(history, weigh=weigh_observation, budget=share)
        """Earlier exchanges of which something is known that was not told yet."""
        self._stored = StoredResponses(min(history, 2_000), budget=share)

    def begin(self, exchange: Exchange) -> Observation:
        """Observe an exchange whose request head was seen and whose response was not. `exchange.response` may be set, and is not looked at."""
        return self._learned(*self._pairing.begin(exchange))

    def _learned(self, begun: Observation, *others: Observation) -> Observation:
        """Take what an exchange that was just begun says of earlier ones; return its observation with what those say of it."""
        observation = begun
        for other in others:
            settled = settle_preflight(other)
            self._pending_updates[settled.id] = settled
            self._pairing.correct(settled)
            if observation.preflight is not None and observation.preflight.id == settled.id:
                observation = inherit_credentials(observation, settled, "preflight")
        previous = observation.redirected_from
        if previous is not None:
            settled = settle_redirect(previous)
            settled = inherit_credentials(settled, observation, "redirect-chain")
            if settled.role is Role.NO_CORS and isinstance(observation.mode, Unknown):
                observation = structs.replace(observation, role=settled.role, mode=settled.mode, need=None)
            if settled.is_cors and settled.engine is not None and decide(settled, settled.engine).blocked:
                settled = structs.replace(settled, redirect_followed=True)
            if settled is not previous and settled != previous:
                self._pending_updates[settled.id] = settled
                observation = structs.replace(observation, redirected_from=settled)
                if observation.is_cors:
                    observation = inherit_credentials(observation, settled, "redirect-chain")
        if observation is not begun:
            self._pairing.correct(observation)
        return observation

    def complete(
        self,
        exchange: Exchange,
        *,
        patch: bool = False,
        injections: Sequence[Injection] = (),
        made_by_proxy: bool = False,
        proven_page: str | None = None,
    ) -> tuple[Inspection, ...]:
        """Inspect an exchange whose response head (or error) was seen.

        Args:
            patch: propose what would fix the response.
            injections: change the response so instead, where one matches.
            made_by_proxy: the response is no server's: the proxy responds to this preflight itself, with what a patch makes of it.
            proven_page: the origin of the page whose redirect brought the request here, where that is proven: whoever the patch
                policy allows, pairing never decides it.
        Returns: its Inspection, then the new ones of earlier exchanges of which something more is known now, by the same ids.
        Calling it again with the same id inspects that exchange anew, without pairing it again.
        """
        known, pending = self._inspections.get(exchange.id), self._pending_updates.pop(exchange.id, None)
        if known is not None and not self._pairing.is_open(exchange.id):
            observation, again = structs.replace(pending or known.observation, exchange=exchange), True
        else:
            if not self._pairing.is_open(exchange.id):
                self.begin(exchange)
            observation, again = self._pairing.respond(exchange), False
        return self._completed(
            observation, patch, injections, made_by_proxy=made_by_proxy, proven_page=proven_page, again=again
        )

    def _completed(
        self,
        observation: Observation,
        patch: bool = False,
        injections: Sequence[Injection] = (),
        *,
        made_by_proxy: bool = False,
        proven_page: str | None = None,
        again: bool = False,
    ) -> tuple[Inspection, ...]:
        if not again and observation.exchange.witness is not None:
            observation = settle_witnessed(observation)
        self._budget.start()
        observation, view = deliver(
            self._renewed(observation),
            self.patch_policy,
            self._stored,
            patch=patch,
            injections=injections,
            dry_run=self.dry_run,
            made_by_proxy=made_by_proxy,
            proven_page=proven_page,
        )
        if again:
            self._pairing.correct(observation)
            return (self._judged(observation, view, again=True),)
        self._pairing.deliver(observation)
        own = self._judged(observation, view)
        return (own, *self.settle(observation.exchange.request.time))

    def redeliver(self, inspection: Inspection, response: Response, *, edited_by: tuple[str, ...] = ()) -> Inspection:
        """Inspect a patched exchange anew, for the browser got yet another response: others changed it after the patch."""
        observation, view = inspection.observation, inspection.patch
        assert view is not None
        got = self._stored.renewed_by(observation, response) or response
        observation = structs.replace(
            observation, exchange=structs.replace(observation.exchange, replaced=got, edited_by=edited_by)
        )
        inspection = structs.replace(
            inspection, observation=observation, patch=structs.replace(view, verdicts_after=decide_each(observation))
        )
        self._pairing.correct(observation)
        self.amend(inspection)
        return inspection

    def attest(self, id: str, witness: Witness) -> tuple[Inspection, ...]:
        """Inspect an exchange anew with what the browser says of it; nothing when it is not remembered.

        Returns: its Inspection, and those of the preflight whose credentials mode it proves.
        """
        known = self._inspections.get(id)
        if known is None:
            return ()
        observation = known.observation
        observation = structs.replace(observation, exchange=structs.replace(observation.exchange, witness=witness))
        settled = settle_witnessed(observation)
        if settled is observation and witness.live and not self._hangs_on_word(known, settled):
            # Most of what is said: no verdict and no finding hangs on it.
            self._pairing.correct(settled)
            confirmed = held_against(structs.replace(known, observation=settled), known.delivered_verdicts)
            self._inspections[id] = confirmed
            return (confirmed,)
        found = [self._reinspect(settled)]
        preflight = None if settled.preflight is None else self._inspections.get(settled.preflight.id)
        if preflight is not None:
            inherited = inherit_credentials(preflight.observation, settled, "actual-request")
            if inherited is not preflight.observation:
                found.append(self._reinspect(inherited))
        return tuple(found)

    def _hangs_on_word(self, known: Inspection, observation: Observation) -> bool:
        witness = observation.exchange.witness
        if witness is None or (witness.refusal is None and witness.from_cache is None):
            return False
        sent = observation.as_sent
        facts = Facts(sent, known.verdicts, self._traffic.of(sent), headline=known.headline, products=self.rules.products)
        return self.rules.hangs_on_word(facts, (one.rule for one in (*known.findings, *known.suppressed)))

    def inspect(self, exchange: Exchange) -> tuple[Inspection, ...]:
        """Inspect an exchange that is complete already: `begin` and `complete`."""
        return self._completed(self._pairing.responded(self._learned(*self._pairing.observe(exchange))))

    def pass_by(self, exchange: Exchange) -> Inspection:
        """Inspect an exchange by itself that has nothing to do with CORS: it changes nothing of what is found on others.

        So the same is found whether somebody wants to see every exchange or not.
        """
        observation = Pairing(1).complete(exchange)
        verdicts = decide_each(observation)
        return Inspection(
            observation=observation, headline=self.headline.choose(observation.engine, verdicts), verdicts=verdicts
        )

    def settle(self, now: float) -> tuple[Inspection, ...]:
        """Return the new Inspections of preflights whose actual request should have come by `now` (seconds since the epoch).

        Before them those of exchanges of which something became known since the last time. When there are more than the session
        inspects at once, the others come with the next call.
        """
        if not self._pending_updates and not self._pairing.has_expired(now):
            return ()
        found = chain(self._flush_updates(), (self._reinspect(observation) for observation in self._pairing.expire(now)))
        return tuple(islice(found, self._at_once))

    def finish(self, now: float | None = None) -> tuple[Inspection, ...]:
        """Return the new Inspections of everything that still waited: the session is over.

        Args:
            now: until when the traffic was watched, for who knows that; None: until the last message seen.
        """
        settled = (*self._flush_updates(), *(self._reinspect(observation) for observation in self._pairing.finish(now)))
        open_ones = [known.observation for known in self._inspections.values() if known.verdict.outcome is Outcome.DEPENDS]
        return (*settled, *(self._reinspect(observation) for observation in self._pairing.likely_by_hindsight(open_ones)))

    def get(self, id: str) -> Inspection | None:
        """Return the latest Inspection of an exchange, None when it is unknown or dropped."""
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
        self.__init__(  # type: ignore[misc]  # a session anew is a new session
            rules=self.rules,
            headline=self.headline,
            history=self._limit,
            history_bytes=self._history_bytes,
            prior=self._prior,
            patch_policy=self.patch_policy,
            budget=self._budget,
            at_once=self._at_once,
            over_budget=self._over_budget,
        )
        self.dry_run = dry_run

    def dropped(self) -> Mapping[str, int]:
        """Return how many entries each store has dropped because of its limit; only those that did."""
        stores = {
            "exchanges": self._inspections.dropped,
            "endpoints": self._traffic.dropped,
            "stored responses": self._stored.dropped,
            "pending updates": self._pending_updates.dropped,
            "verdicts that took too long": self._took_too_long,
            **self._pairing.dropped(),
        }
        return {name: count for name, count in stores.items() if count}

    def _flush_updates(self) -> Iterator[Inspection]:
        while self._pending_updates:
            yield self._reinspect(self._pending_updates.popitem(last=False)[1])

    def _reinspect(self, observation: Observation) -> Inspection:
        known = self._inspections.get(observation.id)
        said = None if known is None else known.observation.exchange.witness
        if said is not None and observation.exchange.witness is None:
            # What became known of it began to be written down before the browser spoke.
            observation = settle_witnessed(
                structs.replace(observation, exchange=structs.replace(observation.exchange, witness=said))
            )
        if observation.role is Role.PREFLIGHT:
            observation = settle_preflight(observation)
        self._pairing.correct(observation)
        view = None if known is None else known.patch
        if view is not None and view.applied:
            view = structs.replace(view, verdicts_after=decide_each(observation))
        self._budget.start()
        return self._judged(observation, view, again=True)

    def _judged(self, observation: Observation, view: PatchedView | None, *, again: bool = False) -> Inspection:
        """Return the inspection; of an exchange that takes too long one that says nothing of it."""
        try:
            return self._inspect(observation, view, again=again)
        except OverBudgetError:
            self._took_too_long += 1
        if self._over_budget is not None:
            self._over_budget(observation.exchange)
        headline = self.headline.choose(observation.engine, _NOT_JUDGED)
        inspection = Inspection(observation=observation, headline=headline, verdicts=_NOT_JUDGED, patch=view)
        self._inspections[observation.id] = inspection
        return inspection

    def _renewed(self, observation: Observation) -> Observation:
        """Return the observation with what the browser judges when it gets a 304, where that was seen here."""
        exchange = observation.exchange
        renewed = self._stored.renewed_by(observation)
        if renewed is None:
            stored = self._stored.without_cors(observation)
            return observation if stored is None else structs.replace(observation, stored_without_cors=stored)
        return structs.replace(observation, exchange=structs.replace(exchange, renewed=renewed))

    def _inspect(self, observation: Observation, view: PatchedView | None, *, again: bool = False) -> Inspection:
        self._budget.check()
        sent = observation.as_sent
        decided = decide_each(sent)
        witness = observation.exchange.witness
        # Of what the browser got patched its word says nothing about what the server sent; and live, what we said stays said.
        verdicts = decided if witness is None or witness.live else witnessed(observation, decided)
        self._budget.check()
        headline = self.headline.choose(observation.engine, verdicts)
        history = self._traffic.of(sent) if again else self._traffic.record(sent)
        # Of what the proxy made there is nothing to say: the server was not asked.
        made_by_proxy = observation.exchange.made_by_proxy
        if made_by_proxy or _is_awaited(observation, verdicts):
            result = NO_FINDINGS
        else:
            facts = Facts(sent, verdicts, history, headline=headline, products=self.rules.products)
            result = run(self.rules, facts, self._budget)
        inspection = Inspection(
            observation=observation,
            headline=headline,
            verdicts=verdicts,
            findings=result.findings,
            suppressed=result.suppressed,
            patch=view,
        )
        inspection = held_against(inspection, inspection.delivered_verdicts if verdicts is decided else decided)
        self._inspections[observation.id] = inspection
        if not again:
            delivered = observation.exchange.replaced or observation.exchange.response
            if delivered is not None:
                self._stored.remember(observation, delivered)
        return inspection


def _is_awaited(observation: Observation, verdicts: Mapping[Engine, Verdict]) -> bool:
    """Say whether the request that a preflight lets pass may still come: what is wrong is known when it did, or did not."""
    return observation.followed is Followed.PENDING and not any(verdict.blocked for verdict in verdicts.values())
