"""What listening to the browser costs the proxy: CPU time a request of `corslens open`, with and without, run by turns.

    python -m tests.browser.bridge_overhead [--requests 1000] [--rounds 3]

The least of the rounds counts. The browser's own processes are not in it.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.browser.call_sites import Site

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, without its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def measured(site: Site, requests: int, *, listens: bool) -> float:
    """Return the CPU milliseconds a request of one run."""
    page = (
        f"<!doctype html><link rel=icon href=data:,><script>(async () => {{ await fetch('/begin'); let i = 0;"
        f" const one = async () => {{ while (i < {requests}) await fetch('{site.api}/burst/1/' + i++).then(r => r.text()).catch(() => 0) }};"
        " await Promise.all(Array.from({length: 8}, one)); await fetch('/done') })()</script>"
    )
    site.files["/overhead"] = ("text/html", page)
    site.begun.clear()
    site.done.clear()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "corslens", "open", "--browser", "chromium", "--headless", "--set", "cors_show=none",
        *([] if listens else ["--no-listen"]), f"{site.page}/overhead",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(300):
            await site.begun.wait()
            before = cpu_seconds(process.pid)
            await site.done.wait()
        return 1000 * (cpu_seconds(process.pid) - before) / requests
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def main(requests: int, rounds: int) -> None:
    """Measure by turns and print."""
    site = Site()
    await site.start()
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for listens in (False, True):
            found[listens].append(await measured(site, requests, listens=listens))
    await site.stop()
    without, with_ = (min(found[listens]) for listens in (False, True))
    print({"listening" if listens else "not": [round(one, 3) for one in each] for listens, each in found.items()})
    print(f"{without:.3f} ms a request without, {with_:.3f} with: {with_ / without - 1:+.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.browser.bridge_overhead")
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    asyncio.run(main(given.requests, given.rounds))
