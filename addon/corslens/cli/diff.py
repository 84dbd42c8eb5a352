"""corslens diff: what a deployment changed, between a capture before it and one after it."""

import sys

import click

from corslens.analysis import Judging
from corslens.cli.options import fail_on_option, judging_options, severity
from corslens.cli.outputs import report_damages, tell_empty
from corslens.cli.work import FileWork, analyze_found, settings_of
from corslens.diagnosis.summary import SessionSummary
from corslens.exits import Exit
from corslens.inputs.files import find
from corslens.report.comparison import compare, states
from corslens.report.console import ReportConsole
from corslens.report.escape import escape
from corslens.report.formats.diff import render_diff, render_diff_json

_LIMIT = 500_000
"""CORS page requests of one side that are compared."""


@click.command(short_help="Show what changed between two captures.")
@click.argument("before")
@click.argument("after")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format for stdout.",
)
@fail_on_option
@judging_options
def diff(
    before: str,
    after: str,
    form: str,
    fail_on: str,
    judging: Judging,
) -> None:
    """Show what changed in outcomes and findings, per endpoint, from the capture BEFORE to the capture AFTER.

    Either may be a file or a folder. Ports of this machine (localhost, 127.0.0.1) are ignored, because they differ
    between runs. The exit codes are those of analyze; only findings that are new in AFTER count.
    """
    work = FileWork(judging=judging, everything=True)
    settings_of(work)
    sides = []
    damaged = False
    unread = False
    for path in (before, after):
        side = SessionSummary(hold=_LIMIT, everything=True)
        analyze_found(find([path]), work, side, [])
        damaged = report_damages(side) or damaged
        tell_empty(side)
        unread = unread or (bool(side.inputs) and not side.exchanges and all(one.damages for one in side.inputs))
        if side.left_out:
            click.echo(f"{escape(path)}: only {_LIMIT} CORS page requests are compared", err=True)
        sides.append(states(side))
    if unread:
        click.echo("Nothing was compared: one side could not be read.", err=True)
        sys.exit(Exit.UNREADABLE)
    changes = compare(*sides)
    if form == "json":
        click.echo(render_diff_json(changes), nl=False)
    else:
        console = ReportConsole()
        compared = len(sides[0].keys() & sides[1].keys())
        console.print(render_diff(changes, compared=compared, width=console.width))
    threshold = severity(fail_on)
    failed = threshold is not None and any(found >= threshold for change in changes for found in change.new_findings.values())
    sys.exit(Exit.UNREADABLE if damaged else Exit.FOUND if failed else Exit.OK)
