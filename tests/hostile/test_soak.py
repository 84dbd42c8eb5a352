"""A short soak in every test run; scripts/soak runs it for as long as asked."""

import os
import subprocess
import sys
from pathlib import Path

from tests.deadline import DEADLINE_SECONDS

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_lost_or_paired_wrongly_under_concurrency() -> None:
    """Every exchange has its record, every pair is right, nothing waits in vain."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("scripts", "addon", "."))
    done = subprocess.run(
        [sys.executable, "-m", "scripts.soak_suite", "--minutes", "0.1", "--clients", "6"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split(", ")[1].split()[0]) > 5, done.stdout
