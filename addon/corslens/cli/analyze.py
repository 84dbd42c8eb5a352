"""corslens analyze: captured traffic in, reports and an exit code out."""

import sys

import click

from corslens.analysis import Judging
from corslens.cli.options import judging_options
from corslens.cli.reporting import Reporting, Wanted, listing_options, report_options
from corslens.cli.work import FileWork, UnnamedFile, analyze_found, settings_of
from corslens.diagnosis.summary import HOLD, SessionSummary
from corslens.inputs.files import find
from corslens.observation.redaction import VALUES_ARE_SHOWN, show_values
from corslens.report.formats.registry import FOR_OTHERS, Format

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
    wanted: Wanted,
    judging: Judging,
    values: bool,
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
    reporting = Reporting.of(wanted, [*(name for name in found if isinstance(name, str)), *judging.rule_paths])
    formats = reporting.formats
    if values and (public := sorted(FOR_OTHERS & formats)):
        raise click.UsageError(
            f"--show-values: {', '.join(public)} is made to be uploaded, and never shows values; leave out one of them"
        )
    work = FileWork(
        judging=judging,
        hold=HOLD if formats & _DETAILED else 0,
        everything=Format.HTML in formats,
        show_values=values,
    )
    show_values(values)
    rules = settings_of(work).rules
    summary = SessionSummary(hold=work.hold, everything=work.everything, put_away=UnnamedFile())
    interrupted = False
    with reporting.records() as records:
        try:
            analyze_found(found, work, summary, records, jobs=jobs)
        except KeyboardInterrupt:
            click.echo("Interrupted; the results so far follow.", err=True)
            interrupted = True
    if values:
        summary.note(VALUES_ARE_SHOWN)
    sys.exit(reporting.report(summary, rules, interrupted=interrupted))
