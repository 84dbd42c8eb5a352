"""What standard output gets, and which format a file does."""

import sys
from pathlib import Path

import click

from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rule import RuleSet
from corslens.report.as_text import TOP, render_text
from corslens.report.baseline import Gate
from corslens.report.console import report_console, width_of
from corslens.report.formats import ENDINGS, Format, render


def format_of(path: Path) -> Format:
    """Return the format that the file's ending names.

    Raises: click.UsageError
    """
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise click.UsageError(f"-o {path}: the ending says the format, and is one of {', '.join(ENDINGS)}")
    return form


def tell_empty(summary: SessionSummary) -> None:
    """Say on standard error that the filters left nothing to report on, which would look like a capture without a fault."""
    left_out = sum(one.filtered_out for one in summary.inputs)
    if left_out and not summary.exchanges:
        exchanges = "the one exchange" if left_out == 1 else f"any of the {left_out} exchanges"
        click.echo(f"note: the filters (--include, --exclude) do not leave {exchanges}: nothing was reported on", err=True)


def print_report(form: Format, summary: SessionSummary, rules: RuleSet, gate: Gate, top: int | None = None) -> None:
    """Write a report to standard output; colored text when that is a terminal and NO_COLOR is not set."""
    if form is Format.TEXT:
        console = report_console()
        console.print(render_text(summary, gate, width_of(console), top=TOP if top is None else top))
    elif form is not Format.JSONL:  # that was written as it came
        sys.stdout.buffer.write(render(form, summary, rules, gate, top=top))
    sys.stdout.flush()
