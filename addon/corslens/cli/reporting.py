"""Reporting: what `analyze`, `check` and `corpus` make of a summary: reports, a baseline, and an exit code."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Self

import click
from msgspec import Struct, structs

from corslens.cli.options import fail_on_option, gathered, severity, source_root_option, writable
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
from corslens.diagnosis.summary import SessionSummary
from corslens.exits import Exit
from corslens.lint.rules.rule import RuleSet
from corslens.observation.redaction import VALUES_ARE_SHOWN, values_are_shown
from corslens.report.baseline import Gate, is_known, keys_of, parse_baseline, render_baseline
from corslens.report.escape import escape
from corslens.report.formats.registry import Format, render
from corslens.report.initiators import SourceRoot
from corslens.report.limits import SENTENCES, first


class Wanted(Struct, frozen=True, kw_only=True):
    """What the options on reports say, those on how much is listed included."""

    form: str
    outputs: tuple[Path, ...]
    fail_on: str
    baseline: Path | None = None
    new_baseline: Path | None = None
    source_roots: tuple[SourceRoot, ...] = ()
    top: int | None = None
    statistics: bool = False


def report_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options on reports and the gate, which the command gets as `wanted`; it has those on how much is listed already."""
    command = gathered(command, "wanted", Wanted)
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
        click.option(
            "--statistics", is_flag=True, help="Print the number of page requests of each cause, instead of the problems."
        ),
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

    wanted: Wanted
    form: Format
    """Of standard output."""
    files: Mapping[Path, Format]
    gate: Gate
    known: Mapping[str, str]
    """What the baseline names: fingerprints, with rule and endpoint for people."""

    @classmethod
    def of(cls, wanted: Wanted, inputs: Sequence[str | Path]) -> Self:
        """Return what the options say.

        Args:
            inputs: what is read, and must not be written.
        Raises: click.UsageError
        """
        if wanted.statistics and wanted.form != Format.TEXT:
            raise click.UsageError("--statistics prints text; leave out --format, or write the report with -o")
        files = {writable(path, [*inputs, *filter(None, [wanted.baseline])]): format_of(path) for path in wanted.outputs}
        if wanted.new_baseline is not None:
            writable(wanted.new_baseline, [*inputs, *wanted.outputs])  # the baseline itself may be brought up to date
        known = _known(wanted.baseline)
        gate = Gate(fail_on=severity(wanted.fail_on), known=frozenset(known), source_roots=wanted.source_roots)
        return cls(wanted=wanted, form=Format(wanted.form), files=files, gate=gate, known=known)

    @property
    def formats(self) -> frozenset[Format]:
        """The formats of all reports."""
        return frozenset({self.form, *self.files.values()})

    @contextmanager
    def records(self) -> Iterator[list[IO[bytes]]]:
        """Open the files that lines of JSONL are written to as they come, standard output among them where that is wanted."""
        with ExitStack() as stack:
            files: list[IO[bytes]] = [sys.stdout.buffer] if self.form is Format.JSONL else []
            yield files + [stack.enter_context(open_output(path)) for path, one in self.files.items() if one is Format.JSONL]

    def report(self, summary: SessionSummary, rules: RuleSet, *, interrupted: bool) -> Exit:
        """Write and print what is wanted, and return the exit code. Lines of JSONL are written as they come, and not here.

        Args:
            interrupted: the user cut the work short.
        Raises: click.UsageError
        """
        gate, top = self.gate, self.wanted.top
        if self.wanted.new_baseline is not None:
            write_output(self.wanted.new_baseline, render_baseline(summary.problems()))
            gate = structs.replace(gate, known=frozenset(key.fingerprint for key in keys_of(summary.problems())))
        for path, form in self.files.items():
            if form is not Format.JSONL:
                write_output(path, render(form, summary, rules, gate, top=top))
        try:
            if self.wanted.statistics:
                print_statistics(summary)
            else:
                print_report(self.form, summary, rules, gate, top)
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
        if self.wanted.baseline is not None:
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
            f"--baseline {name}: no such file; --write-baseline {name} creates it from the current findings"
        ) from None
    except OSError as error:
        raise click.UsageError(f"--baseline {escape(str(baseline))}: {error.strerror or error}") from None
    except ValueError as error:
        raise click.UsageError(f"--baseline {escape(str(baseline))}: {escape(str(error))}") from None
