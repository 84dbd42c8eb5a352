"""corslens analyze: captured traffic in, reports and an exit code out."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click
from msgspec import structs

from corslens.cli.options import fail_on_option, judging_options, severity, source_root_option, writable
from corslens.cli.outputs import (
    format_of,
    format_option,
    open_output,
    outputs_option,
    print_report,
    print_statistics,
    report_damages,
    tell_empty,
    write_output,
)
from corslens.cli.work import Work, analyse_found, settings_of
from corslens.diagnosis.summary import HOLD, SessionSummary
from corslens.exits import Exit
from corslens.inputs.damage import Damage
from corslens.inputs.files import find
from corslens.observation.redaction import VALUES_ARE_SHOWN, show_values, values_are_shown
from corslens.report.baseline import Gate, is_known, keys_of, parse_baseline, render_baseline
from corslens.report.escape import escape
from corslens.report.formats.registry import FOR_OTHERS, Format, render
from corslens.report.initiators import SourceRoot
from corslens.report.limits import SENTENCES, first

_DETAILED = frozenset({Format.HTML, Format.JSON})
"""Formats that show exchanges."""


@click.command(short_help="Analyze captured traffic: HAR, flow files, traces and more.")
@click.argument("files", nargs=-1, required=True)
@format_option
@outputs_option
@fail_on_option
@click.option(
    "--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Do not fail on findings in this baseline file."
)
@click.option(
    "--write-baseline",
    "new_baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save the current findings as a baseline file.",
)
@source_root_option
@judging_options
@click.option(
    "--show-values",
    "values",
    is_flag=True,
    help="Show URLs and header values in full, except cookies and credentials; not available for formats made to be uploaded.",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    help="List the worst N problems; all are counted. By default 50 in text, 500 in HTML, 5,000 in JSON, SARIF and JUnit.",
)
@click.option("--statistics", is_flag=True, help="Instead of the problems print how many page requests each cause has.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="How many files are analyzed at a time.")
def analyze(
    files: tuple[str, ...],
    form: str,
    outputs: tuple[Path, ...],
    fail_on: str,
    baseline: Path | None,
    new_baseline: Path | None,
    source_roots: tuple[SourceRoot, ...],
    engine: str,
    include: str | None,
    exclude: str | None,
    rule_paths: tuple[str, ...],
    values: bool,
    top: int | None,
    statistics: bool,
    jobs: int,
) -> None:
    """Analyze the traffic in FILES, in folders, or on stdin (-).

    Reads HAR, mitmproxy's flow files, Playwright's trace.zip, Fiddler's .saz, Burp's "Save items", Charles' .chlsj and Chromium's
    network log; compressed or in a zip, too.

    Each capture is a session of its own.

    \b
    Exit codes:
      0  no findings at or above --fail-on
      1  findings at or above --fail-on
      2  wrong usage
      3  an input was unreadable or truncated; the rest was analyzed
    """
    if statistics and form != Format.TEXT:
        raise click.UsageError("--statistics prints text; leave out --format, or write the report with -o")
    found = list(find(files))
    read = [*(name for name in found if isinstance(name, str)), *rule_paths]
    forms = {writable(path, [*read, *filter(None, [baseline])]): format_of(path) for path in outputs}
    wanted = {Format(form), *forms.values()}
    if values and (public := sorted(FOR_OTHERS & wanted)):
        raise click.UsageError(
            f"--show-values: {', '.join(public)} is made to be uploaded, and never shows values; leave out one of them"
        )
    work = Work(
        engine=engine,
        include=include,
        exclude=exclude,
        rule_paths=rule_paths,
        hold=HOLD if wanted & _DETAILED else 0,
        everything=Format.HTML in wanted,
        show_values=values,
    )
    show_values(values)
    rules = settings_of(work).rules
    known = known_findings(baseline)
    if new_baseline is not None:
        writable(new_baseline, [*read, *outputs])  # the baseline itself may be brought up to date
    gate = Gate(fail_on=severity(fail_on), known=frozenset(known), source_roots=source_roots)
    summary = SessionSummary(hold=work.hold, everything=work.everything)
    with ExitStack() as stack:
        records: list[IO[bytes]] = [sys.stdout.buffer] if form == Format.JSONL else []
        records += [stack.enter_context(open_output(path)) for path, one in forms.items() if one is Format.JSONL]
        interrupted = _analyze(found, work, summary, records, jobs)
    if values:
        summary.note(VALUES_ARE_SHOWN)
    if new_baseline is not None:
        write_output(new_baseline, render_baseline(summary.problems()))
        gate = structs.replace(gate, known=frozenset(key.fingerprint for key in keys_of(summary.problems())))
    for path, one in forms.items():
        if one is not Format.JSONL:
            write_output(path, render(one, summary, rules, gate, top=top))
    try:
        if statistics:
            print_statistics(summary)
        else:
            print_report(Format(form), summary, rules, gate, top)
    except BrokenPipeError:  # whoever reads has seen enough; the exit code still counts
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
    report_inputs(summary, known)
    if baseline is not None:
        click.echo(baseline_line(summary, known), err=True)
    damaged = any(one.damages for one in summary.inputs)
    failed = any(map(gate.fails, summary.problems()))
    sys.exit(Exit.UNREADABLE if damaged or interrupted else Exit.FOUND if failed else Exit.OK)


def _analyze(found: list[str | Damage], work: Work, summary: SessionSummary, records: list[IO[bytes]], jobs: int) -> bool:
    """Analyze the files, and say whether the user cut it short."""
    try:
        analyse_found(found, work, summary, records, jobs=jobs)
    except KeyboardInterrupt:
        click.echo("Interrupted; the results so far follow.", err=True)
        return True
    return False


def known_findings(baseline: Path | None) -> dict[str, str]:
    """Return what a baseline names: fingerprints, with rule and endpoint for people.

    Raises: click.UsageError
    """
    if baseline is None:
        return {}
    try:
        return dict(parse_baseline(baseline.read_bytes()))
    except OSError as error:
        raise click.UsageError(f"--baseline {escape(str(baseline))}: {error.strerror or error}") from None
    except ValueError as error:
        raise click.UsageError(f"--baseline {escape(str(baseline))}: {escape(str(error))}") from None


def baseline_line(summary: SessionSummary, known: dict[str, str]) -> str:
    """Return how many problems the baseline names, and how many it does not."""
    problems, named = summary.problems(), frozenset(known)
    old = sum(is_known(problem, named) for problem in problems)
    return f"Baseline: {old} known, {len(problems) - old} new."


def report_inputs(summary: SessionSummary, known: dict[str, str]) -> None:
    """Say on standard error what could not be read, that values are shown, and what of the baseline is history."""
    if values_are_shown():
        click.echo(VALUES_ARE_SHOWN, err=True)
    report_damages(summary)
    tell_empty(summary)
    gone = set(known) - {key.fingerprint for key in keys_of(summary.problems())}
    names, more = first(sorted(map(known.__getitem__, gone)), SENTENCES, "findings in the baseline that no longer occur")
    for sentence in (*(f"A finding in the baseline no longer occurs: {escape(name)}" for name in names), *filter(None, [more])):
        click.echo(sentence, err=True)
