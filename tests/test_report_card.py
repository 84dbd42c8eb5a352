"""The report card: sets of names compared, so that nothing is half there."""

from collections import Counter

from corslens.lint.docs.markdown import facts_in_use
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.finding import Severity
from corslens.lint.rules.bundled import bundled_files
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Family
from corslens.verdict.reasons import Reason

RULES = load_rules().rules

FOR_USERS = frozenset({
    "request.headers",
    "direct.engines", "exchange.proxy-error-page", "history.null-granted", "history.plain-on", "history.vary-missing-on", "page.address-space", "page.policies", "page.secure-context", "page.top-level-site", "preflight.credentials-allowed", "preflight.from-cache", "preflight.seen", "request.authorization", "response.allow-origin-lines",
})  # fmt: skip
"""Facts that no shipped rule asks for; the vocabulary's page says so of each."""


def test_stems_are_unique_over_families() -> None:
    assert [stem for stem, count in Counter(file.stem for file in bundled_files()).items() if count > 1] == []


def test_every_family_has_rules() -> None:
    assert set(Family) - {Family.CUSTOM} == {rule.family for rule in RULES.values()}


def test_a_rule_is_whole() -> None:
    """Every rule has sources, a reason why, a fix; every rule that can fire has samples of both kinds."""
    assert [rule.id for rule in RULES.values() if not (rule.sources and rule.fixes)] == []
    assert [rule.id for rule in RULES.values() if not rule.why and rule.family is not Family.PRODUCTS] == []
    assert [rule.id for rule in RULES.values() if rule.never is None and not (rule.bad and rule.good)] == []


def test_every_reason_has_its_entry() -> None:
    violations = {rule.id for rule in RULES.values() if rule.family is Family.VIOLATIONS}
    assert set(Reason) == violations


def test_a_rule_s_reason_is_its_name() -> None:
    assert [rule.id for rule in RULES.values() if rule.reason is not None and rule.reason != rule.id] == []


def test_every_fact_is_used_or_meant_for_users() -> None:
    assert set(VOCABULARY) - facts_in_use(RULES.values()) == FOR_USERS


def test_each_confidence_and_severity_occurs() -> None:
    assert set(Severity) == {rule.worst for rule in RULES.values()}
