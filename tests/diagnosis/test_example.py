"""Examples are the same wherever they were kept meanwhile."""

import pickle
from collections.abc import Callable
from itertools import islice
from string import ascii_lowercase

import pytest
from corslens.diagnosis.example import Example
from corslens.diagnosis.problem_store import ProblemStore
from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection

from tests.diagnosis.make import finding, inspection
from tests.diagnosis.test_summary import snapshot
from tests.make import API


class Elsewhere:
    """Where examples are put; `room` says how many fit."""

    def __init__(self, room: int = 1_000) -> None:
        self._room = room
        self.put = self.fetched = 0

    def __call__(self, content: bytes) -> Callable[[], bytes]:
        if self.put == self._room:
            raise OSError("no space left on device")
        self.put += 1

        def fetch() -> bytes:
            self.fetched += 1
            return content

        return fetch


def broken(number: int, path: str) -> Inspection:
    return inspection(f"e{number}", finding(message=f"{path} in e{number}"), at=number, url=f"{API}/{path}")


def captures() -> list[list[Inspection]]:
    return [
        [broken(number, "abcdefg"[number % 7]), broken(100 + number, f"once/{ascii_lowercase[number]}")] for number in range(12)
    ]


def merged(put_away: Elsewhere | None = None) -> SessionSummary:
    whole = SessionSummary(put_away=put_away)
    for capture in captures():
        part = whole.part()
        for each in capture:
            part.add(each)
        whole.merge(pickle.loads(pickle.dumps(part)))
    return whole


def said(example: Example) -> tuple[object, ...]:
    one = example.diagnosis
    return one.page_request.id, one.page_request.members, one.word, one.reason, one.cause, one.place, one.beside, one.severity


def an_example() -> Example:
    summary = SessionSummary()
    summary.add(broken(1, "a"))
    return summary.problems()[0].examples[0]


def test_it_travels_between_processes() -> None:
    example = an_example()
    there = pickle.loads(pickle.dumps(example))
    back = pickle.loads(pickle.dumps(there))
    for each in (there, back):
        assert said(each) == said(example)
        assert (each.order, each.method, each.page, each.engines) == (
            example.order,
            example.method,
            example.page,
            example.engines,
        )


def test_what_was_put_away_is_read_when_it_is_wanted() -> None:
    example, elsewhere = an_example(), Elsewhere()
    before = said(example)
    example.put_away(elsewhere)
    example.put_away(elsewhere)
    assert (elsewhere.put, elsewhere.fetched) == (1, 0)
    assert said(example) == before
    assert example.diagnosis is example.diagnosis
    assert elsewhere.fetched == 1


@pytest.mark.parametrize("room", [1_000, 5])
def test_a_summary_is_the_same(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Whether examples are put away, or there was no room for all of them."""
    monkeypatch.setattr("corslens.diagnosis.problem_store._AT_HAND", 4)
    elsewhere = Elsewhere(room)
    summary = merged(elsewhere)
    assert elsewhere.put == min(room, 24)
    assert snapshot(summary) == snapshot(merged())


def test_who_lists_a_few_problems_reads_a_few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corslens.diagnosis.problem_store._AT_HAND", 4)
    elsewhere = Elsewhere()
    summary = merged(elsewhere)
    problems = summary.problems()
    assert (len(problems), sum(summary.standings().values()), elsewhere.fetched) == (19, 19, 0)
    assert [problem.message for problem in islice(problems, 3)]
    assert elsewhere.fetched == 3


def test_a_live_session_puts_nothing_away() -> None:
    assert ProblemStore(most=3, budget=1, version=0)._put is None
