"""scripts/bench: choose what to measure, measure it, print the table, write the JSON."""

import os
import platform
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from scripts.bench_suite import hostile, live, memory, offline, page, rivals, stages
from scripts.bench_suite.figures import Figure, render, write


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "parts", nargs=-1, type=click.Choice(["stages", "live", "startup", "har", "flows", "memory", "page", "hostile", "rivals"])
)
@click.option(
    "--rounds", default=5, show_default=True, help="Rounds a figure; the table shows their median, lowest and highest."
)
@click.option("--seconds", default=3, show_default=True, help="How long each live round lasts.")
@click.option("--sizes", default="10,100,500", show_default=True, help="Sizes of HARs in MB.")
@click.option("--flow-count", default=20_000, show_default=True, help="Flows in the flow file.")
@click.option("--page-count", default=10_000, show_default=True, help="Exchanges on the live page and in the HTML report.")
@click.option("--har-entries", default=5_000, show_default=True, help="Entries of the HAR that HTTPolice reads, too.")
@click.option(
    "--json", "out", default="out/bench.json", show_default=True, type=click.Path(path_type=Path), help="Where the figures go."
)
def main(
    parts: tuple[str, ...], rounds: int, seconds: int, sizes: str, flow_count: int, page_count: int, har_entries: int, out: Path
) -> None:
    """Measure PARTS (all of them by default), as ratios side by side in one run."""
    megabytes = [int(size) for size in sizes.split(",")]
    work: dict[str, Callable[[], list[Figure]]] = {
        "stages": lambda: stages.measure(rounds),
        "startup": lambda: [*live.startup(rounds), *offline.commands(rounds)],
        "flows": lambda: offline.flows(rounds, flow_count),
        "har": lambda: offline.hars(rounds, megabytes),
        "memory": lambda: memory.measure(),
        "page": lambda: page.measure(rounds, page_count),
        "hostile": lambda: hostile.measure(rounds),
        "rivals": lambda: rivals.measure(rounds, har_entries),
        "live": lambda: live.measure(rounds, seconds),
    }
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    console = Console()
    console.print(f"{machine}; medians of {rounds} rounds with their spread")
    figures: list[Figure] = []
    for name in parts or work:
        found = work[name]()
        figures += found
        render(found, console)
    out.parent.mkdir(parents=True, exist_ok=True)
    write(figures, out, machine)
    console.print(f"Written to {out}.")


if __name__ == "__main__":
    main()
