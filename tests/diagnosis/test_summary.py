"""The aggregate: what it counts, takes back, holds, resolves and merges."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import pytest
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary, summarize
from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.exchange import Source
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.diagnosis.make import finding, inspection, session
from tests.make import API, PAGE
from tests.report.samples import ask, ask_first, shop


def snapshot(summary: SessionSummary) -> Any:
    """All that outputs read."""
    return (
        sorted((str(key), count) for key, count in summary.counts.items() if count),
        [
            (
                problem.key, problem.count, problem.word, problem.severity, problem.state, problem.message, problem.methods.items(),
                problem.pages.items(), problem.pages.more, problem.first, problem.last, +problem.words, +problem.severities,
                +problem.engines,
                [example.diagnosis.page_request.id for example in problem.examples],
                sorted((key, count) for key, count in problem.beside.items() if count),
            )
            for problem in summary.problems()
        ],
        {key: {word: count for word, count in cell.words.items() if count > 0} for key, cell in summary.cells().items()},
        summary.endpoints(),
        summary.suppressed_at(),
        [diagnosis.page_request.id for diagnosis in summary.held()],
        summary.left_out,
        dict(summary.dropped()),
        summary.standings(),
        summary.causes(),
    )  # fmt: skip


_SEVERITIES = st.sampled_from(list(Severity))


@st.composite
def captures(draw: st.DrawFn) -> list[list[Inspection]]:
    """Some captures, each with some exchanges that may come again with more known of them."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        capture = []
        for entry in range(draw(st.integers(0, 4))):
            url, origin = f"{API}/{draw(st.sampled_from('ab'))}", draw(st.sampled_from([PAGE, "https://b.example"]))
            for _ in range(draw(st.integers(1, 2))):
                names = draw(st.lists(st.sampled_from(["acao-missing", "vary", "reflected"]), unique=True, max_size=2))
                made = inspection(
                    f"{number}-{entry}",
                    *(finding(name, draw(_SEVERITIES), message=f"{name} in {number}-{entry}") for name in names),
                    at=entry,
                    url=url,
                    origin=origin,
                    well=draw(st.booleans()),
                )
                source = Source(file=f"{number}.har", index=entry)
                exchange = structs.replace(made.observation.exchange, source=source)
                made = structs.replace(made, observation=structs.replace(made.observation, exchange=exchange))
                if draw(st.booleans()) and made.findings:
                    suppressed = structs.replace(made.findings[0], justification="my.yaml:1: known")
                    made = structs.replace(made, findings=made.findings[1:], suppressed=(suppressed,))
                capture.append(made)
        found.append(capture)
    return found


def part(capture: Iterable[Inspection], hold: int) -> SessionSummary:
    """The summary of one capture."""
    summary, over = SessionSummary(), SessionSummary(hold=hold)
    for one in capture:
        summary.add(one)
    over.merge(summary)
    return over


@pytest.mark.slow  # generated sessions
@settings(deadline=None, max_examples=60)
@given(captures(), st.randoms(), st.integers(1, 20))
def test_parts_merge_to_the_same_in_any_order_and_grouping(given: list[list[Inspection]], random: Any, hold: int) -> None:
    """And nothing that is counted depends on what is held in detail."""
    whole = SessionSummary(hold=hold)
    for capture in given:
        whole.merge(part(capture, hold))
    piles = [part(capture, hold) for capture in random.sample(given, len(given))]
    while len(piles) > 1:
        one, other = random.sample(range(len(piles)), 2)
        piles[one].merge(piles[other])
        del piles[other]
    assert snapshot(piles[0]) == snapshot(whole)
    unlimited = SessionSummary()
    for capture in given:
        unlimited.merge(part(capture, 1_000))
    assert snapshot(unlimited)[:5] == snapshot(whole)[:5]


@settings(deadline=None, max_examples=30)
@given(captures(), st.randoms(), st.integers(0, 3))
def test_what_has_merged_before_merges_in_any_order(given: list[list[Inspection]], random: Any, hold: int) -> None:
    """One capture after another, as files are read; what is held of each is small enough that all leave something out."""
    snapshots = []
    for order in (given, random.sample(given, len(given))):
        whole = SessionSummary(hold=hold)
        for capture in order:
            whole.merge(part(capture, 100))
        snapshots.append(snapshot(whole))
    assert snapshots[0] == snapshots[1]


