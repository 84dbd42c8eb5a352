"""Patching in a real browser: what it blocked it can read, what no proxy can mend stays blocked, and strangers stay out.

`python -m tests.browser.patched` runs every recorded scenario, or as many generated ones as you like; here a part of them runs.
"""

from pathlib import Path

import pytest

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.servers import Server, fixed
from tests.browser.patched import (
    ERROR_STATUS,
    LOOP,
    NOT_ANSWERED,
    PATCHING,
    failures,
    run_generated,
    run_recordings,
    summary,
)
from tests.browser.replay import Recording, blocked_recordings

BEYOND = {
    "drop-actual": NOT_ANSWERED,
    "drop-actual-after-preflight": NOT_ANSWERED,
    "redir-userinfo-ox": "redirect-has-credentials",
    "redir-to-js": "redirect-scheme-not-http",
    "redir-loop-blocked": LOOP,
    "css-anon-404-missing": ERROR_STATUS,
    "r0471": ERROR_STATUS,
}
"""Every recorded scenario that stays unreadable, with the reason."""
EACH = 24
"""One recording in so many is replayed, besides those that are beyond."""


def chosen(offset: int, each: int) -> list[Recording]:
    """A part of the recordings that Chromium blocked."""
    return [one for number, one in enumerate(blocked_recordings()) if number % each == offset or one.id in BEYOND]


@pytest.mark.browser
async def test_recorded_scenarios_become_readable(shared: Chromium) -> None:
    """What real Chromium blocked it reads through the patching proxy, except what is named as beyond any proxy."""
    outcomes = await run_recordings(chosen(0, EACH), shared=shared)
    assert not failures(outcomes), summary(outcomes)
    assert {outcome.name: outcome.why_not for outcome in outcomes if not outcome.readable} == BEYOND
    assert sum(outcome.readable for outcome in outcomes) > 8, summary(outcomes)


@pytest.mark.browser
async def test_strangers_stay_blocked(shared: Chromium) -> None:
    """Where the origin list does not name the page, Chromium blocks with the very error that it was recorded with."""
    recordings = [one for one in chosen(1, EACH) if one.id not in BEYOND and "font" not in {step["api"] for step in one.steps}]
    outcomes = await run_recordings(recordings, {**PATCHING, "cors_patch_origins": ["https://nobody.example"]}, shared=shared)
    recorded = {
        one.id if len(one.steps) == 1 else f"{one.id}#{step}": one.cors_errors[step]
        for one in recordings
        for step in one.blocked_steps
    }
    found = {outcome.name: None if outcome.readable else outcome.detail.split(" ")[-1] for outcome in outcomes}
    assert found == recorded


@pytest.mark.browser
async def test_generated_scenarios_become_readable(chromium_path: str) -> None:
    """No generated request has a CORS error left, unless nothing that a proxy does could mend it."""
    outcomes = await run_generated(50, 5, "chromium")
    assert not failures(outcomes), summary(outcomes)
    assert sum(outcome.readable for outcome in outcomes) > 15, summary(outcomes)


@pytest.mark.browser
async def test_an_injection_breaks_a_page_as_a_server_would(shared: Chromium, tmp_path: Path) -> None:
    """A second Allow-Origin line, injected for this machine's pages, is what Chromium then blocks; other flows are as they were."""
    rules = tmp_path / "rules.yaml"
    rules.write_text('- {name: two-layers, filter: ~u /broken, add: {Access-Control-Allow-Origin: "*"}}\n')
    grant = fixed(200, {"Access-Control-Allow-Origin": "*", "Content-Type": "text/plain"}, "hello")
    async with (
        Server({"/": fixed(200, {"Content-Type": "text/html"}, "<!doctype html>")}, host="localhost") as shop,
        Server({"/broken": grant, "/fine": grant}) as api,
        Mitm(options={"cors_patch_rules": str(rules)}) as mitm,
        shared.behind(mitm.address) as chromium,
    ):
        page = await chromium.page()
        await page.goto(shop.url("/"))
        texts = [
            await page.evaluate(f"fetch({api.url(path)!r}).then(answer => answer.text(), () => 'blocked')")
            for path in ("/broken", "/fine")
        ]
        (request,) = page.asked(api.url("/broken"))
        await page.until(lambda: request.over)
        await mitm.until(lambda records: any(record["url"] == api.url("/broken") for record in records))
        (record,) = [record for record in mitm.latest() if record["url"] == api.url("/broken")]
    assert texts == ["blocked", "hello"]
    assert request.cors_error == "MultipleAllowOriginValues"
    assert record["patch"]["verdicts_after"]["chromium"]["reason"] == "acao-multiple"
    assert record["verdicts"]["chromium"]["outcome"] != "blocked"
