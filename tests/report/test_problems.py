"""What counts as a problem, and by which word it goes."""

import pytest
from corslens.inspection import PatchedView
from corslens.lint.finding import Severity
from corslens.patching.patch import HeaderChange, Patch
from corslens.report.problems import LABELS, is_problem, label, problem_key, reported_reason
from msgspec import structs

from tests.make import API, PAGE, exchange, request, response
from tests.report.make import NO_RULES, finding
from tests.report.samples import inspected

BLOCKED, DEPENDS, ALLOWED, SAME, LEFT, RESET = inspected(
    [
        exchange(request(), response()),
        exchange(request(), response(allow_origin="*")),
        exchange(request(), response(allow_origin=PAGE, given={"Access-Control-Allow-Credentials": "true", "Vary": "Origin"})),
        exchange(request(origin=API), response()),
        exchange(request(), error="Client disconnected."),
        exchange(request(), error="[Errno 104] Connection reset by peer"),
    ],
    NO_RULES,
)

WORDS = {
    "blocked": (BLOCKED, "BLOCKED"),
    "depends with a branch that blocks": (DEPENDS, "DEPENDS"),
    "allowed": (ALLOWED, "ALLOWED"),
    "same-origin": (SAME, "ALLOWED"),
    "the browser left": (LEFT, "ABORTED"),
    "the browser left, with the remark that says so": (
        structs.replace(LEFT, findings=(finding(severity=Severity.INFO),)),
        "ABORTED",
    ),
    "the browser left, and something else is wrong": (
        structs.replace(LEFT, findings=(finding(severity=Severity.WARNING),)),
        "WARNING",
    ),
    "the server reset the connection": (RESET, "BLOCKED"),
    "a warning": (structs.replace(ALLOWED, findings=(finding(severity=Severity.WARNING),)), "WARNING"),
    "the worst of two": (structs.replace(SAME, findings=(finding(severity=Severity.INFO), finding())), "ERROR"),
    "patched": (
        structs.replace(
            BLOCKED,
            patch=PatchedView(
                patch=Patch(changes=(HeaderChange(header="x", before=(), after="y", because="z"),)),
                applied=True,
                verdicts_after={},
            ),
        ),
        "PATCHED",
    ),
}


@pytest.mark.parametrize(("inspection", "word"), WORDS.values(), ids=WORDS)
def test_label(inspection, word):
    assert label(inspection) == word
    assert word in LABELS
    assert is_problem(inspection) is (word not in ("INFO", "ABORTED", "ALLOWED"))


def test_a_silenced_block_is_no_problem():
    """Its user knows of it and said why."""
    silenced = structs.replace(BLOCKED, silenced=(finding("acao-missing"),))
    assert not is_problem(silenced)
    assert is_problem(structs.replace(silenced, findings=(finding("other"),)))


def test_the_reported_reason_is_that_of_the_branch_that_blocks():
    assert reported_reason(BLOCKED) == "acao-missing"
    assert reported_reason(DEPENDS) == "acao-wildcard-with-credentials"
    assert reported_reason(SAME) is None


def test_query_and_ids_make_no_other_problem():
    one, two, other = inspected(
        [exchange(request(url=f"{API}{path}"), response()) for path in ("/a/17?x=1", "/a/18", "/b/18")], NO_RULES
    )
    assert problem_key(one) == problem_key(two) != problem_key(other)
