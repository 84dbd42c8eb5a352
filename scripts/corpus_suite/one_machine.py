"""`corslens analyze` on the corpus: the same reports for any number of jobs and any set of outputs, and how much that takes."""

import filecmp
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.bench_suite.processes import Run, run
from scripts.corpus_suite.generator import TRUTH, truth_of

_ENDINGS = ("json", "sarif", "xml", "md", "html", "txt")
_ALL = "1000000"
"""Problems that are listed: more than there are."""


def compare(corpus: Path, out: Path, *, jobs: int = 2) -> Iterator[str]:
    """Analyze with one job and with several, and yield what differs and what it takes, a line each.

    Args:
        out: a folder for the reports.
    """
    captures = [str(path) for path in sorted(corpus.iterdir()) if path.name != TRUTH]
    runs = {number: _analyze(captures, out / f"jobs-{number}", number, _ENDINGS) for number in (1, jobs)}
    alone = _analyze(captures, out / "alone", jobs, ("json",))
    one, several = out / "jobs-1", out / f"jobs-{jobs}"
    for ending in _ENDINGS:
        same = filecmp.cmp(one / f"all.{ending}", several / f"all.{ending}", shallow=False)
        yield f"{ending}: {'0 bytes differ' if same else 'DIFFERS'} between --jobs 1 and --jobs {jobs}"
    same = filecmp.cmp(one / "all.json", out / "alone" / "all.json", shallow=False)
    yield f"json: {'the same' if same else 'DIFFERS'} whether other reports are written or not"
    truth, summary = truth_of(corpus), json.loads((one / "all.json").read_bytes())["summary"]
    said = (summary["exchanges"], summary["cors"])
    right = said == (truth.exchanges, truth.cors)
    yield f"counts: {said[0]:,} exchanges, {said[1]:,} with CORS, {summary['problems']:,} problems; {'as made' if right else 'WRONG'}"
    for name, taken in ((f"--jobs {number}, all reports", one) for number, one in runs.items()):
        yield _figures(name, taken)
    yield _figures(f"--jobs {jobs}, JSON alone", alone)


def measure(corpus: Path, *, jobs: int) -> str:
    """Return what it takes to analyze the corpus and print text."""
    captures = [str(path) for path in sorted(corpus.iterdir()) if path.name != TRUTH]
    return _figures(f"--jobs {jobs}, text", run(_command(captures, jobs)))


def _analyze(captures: Sequence[str], folder: Path, jobs: int, endings: Sequence[str]) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    outputs = [part for ending in endings for part in ("-o", str(folder / f"all.{ending}"))]
    return run([*_command(captures, jobs), "--top", _ALL, *outputs])


def _command(captures: Sequence[str], jobs: int) -> list[str]:
    return [sys.executable, "-m", "corslens", "analyze", *captures, "--jobs", str(jobs), "--fail-on", "never"]


def _figures(name: str, taken: Run) -> str:
    code = "" if taken.code == 0 else f", exit code {taken.code}"
    return f"{name}: {taken.wall:.1f} s, {taken.cpu:.1f} s of CPU, {taken.peak_mb:.0f} MB at most in the parent{code}"
