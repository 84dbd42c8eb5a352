"""Findings."""

from corslens.lint.finding import Severity


def test_severities_compare_and_have_words() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert [severity.word for severity in Severity] == ["info", "warning", "error"]
