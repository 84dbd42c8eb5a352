"""Processes that work on numbered tasks, a few ahead of what was taken: one that dies costs the task it was at, and no other."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

_AHEAD = 4
"""Results that may wait for an earlier one, for each process: what bounds memory, however many tasks there are."""


class Died:
    """In place of a result: the process ended while it worked on the task."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        """As `multiprocessing.Process.exitcode`: the signal, negative, or the exit status."""

    def __str__(self) -> str:
        if self.code is None or self.code >= 0:
            return f"exit status {self.code}"
        known = self.code in {-number for number in signal.valid_signals()}
        return signal.Signals(-self.code).name if known else f"signal {-self.code}"


class _Worker:
    """A process, and the task that it is at."""

    def __init__(self, work: Callable[[int], object], start: Callable[[], None]) -> None:
        self.task: int | None = None
        self.connection, theirs = multiprocessing.Pipe()
        self.process: BaseProcess = multiprocessing.Process(target=_serve, args=(work, start, theirs), daemon=True)
        self.process.start()
        theirs.close()  # else its end would not be seen here

    def give(self, task: int) -> bool:
        """Give it a task, and say whether it took it."""
        try:
            self.connection.send(task)
        except OSError:  # it died while it had nothing to do
            return False
        self.task = task
        return True

    def take(self) -> object:
        """Return the result of its task, or that it died."""
        self.task = None
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return Died(self.process.exitcode)

    def end(self) -> None:
        """End it, whatever it is at."""
        # Before its connection closes: at an end of its own it would write what our streams still held. Not by SIGTERM: one that
        # comes just after the fork, before Python's signal handling is set up there, is lost.
        self.process.kill()
        self.process.join()
        self.connection.close()


def in_order[T](work: Callable[[int], T], tasks: int, *, jobs: int, start: Callable[[], None]) -> Generator[T | Died]:
    """Yield the results of the tasks from 0 on, in their order. To close the generator ends the processes.

    Args:
        work: makes the result of a task, in one of the processes; an error that it raises is raised here.
        start: called in each process before all else.
    """
    workers = [_Worker(work, start) for _ in range(min(jobs, tasks))]
    done: dict[int, object] = {}
    given = taken = 0
    try:
        while taken < tasks:
            for place, worker in enumerate(workers):
                if worker.task is not None or given >= min(tasks, taken + _AHEAD * jobs):
                    continue
                if not worker.give(given):
                    worker.end()
                    workers[place] = worker = _Worker(work, start)
                    if not worker.give(given):
                        done[given] = Died(worker.process.exitcode)
                given += 1
            if taken in done:
                result = done.pop(taken)
                taken += 1
                if isinstance(result, BaseException):
                    raise result
                yield result  # type: ignore[misc]  # what `work` returned
                continue
            busy = {worker.connection: place for place, worker in enumerate(workers) if worker.task is not None}
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                place = busy[connection]
                worker = workers[place]
                assert worker.task is not None
                task = worker.task
                result = done[task] = worker.take()
                if isinstance(result, Died):
                    worker.end()
                    workers[place] = _Worker(work, start)
    finally:
        for worker in workers:
            worker.end()


def _serve(work: Callable[[int], object], start: Callable[[], None], connection: Connection) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # interrupted with the rest of its group, it goes without a word
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    start()
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):  # nobody wants anything any more
            return
        result: object
        try:
            result = work(task)
        except Exception as error:
            result = error
        connection.send(result)


def _end_with_parent() -> None:
    """End this process, whatever it is at, when the one that wants its results was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
