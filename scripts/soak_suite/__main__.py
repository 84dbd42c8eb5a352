"""scripts/soak: run the traffic, then hold the log against the ledger."""

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from pathlib import Path

import click

from scripts.soak_suite.clients import Client, Ledger
from scripts.soak_suite.servers import Backend
from tests.browser.kit.mitmdump import Mitm, Setting

GROWTH = 1.10
"""How much larger the median of the last third of the memory samples may be than that of the middle third."""


def resident_mb(pid: int) -> float:
    """Return a process' resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def sample(pid: int, samples: list[float], until: float) -> None:
    """Note the memory every second."""
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        samples.append(resident_mb(pid))
        await asyncio.sleep(1)


def faults(ledger: Ledger, flows: dict[str, str], records: dict[str, dict[str, object]], samples: list[float]) -> list[str]:
    """Return everything that is wrong, a sentence each."""
    found = [f"no answer within the time: {what}" for what in ledger.unanswered[:10]]
    by_nonce = {nonce: flow for flow, nonce in flows.items()}
    missing = [nonce for nonce in ledger.sent if by_nonce.get(nonce) not in records]
    if missing:
        found.append(f"{len(missing)} exchanges have no record, for instance {missing[:5]}")
    wrong = []
    for actual, preflight in ledger.pairs.items():
        record = records.get(by_nonce.get(actual, ""))
        covering = record["preflight"] if record else None
        if not isinstance(covering, dict) or covering["id"] != by_nonce.get(preflight):
            wrong.append(actual)
    if wrong:
        found.append(f"{len(wrong)} of {len(ledger.pairs)} pairs are wrong, for instance {wrong[:5]}")
    if len(samples) >= 30:
        third = len(samples) // 3
        middle, last = statistics.median(samples[third : 2 * third]), statistics.median(samples[2 * third :])
        if last > middle * GROWTH:
            found.append(f"memory grew from {middle:.0f} MB to {last:.0f} MB")
    return found


async def soak(minutes: float, clients: int, seed: int) -> int:
    """Run it; return the exit code."""
    ledger = Ledger()
    samples: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        nonces = Path(folder) / "nonces.jsonl"
        options: dict[str, Setting] = {
            "cors_show": "none",
            "cors_history": 1000,
            "flow_detail": 0,
            "soak_nonces": str(nonces),
            "stream_large_bodies": "1k",
        }
        async with Backend() as backend, Mitm(options=options, scripts=[Path(__file__).with_name("nonces.py")]) as mitm:
            until = asyncio.get_running_loop().time() + minutes * 60
            browsers = [Client(mitm.port, backend.port, ledger, number, seed) for number in range(clients)]
            await asyncio.gather(sample(mitm.pid, samples, until), *(browser.run(until) for browser in browsers))
            flows = dict(json.loads(line) for line in nonces.read_text().splitlines())
            wanted = {flow for flow, nonce in flows.items() if nonce in ledger.sent}
            with contextlib.suppress(TimeoutError):  # what is missing is told below
                await mitm.until(lambda records: wanted <= {record["id"] for record in records}, seconds=30)
            records = {record["id"]: record for record in mitm.latest()}
            lines = [line for line in mitm.lines if "Internal error" in line or "Addon error" in line]
    found = faults(ledger, flows, records, samples) + lines[:5]
    memory = f"{min(samples):.0f} to {max(samples):.0f} MB" if samples else "not sampled"
    print(
        f"{len(ledger.sent)} requests, {len(ledger.pairs)} pairs, {ledger.abandoned} abandoned, {len(records)} records; "
        f"resident memory {memory}"
    )
    for fault in found:
        print(f"FAULT: {fault}")
    return 1 if found else 0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", default=5.0, show_default=True)
@click.option("--clients", default=12, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(minutes: float, clients: int, seed: int) -> None:
    """Soak mitmdump with the addon in mixed traffic, and hold its log against what was sent."""
    sys.exit(asyncio.run(soak(minutes, clients, seed)))


if __name__ == "__main__":
    main()
