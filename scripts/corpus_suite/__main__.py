"""python -m scripts.corpus_suite: makes a corpus of captures, and measures on it."""

from pathlib import Path

import click

from scripts.corpus_suite.generator import generate


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
    truth = generate(folder, captures, exchanges, seed=seed, apis=apis, sites=sites)
    print(f"{truth.captures:,} captures, {truth.exchanges:,} exchanges, {truth.cors:,} with CORS")


if __name__ == "__main__":
    main()
