"""python -m scripts.corpus_suite: makes a corpus of captures, and measures on it."""

from pathlib import Path

import click

from scripts.corpus_suite.bench import WAYS, bench
from scripts.corpus_suite.generator import Truth, generate, multiply
from scripts.corpus_suite.one_machine import compare, measure


@click.group()
def main() -> None:
    """Work with a corpus of captures whose servers' manners are known."""


@main.command("generate")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--captures", default=400, show_default=True, help="How many.")
@click.option("--exchanges", default=500, show_default=True, help="Of each capture.")
@click.option("--seed", default=1, show_default=True)
@click.option("--apis", default=2_000, show_default=True, help="How many servers there are.")
@click.option("--sites", default=200, show_default=True, help="How many sites have pages.")
def generate_command(folder: Path, captures: int, exchanges: int, seed: int, apis: int, sites: int) -> None:
    """Make the captures in FOLDER, and truth.json beside them."""
    _print(generate(folder, captures, exchanges, seed=seed, apis=apis, sites=sites))


@main.command("multiply")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--times", type=click.IntRange(1, 9), default=5, show_default=True)
def multiply_command(folder: Path, out: Path, times: int) -> None:
    """Make a larger corpus of FOLDER in OUT: its captures several times, with servers of other names each time."""
    _print(multiply(folder, out, times))


def _print(truth: Truth) -> None:
    print(f"{truth.captures:,} captures, {truth.exchanges:,} exchanges, {truth.cors:,} with CORS")


@main.command("bench")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--captures", default=400, show_default=True, help="How many, where the corpus is not there yet.")
@click.option("--exchanges", default=500, show_default=True, help="Of each capture.")
@click.option("--apis", default=2_000, show_default=True, help="How many servers there are in it.")
@click.option("--way", "ways", type=click.Choice(list(WAYS)), multiple=True, help="Of running it; by default all.")
def bench_command(folder: Path, captures: int, exchanges: int, apis: int, ways: tuple[str, ...]) -> None:
    """Judge a corpus in FOLDER in every way there is: differences, time and memory of each, and how right it is across captures."""
    for line in bench(folder.absolute(), captures, exchanges, ways, apis=apis):
        print(line, flush=True)


@main.command("many-rows")
@click.argument("store", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--times", default=1_000, show_default=True)
@click.option("--memory", default="2GB", show_default=True, help="That DuckDB may take.")
@click.option("--exchanges/--no-exchanges", default=True, help="Whether that table is made, too; merging does not read it.")
def many_rows_command(store: Path, out: Path, times: int, memory: str, exchanges: bool) -> None:
    """Merge the tables of STORE many times over, in OUT: time and memory."""
    from scripts.corpus_suite.many_rows import many_rows  # late: it takes DuckDB

    for line in many_rows(store, out, times, memory, exchanges=exchanges):
        print(line, flush=True)


_JOBS = click.option("--jobs", default=2, show_default=True)


@main.command("compare")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@_JOBS
def compare_command(folder: Path, out: Path, jobs: int) -> None:
    """Analyze FOLDER with one job and with several: what differs in the reports, which go to OUT."""
    for line in compare(folder, out, jobs=jobs):
        print(line, flush=True)


@main.command("measure")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_JOBS
def measure_command(folder: Path, jobs: int) -> None:
    """Analyze FOLDER: time and memory."""
    print(measure(folder, jobs=jobs))


if __name__ == "__main__":
    main()
