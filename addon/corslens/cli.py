"""The console script: options in, exit code out; the work is done elsewhere."""

import sys
from typing import IO

import click

from corslens.engines.engine import Engine
from corslens.exits import Exit
from corslens.lint.finding import Severity


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="corslens")
def main() -> None:
    """See, explain and mend CORS in real traffic."""


@main.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
@click.option("--fail-on", type=click.Choice(["error", "warning", "info", "never"]), default="error", show_default=True)
@click.option("--engine", type=click.Choice(["auto", *Engine]), default="auto", show_default=True)
@click.option("--rules", "rule_paths", multiple=True, type=click.Path(exists=True))
def analyze(files: tuple[str, ...], form: str, fail_on: str, engine: str, rule_paths: tuple[str, ...]) -> None:
    """Judge the traffic in FILES: HAR and mitmproxy flow files, folders of them, or - for standard input."""
    from corslens.analysis import Settings, inspect_files
    from corslens.inputs.problem import Problem
    from corslens.lint.loader import load_rules
    from corslens.report.as_text import render_problem, render_summary
    from corslens.report.escape import escape
    from corslens.report.problems import is_problem
    from corslens.report.record import encode
    from corslens.report.tally import Tally

    settings = Settings(rules=load_rules(rule_paths), engine=None if engine == "auto" else Engine(engine))
    code = Exit.OK
    threshold = None if fail_on == "never" else Severity[fail_on.upper()]
    tally = Tally()
    problems = {}
    out: IO[bytes] = sys.stdout.buffer
    for item in inspect_files(files, settings):
        if isinstance(item, Problem):
            click.echo(escape(str(item)), err=True)
            code = Exit.UNREADABLE
            continue
        tally.add(item)
        if form == "jsonl":
            out.write(encode(item))
        else:
            problems.pop(item.id, None)
            if is_problem(item):
                problems[item.id] = item
    if form == "text":
        from rich.console import Console

        console = Console()
        width = console.width if console.is_terminal else None
        for inspection in problems.values():
            console.print(render_problem(inspection, width), soft_wrap=True)
            console.print()
        console.print(render_summary(tally, width), soft_wrap=True)
    if code is Exit.OK and threshold is not None and any(tally.severities[s] for s in Severity if s >= threshold):
        code = Exit.FOUND
    sys.exit(code)