def test_files_hold_as_many_endpoints_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit would lose what the parts left out; a live session has one, and counts what it drops."""
    monkeypatch.setattr("corslens.diagnosis.summary._ENDPOINTS", 3)

    def names(most: int | None) -> tuple[int, int]:
        whole = SessionSummary(problems=most)
        for start in "ac":
            one = whole.part()
            for letter in f"{start}{chr(ord(start) + 1)}efg":
                one.add(inspection(f"{start}-{letter}", finding(), url=f"{API}/{letter}"))
            whole.merge(one)
        return len(whole.endpoints()), sum(whole.dropped().values())

    assert names(None) == (7, 0)
    assert names(100)[0] == 3 and names(100)[1] > 0


def test_a_snapshot_copies_no_problem_before_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken between two exchanges, of 10,000 problems, while everybody waits."""
    copies: list[Problem] = []
    copy = Problem.snapshot
    monkeypatch.setattr(Problem, "snapshot", lambda self: copies.append(self) or copy(self))
    session = SessionSummary(problems=1_000, everything=True)
    for number in range(20):
        session.add(inspection(f"{number}", finding(), url=f"{API}/{chr(97 + number)}"))
    taken = [(session.snapshot(), snapshot(session)) for _ in range(2)]
    assert not copies
    session.add(inspection("again", finding(), url=f"{API}/a", at=40))
    session.add(inspection("1", url=f"{API}/b"))
    session.add(inspection("new", finding(), url=f"{API}/z"))
    taken.append((session.snapshot(), snapshot(session)))
    assert 1 <= len(copies) <= 3
    session.add(inspection("once more", finding(), url=f"{API}/a", at=41))
    assert [snapshot(one) for one, _ in taken] == [before for _, before in taken]
    assert snapshot(session) != taken[-1][1]
    found = session.problems()[0]
    assert session.problem(found.key.id) is found and session.problem("p0") is None


def without_state(problem: Any) -> Any:
    """All that is listed of a problem but whether it is open: what was resolved in the meantime stays so."""
    return (*problem[:4], *problem[5:])


_key = itemgetter(0)


@pytest.mark.slow  # generated sessions
@settings(deadline=None, max_examples=60)
@given(captures())
def test_only_the_last_inspection_of_an_exchange_counts(given: list[list[Inspection]]) -> None:
    """However often more became known of it."""
    (capture, *_) = given
    last = {one.id: one for one in capture}
    once, often = snapshot(part(last.values(), 100)), snapshot(part(capture, 100))
    assert often[0] == once[0]
    # Those that are resolved come last in the list, so it is not compared in its order.
    assert sorted(map(without_state, often[1]), key=_key) == sorted(map(without_state, once[1]), key=_key)
    assert often[2] == once[2] and often[4] == once[4]


def test_counts_are_of_page_requests():
    summary = summarize(session(*shop()))
    assert summary.exchanges == 12 and summary.number("BLOCKED") == 8
    assert summary.counts["page requests"] == 10


def test_one_cause_at_one_endpoint_is_one_problem_with_its_examples():
    summary = summarize(inspection(f"x{n}", finding(), url=f"{API}/orders/{n}", at=n) for n in range(9))
    (problem,) = summary.problems()
    assert (problem.count, len(problem.examples)) == (9, 5)
    assert problem.key.endpoint == f"{API}/orders/*" and len(problem.key.fingerprint) == 32


def test_a_loopback_port_is_no_part_of_a_fingerprint():
    one, other = (summarize([inspection("a", finding(), url=f"http://localhost:{port}/x")]).problems()[0] for port in (1, 2))
    assert one.key != other.key and one.key.fingerprint == other.key.fingerprint


def test_what_else_is_wrong_is_no_problem_of_its_own():
    summary = summarize([inspection("a", finding(), finding("vary", Severity.WARNING))])
    (problem,) = summary.problems()
    assert [key.rule for key in problem.named()] == ["acao-missing", "vary"]


