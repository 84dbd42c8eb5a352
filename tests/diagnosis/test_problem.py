"""Problems: their endpoint, their order, their examples."""

from corslens.diagnosis.problem import worst_first
from corslens.diagnosis.summary import SessionSummary, summarize
from corslens.lint.finding import Severity, Stage
from msgspec import structs

from tests.diagnosis.make import finding, inspection
from tests.make import API


def test_a_dead_server_is_one_problem():
    """Every endpoint of it fails in the same way."""
    made = []
    for path in "abc":
        one = inspection(path, finding("dead", stage=Stage.NO_RESPONSE), url=f"{API}/{path}")
        exchange = structs.replace(
            one.observation.exchange, response=None, error="Connection refused", got_proxy_error_page=True
        )
        made.append(structs.replace(one, observation=structs.replace(one.observation, exchange=exchange)))
    (problem,) = summarize(made).problems()
    assert (problem.key.endpoint, problem.count) == (API, 3)


def test_the_order_of_every_report():
    summary = summarize(
        [
            inspection("a", finding("minor", Severity.WARNING), url=f"{API}/a", well=True),
            inspection("b", finding("acao-missing", Severity.INFO), url=f"{API}/b"),
            inspection("c", finding("major"), url=f"{API}/c", well=True),
        ]
    )
    assert [problem.key.rule for problem in worst_first(summary.problems())] == ["acao-missing", "major", "minor"]


def test_the_newest_come_first_with_their_cause():
    """Of what is equally bad: a cause stands where its newest problem does, and what is resolved comes last."""
    old, new = finding("old"), finding("new")
    made = [
        inspection(path, found, url=f"{API}/{path}", at=at, well=True)
        for path, found, at in (("a", old, 1), ("b", new, 2), ("c", old, 3), ("d", new, 4), ("e", finding("other"), 3.5))
    ]
    summary = summarize(made)
    assert [problem.key.path for problem in worst_first(summary.problems())] == ["/d", "/b", "/e", "/c", "/a"]


def test_the_first_of_the_worst_speaks_for_all():
    summary = summarize(
        [
            inspection("a", finding("x", Severity.WARNING, message="mild"), at=1, well=True),
            inspection("b", finding("x", message="later"), at=3, well=True),
            inspection("c", finding("x", message="first"), at=2, well=True),
        ]
    )
    (problem,) = summary.problems()
    assert (problem.message, problem.severity, problem.count) == ("first", Severity.ERROR, 3)


def test_what_is_true_of_a_host_is_said_once():
    made = [
        inspection(
            path, structs.replace(finding("localhost", Severity.WARNING), whole_host=True), url=f"{API}/{path}", well=True
        )
        for path in "abc"
    ]
    (problem,) = summarize(made).problems()
    assert (problem.key.endpoint, problem.count) == (API, 3)


def test_its_times_are_those_of_its_page_requests() -> None:
    """And not of one that was taken for the same until more was known of it."""
    for remember in (1, 2, 10):  # what is settled stays, and what is not may still go
        summary = SessionSummary(remember=remember)
        for at, id in enumerate("abc"):
            summary.add(inspection(id, finding("x"), at=at))
        summary.add(inspection("c", finding("other"), at=2))
        (problem,) = [one for one in summary.problems() if one.key.rule == "x"]
        assert (problem.count, problem.last - problem.first) == (2, 1), remember
        whole = SessionSummary()
        whole.merge(summary)
        (merged,) = [one for one in whole.problems() if one.key.rule == "x"]
        assert (merged.first, merged.last) == (problem.first, problem.last)
