"""Run the real products and look at how they are recognized: `python -m tests.servers.products [--record] [NAME...]`.

A page asks each of them through a real mitmdump with the addon; the heads that came, and our first sentence for each, go to recorded.jsonl
with --record, against which tests/lint/test_recorded_products.py holds the marks ever after.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from corslens.analysis import AnalysisSettings, collect
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.lint.rules.loader import bundled_products, load_rules
from msgspec import Struct

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm, Record
from tests.browser.kit.processes import ProgramEndedError
from tests.browser.kit.servers import Server, fixed
from tests.servers.conftest import free_ports
from tests.servers.products.program import RealProgram
from tests.servers.products.recorded import RECORDED, Recorded, differences, read, write
from tests.servers.products.table import PROGRAMS
from tests.servers.trial import upstream_app

FLOW_WRITER = Path(__file__).parents[1] / "flow_writer.py"
_ASKED = ("origin", "access-control-request-", "mcp-")
ASK = """(async () => {
  for (const [url, init] of [%s]) {
    try { await (await fetch(url, init)).text(); } catch (error) {}
  }
})()"""


async def main(arguments: list[str]) -> int:
    """Run the programs named, or all."""
    names = [argument for argument in arguments if not argument.startswith("--")]
    if unknown := set(names) - {program.id for program in PROGRAMS}:
        print(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(program.id for program in PROGRAMS)}", file=sys.stderr)
        return 2
    chosen = [program for program in PROGRAMS if not names or program.id in names]
    kept: dict[str, list[Recorded]] = {}
    for one in read() if RECORDED.exists() else ():
        kept.setdefault(one.program, []).append(one)
    failed = 0
    async with _world(chosen) as world:
        for program in chosen:
            if lacking := program.missing():
                print(f"{program.id}: not run, {lacking} is not here", flush=True)
                continue
            try:
                recorded = await _run(program, world)
            except (ProgramEndedError, TimeoutError, OSError) as error:
                print(f"{program.id}: FAILED: {error}", flush=True)
                failed += 1
                continue
            if not recorded:
                print(f"{program.id}: FAILED: no response came", flush=True)
                failed += 1
                continue
            _print(recorded, heads="--heads" in arguments)
            for difference in differences(program, recorded, kept.get(program.id, ())):
                failed += 1
                print(f"  WRONG {difference}", flush=True)
            kept[program.id] = recorded
    if "--record" in arguments:
        write([one for program in PROGRAMS for one in kept.get(program.id, ())])
    return 1 if failed else 0


def _print(recorded: list[Recorded], *, heads: bool) -> None:
    print(f"\n{recorded[0].program} {recorded[0].version}")
    for one in recorded:
        print(
            f"  {one.probe:18} {one.status} {'+'.join(one.products) or '-'} | {'+'.join(one.own) or '-'} | {one.first}",
            flush=True,
        )
        if heads:
            print("     ", "; ".join(f"{name}: {value[:80]}" for name, value in one.response), flush=True)


class World(Struct, frozen=True, kw_only=True):
    """What all programs share."""

    folder: Path
    mitm: Mitm
    chromium: Chromium
    flows: Path
    ports: dict[str, int]
    upstream: int
    dead: int


@asynccontextmanager
async def _world(programs: list[RealProgram]) -> AsyncIterator[World]:
    *ports, dead = free_ports(len(programs) + 1)
    by_id = {program.id: port for program, port in zip(programs, ports, strict=True)}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="corslens-products-")))
        pages = await stack.enter_async_context(Server(default=fixed(200, {"Content-Type": "text/html"}, "<!doctype html>")))
        upstream = await stack.enter_async_context(Server(default=upstream_app))
        flows = folder / "flows.mitm"
        mitm = await stack.enter_async_context(
            Mitm(
                options={"flow_writer_file": str(flows), "cors_show_values": True},
                routes={"*": (pages.port, pages.port), **{program.asked_at: (by_id[program.id],) * 2 for program in programs}},
                scripts=[FLOW_WRITER],
            )
        )
        chromium = await stack.enter_async_context(Chromium(proxy=mitm.address))
        yield World(folder=folder, mitm=mitm, chromium=chromium, flows=flows, ports=by_id, upstream=upstream.port, dead=dead)


async def _run(program: RealProgram, world: World) -> list[Recorded]:
    asked = [[f"http://{program.asked_at}{probe.path}", probe.init] for probe in program.asked.values()]
    start = world.flows.stat().st_size if world.flows.exists() else 0
    async with program.running(world.folder / program.id, world.ports[program.id], world.upstream, world.dead):
        page = await world.chromium.page()
        await page.goto(f"http://app.{program.id}.test/")
        await page.evaluate(ASK % ", ".join(f"[{json.dumps(url)}, {init}]" for url, init in asked), seconds=120.0)
        records = await world.mitm.until(lambda found: sum(1 for one in found if program.asked_at in one["url"]) >= len(asked))
        await page.close()
    part = world.folder / f"{program.id}.mitm"
    part.write_bytes(world.flows.read_bytes()[start:])
    return list(_recorded(program, await program.version(), part, records))


def _recorded(program: RealProgram, version: str, flows: Path, records: list[Record]) -> Iterator[Recorded]:
    probes = {probe.path: name for name, probe in program.asked.items()}
    found: dict[str, tuple[Inspection, Diagnosis]] = {}
    collect(
        str(flows), "x", AnalysisSettings(rules=load_rules()), SessionSummary(),
        [lambda inspection, diagnosis: found.__setitem__(inspection.id, (inspection, diagnosis))], every=True,
    )  # fmt: skip
    catalog = bundled_products()
    seen = set()
    for inspection, _ in found.values():
        exchange = inspection.observation.exchange
        request, response = exchange.request, exchange.response
        parts = urlsplit(request.url)
        name = probes.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        if response is None or name is None or parts.hostname != program.asked_at:
            continue
        name += " preflight" if request.method == "OPTIONS" else ""
        if name in seen:
            continue
        seen.add(name)
        url = request.url if len(request.url) < 200 else f"{request.url[:60]}…"
        yield Recorded(
            program=program.id,
            version=version,
            probe=name,
            method=request.method,
            url=url,
            request=[[line, value] for line, value in request.headers.lines if line.lower().startswith(_ASKED)],
            status=response.status,
            response=[[line, value] for line, value in response.headers.lines],
            products=[product.id for product in catalog.of(request, response)],
            own=[own.id for _, own in catalog.own_responses(request, response)],
            first=_first(records, request.url, request.method),
        )


def _first(records: list[Record], url: str, method: str) -> str:
    """Return the title of what corslens names as the cause of the page request."""
    for record in records:
        if record["url"] == url and record["method"] == method:
            cause = record["page_request"]["cause"]
            same = [one for one in records if one["page_request"]["id"] == record["page_request"]["id"]]
            return next(
                (str(finding["title"]) for one in same for finding in one["findings"] if finding["rule"] == cause),
                str(cause or ""),
            )
    return ""


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
