"""HTTPolice, which lints HTTP exchanges as we do CORS, on the same HAR; in an environment of its own, locked in httpolice.txt beside this.

It wants an older bitstring than its own requirements say, and has no Python that would suit it by name: the one that runs this does.
"""

import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

from scripts.bench_suite import whole_pages
from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.offline import ANALYZE
from scripts.bench_suite.processes import Run, run
from scripts.bench_suite.traffic import session, write_entries

_LOCK = Path(__file__).with_name("httpolice.txt")
_VENV = Path(__file__).resolve().parents[2] / ".venv-httpolice"
_BODY = '{"items": []}'


def measure(rounds: int, count: int) -> list[Figure]:
    """Return the CPU time of both on HARs with `count` entries, of whole pages and of API calls, start-up included.

    Theirs grows with headers and bodies, which it checks all; ours with what is CORS.
    """
    python = _environment()
    captures = {
        "whole pages": islice(whole_pages.pages(), count),
        "API calls": ((each, _BODY) for each in islice(session(count), count)),
    }
    figures: list[Figure] = []
    for what, exchanges in captures.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "session.har"
            with path.open("w", encoding="utf-8") as out:
                write_entries(out, exchanges)
            ours: list[Run] = []
            theirs: list[Run] = []
            for _ in range(rounds):
                ours.append(run([*ANALYZE, "--format", "text", str(path)]))
                theirs.append(run([python, "-c", "import sys; from httpolice.cli import main; main()", "-i", "har", str(path)]))
        if any(each.code not in (0, 1) for each in (*ours, *theirs)):
            raise SystemExit("One of the two could not read the HAR.")
        group = f"HAR of {what}, {count} entries, against HTTPolice 0.9.0"
        ratios = [one.cpu / other.cpu for one, other in zip(ours, theirs, strict=True)]
        figures += [
            figure(group, "CPU, corslens", "s", [each.cpu for each in ours]),
            figure(group, "CPU, HTTPolice", "s", [each.cpu for each in theirs]),
            figure(group, "CPU, corslens ÷ HTTPolice (0.04 is 25 times ahead)", "ratio", ratios, 0.04),
        ]
    return figures


def _environment() -> str:
    """Return the Python in which HTTPolice is installed; install it the first time."""
    python = _VENV / "bin" / "python"
    stamp = _VENV / "installed"
    lock = _LOCK.read_text(encoding="utf-8")
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != lock:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_VENV)], check=True)
        argv = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*argv, "--requirement", str(_LOCK)], check=True)
        stamp.write_text(lock, encoding="utf-8")
    return str(python)
