"""What changed per endpoint between two captures."""

from corslens.diagnosis.summary import summarize
from corslens.engines.engine import Engine
from corslens.lint.finding import Severity
from corslens.report.comparison import ChangeKind, compare, states
from corslens.verdict.verdict import Outcome
from msgspec import structs

from tests.make import API, PAGE, exchange, request, response
from tests.report.make import NO_RULES, finding
from tests.report.samples import inspected

GOOD = {"Access-Control-Allow-Credentials": "true", "Vary": "Origin"}


def capture(allow_origin, *, url=f"{API}/orders/1", findings=(), **fields):
    made = inspected([exchange(request(url=url), response(200, GOOD, allow_origin=allow_origin), **fields)], NO_RULES)
    return states(summarize((structs.replace(one, findings=findings) for one in made), everything=True))


def kinds(before, after):
    return [change.kind for change in compare(before, after)]


def test_nothing_changed():
    assert kinds(capture(PAGE), capture(PAGE)) == []


def test_blocked_now():
    (change,) = compare(capture(PAGE), capture(None, url=f"{API}/orders/2"))
    assert (change.kind, change.endpoint.path) == (ChangeKind.WORSE, "/orders/*")
    assert change.after is not None and change.after.outcomes[Engine.FIREFOX] is Outcome.BLOCKED
    assert change.after.reasons == {"acao-missing"}


def test_resolved():
    assert kinds(capture(None), capture(PAGE)) == [ChangeKind.RESOLVED]


def test_a_request_that_was_given_up_says_nothing():
    left = states(summarize(inspected([exchange(request(), error="Client disconnected.")], NO_RULES), everything=True))
    assert left == {}


def test_blocked_for_another_reason():
    assert kinds(capture(None), capture("https://other.example")) == [ChangeKind.CHANGED]


def test_findings():
    mild, bad = (finding("x", Severity.INFO),), (finding("x"), finding("y"))
    (worse,) = compare(capture(PAGE, findings=mild), capture(PAGE, findings=bad))
    assert (worse.kind, worse.new_findings, worse.gone_findings) == (
        ChangeKind.WORSE,
        {"x": Severity.ERROR, "y": Severity.ERROR},
        [],
    )
    (better,) = compare(capture(PAGE, findings=bad), capture(PAGE))
    assert (better.kind, better.new_findings, better.gone_findings) == (ChangeKind.RESOLVED, {}, ["x", "y"])


def test_better_and_worse_is_changed():
    one, other = (finding("x"),), (finding("y"),)
    assert kinds(capture(PAGE, findings=one), capture(PAGE, findings=other)) == [ChangeKind.CHANGED]


def test_what_browsers_do_counts_for_more_than_findings():
    assert kinds(capture(None), capture(PAGE, findings=(finding("x"),))) == [ChangeKind.BETTER]


def test_endpoints_of_one_side():
    other = capture(PAGE, url="https://other.example/")
    assert kinds(capture(PAGE), other) == [ChangeKind.ONLY_BEFORE, ChangeKind.ONLY_AFTER]


def test_a_test_server_on_another_port_is_the_same():
    def at(port):
        return capture(None, url=f"http://localhost:{port}/me")

    assert kinds(at(8001), at(9002)) == []
