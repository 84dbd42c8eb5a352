"""The catalog in the terminal."""

import pytest
from corslens.lint.docs.terminal import WIDTH, choose, explain_text, list_text, rules_meant
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Family, Override, RuleSet, Suppression
from corslens.verdict.reasons import Reason

from tests.each import each

RULES = load_rules()


def _fits(line: str) -> bool:
    return len(line) <= WIDTH or len(line.split()) <= 2  # an address or an id cannot be broken


def test_every_rule_has_a_page_of_80_columns() -> None:
    def check(name: str) -> None:
        rule = RULES.rules[name]
        text = explain_text(RULES, [name])
        assert text.startswith(f"{name}\n=") and text.replace("\n", "").isprintable()
        assert [line for line in text.splitlines() if not _fits(line)] == []
        assert " ".join(rule.why.split()) in " ".join(text.split())
        assert "sources" in text

    each(RULES.rules, check)


def test_every_reason_has_a_page() -> None:
    assert [reason for reason in Reason if "effect" not in explain_text(RULES, [reason])] == []


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match='did you mean "acao-missing"'):
        rules_meant(RULES, "acao-mising")


def test_the_list_has_every_rule_once_by_family() -> None:
    text = list_text(RULES.rules.values())
    assert sorted(RULES.rules) == sorted(
        line.split()[1] for line in text.splitlines() if line.startswith("  ") and line[2] != " "
    )
    assert [line for line in text.splitlines() if not _fits(line)] == []
    assert text.index("violations (") < text.index("security (") < text.index("compatibility (")


def test_a_page_tells_of_a_user_s_own_settings() -> None:
    suppression = Suppression(rule="acao-missing", filter="~d x", matches=lambda exchange: True, because="so")
    rules = RuleSet(
        RULES.rules, overrides=(Override(rule="acao-missing", severity=Severity.INFO),), suppressions=(suppression,)
    )
    text = explain_text(rules, ["acao-missing"])
    assert "info (your own setting)" in text and "on ~d x, because so" in text


def test_choosing() -> None:
    errors = choose(RULES.rules.values(), severity=Severity.ERROR)
    assert errors and all(rule.worst is Severity.ERROR and rule.never is None for rule in errors)
    assert {Family.CACHING} == {rule.family for rule in choose(RULES.rules.values(), family="caching")}
