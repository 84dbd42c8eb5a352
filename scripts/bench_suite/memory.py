"""Memory: a million exchanges from a million origins to a million endpoints, with every limit reached long before the end."""

import json
import subprocess
import sys
import tempfile

from scripts.bench_suite.figures import Figure, figure

_CODE = """
import asyncio, json, resource, sys
from itertools import islice
from scripts.bench_suite.chain import Chain
from scripts.bench_suite.crowd import crowd

async def main(total, report):
    settings = {"cors_patch": "~m GET", "cors_patch_origins": ["any"], "cors_patch_minutes": 0, "cors_report": report}
    # Every problem is new here, and printing a million would take longer than all the rest.
    async with Chain(cors_history=10_000, cors_show="none", **settings) as chain:
        exchanges, megabytes = crowd(total), []
        for tenth in range(10):
            await chain.send(islice(exchanges, total // 10))
            with open("/proc/self/statm") as statm:
                megabytes.append(int(statm.read().split()[1]) * resource.getpagesize() / 1e6)
        print(json.dumps({"mb": megabytes, "dropped": chain.addon.dropped()}))

asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
"""


def measure(count: int = 1_000_000) -> list[Figure]:
    """Return resident memory at each tenth of the way, and its growth over the second half."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _CODE, str(count), f"{folder}/report.json"]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(said.stdout)
    tenths = found["mb"]
    group = f"memory of the live chain, {count} exchanges"
    dropped = sum(found["dropped"].values())
    return [
        figure(group, "resident, at each tenth", "MB", tenths),
        figure(group, "last tenth ÷ fifth tenth", "ratio", [tenths[-1] / tenths[4]], 1.02),
        figure(group, "entries dropped by limits, and counted", "entries", [dropped]),
    ]
