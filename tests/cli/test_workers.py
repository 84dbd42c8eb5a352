"""Work in several processes: in order, a few ahead, and a process that dies costs one task."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest
from corslens.cli.workers import Died, in_order

from tests.cli.launched import CORSLENS, environment, left_behind
from tests.inputs.make_har import encoded, entry

pytestmark = pytest.mark.slow


def nothing() -> None:
    """Begin without a word."""


def work(folder: str, bad: tuple[int, ...], task: int) -> tuple[int, int]:
    """Leave a mark, then return the task and the process; kill the process at those that are bad."""
    (Path(folder) / str(task)).touch()
    if task in bad:
        os.kill(os.getpid(), signal.SIGKILL)
    return task, os.getpid()


def fail(task: int) -> int:
    """Fail at the third."""
    if task == 2:
        raise LookupError(task)
    return task


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("bad", [(), (0,), (3,), (6,), (0, 1, 2), (5, 6), tuple(range(7))])
def test_who_dies_costs_the_task_it_was_at_and_no_other(jobs: int, bad: tuple[int, ...], tmp_path: Path) -> None:
    found = list(in_order(partial(work, str(tmp_path), bad), 7, jobs=jobs, start=nothing))
    assert [task for task, one in enumerate(found) if isinstance(one, Died)] == list(bad)
    assert [one[0] for one in found if not isinstance(one, Died)] == [task for task in range(7) if task not in bad]
    assert {str(one) for one in found if isinstance(one, Died)} <= {"SIGKILL"}


def test_no_more_is_done_than_a_few_ahead_of_what_was_taken(tmp_path: Path) -> None:
    """So that what waits does not grow with the number of tasks."""
    results = in_order(partial(work, str(tmp_path), ()), 100, jobs=2, start=nothing)
    with closing(results):
        for taken, _ in enumerate(results, 1):
            assert len(list(tmp_path.iterdir())) <= taken + 8
            if taken == 20:
                break


def test_an_error_is_raised_at_its_place_and_the_processes_end() -> None:
    results: Iterator[int | Died] = in_order(fail, 5, jobs=2, start=nothing)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(LookupError):
        next(results)
    assert list(results) == []


def test_to_stop_ends_the_processes(tmp_path: Path) -> None:
    results = in_order(partial(work, str(tmp_path), ()), 50, jobs=2, start=nothing)
    first = next(results)
    assert not isinstance(first, Died)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(first[1], 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="it takes a pipe with a name")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_analysis_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    """Nor a folder: after kill -9 the next one removes it."""
    env = environment()
    pipes, captures = ([tmp_path / f"{name}{place}.har" for place in "ab"] for name in ("pipe", "capture"))
    for pipe, capture in zip(pipes, captures, strict=True):
        os.mkfifo(pipe)
        capture.write_bytes(encoded(entry()))
    command = [*CORSLENS, "analyze", "--fail-on", "never", "--jobs", "2", "--format", "jsonl"]
    with subprocess.Popen([*command, *pipes], env=env, stdout=subprocess.PIPE) as process, ExitStack() as stack:
        for pipe in pipes:
            stack.enter_context(pipe.open("wb"))  # when a process reads it
        process.send_signal(number)
        assert process.stdout is not None and process.stdout.read() == b""  # which ends with the last process
    assert process.returncode in (-signal.SIGKILL, 128 + signal.SIGTERM)
    assert bool(left_behind(env)) is (number is signal.SIGKILL)
    assert subprocess.run([*command, *captures], env=env, stdout=subprocess.DEVNULL).returncode == 0
    assert left_behind(env) == []
