"""Live: requests a second, CPU a request and latency through mitmdump, bare and with the addon.

Beside them modify_headers, and an addon that does nothing: that is what any addon costs at least.

The proxies run in reverse mode, so that wrk (HTTP/1) and h2load (HTTP/2) of Debian's packages can drive them.
All of them run at once and are loaded in turn, so that a slow moment of the machine meets each alike.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.processes import cpu_seconds, server

_ROOT = Path(__file__).parents[2]
_ADDON = _ROOT / "addon" / "cors.py"
_CORS = {"Origin": "https://app.example", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"}
_PLAIN = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "script"}
_ASKED = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
_UA = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"}


class Load(Struct, frozen=True, kw_only=True):
    """One kind of traffic."""

    name: str
    requests: tuple[tuple[str, Mapping[str, str]], ...]
    """Method and headers, sent in turn (HTTP/2: the first alone)."""
    target: float


LOADS = (
    Load(name="no CORS", requests=(("GET", {**_UA, **_PLAIN}),), target=1.01),
    Load(name="simple CORS", requests=(("GET", {**_UA, **_CORS}),), target=1.10),
    Load(
        name="preflight pairs",
        requests=(("OPTIONS", {**_UA, **_CORS, **_ASKED}), ("PUT", {**_UA, **_CORS, "Content-Type": "application/json"})),
        target=1.10,
    ),
)


class TooShortError(SystemExit):
    """No request was made in the time of a run."""


class Sample(Struct, frozen=True, kw_only=True):
    """One run of a load generator against one proxy."""

    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float


def _lua(load: Load) -> str:
    requests = ",\n".join(
        f'wrk.format("{method}", "/items/1", {{{", ".join(f"""["{name}"]=[[{value}]]""" for name, value in headers.items())}}})'
        for method, headers in load.requests
    )
    return f"""
