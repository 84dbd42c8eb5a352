"""The problems of captures that a rule names, for `corslens explain --in`."""

from collections.abc import Sequence

import click

from corslens.analysis import Judging
from corslens.cli.outputs import report_damages
from corslens.cli.work import FileWork, analyze_found
from corslens.diagnosis.summary import SessionSummary
from corslens.inputs.files import find
from corslens.report.console import ReportConsole
from corslens.report.escape import escape
from corslens.report.formats.text import render_problem

_SHOWN = 5


def print_occurrences(rules: Sequence[str], captures: Sequence[str], rule_paths: Sequence[str]) -> None:
    """Print the problems that these rules name, be it as the cause or beside another one; on standard error what could not be read."""
    summary = SessionSummary(hold=0)
    analyze_found(find(captures), FileWork(judging=Judging(rule_paths=tuple(rule_paths)), hold=0), summary, [])
    report_damages(summary)
    found = [problem for problem in summary.problems() if any(key.rule in rules for key in problem.named())]
    several = "problem" if len(found) == 1 else "problems"
    click.echo(f"\n{len(found)} {several} with it in {', '.join(map(escape, captures))}" + (":" if found else "."))
    console = ReportConsole()
    for problem in found[:_SHOWN]:
        click.echo()
        console.print(render_problem(problem.diagnosis, console.width))
    if len(found) > _SHOWN:
        click.echo(f"\n… and {len(found) - _SHOWN} more: corslens analyze lists them all.")
