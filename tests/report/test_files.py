"""A report has the format of its ending."""

from corslens.report.files import ENDINGS, format_of
from corslens.report.formats.registry import Format


def test_endings_of_the_option_are_there():
    """What cors_report's help promises can be written."""
    assert {".html", ".json", ".sarif", ".xml", ".md"} <= set(ENDINGS)


def test_format_of_ignores_case(tmp_path):
    assert format_of(tmp_path / "Report.HTML") is Format.HTML
