"""corslens rules and corslens explain: the catalog in the terminal, and the check of a user's own rule files."""

import json
import sys
from pathlib import Path

import click

from corslens.analysis import load_user_rules
from corslens.cli.options import rules_option
from corslens.exits import Exit
from corslens.lint.docs.terminal import choose, explain_text, list_text, rules_meant
from corslens.lint.finding import Severity
from corslens.lint.rules.rule import Family, Rule, RuleSet
from corslens.mistakes import RuleErrors
from corslens.report.escape import escape_lines

_LONGEST_LINE = 1 << 16
"""Bytes of standard input that are read for a line."""


def _names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the rules that a shell offers."""
    return [id for id in _load(()).rules if id.startswith(incomplete)]


@click.command(short_help="Explain a rule, a browser's code, or a console line.")
@click.argument("words", metavar="NAME", nargs=-1, required=True, shell_complete=_names)
@click.option(
    "--in",
    "captures",
    multiple=True,
    metavar="FILE",
    help="A capture: also show its page requests with this problem (repeatable).",
)
@rules_option
def explain(words: tuple[str, ...], captures: tuple[str, ...], rule_paths: tuple[str, ...]) -> None:
    """Explain what NAME means, when it fires, and how to fix it.

    NAME is a rule, a reason to block, the start of either, a browser's code (MissingAllowOriginHeader,
    CORSMissingAllowOrigin), or a line pasted from the console of Chrome, Firefox or Safari, in quotes; - reads the line from standard
    input, whatever quotes it has. With --in, it also names the page requests of a capture that have it.
    """
    name = sys.stdin.buffer.read(_LONGEST_LINE).decode("utf-8", "replace") if words == ("-",) else " ".join(words)
    loaded = _load(rule_paths)
    try:
        meant = rules_meant(loaded, name)
    except ValueError as error:
        raise click.UsageError(escape_lines(str(error))) from None
    from corslens.cli.examples import example_of, example_of_line  # what a wrong name does not wait for
    from corslens.lint.docs.console_request import request_in

    rule = loaded.rules[meant[0]]
    example = example_of_line(loaded, rule, request_in(name)) or example_of(loaded, rule)
    click.echo(escape_lines(explain_text(loaded, meant, example)), nl=False)
    if captures:
        from corslens.cli.occurrences import print_occurrences

        print_occurrences(meant, captures, rule_paths)


@click.group(short_help="List, check and document rules.")
def rules() -> None:
    """List the rules, check your own rule files, write the catalog."""


@rules.command("list")
@click.option("--family", type=click.Choice([str(family) for family in Family]), help="Only this family.")
@click.option(
    "--severity", type=click.Choice([one.word for one in reversed(Severity)]), help="Only rules that can reach this severity."
)
@rules_option
def list_rules(family: str | None, severity: str | None, rule_paths: tuple[str, ...]) -> None:
    """List the rules by family, with the worst severity of each."""
    threshold = None if severity is None else Severity[severity.upper()]
    chosen = choose(_load(rule_paths).rules.values(), family=family, severity=threshold)
    click.echo(escape_lines(list_text(chosen)), nl=False)


@rules.command(short_help="Check your own rule files, and run their samples.")
@click.argument("paths", nargs=-1, required=True)
def check(paths: tuple[str, ...]) -> None:
    """Check your own rule files and folders, and run the samples of their rules.

    \b
    Exit codes:
      0  no mistakes
      1  mistakes, each reported with file, line and column
    """
    try:
        loaded = load_user_rules(paths)
    except RuleErrors as errors:
        click.echo(escape_lines(str(errors)), err=True)
        count = len(errors.problems)
        click.echo(f"{count} {'mistake' if count == 1 else 'mistakes'}", err=True)
        sys.exit(Exit.FOUND)
    own = [rule for rule in loaded.rules.values() if rule.file in loaded.files]
    failures = [failure for rule in own for failure in _failed_samples(loaded, rule)]
    for failure in failures:
        click.echo(escape_lines(failure), err=True)
    if failures:
        sys.exit(Exit.FOUND)
    samples = sum(len(rule.bad) + len(rule.good) for rule in own)
    changes = len(loaded.overrides) + len(loaded.suppressions)
    click.echo(f"{_count(len(own), 'rule')}, {_count(samples, 'sample')} and {_count(changes, 'override')}: no mistakes.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _failed_samples(loaded: RuleSet, rule: Rule) -> list[str]:
    from corslens.cli.examples import fires  # late, like all that `rules list` does without

    failed = []
    for sample in rule.bad:
        if not fires(loaded, rule, sample):
            failed.append(f'{rule.file}: {rule.id} does not fire on its bad sample "{sample.name}"')
    for sample in rule.good:
        if fires(loaded, rule, sample):
            failed.append(f'{rule.file}: {rule.id} fires on its good sample "{sample.name}"')
    return failed


@rules.command(short_help="Write the catalog as Markdown pages.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@rules_option
def docs(folder: Path, rule_paths: tuple[str, ...]) -> None:
    """Write the catalog and the vocabulary to FOLDER, as one Markdown page for each rule and an index."""
    from corslens.cli.examples import example_of
    from corslens.lint.docs.markdown import render_pages

    loaded = _load(rule_paths)
    pages = render_pages(loaded, lambda rule: example_of(loaded, rule))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            folder.joinpath(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{escape_lines(str(folder))}: {error.strerror or error}") from None
    click.echo(f"{len(pages)} pages written to {escape_lines(str(folder))}", err=True)


@rules.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from corslens.lint.docs.json_schema import rule_schema

    click.echo(json.dumps(rule_schema(), indent=2))


def _load(paths: tuple[str, ...]) -> RuleSet:
    try:
        return load_user_rules(paths)
    except RuleErrors as errors:
        raise click.UsageError(escape_lines(str(errors))) from None
