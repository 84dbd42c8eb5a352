"""Faults around a running proxy: traffic goes on, each fault is told once, what was written stays whole."""

import asyncio
import json
import os
import random
import signal
from pathlib import Path

import pytest
from mitmproxy import exceptions

from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.servers import Server, fixed
from tests.mitm.proxy import Proxy

CORS = (("Access-Control-Allow-Origin", "https://www.example"),)
ASK = (("Origin", "https://app.example"),)


async def ask(port: int, url: str) -> int:
    """Send a CORS request through the proxy and return the status, 0 when the connection ended without."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        host = url.split("/")[2]
        writer.write(f"GET {url} HTTP/1.1\r\nHost: {host}\r\nOrigin: https://app.example\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(15):
            line = await reader.readline()
        return int(line.split()[1]) if line else 0
    finally:
        writer.close()


def whole_lines(path: Path) -> list[dict[str, object]]:
    """Every line of the log that ends; all of them must be JSON."""
    data = path.read_bytes()
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


async def test_report_that_cannot_be_written_is_told_and_costs_nothing(tmp_path: Path) -> None:
    """The exit status of mitmdump stays that of the traffic."""
    report = tmp_path / "gone" / "report.html"
    report.parent.mkdir()
    async with Server({"/": fixed(200, CORS)}) as server, Mitm(options={"cors_report": str(report)}) as mitm:
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
    async with Server({"/": fixed(200, CORS)}) as server, Mitm(options={"cors_rules": str(rules)}) as mitm:
        await ask(mitm.port, server.url("/?1"))
        await mitm.until(lambda records: any("?1" in record["url"] for record in records))
        (rules / "quiet.yaml").unlink()
        rules.rmdir()
        for number in (2, 3):
            assert await ask(mitm.port, server.url(f"/?{number}")) == 200
        records = await mitm.until(lambda records: any("?3" in record["url"] for record in records))
    assert all(record["verdicts"]["chromium"]["reason"] == "acao-mismatch" for record in records)
    assert not any("Traceback" in line for line in mitm.lines)


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGKILL])
async def test_log_is_whole_lines_after_a_signal_in_the_middle_of_traffic(kill: signal.Signals, tmp_path: Path) -> None:
    """Up to the last whole line; with SIGTERM there is nothing behind it."""
    log = tmp_path / "cors.jsonl"
    async with Server({"/": fixed(200, CORS)}) as server, Mitm(options={"cors_log": str(log)}) as mitm:
        busy = [asyncio.create_task(ask(mitm.port, server.url(f"/?{number}"))) for number in range(40)]
        await mitm.until(lambda records: len(records) >= 5)
        os.kill(mitm.pid, kill)
        await asyncio.gather(*busy, return_exceptions=True)
        await mitm.wait(seconds=20)
    assert len(whole_lines(log)) >= 5
    if kill is signal.SIGTERM:
        assert log.read_bytes().endswith(b"\n")


async def test_two_proxies_may_share_one_log(tmp_path: Path) -> None:
    """Lines never mix, and both sessions are whole in it."""
    log = tmp_path / "cors.jsonl"
    options = {"cors_log": str(log)}
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
        assert not proxy.addon._faults


async def test_clock_that_jumps_back_loses_nothing(tmp_path: Path) -> None:
    """An hour back, then forth again: pairs are made, records written."""
    now = 1_790_000_000.0

    async with Server({"/": fixed(200, CORS)}) as server, Proxy(tmp_path, clock=lambda: now) as proxy:
        for jump in (0, -3600, 7200):
            now += jump
            assert (await proxy.send("GET", server.url(f"/?{jump}"), ASK)).status == 200
        await proxy.until(lambda: len(proxy.latest()) >= 3)
        assert not proxy.addon._faults
