"""A figure, its target, and the table of both."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, to_builtins
from rich.console import Console
from rich.table import Table


class Figure(Struct, frozen=True, kw_only=True):
    """One measured figure: the median of its rounds, the lowest and the highest."""

    group: str
    name: str
    unit: str
    median: float
    low: float
    high: float
    rounds: int
    target: float | None = None
    """What the design asks for; the figure should not be above it."""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.target is None else self.median <= self.target


def figure(group: str, name: str, unit: str, rounds: Sequence[float], target: float | None = None) -> Figure:
    """Return the figure of these rounds."""
    return Figure(
        group=group,
        name=name,
        unit=unit,
        median=statistics.median(rounds),
        low=min(rounds),
        high=max(rounds),
        rounds=len(rounds),
        target=target,
    )


def render(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table(show_edge=False, pad_edge=False)
    for column in ("what", "figure"):
        table.add_column(column, overflow="fold")
    for column in ("median", "low", "high", "target"):
        table.add_column(column, justify="right")
    group = None
    for each in figures:
        if each.group != group:
            group = each.group
            table.add_section()
            table.add_row(f"[bold]{group}[/]")
        target = "" if each.target is None else f"≤ {each.target:g} {'✓' if each.reached else '✗'}"
        table.add_row("", f"{each.name} ({each.unit})", f"{each.median:.4g}", f"{each.low:.4g}", f"{each.high:.4g}", target)
    console.print(table)


def write(figures: Sequence[Figure], path: Path, machine: str) -> None:
    """Write the figures as JSON."""
    document = {"schema": "corslens-bench/1", "machine": machine, "figures": to_builtins(figures)}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
