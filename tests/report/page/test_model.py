"""The page's data has what the catalog and the advice say."""

from corslens.advice.policy import PLACEHOLDER
from corslens.diagnosis.summary import summarize
from corslens.lint.rules.rule import RuleSet
from corslens.report.page.model import ServerSettings, in_full, settings

from tests.make import API, PAGE
from tests.report import samples
from tests.report.samples import ask

EMPTY = RuleSet({})


def test_the_examples_are_in_full_whatever_else_was_dropped() -> None:
    """A rule that is no more is left out."""
    problems = summarize(samples.inspected(samples.shop(), EMPTY)).problems()
    full = in_full(problems[:1], lambda _: None, EMPTY)
    assert list(full["exchanges"]) == [example.diagnosis.place.id for example in problems[0].examples]
    assert full["rules"] == {}


def test_settings_are_written_for_each_server_the_likely_one_first() -> None:
    """The server named by its answers comes first; a page of another site has to be named by the user (on 2991aa5 it was written in)."""
    written = settings(samples.inspected(samples.shop(), EMPTY), API)
    assert len(written) > 10
    assert written[0]["server"] == "nginx" and "guessed from its responses" in written[0]["label"]
    text = "".join(block["text"] for block in written[0]["blocks"])
    assert PLACEHOLDER in text and PAGE not in text


def test_one_site_that_asks_is_supposed_to_be_the_users_own() -> None:
    """A blocked page is where settings are wanted most; they say that the origin has to be one's own."""
    own = "https://www.api.example"
    written = settings(samples.inspected([ask("x", 0, origin=own)], EMPTY), API)
    assert written[0]["notes"][0].startswith(f"Only if {own} is your own")
    assert own in "".join(block["text"] for block in written[0]["blocks"])


def test_a_page_of_another_site_is_a_place_to_fill_in() -> None:
    """Settings that are pasted as they are allow nobody; the note says who asked."""
    written = settings(samples.inspected([ask("x", 0)], EMPTY), API)
    assert all(PAGE not in block["text"] for one in written for block in one["blocks"])
    assert PLACEHOLDER in written[0]["blocks"][0]["text"]
    assert written[0]["notes"][0].startswith(f"Replace {PLACEHOLDER}") and PAGE in written[0]["notes"][0]


def test_strangers_get_no_settings() -> None:
    """Of two sites that ask and are not let in, either could be anybody's."""
    strangers = [ask("x", 0), ask("y", 1, origin="https://evil.test")]
    assert settings(samples.inspected(strangers, EMPTY), API) == []
    assert settings([], API) == []


def test_one_servers_settings_are_those_that_all_have() -> None:
    """The live page has one written at a time; a report holds them all."""
    for exchanges in (samples.shop(), [ask("x", 0)], [ask("x", 0, origin="https://www.api.example")]):
        inspections = samples.inspected(exchanges, EMPTY)
        every = settings(inspections, API)
        offered = ServerSettings(inspections, API)
        assert [{**one, **offered.write(one["server"])} for one in offered.servers()] == every
        assert len(every) > 10
