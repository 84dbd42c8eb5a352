"""An exchange that takes too long is not judged, is reported and counted, and the traffic goes on."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from corslens.fetch.budget import Budget
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm import ticks
from corslens.observation.exchange import Exchange
from corslens.patching.policy import parse_policy
from corslens.verdict.verdict import Outcome

from scripts.bench_suite.chain import Chain, flow_of
from tests.report.samples import ask, ask_first

RULES = load_rules()


class Work:
    """A clock that goes on by so much each time that somebody looks."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def inspector(clock: Callable[[], float], over: list[Exchange], **settings) -> Inspector:
    return Inspector(rules=RULES, budget=Budget(1.0, clock), over_budget=over.append, **settings)


def test_what_takes_too_long_is_not_judged() -> None:
    over: list[Exchange] = []
    work = Work(2.0)
    session = inspector(work, over)
    late = session.inspect(ask("late", 0))[0]
    work.step = 0.0
    soon = session.inspect(ask("soon", 1))[0]
    assert {verdict.outcome for verdict in late.verdicts.values()} == {Outcome.NOT_JUDGED}
    assert late.findings == ()
    assert soon.verdict.outcome is Outcome.BLOCKED
    assert [exchange.id for exchange in over] == ["late"]
    assert session.dropped() == {"verdicts that took too long": 1}
    assert session.get("late") is late


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_time_is_looked_at_between_the_stages(looks: int) -> None:
    """Before judging, before linting, and before each finding."""
    over: list[Exchange] = []
    session = inspector(Work(1.0 / looks + 0.01), over)
    session.inspect(ask("late", 0))
    assert [exchange.id for exchange in over] == ["late"]


def test_pairing_goes_on_behind_what_was_not_judged() -> None:
    work = Work(2.0)
    session = inspector(work, [])
    session.inspect(ask_first("preflight", 0, allow_origin="*"))
    work.step = 0.0
    actual = session.inspect(ask("actual", 0.1, "PUT", given=[("Content-Type", "application/json")], allow_origin="*"))[0]
    assert actual.observation.preflight is not None
    assert actual.observation.preflight.id == "preflight"


def test_a_patch_that_was_made_in_time_stays() -> None:
    session = inspector(Work(0.9), [], patch_policy=parse_policy(origins=["any"]))
    session.begin(late := ask("late", 0))
    inspection = session.complete(late, patch=True)[0]
    assert inspection.verdict.outcome is Outcome.NOT_JUDGED
    assert inspection.patch is not None
    assert inspection.patch.applied


def test_what_waits_is_settled_in_slices() -> None:
    session = Inspector(rules=RULES, at_once=10)
    for number in range(35):
        session.inspect(ask_first(f"{number}", number / 100, url=f"https://api.example/{number}", allow_origin="*"))
    now = session.get("34").observation.exchange.request.time + 60  # type: ignore[union-attr]
    assert [len(session.settle(now)) for _ in range(5)] == [10, 10, 10, 5, 0]


async def test_the_addon_reports_it_and_lets_the_traffic_pass(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(1.0)
    async with Chain(odd=False, work_clock=work, cors_show="none") as chain:
        with caplog.at_level(logging.WARNING):
            for number in range(8):
                flow = flow_of(ask(f"{number}", number))
                fields = flow.response.headers.fields if flow.response is not None else ()
                chain.call(flow)
                assert flow.response is not None
                assert flow.response.headers.fields == fields
        work.step = 0.0
        chain.call(flow_of(ask("soon", 9)))
        assert not chain.addon.faults
        assert chain.addon.dropped() == {"verdicts that took too long": 8}
        assert chain.addon.session is not None
        assert [each.verdict.outcome for each in chain.addon.session.recent()][-2:] == [Outcome.NOT_JUDGED, Outcome.BLOCKED]
    told = [record.message for record in caplog.records if "is not judged" in record.message]
    assert len(told) == 5
    assert told[-1].endswith("From now on such exchanges are only counted.")


async def test_a_tick_settles_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "AT_ONCE", 10)
    async with Chain(odd=False, cors_show="none") as chain:
        for number in range(35):
            chain.call(flow_of(ask_first(f"{number}", number / 100, url=f"https://api.example/{number}", allow_origin="*")))
        session = chain.addon.session
        assert session is not None
        chain._now = ask("later", 60).request.time
        chain.addon.summary  # noqa: B018  # reading it brings out what the hooks handed over
        seen: list[str] = []
        chain.addon.listeners.append(lambda inspection: seen.append(inspection.id))
        chain.addon.on_tick()
        assert len(seen) == 10
        for _ in range(20):  # settling and putting out take turns
            before = len(seen)
            await asyncio.sleep(0)
            assert len(seen) - before <= 10
        assert chain.addon.summary.exchanges == len(seen) == 35
