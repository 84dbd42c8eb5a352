"""Offline: `corslens analyze` on HARs against json.load and orjson, on flow files against FlowReader and `mitmdump -nr`."""

import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from scripts.bench_suite import whole_pages
from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.processes import Run, run
from scripts.bench_suite.traffic import calls, session, simple, write_entries, write_har

_CORSLENS = (sys.executable, "-m", "corslens")
ANALYZE = (*_CORSLENS, "analyze", "--fail-on", "never")
_JSON = "import json,sys; json.load(open(sys.argv[1], encoding='utf-8'))"
_ORJSON = "import orjson,sys; orjson.loads(open(sys.argv[1], 'rb').read())"
_FLOW_READER = "import sys; from mitmproxy.io import FlowReader; [0 for _ in FlowReader(open(sys.argv[1], 'rb')).stream()]"
_MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; mitmdump(['-n', '-q', '-r', sys.argv[1]])"


def _python(code: str, path: Path) -> Sequence[str]:
    return (sys.executable, "-c", code, str(path))


def hars(rounds: int, sizes: Sequence[int]) -> list[Figure]:
    """Return throughput, ratio and peak memory for HARs of these sizes in MB."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for megabytes, pages in product(sizes, (True, False)):
            path = Path(folder) / f"{megabytes}.har"
            entries = write_har(path, megabytes, whole_pages.pages(megabytes) if pages else calls(megabytes))
            size = path.stat().st_size / 1e6
            ours: list[Run] = []
            plain: list[Run] = []
            fast: list[Run] = []
            for _ in range(rounds):
                ours.append(run([*ANALYZE, "--format", "text", str(path)]))
                plain.append(run(_python(_JSON, path)))
                fast.append(run(_python(_ORJSON, path)))
            what = "of whole pages" if pages else "of API calls"
            target = 2.0 if not pages else 1.0 if megabytes >= 100 else None
            group = f"analyze, HAR {what}, {size:.0f} MB, {entries} entries"
            figures += [
                figure(group, "CPU ÷ json.load", "ratio", [o.cpu / p.cpu for o, p in zip(ours, plain, strict=True)], target),
                figure(group, "CPU ÷ orjson.loads", "ratio", [o.cpu / f.cpu for o, f in zip(ours, fast, strict=True)]),
                figure(
                    group, "peak memory ÷ file", "ratio", [o.peak_mb / size for o in ours], 2.0 if megabytes >= 100 else None
                ),
                figure(group, "json.load's peak memory ÷ file", "ratio", [p.peak_mb / size for p in plain]),
                figure(group, "throughput", "MB/s", [size / o.wall for o in ours]),
                figure(group, "exchanges", "1/s", [entries / o.wall for o in ours]),
            ]
            path.unlink()
    return figures


def commands(rounds: int) -> list[Figure]:
    """Return what the commands cost that do next to nothing: the time until they begin. The first start, which compiles the rules, is left out.

    They run in a user's folder: in this repository's, whose pyproject.toml names corslens, that would be read as its settings, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.har"
        with path.open("w", encoding="utf-8") as out:
            write_entries(out, [(simple(1, 1_790_000_000.0), "")])
        wanted: dict[str, tuple[Sequence[str], float]] = {
            "analyze, one exchange": ((*ANALYZE, str(path)), 0.15),
            "--help": ((*_CORSLENS, "--help"), 0.25),
            "explain acao-missing": ((*_CORSLENS, "explain", "acao-missing"), 0.25),
            "rules list": ((*_CORSLENS, "rules", "list"), 0.25),
        }
        taken: dict[str, list[float]] = {name: [] for name in wanted}
        for argv, _ in wanted.values():
            run(argv, Path(folder))
        for _ in range(rounds):
            for name, (argv, _) in wanted.items():
                taken[name].append(run(argv, Path(folder)).cpu)
    return [figure("start-up of corslens", name, "s of CPU", taken[name], target) for name, (_, target) in wanted.items()]


def flows(rounds: int, count: int) -> list[Figure]:
    """Return throughput, ratios and peak memory for a flow file of `count` flows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.mitm"
        _write_flows(path, count)
        size = path.stat().st_size / 1e6
        runs: dict[str, list[Run]] = {"ours": [], "reader": [], "mitmdump": []}
        for _ in range(rounds):
            runs["ours"].append(run([*ANALYZE, "--format", "text", str(path)]))
            runs["reader"].append(run(_python(_FLOW_READER, path)))
            runs["mitmdump"].append(run(_python(_MITMDUMP, path)))
    group = f"analyze, flow file of {size:.0f} MB, {count} flows"
    return [
        figure(
            group,
            "CPU ÷ FlowReader alone",
            "ratio",
            [o.cpu / r.cpu for o, r in zip(runs["ours"], runs["reader"], strict=True)],
            1.3,
        ),
        figure(
            group,
            "CPU ÷ mitmdump -nr",
            "ratio",
            [o.cpu / m.cpu for o, m in zip(runs["ours"], runs["mitmdump"], strict=True)],
            0.5,
        ),
        figure(group, "peak memory", "MB", [o.peak_mb for o in runs["ours"]]),
        figure(group, "throughput", "MB/s", [size / o.wall for o in runs["ours"]]),
        figure(group, "exchanges", "1/s", [count / o.wall for o in runs["ours"]]),
    ]


def _write_flows(path: Path, count: int) -> None:
    from mitmproxy import http, io
    from mitmproxy.test import tflow

    with path.open("wb") as out:
        writer = io.FlowWriter(out)
        for exchange in session(count):
            assert exchange.response is not None
            flow = tflow.tflow(resp=True)
            flow.request = http.Request.make(
                exchange.request.method,
                exchange.request.url,
                b"",
                [(n.encode(), v.encode()) for n, v in exchange.request.headers.lines],
            )
            flow.response = http.Response.make(
                exchange.response.status, b"x" * 1500, [(n.encode(), v.encode()) for n, v in exchange.response.headers.lines]
            )
            flow.request.timestamp_start = flow.request.timestamp_end = exchange.request.time
            flow.response.timestamp_start = flow.response.timestamp_end = exchange.response.time
            writer.add(flow)
