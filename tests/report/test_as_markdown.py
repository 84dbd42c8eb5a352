"""A comment on a pull request says what matters, fits, and holds nobody's markup."""

import re

from corslens.lint.finding import Fix, Side
from corslens.report.as_markdown import render_markdown
from msgspec import structs

from tests.make import API, exchange, request, response
from tests.report.make import NO_RULES, collection, finding, session, silenced_session
from tests.report.samples import inspected


def test_nothing_found():
    clean = [structs.replace(one, findings=()) for one in session() if one.id in ("ok-1", "hop-1")]
    text = render_markdown(collection(clean))
    assert text.startswith("## corslens: nothing found\n") and "|" not in text


def test_one_is_not_several():
    depending = inspected([exchange(request(), response(allow_origin="*"))], NO_RULES)
    assert "1 exchange, 1 of them CORS; 0 blocked, 1 that depends on credentials." in render_markdown(collection(depending))
    more = inspected([exchange(request(), response(allow_origin="*"))], NO_RULES)
    assert "2 exchanges, 2 of them CORS; 0 blocked, 2 that depend on" in render_markdown(collection(depending + more))


def test_known_findings_are_counted_and_not_listed():
    known = frozenset(group.key.fingerprint for group in collection().groups())
    text = render_markdown(collection(known=known))
    assert "9 known from the baseline, not listed." in text and "| ---" not in text


WORDS = ("ba", "be", "bi", "bo", "bu", "da", "de", "di", "do", "du", "fa", "fe", "fi", "fo", "fu", "ga", "ge", "gi", "go", "gu")
LONG = "a-path/of-many/plain-words/that-name/every-thing/twice"


def test_a_long_report_is_cut_where_github_would_refuse_it():
    made = [exchange(request(url=f"{API}/{LONG}/{one}{two}"), response()) for one in WORDS for two in WORDS]
    inspections = [structs.replace(one, findings=(finding(),)) for one in inspected(made, NO_RULES)]
    text = render_markdown(collection(inspections))
    assert len(text) < 65_536
    listed = text.count("| <code>acao-missing</code>")
    assert text.rstrip().endswith(f"… and {400 - listed} more.")


HOSTILE = "@everyone [x](https://evil.example) `code` |cell| <b>bold</b> **strong** #1 https://evil.example/\n\n# heading"


def test_no_mention_no_link_no_markup():
    inspection = structs.replace(
        session()[0], findings=(finding(message=HOSTILE, fixes=(Fix(side=Side.SERVER, text=HOSTILE),)),)
    )
    text = render_markdown(collection([inspection]))
    assert "@everyone" not in text and "https://evil" not in text and "<b>" not in text and "\n# heading" not in text
    outside = re.sub(r"<code>.*?</code>|<summary>.*?</summary>", "", text)
    assert "**strong**" not in outside and "[x](" not in outside and "`code`" not in outside


def test_no_page_can_put_a_link_or_an_image_into_the_comment():
    """Markdown goes on within an element for code."""
    made = inspected([exchange(request(origin="https://a![x](https://evil.example/x.png)~~\\"), response())], NO_RULES)
    text = render_markdown(collection([structs.replace(one, findings=(finding(),)) for one in made]))
    assert "<code>https:&sol;/&ast;/" in text and "![" not in text and "https://evil" not in text


def test_what_is_silenced_is_counted_and_is_not_nothing():
    made = [one for one in silenced_session() if one.silenced]
    text = render_markdown(collection(made))
    assert text.startswith("## corslens: nothing but what is silenced\n")
    assert f"- {len(made)} silenced: <code>acao-missing</code> (my.yaml:2: known &lt;so&gt;)" in text


def test_nothing_found_does_not_stand_beside_what_is_blocked():
    blocked = inspected([exchange(request(), response())], NO_RULES)
    assert render_markdown(collection(blocked)).startswith("## corslens: no finding, but 1 blocked\n")
