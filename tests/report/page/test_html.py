"""The report is one file whose data cannot leave their element."""

import json
import re
from html.parser import HTMLParser

import pytest
from corslens.diagnosis.summary import summarize
from corslens.lint.rules.rule import RuleSet
from corslens.report.page.assets import source_hash
from corslens.report.page.html import embedded_json, render_html

from tests.report import samples

EMPTY = RuleSet({})


class Reader(HTMLParser):
    """Collects what is in the elements of interest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.content: dict[str, str] = {}
        self.addresses: list[str] = []
        self._in: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note where text belongs and what is asked for."""
        given = dict(attributes)
        self._in = given.get("id") or tag if tag in ("script", "style") else None
        if given.get("http-equiv") == "Content-Security-Policy":
            self.content["policy"] = given["content"] or ""
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        if self._in is not None:
            self.content[self._in] = self.content.get(self._in, "") + data

    def handle_endtag(self, tag: str) -> None:
        """Forget where."""
        self._in = None


@pytest.fixture(scope="module")
def report() -> str:
    """A report on everything that can be wrong, hostile text included."""
    inspections = samples.inspected(samples.all_of(samples.shop(), samples.hostile()), EMPTY)
    return render_html(summarize(inspections), EMPTY, about="</title><script>alert(1)</script>")


def test_it_holds_the_data(report: str) -> None:
    """The summary and the details parse, whatever was on the wire."""
    content = Reader(report).content
    summary, details = json.loads(content["summary"]), json.loads(content["details"])
    assert summary["counts"]["exchanges"] == 15
    assert {"pool", "exchanges", "rules", "advice"} <= details.keys()


def test_it_asks_for_nothing(report: str) -> None:
    """The only address in it is a place in itself."""
    assert Reader(report).addresses == ["#problems"]


def test_its_policy_allows_its_own_style_and_script_alone(report: str) -> None:
    """The hashes are those of what is in the file; everything else is forbidden."""
    content = Reader(report).content
    assert "default-src 'none'" in content["policy"]
    assert f"style-src {source_hash(content['style'])}" in content["policy"]
    assert f"script-src {source_hash(content['script'])}" in content["policy"]


def test_text_from_outside_begins_no_tag(report: str) -> None:
    """Three script elements, no image, and the name of the capture as text."""
    assert len(re.findall("<script", report)) == 3
    assert "<img" not in report and "<script>alert" not in report


def test_embedded_json_reads_back() -> None:
    """What a script element or an old JavaScript parser would stumble over is written otherwise, and means the same."""
    value = {"</script><!--": "\u2028\u2029 <script>"}
    text = embedded_json(value)
    assert "<" not in text and "\u2028" not in text
    assert json.loads(text) == value


def test_nothing_to_report_is_a_report() -> None:
    """An empty session has its page, too."""
    assert json.loads(Reader(render_html(summarize([]), EMPTY)).content["summary"])["problems"] == []


def test_of_an_id_that_comes_again_the_last_counts() -> None:
    """As in every report."""
    made = samples.inspected(samples.shop(), EMPTY)
    again = Reader(render_html(summarize([*made, *made]), EMPTY)).content["summary"]
    assert json.loads(again)["counts"] == json.loads(Reader(render_html(summarize(made), EMPTY)).content["summary"])["counts"]
