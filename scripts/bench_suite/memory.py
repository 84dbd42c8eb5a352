"""Memory: a million exchanges from a million origins to a million endpoints, with every limit reached long before the end."""

import json
import subprocess
import sys

from bench_suite.figures import Figure, figure

_CODE = """
import json, resource, sys
from bench_suite.crowd import crowd
from corslens.inspector import Inspector
from corslens.lint.loader import load_rules

inspector = Inspector(rules=load_rules(), history=10_000)
peaks = []
total = int(sys.argv[1])
for number, exchange in enumerate(crowd(total), 1):
    inspector.inspect(exchange)
    if number % (total // 10) == 0:
        with open("/proc/self/statm") as statm:
            peaks.append(int(statm.read().split()[1]) * resource.getpagesize() / 1e6)
print(json.dumps({"mb": peaks, "dropped": dict(inspector.dropped())}))
"""


def measure(count: int = 1_000_000) -> list[Figure]:
    """Return resident memory at each tenth of the way, and its growth over the second half."""
    said = subprocess.run([sys.executable, "-c", _CODE, str(count)], capture_output=True, text=True, check=True)
    found = json.loads(said.stdout)
    tenths = found["mb"]
    group = f"memory, {count} exchanges"
    dropped = sum(found["dropped"].values())
    return [
        figure(group, "resident, at each tenth", "MB", tenths),
        figure(group, "last tenth ÷ fifth tenth", "ratio", [tenths[-1] / tenths[4]], 1.02),
        figure(group, "entries dropped by limits, and counted", "entries", [dropped]),
    ]
