"""All that is measured on a corpus: the same findings for any way to judge it, what each takes, and what all captures together show."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from scripts.bench_suite.processes import Run, run
from scripts.corpus_suite.accuracy import accuracy
from scripts.corpus_suite.generator import TRUTH, generate, truth_of

_ALL = "1000000"
_COMPARED = ("summary", "problems", "silenced", "inputs")
_CLUSTER = """
from dask.distributed import LocalCluster
with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
    print(cluster.scheduler_address, *(nanny.pid for nanny in cluster.workers.values()), flush=True)
    input()
"""


def bench(folder: Path, captures: int, exchanges: int) -> Iterator[str]:
    """Make the corpus where it is not there, run everything on it, and yield the lines of a table."""
    made = folder / "captures"
    if not (made / TRUTH).exists():
        generate(made, captures, exchanges)
    damage(made)
    truth = truth_of(made)
    yield f"{truth.captures:,} captures with {truth.exchanges:,} exchanges, and damaged ones among them"
    one = _Machine(folder, made)
    yield one.line("analyze --jobs 1", one.analyze(1))
    yield one.line("analyze --jobs 2", one.analyze(2))
    for name, arguments in (
        ("corpus, one shard size", ("--jobs", "1")),
        ("corpus --jobs 2, small shards", ("--jobs", "2", "--shard-size", "2")),
    ):
        yield one.line(name, one.corpus(name, *arguments))
    yield one.line("corpus --jobs 2, killed and started again", one.resumed())
    try:
        with _cluster() as (address, _):
            yield one.line("corpus --dask, 2 workers", one.corpus("dask", "--dask", address))
        with _cluster() as (address, workers):
            yield one.line("corpus --dask, a worker killed", one.corpus("dask-killed", "--dask", address, victim=workers[0]))
    except FileNotFoundError as missing:
        yield str(missing)
    taken = one.corpus("across", "--jobs", "2", "--across")
    yield f"corpus --jobs 2 --across: {taken.wall:.1f} s, {taken.cpu:.1f} s of CPU"
    for name in ("analyze-1", "across"):
        for line in accuracy(folder / name / "all.json", truth):
            yield f"{name}: {line}"


def damage(made: Path) -> None:
    """Put captures beside the others that cannot be read, or not to their end; the same each time."""
    whole = (made / "session-000000.har").read_bytes()
    packed = bytearray(next(iter(sorted(made.glob("*.har.gz")))).read_bytes())
    packed[len(packed) // 2] ^= 0xFF
    (made / "damaged-cut.har").write_bytes(whole[: len(whole) // 2])
    (made / "damaged-flipped.har.gz").write_bytes(packed)
    (made / "damaged-empty.har").write_bytes(b"")
    (made / "damaged-noise.har").write_bytes(random.Random(1).randbytes(5_000))


class _Machine:
    """This machine, on one corpus; what the first run finds is what every other has to find."""

    def __init__(self, folder: Path, made: Path) -> None:
        self._folder = folder
        self._made = made
        self._captures = [str(path) for path in sorted(made.iterdir()) if path.name != TRUTH]
        self._expected: dict[str, Any] | None = None
        self._last = folder

    def analyze(self, jobs: int) -> Run:
        """Analyze all captures."""
        return run(self._command(f"analyze-{jobs}", "analyze", *self._captures, "--jobs", str(jobs)))

    def corpus(self, name: str, *arguments: str, victim: int | None = None) -> Run:
        """Judge and merge all captures as a corpus, from the beginning.

        Args:
            victim: a process to kill once the first shard is judged.
        """
        command = self._corpus_command(name, *arguments)
        if victim is not None:
            return _run_and_kill(command, self._folder / name / "out", victim)
        return run(command)

    def resumed(self) -> Run:
        """Kill a whole run once the first shard is judged, and return what the next one took."""
        name = "resumed"
        command = self._corpus_command(name, "--jobs", "2", "--shard-size", "2")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        _await_receipt(self._folder / name / "out", process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return run(command)

    def line(self, name: str, taken: Run) -> str:
        """Return what a run took, and how much of what it found is not what the first one found."""
        found = json.loads((self._last / "all.json").read_bytes())
        if self._expected is None:
            self._expected = found
        differing = {key: _differences(self._expected[key], found[key]) for key in _COMPARED}
        said = ", ".join(f"{number:,} {key} differ" for key, number in differing.items() if number) or "0 differences"
        return f"{name}: {taken.wall:.1f} s, {taken.cpu:.1f} s of CPU, {taken.peak_mb:.0f} MB; exit {taken.code}; {said}"

    def _corpus_command(self, name: str, *arguments: str) -> list[str]:
        rmtree(self._folder / name, ignore_errors=True)
        out = str(self._folder / name / "out")
        return self._command(name, "corpus", *self._captures, "--out", out, *arguments)

    def _command(self, name: str, *arguments: str) -> list[str]:
        self._last = self._folder / name
        self._last.mkdir(parents=True, exist_ok=True)
        report = str(self._last / "all.json")
        return [sys.executable, "-m", "corslens", *arguments, "--fail-on", "never", "--top", _ALL, "-o", report]


def _differences(expected: Any, found: Any) -> int:
    if isinstance(expected, dict):
        return sum(1 for key in expected if expected[key] != found.get(key))
    same = sum(1 for one, other in zip(expected, found, strict=False) if one == other)
    return max(len(expected), len(found)) - same


def _await_receipt(out: Path, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None and not any((out / "captures").glob("*.parquet")):
        time.sleep(0.05)


def _run_and_kill(command: Sequence[str], out: Path, victim: int) -> Run:
    """Run a command, and kill a process once the first shard is judged."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _await_receipt(out, process)
    os.kill(victim, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
        code=process.returncode,
    )


@contextmanager
def _cluster() -> Iterator[tuple[str, list[int]]]:
    """Yield the address of a Dask cluster on this machine, and the processes of its workers."""
    process = subprocess.Popen([sys.executable, "-c", _CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        address, *workers = process.stdout.readline().split()
        yield address, list(map(int, workers))
    finally:
        process.communicate("\n")