local made, turn = nil, 0
function request()
  if not made then made = {{{requests}}} end
  turn = turn + 1
  return made[turn % #made + 1]
end
function done(summary, latency, requests)
  io.write(string.format("DONE %d %d %f %f\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""


def _wrk(load: Load, port: int, connections: int, seconds: int, folder: Path) -> tuple[int, float, float, float]:
    script = folder / "load.lua"
    script.write_text(_lua(load))
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/items/1"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.search(r"DONE (\d+) (\d+) ([\d.]+) ([\d.]+)", said)
    if found is None:
        raise SystemExit(f"wrk said: {said}")
    return int(found[1]), int(found[2]) / 1e6, float(found[3]) / 1000, float(found[4]) / 1000


def _h2load(load: Load, port: int, connections: int, seconds: int, folder: Path) -> tuple[int, float, float, float]:
    method, headers = load.requests[0]
    log = folder / "h2load.log"
    log.unlink(missing_ok=True)
    argv = ["h2load", "-t1", f"-c{connections}", "-m4", f"-D{seconds}", f"--log-file={log}", "-H", f":method: {method}"]
    for name, value in headers.items():
        argv += ["-H", f"{name.lower()}: {value}"]
    subprocess.run([*argv, f"https://127.0.0.1:{port}/items/1"], capture_output=True, text=True, check=True)
    micros = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    if not micros:
        raise TooShortError(f"h2load made no request in {seconds} s")
    p99 = micros[min(len(micros) - 1, len(micros) * 99 // 100)]
    return len(micros), float(seconds), statistics.median(micros) / 1000, p99 / 1000


def _warm_up(load: Load, port: int, connections: int, http2: bool, folder: Path) -> None:
    """Load a proxy until it responds: fifty TLS handshakes can take a slow machine more than a second."""
    for seconds in (1, 3, 9):
        try:
            (_h2load if http2 else _wrk)(load, port, connections, seconds, folder)
        except TooShortError:
            continue
        return


def _sample(load: Load, pid: int, port: int, connections: int, http2: bool, seconds: int, folder: Path) -> Sample:
    before = cpu_seconds(pid)
    generate = _h2load if http2 else _wrk
    count, taken, p50, p99 = generate(load, port, connections, seconds, folder)
    return Sample(per_second=count / taken, cpu_us=(cpu_seconds(pid) - before) / count * 1e6, p50_ms=p50, p99_ms=p99)


def measure(rounds: int, seconds: int) -> list[Figure]:
    """Return the live figures; none when a load generator is missing, which is said."""
    missing = [tool for tool in ("wrk", "h2load") if shutil.which(tool) is None]
    if missing:
        print(
            f"Left out: live figures, because {' and '.join(missing)} is missing (Debian: wrk, nghttp2-client).",
            file=sys.stderr,
        )
        return []
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, upstream, _ = stack.enter_context(
            server([sys.executable, str(Path(__file__).with_name("upstream.py"))], r"ready (\d+)")
        )
        variants: dict[str, Sequence[str]] = {
            "bare": (),
            "addon": ("-s", str(_ADDON), "--set", "cors_show=none"),
            "empty addon": ("-s", str(_empty_addon(folder))),
            "modify_headers": ("--modify-headers", "/~s/Access-Control-Allow-Origin/*"),
        }
        proxies = {name: stack.enter_context(_mitmdump(upstream, folder, extra)) for name, extra in variants.items()}
        for http2 in (False, True):
            for load in LOADS:
                for connections in (1, 50):
                    samples: dict[str, list[Sample]] = {name: [] for name in proxies}
                    for _, port, _ in proxies.values():
                        _warm_up(load, port, connections, http2, folder)
                    for _ in range(rounds):
                        for name, (pid, port, _) in proxies.items():
                            samples[name].append(_sample(load, pid, port, connections, http2, seconds, folder))
                    figures += _compare(load, connections, "HTTP/2" if http2 else "HTTP/1", samples)
    return figures


def _empty_addon(folder: Path) -> Path:
    """Write an addon with the hooks that ours has, and nothing in them."""
    script = folder / "empty.py"
    hooks = ("requestheaders", "request", "responseheaders", "response")
    script.write_text(
        "class Empty:\n" + "".join(f"    def {hook}(self, flow): pass\n" for hook in hooks) + "addons = [Empty()]\n"
    )
    return script


def _mitmdump(upstream: int, folder: Path, extra: Sequence[str]):  # type: ignore[no-untyped-def]  # a context manager, see server
    code = "from mitmproxy.tools.main import mitmdump; mitmdump()"
    argv = [
        sys.executable,
        "-u",
        "-c",
        code,
        "--mode",
        f"reverse:http://127.0.0.1:{upstream}",
        "--listen-host",
        "127.0.0.1",
        "-p",
        "0",
    ]
    argv += ["--set", f"confdir={folder}", "--set", "flow_detail=0", *extra]
    return server(argv, r"listening at \S*?:(\d+)\.?\s*$")


def _compare(load: Load, connections: int, version: str, samples: Mapping[str, Sequence[Sample]]) -> list[Figure]:
    group = f"live, {version}, {load.name}, {connections} connection{'s' * (connections > 1)}"
    bare, ours = samples["bare"], samples["addon"]
    figures = [
        figure(
            group,
            "CPU a request, addon ÷ bare",
            "ratio",
            [o.cpu_us / b.cpu_us for o, b in zip(ours, bare, strict=True)],
            load.target,
        ),
        *(
            figure(
                group,
                f"CPU a request, {other} ÷ bare",
                "ratio",
                [o.cpu_us / b.cpu_us for o, b in zip(samples[other], bare, strict=True)],
            )
            for other in ("empty addon", "modify_headers")
        ),
        figure(group, "added latency, p50", "ms", [o.p50_ms - b.p50_ms for o, b in zip(ours, bare, strict=True)]),
        figure(
            group,
            "added latency, p99",
            "ms",
            [o.p99_ms - b.p99_ms for o, b in zip(ours, bare, strict=True)],
            1.0 if connections == 1 else None,
        ),
    ]
    for name, each in samples.items():
        figures.append(figure(group, f"requests, {name}", "1/s", [sample.per_second for sample in each]))
        figures.append(figure(group, f"CPU a request, {name}", "µs", [sample.cpu_us for sample in each]))
    return figures


def startup(rounds: int) -> list[Figure]:
    """Return the CPU time that mitmdump takes until it listens, with and without the addon."""
    with tempfile.TemporaryDirectory() as folder:
        taken: dict[str, list[float]] = {"bare": [], "addon": []}
        for _ in range(rounds + 1):
            for name, extra in {"bare": (), "addon": ("-s", str(_ADDON))}.items():
                with _mitmdump(9, Path(folder), extra) as (pid, _, _):
                    taken[name].append(cpu_seconds(pid))
    group = "start-up of mitmdump"
    pairs = list(zip(taken["addon"][1:], taken["bare"][1:], strict=True))  # the first of each makes the CA
    return [
        figure(group, "without the addon", "s of CPU", [bare for _, bare in pairs]),
        figure(group, "with the addon", "s of CPU", [ours for ours, _ in pairs]),
        figure(group, "added", "s of CPU", [ours - bare for ours, bare in pairs]),
    ]
