"""What a network stack sends again by itself belongs to one page request; what a page polls does not."""

from corslens.diagnosis.summary import SessionSummary
from corslens.inspector import Inspector

from tests.diagnosis.make import NO_RULES, session
from tests.make import PAGE
from tests.report.samples import ask, ask_first

ATTEMPTS = 8


def test_a_page_that_polls_a_locked_door_makes_no_endless_page_request() -> None:
    asked = [ask(f"{number}", number * 0.5, status=401) for number in range(50)]
    summary = SessionSummary(everything=True)
    for inspection in session(*asked):
        summary.add(inspection)
    assert max(len(one.page_request.members) for one in summary.held()) == ATTEMPTS
    assert summary.exchanges == 50


def test_a_repetition_with_a_preflight_of_its_own_counts_once() -> None:
    """A page renews its token and sends the request again: the preflight came by itself, and turns out to be part of the same."""
    allowed = {"Access-Control-Allow-Headers": "authorization"}
    inspector, summary = Inspector(rules=NO_RULES), SessionSummary(everything=True)
    token = {"Authorization": "Bearer x"}
    for exchange in (
        ask_first("pre-1", 0, "GET", unsafe="authorization", allow_origin=PAGE, answer=allowed),
        ask("old", 0.1, given=token, status=401, allow_origin=PAGE),
        ask_first("pre-2", 2, "GET", unsafe="authorization", allow_origin=PAGE, answer=allowed),
        ask("new", 2.1, given=token, allow_origin=PAGE),
    ):
        for inspection in inspector.inspect(exchange):
            summary.add(inspection)
    assert summary.exchanges == 4 and summary.counts["preflight"] == 2 and summary.counts["page requests"] == 1
    (held,) = summary.held()
    assert [one.id for one in held.page_request.members] == ["pre-1", "old", "pre-2", "new"]
    (cell,) = summary.cells().values()
    assert sum(cell.words.values()) == 1
