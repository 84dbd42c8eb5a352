"""The live page shows and commands the addon that runs."""

import json
from pathlib import Path

import pytest
from corslens.mitm.addon import CorsLens
from corslens.mitm.live.session_adapter import LiveSession
from corslens.report.formats.registry import ENDINGS
from corslens.report.page.live_feed import changes

from tests.browser.kit.servers import Server, fixed
from tests.make import PAGE
from tests.mitm.proxy import Proxy


def test_before_the_addon_runs_there_is_nothing() -> None:
    """An early question is no fault."""
    session = LiveSession(CorsLens())
    assert (session.find("x"), list(session.recent()), len(session.rules)) == (None, [], 0)
    assert not session.patch_state().on


async def test_it_switches_the_addons_patch_mode(confdir: Path) -> None:
    """As the commands do, with the same time limit; a bad filter is a ValueError that names the option."""
    now = [1_000.0]
    async with Proxy(confdir, clock=lambda: now[0], cors_patch_minutes=5) as proxy:
        session = LiveSession(proxy.addon)
        session.switch_patching("~d api.test")
        state = session.patch_state()
        assert (state.on, state.scope, state.seconds_left) == (True, "~d api.test", 300)
        assert proxy.addon.patching.on
        with pytest.raises(ValueError, match="cors_patch"):
            session.switch_patching("~bad(")
        assert session.patch_state().scope == "~d api.test"
        now[0] += 301
        assert not session.patch_state().on
        session.switch_patching("")
        assert not proxy.addon.patching.on


async def test_every_format_of_a_report_is_offered(confdir: Path) -> None:
    """And holds what is remembered."""
    async with Server({"/data": fixed(200)}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/data"), [("Origin", PAGE)])
        await proxy.until(lambda: proxy.inspections)
        session = LiveSession(proxy.addon)
        exports = session.exports()
        assert {f".{name}" for name in exports} == set(ENDINGS)
        for export in exports.values():
            assert b"/data" in export.begin()()
        assert json.loads(exports["jsonl"].begin()().splitlines()[0])["url"] == api.url("/data")


async def test_the_page_follows_the_traffic_and_is_cleared_with_it(confdir: Path) -> None:
    """A flow is counted once it is over; cors.clear takes it out."""
    async with Server({"/data": fixed(200)}) as api, Proxy(confdir) as proxy:
        await proxy.send("GET", api.url("/data"), [("Origin", PAGE)])
        await proxy.until(lambda: proxy.inspections)
        assert changes(proxy.addon.summary)["counts"]["blocked"] == 1
        proxy.addon.clear()
        assert changes(proxy.addon.summary)["counts"] == {}
