"""What was forgotten is said in one line."""

from corslens.report.dropped import render_dropped


def test_the_most_comes_first():
    (line,) = render_dropped({"redirects": 3, "exchanges": 52310})
    assert line == "Forgotten over the limits (see cors_history): 52,310 exchanges, 3 redirects."


def test_a_session_that_forgot_nothing_says_nothing():
    assert list(render_dropped({})) == []
