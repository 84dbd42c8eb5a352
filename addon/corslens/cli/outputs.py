"""What standard output gets, and which format a file does."""

import sys
from pathlib import Path
from typing import IO

import click

from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.private_files import open_private, write_whole
from corslens.report.baseline import Gate
from corslens.report.escape import escape
from corslens.report.formats.registry import ENDINGS, Format, render
from corslens.report.limits import SENTENCES, first

format_option = click.option(
    "--format",
    "form",
    type=click.Choice([one.value for one in Format]),
    default=Format.TEXT.value,
    show_default=True,
    help="Output format for stdout.",
)

outputs_option = click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Also write a report to FILE (repeatable); the format follows the ending ({' '.join(ENDINGS)}).",
)


def format_of(path: Path) -> Format:
    """Return the format that the file's ending names.

    Raises: click.UsageError
    """
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise click.UsageError(f"-o {path}: the ending selects the format; use one of {', '.join(ENDINGS)}")
    return form


def report_damages(summary: SessionSummary) -> bool:
    """Say on standard error what could not be read, and return whether there is anything."""
    damages = [sentence for one in summary.inputs for sentence in one.damages]
    shown, more = first(damages, SENTENCES, "errors of inputs")
    for sentence in (*shown, *filter(None, [more])):
        click.echo(escape(sentence), err=True)
    return bool(damages)


def tell_empty(summary: SessionSummary) -> None:
    """Say on standard error that the filters left nothing to report on, which would look like a capture without a fault."""
    left_out = sum(one.filtered_out for one in summary.inputs)
    if left_out and not summary.exchanges:
        exchanges = "the only exchange" if left_out == 1 else f"all {left_out} exchanges"
        click.echo(f"note: the filters (--include, --exclude) leave out {exchanges}, so there is nothing to report", err=True)


def print_report(form: Format, summary: SessionSummary, rules: RuleSet, gate: Gate, top: int | None = None) -> None:
    """Write a report to standard output; colored text when that is a terminal and NO_COLOR is not set."""
    if form is Format.TEXT:
        from corslens.report.console import ReportConsole
        from corslens.report.formats.text import TOP, render_text

        console = ReportConsole()
        console.print(render_text(summary, gate, console.width, top=TOP if top is None else top))
    elif form is not Format.JSONL:  # that was written as it came
        sys.stdout.buffer.write(render(form, summary, rules, gate, top=top))
    sys.stdout.flush()


def print_statistics(summary: SessionSummary) -> None:
    """Write the summary alone to standard output: counts, and the causes with theirs."""
    from corslens.report.console import ReportConsole
    from corslens.report.formats.text import render_summary

    console = ReportConsole()
    console.print(render_summary(summary, console.width, pointer=False))


def open_output(path: Path) -> IO[bytes]:
    """Return a file to write that only the user may read.

    Raises: click.UsageError
    """
    try:
        return open(path, "wb", opener=open_private)  # a Path's own takes no opener
    except OSError as error:
        raise click.UsageError(f"-o {escape(str(path))}: {error.strerror or error}") from None


def write_output(path: Path, content: bytes) -> None:
    """Write a file that only the user may read, whole or not at all.

    Raises: click.UsageError
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise click.UsageError(f"{escape(str(path))}: {error.strerror or error}") from None
