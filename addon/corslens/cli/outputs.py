"""Where reports go: standard output and files, each whole or not at all."""

import os
import sys
import tempfile
from pathlib import Path

import click

from corslens.lint.rule import RuleSet
from corslens.report.as_text import render_text
from corslens.report.collection import Collection
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


def print_report(form: Format, collection: Collection, rules: RuleSet) -> None:
    """Write a report to standard output; coloured text when that is a terminal and NO_COLOR is not set."""
    if form is Format.TEXT:
        console = report_console()
        console.print(render_text(collection, width_of(console)))
    elif form is not Format.JSONL:  # that was written as it came
        sys.stdout.buffer.write(render(form, collection, rules))
    sys.stdout.flush()


def write_file(path: Path, content: bytes) -> None:
    """Write the whole file, or leave it as it was.

    Raises: OSError
    """
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp's file is readable by its owner only; a report is to be as readable as the user's other files.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
