"""What the terminal prints."""

import io
from string import ascii_letters

import pytest
from corslens.diagnosis.summary import SessionSummary, summarize
from corslens.inspector import Inspector
from corslens.lint.finding import Confidence, Finding, Severity
from corslens.lint.rules.loader import load_rules
from corslens.mitm import terminal
from corslens.mitm.options import Show
from corslens.mitm.terminal import Terminal
from msgspec import structs

from tests.make import exchange, request, response
from tests.mitm.make import CHROMIUM


@pytest.fixture
def seen():
    inspector = Inspector(rules=load_rules())
    return lambda *given, **fields: inspector.inspect(exchange(*given, **fields))[0]


def printed(show, *inspections):
    out = io.StringIO()
    shown, summary = Terminal(out), SessionSummary()
    for inspection in inspections:
        say(shown, summary, show, inspection)
    return out.getvalue(), shown


def say(shown, summary, show, inspection):
    """As the addon does."""
    update = summary.add(inspection)
    if show is Show.CORS:
        shown.show(summary.diagnosis_of(inspection) if update is None else update.now)
    elif update is not None:
        shown.show_problem(update.now)
    if update is not None:
        shown.show_resolved(update.resolved)


WITHOUT_CREDENTIALS = [("User-Agent", CHROMIUM), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors")]


def test_problems_once(seen):
    """The same problem is printed once, another one again."""
    text, _ = printed(Show.PROBLEMS, *(seen(request(url=f"https://api.example/{path}"), response()) for path in "aaab"))
    assert text.count("BLOCKED") == 2


def test_the_same_exchange_again_is_no_repeat(seen):
    """An exchange of which more is known is not printed anew unless the verdict changed."""
    blocked = seen(request(), response(), id="x")
    fine = seen(request(given=WITHOUT_CREDENTIALS), response(allow_origin="*"), id="y")
    text, _ = printed(Show.CORS, blocked, blocked, fine, fine)
    assert text.count("BLOCKED") == 1
    assert text.count("ALLOWED") == 1


def test_an_open_question_is_no_problem(seen):
    """Where only the credentials mode is unknown, nothing is printed unless everything is asked for."""
    depends = seen(request(url="http://api.example/", origin="http://app.example"), response(allow_origin="http://app.example"))
    assert printed(Show.PROBLEMS, depends)[0] == ""
    assert "DEPENDS" in printed(Show.CORS, depends)[0]


def test_a_remark_is_no_problem(seen):
    """Something that is only worth knowing waits for the summary, or for cors_show=cors."""
    finding = Finding(rule="worth-knowing", severity=Severity.INFO, confidence=Confidence.HIGH, message="so and so")
    remark = structs.replace(seen(request(given=WITHOUT_CREDENTIALS), response(allow_origin="*")), findings=(finding,))
    text, shown = printed(Show.PROBLEMS, remark)
    assert text == ""
    shown.summarize(summarize([remark]))
    assert "worth-knowing" in shown._out.getvalue()
    assert "worth-knowing" in printed(Show.CORS, remark)[0]


def test_exchanges_without_cors_are_not_printed(seen):
    navigation = seen(request(given=[("Sec-Fetch-Mode", "navigate")], origin=None), response())
    assert printed(Show.CORS, navigation)[0] == ""


def test_summary(seen):
    """Nothing seen, nothing said; else the counts, worst first."""
    _, nothing = printed(Show.PROBLEMS)
    nothing.summarize(summarize([]))
    assert nothing._out.getvalue() == ""
    nothing.summarize(summarize(seen(request(), response()) for _ in range(3)))
    assert "3 blocked" in nothing._out.getvalue()
    assert "acao-missing" in nothing._out.getvalue()


def test_resolved_is_one_line_and_the_problem_is_news_again(seen):
    bad = [seen(request(given=WITHOUT_CREDENTIALS), response(), id=id) for id in "ac"]
    good = seen(request(given=WITHOUT_CREDENTIALS), response(allow_origin="*"), id="b")
    text, _ = printed(Show.PROBLEMS, bad[0], good, bad[1])
    assert [line.split()[0] for line in text.splitlines() if not line.startswith(" ")] == ["BLOCKED", "RESOLVED", "BLOCKED"]


def test_no_colours_in_a_file(seen):
    assert "\x1b" not in printed(Show.PROBLEMS, seen(request(), response()))[0]


def test_what_is_remembered_is_bounded(seen, monkeypatch):
    monkeypatch.setattr(terminal, "REMEMBERED", 10)
    _, shown = printed(
        Show.PROBLEMS, *(seen(request(url=f"https://api.example/{name}"), response()) for name in ascii_letters[:30])
    )
    assert (len(shown._seen), len(shown._printed)) == (10, 10)


def test_lines_are_escaped():
    out = io.StringIO()
    Terminal(out).say(["a\x1b[31mb"])
    assert out.getvalue() == "a\\x1b[31mb\n"


def test_clear(seen):
    """A dropped problem is printed again."""
    text, shown = printed(Show.PROBLEMS, seen(request(), response()))
    shown.clear()
    say(shown, SessionSummary(), Show.PROBLEMS, seen(request(), response()))
    assert shown._out.getvalue().count("BLOCKED") == 2
    assert text.count("BLOCKED") == 1


def test_a_dead_server_takes_one_block(seen):
    """Whatever is requested of it."""
    dead = [
        seen(request(url=f"https://api.example/{name}"), error="[Errno 111] Connect call failed", got_proxy_error_page=True)
        for name in "abc"
    ]
    text, _ = printed(Show.PROBLEMS, *dead)
    assert text.count("BLOCKED") == 1


def test_what_is_suppressed_is_counted_at_the_end(seen):
    finding = Finding(
        rule="acao-missing",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message="so",
        justification="my.yaml:2: known",
    )
    made = structs.replace(seen(request(), response()), findings=(), suppressed=(finding,))
    text, shown = printed(Show.PROBLEMS, made)
    assert text == ""
    shown.summarize(summarize([made]))
    assert "1  suppressed acao-missing (my.yaml:2: known)" in shown._out.getvalue()
