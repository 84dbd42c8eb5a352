"""corslens corpus --sql: a query's rows as a table in a terminal, as CSV in a pipe."""

import csv
import sys
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from corslens.corpus.extra import need
from corslens.report.escape import escape

_PROMPT = "corpus> "
_ROWS = 10_000
"""Fetched at once."""


def run(connection: Any, query: str) -> None:
    """Run a query, or with `-` each statement of standard input, which ends with a semicolon.

    Raises: click.UsageError for a query that cannot be run, unless somebody types at a prompt
    """
    if query != "-":
        _print(connection, query)
        return
    for statement in _statements():
        try:
            _print(connection, statement)
        except click.UsageError as error:
            if not sys.stdin.isatty():
                raise
            click.echo(error.message, err=True)


def _statements() -> Iterator[str]:
    lines: list[str] = []
    while True:
        if sys.stdin.isatty():
            click.echo(_PROMPT if not lines else " " * len(_PROMPT), nl=False, err=True)
        line = sys.stdin.readline()
        lines.append(line)
        if line.rstrip().endswith(";") or (not line and "".join(lines).strip()):
            yield "".join(lines)
            lines = []
        if not line:
            return


def _print(connection: Any, query: str) -> None:
    try:
        cursor = connection.execute(query)
        if cursor is None:  # a comment, or nothing
            return
        names = [] if cursor.description is None else [one[0] for one in cursor.description]
        if sys.stdout.isatty():
            table = Table(*names)
            for row in cursor.fetchmany(_ROWS):
                table.add_row(*map(_shown, row))
            Console().print(table)
            return
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        while rows := cursor.fetchmany(_ROWS):
            writer.writerows([[_shown(value) for value in row] for row in rows])
    except need("duckdb").Error as error:
        raise click.UsageError(f"--sql: {escape(str(error).splitlines()[0])}") from None


def _shown(value: object) -> str:
    return "" if value is None else escape(str(value))
