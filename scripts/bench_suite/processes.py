"""Processes that are measured from outside: CPU time, wall time, peak memory, and servers that stop when asked."""

import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

_TICK = os.sysconf("SC_CLK_TCK")


class Run(Struct, frozen=True, kw_only=True):
    """A finished process: seconds of CPU and of the clock, peak resident memory in MB."""

    cpu: float
    wall: float
    peak_mb: float
    code: int


def run(argv: Sequence[str], folder: Path | None = None) -> Run:
    """Run a command to its end, in a folder where one is given, its output thrown away."""
    started = time.monotonic()
    process = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = _watch(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.monotonic() - started,
        peak_mb=peak,
        code=process.returncode,
    )


def _watch(pid: int) -> float:
    """Return the peak resident memory in MB of a process that is over then.

    What wait4 tells begins with the size of the process that forked it, which is more than a small one ever has.
    """
    peak = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        peak = max(peak, int(found[1]) if found else 0)
        time.sleep(0.005)
    return peak / 1024


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a running process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


@contextmanager
def server(argv: Sequence[str], ready: str) -> Iterator[tuple[int, int, float]]:
    """Yield process id, port and the seconds until it was ready of a server that prints a line matching `ready` (with the port)."""
    started = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(ready, line):
                break
        else:
            raise SystemExit(f"{argv[0]} ended before it was ready:\n{said}")
        taken = time.monotonic() - started
        # Whatever it says from now on has to be read, or it would wait for a reader.
        threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
        yield process.pid, int(found[1]), taken
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
