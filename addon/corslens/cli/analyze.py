"""corslens analyze: captured traffic in, reports and an exit code out."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click

from corslens.cli.options import judging_options
from corslens.cli.outputs import open_output
from corslens.cli.reporting import Reporting, listing_options, report_options
from corslens.cli.work import PutAway, Work, analyze_found, settings_of
from corslens.diagnosis.summary import HOLD, SessionSummary
from corslens.inputs.damage import Damage
from corslens.inputs.files import find
from corslens.observation.redaction import VALUES_ARE_SHOWN, show_values
from corslens.report.formats.registry import FOR_OTHERS, Format
from corslens.report.initiators import SourceRoot

_DETAILED = frozenset({Format.HTML, Format.JSON})
"""Formats that show exchanges."""


@click.command(short_help="Analyze captured traffic: HAR, flow files, traces and more.")
@click.argument("files", nargs=-1, required=True)
@report_options
@judging_options
@click.option(
    "--show-values",
    "values",
    is_flag=True,
    help="Show URLs and header values in full, except cookies and credentials; not available for formats made to be uploaded.",
)
@listing_options
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
    found = list(find(files))
    reporting = Reporting.of(
        form=form,
        outputs=outputs,
        fail_on=fail_on,
        baseline=baseline,
        new_baseline=new_baseline,
        source_roots=source_roots,
        top=top,
        statistics=statistics,
        inputs=[*(name for name in found if isinstance(name, str)), *rule_paths],
    )
    wanted = reporting.formats
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
    summary = SessionSummary(hold=work.hold, everything=work.everything, put_away=PutAway())
    with ExitStack() as stack:
        records: list[IO[bytes]] = [sys.stdout.buffer] if reporting.form is Format.JSONL else []
        records += [stack.enter_context(open_output(path)) for path, one in reporting.files.items() if one is Format.JSONL]
        interrupted = _analyze(found, work, summary, records, jobs)
    if values:
        summary.note(VALUES_ARE_SHOWN)
    sys.exit(reporting.report(summary, rules, interrupted=interrupted))


def _analyze(found: list[str | Damage], work: Work, summary: SessionSummary, records: list[IO[bytes]], jobs: int) -> bool:
    """Analyze the files, and say whether the user cut it short."""
    try:
        analyze_found(found, work, summary, records, jobs=jobs)
    except KeyboardInterrupt:
        click.echo("Interrupted; the results so far follow.", err=True)
        return True
    return False
