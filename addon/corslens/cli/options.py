"""Options and arguments that several commands have, read once."""

import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from corslens.analysis import AnalysisSettings, Judging
from corslens.inputs.files import STDIN
from corslens.lint.finding import Severity
from corslens.mistakes import RuleErrors
from corslens.report.escape import escape, escape_lines
from corslens.report.initiators import SourceRoot
from corslens.verdict.headline import AUTO, WORDS

NEVER = "never"

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice([*(severity.word for severity in reversed(Severity)), NEVER]),
    default=Severity.ERROR.word,
    show_default=True,
    help="Exit with 1 on any finding at or above this severity.",
)


def _source_roots(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[SourceRoot, ...]:
    roots = []
    for text in given:
        prefix, separator, folder = text.rpartition("=")
        if separator and not prefix.endswith("/"):
            raise click.BadParameter(f"{escape(text)}: the URL in front of = ends with /, as https://localhost:3000/ does")
        if folder.startswith(("/", "..")):
            raise click.BadParameter(f"{escape(text)}: the folder is relative to the repository's root")
        roots.append(SourceRoot(folder=folder.strip("./"), prefix=prefix))
    return tuple(roots)


source_root_option = click.option(
    "--source-root",
    "source_roots",
    multiple=True,
    metavar="[URL=]FOLDER",
    callback=_source_roots,
    help="Folder of the repository that has the pages' source files; SARIF then points at the line that made the request. Repeatable.",
)


rules_option = click.option(
    "--rules",
    "rule_paths",
    multiple=True,
    metavar="PATH",
    help="Your own rule files or folders, in addition to the bundled ones (repeatable).",
)


def gathered(command: Callable[..., object], name: str, kind: type[Struct]) -> Callable[..., object]:
    """Return the command as a function of options: those that are fields of a struct are passed as one argument of this name."""

    @wraps(command)
    def call(**given: Any) -> object:
        fields = {field: given.pop(field) for field in kind.__struct_fields__}
        return command(**given, **{name: kind(**fields)})

    return call


def judging_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options on how captures are judged, which the command gets as `judging`."""
    command = gathered(command, "judging", Judging)
    for option in (
        rules_option,
        click.option("--exclude", metavar="FILTER", help="Leave out exchanges that match this mitmproxy flow filter."),
        click.option("--include", metavar="FILTER", help="Report only exchanges that match this mitmproxy flow filter."),
        click.option(
            "--engine",
            type=click.Choice(WORDS),
            default=AUTO,
            show_default=True,
            help="Engine whose verdict counts; auto is the browser that sent the request, all is the first that blocks.",
        ),
    ):
        command = option(command)
    return command


def severity(word: str) -> Severity | None:
    """Return the threshold that `--fail-on` names."""
    return None if word == NEVER else Severity[word.upper()]


def settings(judging: Judging) -> AnalysisSettings:
    """Return how captures are judged.

    Raises: click.UsageError naming the option, or with every mistake in the rule files.
    """
    try:
        return judging.settings()
    except RuleErrors as errors:
        raise click.UsageError(escape_lines(str(errors))) from None
    except ValueError as error:
        raise click.UsageError(escape(str(error))) from None


def writable(path: Path, inputs: Iterable[str | Path] = ()) -> Path:
    """Return the path of a file that can probably be made: better to hear of a wrong folder before the work than after it.

    Args:
        inputs: files that are read, which it must not be; `-` is standard input.
    Raises: click.UsageError
    """
    if any(_is_same(path, one) for one in inputs):
        raise click.UsageError(f"{escape(str(path))}: is an input, and would be overwritten")
    if not path.parent.is_dir():
        raise click.UsageError(f"{escape(str(path))}: there is no folder {escape(str(path.parent))}")
    if path.is_dir():
        raise click.UsageError(f"{escape(str(path))}: is a folder")
    return path


def _is_same(path: Path, other: str | Path) -> bool:
    """Say whether both are the same file, by whatever name or link, be it there or not."""
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    try:
        read = os.fstat(0) if str(other) == STDIN else Path(other).stat()
        return os.path.samestat(path.stat(), read)
    except (OSError, ValueError):  # one of them is not there
        return False
