"""Reporting: what `analyze` and `corpus` make of a summary: reports, a baseline, and an exit code."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import click
from msgspec import Struct, structs

from corslens.cli.options import fail_on_option, severity, source_root_option, writable
from corslens.cli.outputs import (
    format_of,
    format_option,
    outputs_option,
    print_report,
    print_statistics,
    report_damages,
    tell_empty,
    write_output,
)
from corslens.diagnosis.summary import SessionSummary
from corslens.exits import Exit
from corslens.lint.rules.rule import RuleSet
from corslens.observation.redaction import VALUES_ARE_SHOWN, values_are_shown
from corslens.report.baseline import Gate, is_known, keys_of, parse_baseline, render_baseline
from corslens.report.escape import escape
from corslens.report.formats.registry import Format, render
from corslens.report.initiators import SourceRoot
from corslens.report.limits import SENTENCES, first


def report_options[F: Callable[..., object]](command: F) -> F:
    """Add the options on reports and the gate."""
    for option in (
        source_root_option,
        click.option(
            "--write-baseline",
            "new_baseline",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Save the current findings as a baseline file.",
        ),
        click.option(
            "--baseline",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Do not fail on findings in this baseline file.",
        ),
        fail_on_option,
        outputs_option,
        format_option,
    ):
        command = option(command)
    return command


def listing_options[F: Callable[..., object]](command: F) -> F:
    """Add the options on how much is listed."""
    for option in (
        click.option("--statistics", is_flag=True, help="Instead of the problems print how many page requests each cause has."),
        click.option(
            "--top",
            type=click.IntRange(1),
            metavar="N",
            help="List the worst N problems; all are counted. By default 50 in text, 500 in HTML, 5,000 in JSON, SARIF and JUnit.",
        ),
    ):
        command = option(command)
    return command


class Reporting(Struct, frozen=True, kw_only=True):
    """What the user wants to have reported."""

    form: Format
    """Of standard output."""
    files: Mapping[Path, Format]
    gate: Gate
    known: Mapping[str, str]
    """What the baseline names: fingerprints, with rule and endpoint for people."""
    baseline: Path | None
    new_baseline: Path | None
    top: int | None
    statistics: bool

    @classmethod
    def of(
        cls,
        *,
        form: str,
        outputs: Sequence[Path],
        fail_on: str,
        baseline: Path | None,
        new_baseline: Path | None,
        source_roots: tuple[SourceRoot, ...],
        top: int | None,
        statistics: bool,
        inputs: Sequence[str],
    ) -> Self:
        """Return what the options say.

        Args:
            inputs: what is read, and must not be written.
        Raises: click.UsageError
        """
        if statistics and form != Format.TEXT:
            raise click.UsageError("--statistics prints text; leave out --format, or write the report with -o")
        files = {writable(path, [*inputs, *filter(None, [baseline])]): format_of(path) for path in outputs}
        if new_baseline is not None:
            writable(new_baseline, [*inputs, *outputs])  # the baseline itself may be brought up to date
        known = _known(baseline)
        return cls(
            form=Format(form),
            files=files,
            gate=Gate(fail_on=severity(fail_on), known=frozenset(known), source_roots=source_roots),
            known=known,
            baseline=baseline,
            new_baseline=new_baseline,
            top=top,
            statistics=statistics,
        )

    @property
    def formats(self) -> frozenset[Format]:
        """The formats of all reports."""
        return frozenset({self.form, *self.files.values()})

    def report(self, summary: SessionSummary, rules: RuleSet, *, interrupted: bool) -> Exit:
        """Write and print what is wanted, and return the exit code. Lines of JSONL are written as they come, and not here.

        Args:
            interrupted: the user cut the work short.
        Raises: click.UsageError
        """
        gate = self.gate
        if self.new_baseline is not None:
            write_output(self.new_baseline, render_baseline(summary.problems()))
            gate = structs.replace(gate, known=frozenset(key.fingerprint for key in keys_of(summary.problems())))
        for path, form in self.files.items():
            if form is not Format.JSONL:
                write_output(path, render(form, summary, rules, gate, top=self.top))
        try:
            if self.statistics:
                print_statistics(summary)
            else:
                print_report(self.form, summary, rules, gate, self.top)
        except BrokenPipeError:  # whoever reads has seen enough; the exit code still counts
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        damaged = self._report_inputs(summary)
        if damaged or interrupted:
            return Exit.UNREADABLE
        return Exit.FOUND if gate.fails_on(summary) else Exit.OK

    def _report_inputs(self, summary: SessionSummary) -> bool:
        """Say on standard error what could not be read, that values are shown, and what of the baseline is history."""
        if values_are_shown():
            click.echo(VALUES_ARE_SHOWN, err=True)
        damaged = report_damages(summary)
        tell_empty(summary)
        if self.baseline is not None:
            self._compare(summary)
        return damaged

    def _compare(self, summary: SessionSummary) -> None:
        """Say on standard error what of the baseline is history, and how much of what was found is not in it."""
        problems, known = summary.problems(), frozenset(self.known)
        gone, old = set(self.known), 0
        for problem in problems:
            gone.difference_update(key.fingerprint for key in problem.named())
            old += is_known(problem, known)
        names, more = first(
            sorted(map(self.known.__getitem__, gone)), SENTENCES, "findings in the baseline that no longer occur"
        )
        for name in names:
            click.echo(f"A finding in the baseline no longer occurs: {escape(name)}", err=True)
        if more is not None:
            click.echo(more, err=True)
        click.echo(f"Baseline: {old} known, {len(problems) - old} new.", err=True)


def _known(baseline: Path | None) -> dict[str, str]:
    if baseline is None:
        return {}
    try:
        return dict(parse_baseline(baseline.read_bytes()))
    except FileNotFoundError:
        name = escape(str(baseline))
        raise click.UsageError(
            f"--baseline {name}: No such file; --write-baseline {name} makes it of today's findings"
        ) from None
    except OSError as error:
        raise click.UsageError(f"--baseline {escape(str(baseline))}: {error.strerror or error}") from None
    except ValueError as error:
        raise click.UsageError(f"--baseline {escape(str(baseline))}: {escape(str(error))}") from None
