"""Faults around a running proxy: traffic goes on, each fault is told once, what was written stays whole."""

import asyncio
import json
import os
import random
import resource
import signal
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
from corslens.observation.observation import Followed
from mitmproxy import exceptions

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.crowd import crowd
from tests.browser.kit.mitmdump import POLL_SECONDS, Mitm
from tests.browser.kit.servers import Server, fixed
from tests.deadline import DEADLINE_SECONDS
from tests.mitm.proxy import Proxy

CORS = (("Access-Control-Allow-Origin", "https://www.example"),)
ASK = (("Origin", "https://app.example"),)


async def ask(port: int, url: str) -> int:
    """Send a CORS request through the proxy and return the status, 0 when the connection ended without."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        host = url.split("/")[2]
        writer.write(f"GET {url} HTTP/1.1\r\nHost: {host}\r\nOrigin: https://app.example\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = await reader.readline()
        return int(line.split()[1]) if line else 0
    finally:
        writer.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a file is to hold."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(POLL_SECONDS)


def whole_lines(path: Path) -> list[dict[str, object]]:
    """Every line of the log that ends; all of them must be JSON."""
    data = path.read_bytes()
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


async def test_report_that_cannot_be_written_is_told_and_costs_nothing(tmp_path: Path) -> None:
    """The exit status of mitmdump stays that of the traffic."""
    report = tmp_path / "gone" / "report.html"
    report.parent.mkdir()
    async with (
        Server({"/": fixed(200, CORS)}) as server,
        Mitm(options={"cors_show_values": "true", "cors_report": str(report)}) as mitm,
    ):
        assert await ask(mitm.port, server.url("/")) == 200
        report.parent.rmdir()
        await mitm.stop()
        told = [line for line in mitm.lines if "cors_report" in line]
        assert len(told) == 1
        assert str(report) in told[0]


async def test_rules_folder_that_is_deleted_leaves_the_last_good_rules(tmp_path: Path) -> None:
    """It is told once, and findings go on."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "quiet.yaml").write_text(
        "overrides:\n  - rule: acao-mismatch\n    severity: warning\n    because: it is known\n", encoding="utf-8"
    )
    async with (
        Server({"/": fixed(200, CORS)}) as server,
        Mitm(options={"cors_show_values": "true", "cors_rules": str(rules)}) as mitm,
    ):
        await ask(mitm.port, server.url("/?1"))
        await mitm.until(lambda records: any("?1" in record["url"] for record in records))
        (rules / "quiet.yaml").unlink()
        rules.rmdir()
        await mitm.line("the previous rules stay in force")
        for number in (2, 3):
            assert await ask(mitm.port, server.url(f"/?{number}")) == 200
        records = await mitm.until(lambda records: any("?3" in record["url"] for record in records))
    assert all(record["verdicts"]["chromium"]["reason"] == "acao-mismatch" for record in records)
    assert not any("Traceback" in line for line in mitm.lines)
    assert len([line for line in mitm.lines if "the previous rules stay in force" in line]) == 1


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets one process limit another")
async def test_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    """The log ends in half a line then, which is completed when there is room again; what was lost in between is counted."""
    log, report = tmp_path / "cors.jsonl", tmp_path / "report.html"
    report.write_text("that of yesterday")
    options = {"cors_show_values": "true", "cors_log": str(log), "cors_report": str(report)}
    async with Server({"/": fixed(200, CORS)}) as server, Mitm(options=options) as mitm:
        assert await ask(mitm.port, server.url("/?0")) == 200
        await mitm.until(lambda records: len(records) == 1)
        room = log.stat().st_size + 100
        resource.prlimit(mitm.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        assert await ask(mitm.port, server.url("/?1")) == 200
        await mitm.line("only part of a line")
        assert await ask(mitm.port, server.url("/?2")) == 200
        await mitm.line("File too large")
        assert log.stat().st_size == room
        assert len(whole_lines(log)) == 1
        resource.prlimit(mitm.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert await ask(mitm.port, server.url("/?3")) == 200
        await mitm.until(lambda records: len(records) == 3)
        resource.prlimit(mitm.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        await mitm.stop()
    assert [record["url"] for record in whole_lines(log)] == [server.url(f"/?{number}") for number in (0, 1, 3)]
    assert log.read_bytes().endswith(b"\n")
    told = [line.partition(f"{log}: ")[2] for line in mitm.lines if "cors_log" in line]
    assert told == [
        "only part of a line could be written (is the disk full?); records are being lost",
        "File too large; records are being lost",
        "1 record was lost in all.",
    ]
    assert report.read_text() == "that of yesterday"
    assert len([line for line in mitm.lines if "cors_report" in line and "File too large" in line]) == 1
    assert list(tmp_path.iterdir()) in ([log, report], [report, log])


async def test_log_that_is_removed_is_begun_anew(tmp_path: Path) -> None:
    """Every record is in the old file or in the new one, and it is told once."""
    log = tmp_path / "cors.jsonl"
    async with (
        Server({"/": fixed(200, CORS)}) as server,
        Mitm(options={"cors_show_values": "true", "cors_log": str(log)}) as mitm,
    ):
        urls = [server.url(f"/?{number}") for number in range(6)]
        found = []
        for number, url in enumerate(urls):
            if number in (2, 4):
                found += whole_lines(log)
                log.unlink()
            assert await ask(mitm.port, url) == 200
            await until(lambda url=url: log.exists() and url in log.read_text())
        found += whole_lines(log)
    assert [record["url"] for record in found] == urls
    assert len([line for line in mitm.lines if "it was removed" in line]) == 1


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGKILL])
async def test_log_is_whole_lines_after_a_signal_in_the_middle_of_traffic(kill: signal.Signals, tmp_path: Path) -> None:
    """Up to the last whole line; with SIGTERM there is nothing behind it."""
    log = tmp_path / "cors.jsonl"
    async with (
        Server({"/": fixed(200, CORS)}) as server,
        Mitm(options={"cors_show_values": "true", "cors_log": str(log)}) as mitm,
    ):
        busy = [asyncio.create_task(ask(mitm.port, server.url(f"/?{number}"))) for number in range(40)]
        await mitm.until(lambda records: len(records) >= 5)
        os.kill(mitm.pid, kill)
        await asyncio.gather(*busy, return_exceptions=True)
        await mitm.wait()
    assert len(whole_lines(log)) >= 5
    if kill is signal.SIGTERM:
        assert log.read_bytes().endswith(b"\n")


async def test_two_proxies_may_share_one_log(tmp_path: Path) -> None:
    """Lines never mix, and both sessions are whole in it."""
    log = tmp_path / "cors.jsonl"
    options = {"cors_show_values": "true", "cors_log": str(log)}
    async with Server({"/": fixed(200, CORS)}) as server, Mitm(options=options) as one, Mitm(options=options) as other:
        urls = [server.url(f"/?{number}") for number in range(60)]
        await asyncio.gather(*(ask((one, other)[number % 2].port, url) for number, url in enumerate(urls)))
        await one.until(lambda records: {record["url"] for record in records} >= set(urls))
    assert len({record["id"] for record in whole_lines(log)}) == 60


GOOD = {
    "cors_scope": ["", "~all", "~m GET"],
    "cors_engine": ["auto", "firefox", "all"],
    "cors_show": ["problems", "cors", "none"],
    "cors_history": [1, 50, 10_000],
    "cors_patch": ["", "~all"],
    "cors_patch_origins": [["loopback"], ["any"], ["https://app.example"]],
    "cors_patch_preflight": ["fix", "answer"],
    "cors_patch_minutes": [0, 60],
    "cors_patch_dry_run": [True, False],
    "cors_fail_on": ["never", "error"],
}
BAD = {
    "cors_scope": "~~",
    "cors_engine": "netscape",
    "cors_show": "all of it",
    "cors_history": 0,
    "cors_patch": "~nope x",
    "cors_patch_origins": ["https://a.example/path"],
    "cors_patch_preflight": "maybe",
    "cors_patch_minutes": -1,
    "cors_rules": ["/nowhere/at/all.yaml"],
    "cors_report": "report.docx",
}


@pytest.mark.parametrize("seed", range(6))
async def test_options_may_be_changed_in_any_order_while_traffic_runs(seed: int, tmp_path: Path) -> None:
    """A good value takes effect, a bad one is refused by name and changes nothing; every request is answered."""
    order = random.Random(seed)
    async with Server({"/": fixed(200, CORS)}) as server, Proxy(tmp_path) as proxy:
        for number in range(25):
            name = order.choice(list(GOOD))
            proxy.master.options.update(**{name: order.choice(GOOD[name])})
            if number % 3 == 0:
                bad = order.choice(list(BAD))
                before = getattr(proxy.master.options, bad)
                with pytest.raises(exceptions.OptionsError, match=bad):
                    proxy.master.options.update(**{bad: BAD[bad]})
                assert getattr(proxy.master.options, bad) == before
            answer = await proxy.send("GET", server.url(f"/?{seed}-{number}"), ASK)
            assert answer.status == 200
        assert not proxy.addon.faults


async def test_options_may_be_set_in_every_order(tmp_path: Path) -> None:
    """Of these, in all their orders, with an exchange after each: whatever was seen while a log was set is in one."""
    changes = (
        {"cors_log": "one.jsonl"},
        {"cors_log": "other.jsonl"},
        {"cors_report": "report.json"},
        {"cors_history": 2},
        {"cors_patch": "~all", "cors_patch_origins": ["any"], "cors_engine": "all", "cors_scope": "~all"},
    )
    none = {
        "cors_log": "", "cors_report": "", "cors_history": 100, "cors_patch": "", "cors_patch_origins": ["loopback"], "cors_engine": "auto",
        "cors_scope": "", "cors_show_values": True,
    }  # fmt: skip
    exchanges = crowd(5 * 120)
    async with Chain(odd=False, cors_show="none") as chain:
        for order in permutations(changes):
            chain.set(**none)
            one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
            expected = set()
            for change in order:
                files = {name: str(tmp_path / value) for name, value in change.items() if name in ("cors_log", "cors_report")}
                chain.set(**change | files)
                exchange = next(exchanges)
                await chain.send([exchange])
                if chain.addon.settings is not None and chain.addon.settings.log is not None:
                    expected.add(exchange.request.url)
            assert chain.addon.summary is not None  # which brings the outputs up to date
            written = {record["url"] for log in (one, other) for record in whole_lines(log)}
            assert written >= expected, order
            one.unlink()
            other.unlink()
        assert not chain.addon.faults
    assert json.loads((tmp_path / "report.json").read_text())["summary"]["exchanges"] >= 1


async def test_clock_that_jumps_back_loses_nothing(tmp_path: Path) -> None:
    """An hour back, then forth again: pairs are made, records written."""
    now = 1_790_000_000.0

    async with Server({"/": fixed(200, CORS)}) as server, Proxy(tmp_path, clock=lambda: now) as proxy:
        for jump in (0, -3600, 7200):
            now += jump
            assert (await proxy.send("GET", server.url(f"/?{jump}"), ASK)).status == 200
        await proxy.until(lambda: len(proxy.latest()) >= 3)
        assert not proxy.addon.faults


async def test_clock_that_jumps_back_settles_what_waited_for_it(tmp_path: Path) -> None:
    """A preflight that nobody followed would be told of an hour late, and patching would last an hour longer. It is told once."""
    now = 1_790_000_000.0
    asked = [*ASK, ("Access-Control-Request-Method", "PUT")]
    async with Server({"/": fixed(204, CORS)}) as server, Proxy(tmp_path, clock=lambda: now, cors_patch="~m PUT") as proxy:
        left = proxy.addon.patching.seconds_left
        await proxy.send("OPTIONS", server.url("/"), asked)
        now -= 3600
        for _ in range(3):
            proxy.addon.on_tick()
        (preflight,) = proxy.latest().values()
        assert preflight.observation.followed is Followed.UNKNOWN
        assert proxy.addon.patching.seconds_left == left


async def test_clock_that_jumps_back_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And one that is only kept right, not at all."""
    now = 1_790_000_000.0
    async with Proxy(tmp_path, clock=lambda: now) as proxy:
        for step in (-0.5, 1, -3600, 1, 1):
            now += step
            proxy.addon.on_tick()
    assert [record.getMessage() for record in caplog.records if "the clock" in record.getMessage()] == [
        "corslens: the clock went back by 3600 seconds; pending exchanges are settled now."
    ]
