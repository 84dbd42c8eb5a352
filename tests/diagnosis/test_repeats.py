"""What a network stack sends again by itself belongs to one page request; what a page polls does not."""

from corslens.diagnosis.summary import SessionSummary

from tests.diagnosis.make import session
from tests.report.samples import ask

ATTEMPTS = 8


def test_a_page_that_polls_a_locked_door_makes_no_endless_page_request() -> None:
    asked = [ask(f"{number}", number * 0.5, status=401) for number in range(50)]
    summary = SessionSummary(everything=True)
    for inspection in session(*asked):
        summary.add(inspection)
    assert max(len(one.page_request.members) for one in summary.held()) == ATTEMPTS
    assert summary.exchanges == 50
