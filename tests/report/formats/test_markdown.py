"""A comment on a pull request says what matters, fits, and holds nobody's markup."""

import re
from html.parser import HTMLParser

import pytest
from corslens.lint.finding import Fix, Side
from corslens.report.baseline import Gate
from corslens.report.formats.markdown import render_report
from msgspec import structs

from tests.make import API, exchange, request, response
from tests.report.make import NO_RULES, finding, session, summary, suppressed_session
from tests.report.samples import inspected


def render(made, known=frozenset()):
    return render_report(made, NO_RULES, Gate(known=known)).decode()


def test_nothing_found():
    clean = [structs.replace(one, findings=()) for one in session() if one.id in ("ok-1", "hop-1")]
    text = render(summary(clean))
    assert text.startswith("## corslens: nothing found\n") and "|" not in text


def test_one_is_not_several():
    depending = inspected([exchange(request(), response(allow_origin="*"))], NO_RULES)
    assert "1 exchange, 1 page request; 0 blocked, 1 that depends on credentials." in render(summary(depending))
    more = inspected([exchange(request(), response(allow_origin="*"))], NO_RULES)
    assert "2 exchanges, 2 page requests; 0 blocked, 2 that depend on" in render(summary(depending + more))


def test_known_findings_are_counted_and_not_listed():
    known = frozenset(problem.key.fingerprint for problem in summary().problems())
    text = render(summary(), known)
    assert "9 known from the baseline, not listed." in text and "| ---" not in text


WORDS = ("ba", "be", "bi", "bo", "bu", "da", "de", "di", "do", "du", "fa", "fe", "fi", "fo", "fu", "ga", "ge", "gi", "go", "gu")
LONG = "a-path/of-many/plain-words/that-name/every-thing/twice"


def test_a_long_report_is_cut_where_github_would_refuse_it():
    made = [exchange(request(url=f"{API}/{LONG}/{one}{two}"), response()) for one in WORDS for two in WORDS]
    inspections = [structs.replace(one, findings=(finding(),)) for one in inspected(made, NO_RULES)]
    text = render(summary(inspections))
    assert len(text) < 65_536
    listed = text.count("` | `http")
    assert f"\n{listed} of 400 problems; these are the worst. " in text


HOSTILE = (
    "@everyone [x](https://evil.example) `code` |cell| <b>bold</b> **strong** #1 https://evil.example/ www.evil.example GH-1"
    " 0123456789abcdef0123456789abcdef01234567 someone@evil.example ![x](//evil.example/x.png) <https://evil.example> $`x`$ \\| \\` &commat;x"
    " ``` </code></summary></details><img src=//evil.example/y.png> org/repo#1\n\n# heading\n- item\n<!-- x"
)
ENDS = ("", "\\", "`", "``", "|", "\\|", " ", "~~", "*", "&", "<", "@x", "\r\n")
CODE = frozenset({"code", "pre", "tt"})
LIVE = re.compile(r"@\w|#\d|https?:|www\.|evil\.example|[0-9a-f]{40}|GH-\d|\$`")
"""What GitHub makes links, mentions and references of, in any text that is not code."""


class Seen(HTMLParser):
    """What a reader of the HTML sees outside code, and the elements of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.names: set[str] = set()
        self._code = 0
        self.feed(html)
        self.close()
        assert self._code == 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self._code += tag in CODE

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in CODE

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.outside.append(data)

    def handle_comment(self, data: str) -> None:
        self.names.add("!--")


@pytest.mark.slow  # a table of what GitHub makes of it
@pytest.mark.parametrize("begin", ENDS)
@pytest.mark.parametrize("end", ENDS)
def test_no_mention_no_link_no_markup(begin: str, end: str) -> None:
    """As GitHub's own cmark-gfm renders it, with its extensions on and nothing taken out afterwards."""
    cmarkgfm = pytest.importorskip("cmarkgfm")
    from cmarkgfm.cmark import Options

    text = f"{begin}{HOSTILE}{end}"
    made = inspected([exchange(request(origin=f"https://a.example{text}", url=f"{API}/{text}"), response())], NO_RULES)
    hostile = structs.replace(made[0], findings=(finding(message=text, fixes=(Fix(side=Side.SERVER, text=text),)),))
    whole = summary([hostile])
    whole.inputs[-1].damages.append(text)
    whole.inputs[-1].notes.append(text)
    html = cmarkgfm.github_flavored_markdown_to_html(render(whole), options=Options.CMARK_OPT_UNSAFE)
    seen = Seen(html)
    assert not LIVE.search(" ".join(seen.outside))
    assert seen.names <= {
        "h2",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "ul",
        "li",
        "code",
        "blockquote",
        "br",
    }
    assert "evil.example" in html and html.count("<h2>") == 1 and html.count("<td") == 4


def test_what_is_suppressed_is_counted_and_is_not_nothing():
    made = [one for one in suppressed_session() if one.suppressed]
    text = render(summary(made))
    assert text.startswith("## corslens: only suppressed findings\n")
    assert f"- {len(made)} suppressed: `acao-missing` (`my.yaml:2: known <so>`)" in text


def test_a_block_that_no_rule_puts_into_words_is_an_error():
    blocked = inspected([exchange(request(), response())], NO_RULES)
    assert render(summary(blocked)).startswith("## corslens: 1 error\n")
