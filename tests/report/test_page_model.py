"""The page's data has what the catalogue and the advice say."""

from corslens.lint.rule import RuleSet
from corslens.report.page_model import in_full, settings

from tests.make import API, PAGE
from tests.report import samples
from tests.report.samples import ask

EMPTY = RuleSet({})


def test_only_exchanges_that_are_known_are_in_full() -> None:
    """An id that was forgotten is left out, and so is a rule that is no more."""
    known = {each.id: each for each in samples.inspected(samples.shop(), EMPTY)}
    full = in_full(["simple-1", "forgotten"], ["no-such-rule"], known.get, EMPTY)
    assert list(full["exchanges"]) == ["simple-1"]
    assert full["rules"] == {}


def test_settings_are_written_for_each_server_the_likely_one_first() -> None:
    """The server named by its answers comes first, and its settings let in exactly what was let in before."""
    written = settings(samples.inspected(samples.shop(), EMPTY), API)
    assert len(written) > 10
    assert written[0]["server"] == "nginx" and "by its answers" in written[0]["label"]
    assert PAGE in "".join(block["text"] for block in written[0]["blocks"])


def test_one_site_that_asks_is_supposed_to_be_the_users_own() -> None:
    """A blocked page is where settings are wanted most; they say that the origin has to be one's own."""
    written = settings(samples.inspected([ask("x", 0)], EMPTY), API)
    assert written[0]["notes"][0].startswith(f"Only if {PAGE} is your own")
    assert PAGE in "".join(block["text"] for block in written[0]["blocks"])


def test_strangers_get_no_settings() -> None:
    """Of two sites that ask and are not let in, either could be anybody's."""
    strangers = [ask("x", 0), ask("y", 1, origin="https://evil.test")]
    assert settings(samples.inspected(strangers, EMPTY), API) == []
    assert settings([], API) == []
