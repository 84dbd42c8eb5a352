"""corslens check --as-stranger against servers with planted holes, over real sockets."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from corslens.asking.asker import Asker
from corslens.asking.checks import STRANGER_RULE, Checks, Expectation
from corslens.asking.client import Client
from corslens.asking.hosts import NamedHosts
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.sending import PageFetch
from corslens.inspector import Inspector
from corslens.lint.finding import Confidence, Severity
from corslens.lint.rules.loader import load_rules
from corslens.observation.probe import OriginComparison
from corslens.probing.holes import find_holes
from corslens.probing.strangers import strangers_for

from tests.asking.matchers import APP, EXACT, PLANTED, Planted
from tests.asking.servers import serving

RULES = load_rules()


def _checked(matcher: Planted, *, credentials: bool = True) -> tuple[SessionSummary, set[OriginComparison]]:
    with serving(matcher.allows, credentials=credentials) as server:
        summary = SessionSummary(everything=True)
        asker = Asker(Inspector(rules=RULES), Client().send, NamedHosts([server.url]), user_agent="corslens/test")
        checks = Checks(asker, summary, "test")
        checks.check_against_strangers([Expectation(fetch=PageFetch(url=f"{server.url}/me", origin=APP))])
        assert [one.passed for one in checks.asked] == [True]
        assert set(server.origins()) > {None, "null", APP}
    found = {one.observation.exchange.probe for one in summary.inspections()}
    return summary, {probe.comparison for probe in found if probe is not None}


def _one_of_each_hole_first(matchers: Iterable[Planted]) -> Iterator[Any]:
    """The others are slow: each takes some hundred requests."""
    seen: set[OriginComparison | None] = set()
    for one in matchers:
        yield pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.hole in seen else [])
        seen.add(one.hole)


@pytest.mark.parametrize("matcher", [*_one_of_each_hole_first(PLANTED)])
def test_each_hole_is_found_with_a_witness(matcher: Planted) -> None:
    """The kind is right, and the origin that is shown is one that the server really allows."""
    summary, holes = _checked(matcher)
    assert matcher.hole in holes
    problems = [one for one in summary.problems() if one.key.rule == STRANGER_RULE]
    assert problems
    for inspection in summary.inspections():
        probe = inspection.observation.exchange.probe
        if probe is not None:
            origin = inspection.observation.origin
            assert origin is not None and origin != APP and matcher.allows(origin)
            (finding,) = [one for one in inspection.findings if one.rule == STRANGER_RULE]
            assert finding.confidence is Confidence.CONFIRMED
            assert origin in finding.message
    hostile = matcher.hole not in (
        OriginComparison.SCHEME, OriginComparison.PORT, OriginComparison.SUBDOMAIN, OriginComparison.LOCALHOST,
    )  # fmt: skip
    assert (summary.worst() is Severity.ERROR) == hostile


@pytest.mark.parametrize("matcher", [*_one_of_each_hole_first(EXACT)])
def test_exact_lists_are_clean(matcher: Planted) -> None:
    summary, holes = _checked(matcher)
    assert not holes and not summary.problems()
    assert any(re.search(r"refused all \d+ strangers' origins$", note) for note in summary.inputs[0].notes)


def test_without_credentials_it_is_a_warning() -> None:
    summary, holes = _checked(PLANTED[0], credentials=False)
    assert holes == {OriginComparison.ANY} and summary.worst() is Severity.WARNING


def test_there_are_forty() -> None:
    assert len({one.name for one in PLANTED}) >= 40 and {one.hole for one in PLANTED} == set(OriginComparison)


def test_any_origin_of_http_is_found_where_a_page_over_http_is_wanted() -> None:
    holes = find_holes([one for one in strangers_for(["http://intranet.example.com"], APP) if one.origin.startswith("http://")])
    assert [(one.comparison, one.witness.origin) for one in holes] == [(OriginComparison.ANY, "http://a.invalid")]
