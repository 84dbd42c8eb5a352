"""scripts/demo where there is no browser: a recorded Chromium's requests, sent again over real sockets through a real mitmdump."""

import os
import sys
from pathlib import Path

import pytest
from msgspec import structs

from scripts.demo_shop.recording import Recorder, RecordingError, Replay, load
from scripts.demo_shop.run import visit
from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from tests.browser.kit.mitmdump import Mitm, Setting
from tests.browser.kit.processes import Program

pytestmark = pytest.mark.slow  # starts programs

ROOT = Path(__file__).resolve().parents[1]
PATCHING: dict[str, Setting] = {"cors_patch": "~all", "cors_patch_origins": ["loopback", "null"]}


@pytest.mark.parametrize("patch", [False, True], ids=["plain", "patched"])
async def test_what_is_sent_is_what_was_recorded(patch: bool) -> None:
    """Every header line, in its order and case, every body, over as many connections: recorded again, it is the same recording."""
    recording = load()
    walk = recording.patched if patch else recording.plain
    options = PATCHING if patch else {}
    async with Shop() as shop, Mitm(options=options, routes=ROUTES) as mitm, Recorder(mitm.address) as recorder:
        starts = await Replay(recorder.address, walk, shop.places).send()
        again = recorder.walk(shop.places, starts)
    assert len(starts) == len(OFFERS)
    assert again == walk


def test_the_recording_holds_what_only_a_browser_does() -> None:
    """A preflight that was not followed by its request, one that was and was then reused, a cookie sent back, several connections."""
    recording = load()
    lines = {
        name: [one.head[0].split(" HTTP")[0] for one in walk.messages]
        for name, walk in structs.asdict(recording).items()
        if name != "browser"
    }
    assert "OPTIONS http://{api}/stock" in lines["plain"]
    assert "PUT http://{api}/stock" not in lines["plain"]
    assert "PUT http://{api}/stock" in lines["patched"]
    assert lines["plain"].count("OPTIONS http://{api}/order") == 1
    assert lines["plain"].count("POST http://{api}/order") == 2
    assert len({one.connection for one in recording.plain.messages}) > 2


async def test_it_shows_every_problem_and_says_that_no_browser_was_there() -> None:
    environment = {
        **os.environ, "CORSLENS_CHROMIUM": "no-such-browser", "COLUMNS": "80", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'addon'}",
    }  # fmt: skip
    async with Program([sys.executable, "-m", "scripts.demo_shop"], env=environment, cwd=ROOT) as demo:
        assert await demo.wait() == 0, "\n".join(demo.lines)
    first = demo.lines[0]
    assert first.startswith("No Chromium was found")
    assert load().browser in first and "corslens' own" in first and "CORSLENS_CHROMIUM" in first
    text = "\n".join(demo.lines)
    summary = text.partition("What corslens reports for each request")[2]
    assert [offer.path for offer in OFFERS if f" {offer.path} " not in summary] == []
    blocked = sum(line.startswith("BLOCKED") for line in demo.lines)
    assert f"{len(OFFERS)} requests: corslens reports {blocked} as blocked." in text
    assert blocked >= 15


async def test_a_shop_that_responds_otherwise_needs_a_new_recording() -> None:
    """What the browser would have sent next is then unknown, so nothing is made up."""
    walk = load().plain
    first, *others = walk.messages
    stale = structs.replace(walk, messages=(structs.replace(first, status=418), *others))
    async with Shop() as shop, Mitm(routes=ROUTES) as mitm:
        with pytest.raises(RecordingError, match=r"returned 200, and 418 when it was recorded.*scripts/demo --record"):
            await Replay(mitm.address, stale, shop.places).send()


async def test_nothing_shown_is_no_success(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 0 only when the table says something of a request."""

    async def no_rows(*_: object, **__: object) -> list[object]:
        return []

    monkeypatch.setattr("scripts.demo_shop.run._rows", no_rows)
    assert await visit(patch=False) == 1
