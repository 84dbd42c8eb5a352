"""What the flow list shows of an inspection."""

import pytest
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet
from corslens.mitm import annotate
from corslens.mitm.convert import exchange_of
from corslens.observation.exchange import Exchange
from mitmproxy import http, io
from mitmproxy.utils.emoji import emoji
from msgspec import structs

from tests.mitm.make import answered, flow, preflight


def inspected(made, **fields):
    exchange: Exchange = structs.replace(exchange_of(made), **fields)
    return Inspector(rules=RuleSet({})).inspect(exchange)[0]


COOKIE = [("Cookie", "a=b")]
CASES = {
    "blocked": (answered(flow()), annotate.BLOCKED, "blocked: acao missing (CORS simple request): [acao-missing]"),
    "blocked preflight": (
        answered(preflight(), 404),
        annotate.BLOCKED,
        "blocked: preflight acao missing (CORS preflight for PUT): [preflight-acao-missing]",
    ),
    "depends": (
        answered(flow(), allow_origin="https://app.example"),
        "",
        "depends on credentials (CORS simple request): [acac-not-true]",
    ),
    "allowed with credentials": (
        answered(flow(lines=COOKIE), 200, [("Access-Control-Allow-Credentials", "true")], allow_origin="https://app.example"),
        "",
        "allowed (CORS simple request)",
    ),
    "navigation": (answered(flow(lines=[("Sec-Fetch-Mode", "navigate")], origin=None)), "", ""),
}


@pytest.mark.parametrize(("made", "marker", "comment"), CASES.values(), ids=CASES)
def test_marker_and_comment(made, marker, comment):
    annotate.annotate(made, inspected(made))
    assert made.marked == marker
    assert made.comment.startswith(comment) if comment else made.comment == ""
    assert "\n" not in made.comment


def test_markers_are_names_that_mitmproxy_can_show():
    """mitmweb shows an unknown name as a red circle."""
    assert {annotate.BLOCKED, annotate.WARNING, annotate.PATCHED} <= set(emoji)


def test_saying_it_again_changes_nothing():
    """So that an unchanged flow is not announced again."""
    made = answered(flow())
    assert annotate.annotate(made, inspected(made))
    assert not annotate.annotate(made, inspected(made))


def test_a_users_marks_stay():
    """A marker and a comment of the user's own are kept; our part comes after it, and is replaced alone."""
    made = answered(flow())
    made.marked, made.comment = ":star:", "look at this"
    annotate.annotate(made, inspected(made))
    assert made.marked == ":star:"
    assert made.comment == "look at this | blocked: acao missing (CORS simple request): [acao-missing]"
    answered(made, allow_origin="null")
    annotate.annotate(made, inspected(made))
    assert made.comment == "look at this | blocked: acao mismatch (CORS simple request): [acao-mismatch]"
    annotate.clear(made)
    assert (made.marked, made.comment) == (":star:", "look at this")


def test_clear_takes_our_marks_back():
    made = answered(flow())
    annotate.annotate(made, inspected(made))
    annotate.clear(made)
    assert (made.marked, made.comment, made.metadata) == ("", "", {})
    annotate.clear(made)


def test_metadata_can_be_saved(tmp_path):
    """mitmproxy drops a flow from its file when the metadata holds anything but plain types."""
    made = answered(preflight(), 404)
    annotate.annotate(made, inspected(made))
    path = tmp_path / "flows"
    with path.open("wb") as file:
        io.FlowWriter(file).add(made)
    with path.open("rb") as file:
        (again,) = io.FlowReader(file).stream()
    assert isinstance(again, http.HTTPFlow)
    assert again.metadata == made.metadata
    assert annotate.id_of(again) == made.id


@pytest.mark.parametrize("stored", [None, 3, "x", [], {"other": 1}], ids=str)
def test_id_of_foreign_metadata(stored):
    """A file may hold anything under our key."""
    made = flow()
    if stored is not None:
        made.metadata[annotate.METADATA] = stored
    assert annotate.id_of(made) == made.id
    annotate.annotate(answered(made), inspected(made))
    assert made.marked == annotate.BLOCKED


def test_a_long_comment_is_cut():
    """The list has one line for it."""
    made = flow()
    annotate.annotate(made, inspected(made, error="lost " * 200))
    assert 200 < len(made.comment) <= 240


def test_no_answer():
    """The comment says what really happened."""
    made = flow()
    annotate.annotate(made, inspected(made, error="refused\x1b[31m", got_proxy_error_page=True))
    assert "no response (refused\\x1b[31m)" in made.comment


def test_the_reason_is_named_beside_what_happened_in_its_place():
    """So that `~comment acao-missing` finds it, whoever is told of first."""
    made = answered(flow(), 504, [("Server", "nginx"), ("Content-Type", "text/html")])
    (inspection,) = Inspector(rules=load_rules()).inspect(exchange_of(made))
    annotate.annotate(made, inspection)
    assert "nginx itself returned 504" in made.comment and made.comment.endswith("[nginx-upstream-failed, acao-missing]")


def test_a_long_sentence_is_cut_and_the_names_are_not():
    made = answered(flow(path="/plain-words-of-a-path" * 14))
    (inspection,) = Inspector(rules=load_rules()).inspect(exchange_of(made))
    annotate.annotate(made, inspection)
    assert len(made.comment) <= 240 and made.comment.endswith("… [acao-missing]")
