"""All that is measured on a corpus: the same findings for any way to judge it, what each takes, and what all captures together show."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from scripts.bench_suite.processes import Run, run
from scripts.corpus_suite.accuracy import accuracy
from scripts.corpus_suite.bucket import bucket, put
from scripts.corpus_suite.generator import TRUTH, generate, truth_of

_ALL = "1000000"
_COMPARED = ("summary", "problems", "suppressed", "inputs")
_CLUSTER = """
from dask.distributed import LocalCluster
with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
    print(cluster.scheduler_address, *(nanny.pid for nanny in cluster.workers.values()), flush=True)
    input()
"""


def bench(folder: Path, captures: int, exchanges: int, ways: Sequence[str] = (), *, apis: int = 2_000) -> Iterator[str]:
    """Make the corpus where it is not there, run it in every way, or in these, and yield the lines of a table.

    What a way is compared with is what the first one found, now or before.
    """
    made = folder / "captures"
    if not (made / TRUTH).exists():
        generate(made, captures, exchanges, apis=apis)
    damage(made)
    truth = truth_of(made)
    yield f"{truth.captures:,} captures with {truth.exchanges:,} exchanges, and damaged ones among them"
    machine = _Machine(folder, made)
    for name in ways or WAYS:
        try:
            taken = WAYS[name](machine, name)
        except FileNotFoundError as missing:
            yield f"{name}: {missing}"
            continue
        if name == "across":
            yield f"{name}: {_figures(taken)}"
        else:
            yield f"{name}: {_figures(taken)}; {machine.differences(name)}"
        if name in ("analyze-1", "across"):
            for line in accuracy(machine.report(name), truth):
                yield f"{name}: {line}"


def damage(made: Path) -> None:
    """Put captures beside the others that cannot be read, or not to their end; the same each time."""
    whole = (made / "session-000000.har").read_bytes()
    packed = bytearray(gzip.compress(whole, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    damaged = {
        "cut.har": whole[: len(whole) // 2],
        "flipped.har.gz": bytes(packed),
        "empty.har": b"",
        "noise.har": random.Random(1).randbytes(5_000),
    }
    for name, content in damaged.items():
        path = made / f"damaged-{name}"
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


class _Machine:
    """This machine, on one corpus; what the first way finds is what every other has to find."""

    def __init__(self, folder: Path, made: Path) -> None:
        self._folder = folder
        self._made = made

    def analyze(self, name: str, jobs: int) -> Run:
        """Analyze all captures."""
        return run(self._command(name, "analyze", *self._captures(), "--jobs", str(jobs)))

    def corpus(self, name: str, *arguments: str) -> Run:
        """Judge and merge all captures as a corpus, from the beginning."""
        return run(self._corpus_command(name, *arguments))

    def killed(self, name: str, *arguments: str) -> Run:
        """The same, with one of its processes killed once the first shard is judged."""
        return self._run_and_kill(self._corpus_command(name, *arguments), name, _first_child)

    def resumed(self, name: str, *arguments: str) -> Run:
        """Kill a whole run once the first shard is judged, and return what the next one took."""
        command = self._corpus_command(name, *arguments)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self._await_receipt(name, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return run(command)

    def dask(self, name: str, *arguments: str) -> Run:
        """Judge on a Dask cluster of this machine, and merge."""
        with _cluster() as (address, _):
            return self.corpus(name, "--dask", address, *arguments)

    def dask_killed(self, name: str, *arguments: str) -> Run:
        """The same, with one of the cluster's workers killed once the first shard is judged."""
        with _cluster() as (address, workers):
            command = self._corpus_command(name, "--dask", address, *arguments)
            return self._run_and_kill(command, name, lambda _: workers[0])

    def bucket(self, name: str, *arguments: str) -> Run:
        """Judge captures in a bucket, whose results go there, too."""
        with bucket() as url:
            names = [put(path, f"{url}/captures/{path.name}") for path in map(Path, self._captures())]
            taken = run(self._command(name, "corpus", *names, "--out", f"{url}/out", *arguments))
        report = self.report(name)
        report.write_bytes(report.read_bytes().replace(f"{url}/captures".encode(), str(self._made).encode()))
        return taken

    def report(self, name: str) -> Path:
        """Return the report of a way."""
        return self._folder / name / "all.json"

    def differences(self, name: str) -> str:
        """Return how much of what a way found is not what the first one found."""
        expected, found = (json.loads(self.report(one).read_bytes()) for one in (next(iter(WAYS)), name))
        differing = {key: _differences(expected[key], found[key]) for key in _COMPARED}
        return ", ".join(f"{number:,} {key} differ" for key, number in differing.items() if number) or "0 differences"

    def _captures(self) -> list[str]:
        return [str(path) for path in sorted(self._made.iterdir()) if path.name != TRUTH]

    def _corpus_command(self, name: str, *arguments: str) -> list[str]:
        rmtree(self._folder / name, ignore_errors=True)
        return self._command(name, "corpus", *self._captures(), "--out", str(self._folder / name / "out"), *arguments)

    def _command(self, name: str, *arguments: str) -> list[str]:
        report = self.report(name)
        report.parent.mkdir(parents=True, exist_ok=True)
        return [sys.executable, "-m", "corslens", *arguments, "--fail-on", "never", "--top", _ALL, "-o", str(report)]

    def _await_receipt(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        receipts = self._folder / name / "out" / "captures"
        while process.poll() is None and not any(receipts.glob("*.parquet")):
            time.sleep(0.05)

    def _run_and_kill(self, command: Sequence[str], name: str, victim: Callable[[int], int]) -> Run:
        """Run a command, and kill the victim, given the command's process, once the first shard is judged."""
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await_receipt(name, process)
        os.kill(victim(process.pid), signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Run(
            cpu=usage.ru_utime + usage.ru_stime,
            wall=time.monotonic() - started,
            peak_mb=usage.ru_maxrss / 1024,
            code=process.returncode,
        )


_SMALL = ("--shard-size", "2")
"""So that there are many shards."""
WAYS: Mapping[str, Callable[[_Machine, str], Run]] = {
    "analyze-1": lambda one, name: one.analyze(name, 1),
    "analyze-2": lambda one, name: one.analyze(name, 2),
    "corpus-1": lambda one, name: one.corpus(name, "--jobs", "1"),
    "corpus-2": lambda one, name: one.corpus(name, "--jobs", "2", *_SMALL),
    "corpus-2-killed": lambda one, name: one.killed(name, "--jobs", "2", *_SMALL),
    "corpus-2-resumed": lambda one, name: one.resumed(name, "--jobs", "2", *_SMALL),
    "dask": lambda one, name: one.dask(name),
    "dask-killed": lambda one, name: one.dask_killed(name),
    "bucket": lambda one, name: one.bucket(name, "--jobs", "2"),
    "across": lambda one, name: one.corpus(name, "--jobs", "2", "--across"),
}
"""Of running a corpus; the first says what is expected of the others."""


def _figures(taken: Run) -> str:
    return f"{taken.wall:.1f} s, {taken.cpu:.1f} s of CPU, {taken.peak_mb:.0f} MB; exit {taken.code}"


def _first_child(parent: int) -> int:
    """Return a worker of this process: the last that it started, for the first may be a helper of multiprocessing."""
    return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[-1])


def _differences(expected: Any, found: Any) -> int:
    if isinstance(expected, dict):
        return sum(1 for key in expected if expected[key] != found.get(key))
    same = sum(1 for one, other in zip(expected, found, strict=False) if one == other)
    return max(len(expected), len(found)) - same


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
