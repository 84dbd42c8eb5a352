"""The report formats, by name and by the ending of a file's name."""

from collections.abc import Iterable
from enum import StrEnum

from corslens.inspection import Inspection
from corslens.lint.rule import RuleSet
from corslens.report.collection import Collection
from corslens.report.record import encode


class Format(StrEnum):
    """A report's format."""

    TEXT = "text"
    JSONL = "jsonl"
    JSON = "json"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


ENDINGS = {
    ".txt": Format.TEXT,
    ".jsonl": Format.JSONL,
    ".json": Format.JSON,
    ".html": Format.HTML,
    ".sarif": Format.SARIF,
    ".xml": Format.JUNIT,
    ".md": Format.MARKDOWN,
}


FOR_OTHERS = frozenset({Format.SARIF, Format.JUNIT, Format.MARKDOWN})
"""Those that are made to be uploaded, where values are never shown."""


def render(form: Format, collection: Collection, rules: RuleSet) -> bytes:
    """Return the report on what was collected. JSONL is not one: it is written exchange by exchange."""
    # Imported when asked for: a run writes one or two of these, and jinja2 alone takes as long to import as a small HAR to judge.
    match form:
        case Format.TEXT:
            from corslens.report.as_text import render_text

            text = render_text(collection).plain + "\n"
        case Format.JSONL:
            return b"".join(map(encode, collection.held()))
        case Format.JSON:
            from corslens.report.as_json import render_json

            text = render_json(collection)
        case Format.HTML:
            from corslens.report.as_html import render_html

            names = ", ".join(each.name for each in collection.inputs[:5])
            about = f"{names} and {len(collection.inputs) - 5} more" if len(collection.inputs) > 5 else names
            text = render_html(collection.held(), rules, about=about, exchanges=collection.tally.exchanges)
        case Format.SARIF:
            from corslens.report.as_sarif import render_sarif

            text = render_sarif(collection, rules.rules)
        case Format.JUNIT:
            from corslens.report.as_junit import render_junit

            text = render_junit(collection)
        case Format.MARKDOWN:
            from corslens.report.as_markdown import render_markdown

            text = render_markdown(collection)
    return text.encode("utf-8", "backslashreplace")


def render_inspections(form: Format, inspections: Iterable[Inspection], rules: RuleSet) -> bytes:
    """Return the report on these exchanges, in the order given; of an id that comes again, the last one counts."""
    if form is Format.JSONL:
        return b"".join(map(encode, inspections))
    collection = Collection(all_cors=form is Format.HTML)
    for inspection in inspections:
        collection.add(inspection)
    return render(form, collection, rules)