def test_a_problem_is_resolved_when_the_same_page_request_passes_and_opens_again():
    summary = SessionSummary()
    summary.add(inspection("a", finding(), at=0))
    (problem,) = summary.problems()
    assert problem.state is ProblemState.OPEN
    update = summary.add(inspection("b", at=1, well=True))
    assert update is not None and update.resolved == (problem,)
    assert problem.state is ProblemState.RESOLVED
    summary.add(inspection("c", finding(), at=2))
    assert problem.state is ProblemState.OPEN and problem.count == 2


def test_more_about_an_old_request_opens_nothing_again():
    """A preflight that was blocked is looked at once more seconds later: what passed since then passes."""
    summary = SessionSummary()
    summary.add(inspection("a", finding(), at=0))
    summary.add(inspection("b", at=1, well=True))
    summary.add(inspection("a", finding(), finding("vary", Severity.INFO), at=0))
    (problem,) = summary.problems()
    assert problem.state is ProblemState.RESOLVED and problem.count == 1


def test_it_is_resolved_although_something_else_is_wrong_with_what_passes():
    summary = SessionSummary()
    summary.add(inspection("a", finding(), at=0))
    summary.add(inspection("b", finding("vary", Severity.INFO), at=1, well=True))
    assert {problem.key.rule: problem.state for problem in summary.problems()} == {
        "acao-missing": ProblemState.RESOLVED,
        "vary": ProblemState.OPEN,
    }


def test_what_blocked_nothing_is_not_resolved_by_a_request_without_it():
    summary = SessionSummary()
    summary.add(inspection("a", finding("vary", Severity.WARNING), at=0, well=True))
    summary.add(inspection("b", at=1, well=True))
    assert summary.problems()[0].state is ProblemState.OPEN


def test_another_pages_success_resolves_nothing():
    summary = SessionSummary()
    summary.add(inspection("a", finding()))
    summary.add(inspection("b", at=1, well=True, origin="https://other.example"))
    assert summary.problems()[0].state is ProblemState.OPEN


def test_a_request_that_needs_a_preflight_is_resolved_by_its_like():
    """Not by a simple one to the same endpoint."""
    allowed = {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "content-type"}
    json = {"Content-Type": "application/json"}
    traffic = session(
        ask_first("pre-1", 0),
        ask("get", 1, allow_origin=PAGE),
        ask_first("pre-2", 8, allow_origin=PAGE, answer=allowed),
        ask("put", 8.1, "PUT", given=json, allow_origin=PAGE),
    )
    summary = SessionSummary()
    states = []
    for one in traffic:
        summary.add(one)
        states.append(summary.problems()[0].state)
    assert states == [ProblemState.OPEN, ProblemState.OPEN, ProblemState.OPEN, ProblemState.RESOLVED]


def test_bounded_and_counted():
    summary = SessionSummary(remember=10, hold=5, problems=7)
    for number in range(50):
        path = "abcdefghijklmnopqrstuvwxyz"[number % 26] + "xyz"[number // 26]
        summary.add(inspection(f"x{number}", finding(f"rule-{path}"), url=f"{API}/{path}", at=number))
    assert len(summary.problems()) == 7 and len(summary.held()) == 15
    assert summary.left_out == 35 and summary.dropped()["problems"] == 43
    assert summary.number("BLOCKED") == 50


def test_clear_begins_anew_and_says_so():
    summary = summarize([inspection("a", finding())])
    version = summary.version
    summary.clear()
    assert summary.exchanges == 0 and not summary.problems() and summary.complete_since > version


@pytest.mark.parametrize("held", [True, False])
def test_an_exchange_knows_its_page_request(held: bool):
    preflight = ask_first("pre", 0, unsafe=None, allow_origin=PAGE, answer={"Access-Control-Allow-Methods": "PUT"})
    pair = session(preflight, ask("put", 0.1, "PUT", allow_origin=PAGE), put=(finding("vary"),) if held else ())
    summary = summarize(pair)
    assert {summary.diagnosis_of(one).page_request.id for one in pair} == {"pre"}


def test_a_snapshot_stays_as_it_was() -> None:
    summary = SessionSummary(everything=True)
    inspections = session(*shop())
    for one in inspections[:-3]:
        summary.add(one)
    before, taken = snapshot(summary), summary.snapshot()
    assert snapshot(taken) == before
    for one in inspections[-3:]:
        summary.add(one)
    for one in inspections:
        summary.add(structs.replace(one, findings=()))
    assert snapshot(summary) != before
    assert snapshot(taken) == before
