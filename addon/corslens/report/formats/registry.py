"""The report formats in one table: name, ending, what browsers call it, and the function that writes it."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from msgspec import Struct

from corslens.diagnosis.summary import SessionSummary, summarize
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.report.baseline import Gate

type Render = Callable[..., bytes]
"""Of a summary, the catalog, a gate and, if not as many as the format lists by itself, how many problems."""


class Format(StrEnum):
    """A report's format."""

    TEXT = "text"
    JSONL = "jsonl"
    JSON = "json"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class FormatRow(Struct, frozen=True):
    """A format in the table."""

    ending: str
    label: str
    """What the live page calls it."""
    content_type: str
    module: str
    """In the room; it has a function `render_report`, and is imported when it is used: jinja2 alone takes as long as a small HAR."""


FORMATS = {
    Format.TEXT: FormatRow(".txt", "text", "text/plain; charset=utf-8", "formats.text"),
    Format.JSONL: FormatRow(".jsonl", "JSON lines", "application/jsonl", "formats.jsonl"),
    Format.JSON: FormatRow(".json", "JSON", "application/json", "formats.json_report"),
    Format.HTML: FormatRow(".html", "HTML report", "text/html; charset=utf-8", "page.html"),
    Format.SARIF: FormatRow(".sarif", "SARIF", "application/sarif+json", "formats.sarif"),
    Format.JUNIT: FormatRow(".xml", "JUnit XML", "application/xml", "formats.junit"),
    Format.MARKDOWN: FormatRow(".md", "Markdown", "text/markdown; charset=utf-8", "formats.markdown"),
}

ENDINGS = {row.ending: form for form, row in FORMATS.items()}


def format_of(path: Path) -> Format:
    """Return the format that a file's ending, one of ENDINGS, names."""
    return ENDINGS[path.suffix.lower()]


FOR_OTHERS = frozenset({Format.SARIF, Format.JUNIT, Format.MARKDOWN})
"""Those that are made to be uploaded, where values are never shown."""


def render(form: Format, summary: SessionSummary, rules: RuleSet, gate: Gate | None = None, *, top: int | None = None) -> bytes:
    """Return the report on a session. JSONL written so holds what the summary holds in detail.

    Args:
        top: how many problems are listed, the worst; None for what suits the format. Counts are of all.
    """
    module = import_module(f"corslens.report.{FORMATS[form].module}")
    report: Render = module.render_report
    return report(summary, rules, gate or Gate()) if top is None else report(summary, rules, gate or Gate(), top)


def render_inspections(form: Format, inspections: Iterable[Inspection], rules: RuleSet) -> bytes:
    """Return the report on these exchanges, in the order given; of an id that comes again, the last one counts."""
    return render(form, summarize(inspections, everything=form in (Format.HTML, Format.JSONL)), rules)
