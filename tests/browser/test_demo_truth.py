"""What corslens says of each of the demo's requests is what Chromium itself says of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from corslens.verdict.reasons import NAMES, Effect, Reason
from msgspec import Struct

from scripts.demo_shop.recording import Recorder, Walk, load
from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from tests.browser.kit.chromium import Chromium, Tabs
from tests.browser.kit.mitmdump import Mitm, Record
from tests.browser.kit.page import NetworkRequest
from tests.browser.kit.truth import Said, split_by_start, what_we_say

pytestmark = pytest.mark.browser

NUMBERS = range(len(OFFERS))
IDS = [f"{number:02}-{offer.path[1:]}" for number, offer in enumerate(OFFERS)]


class Visit(Struct, frozen=True, kw_only=True):
    """One walk through the shop; each list has one entry a request."""

    results: list[str]
    """What the page's script could see."""
    browser: list[NetworkRequest]
    """What DevTools said of the last hop."""
    records: list[list[Record]]
    said: list[Said]


async def walk(mitm: Mitm, chromium: Chromium | Tabs) -> Visit:
    """Let the browser walk through a shop of its own and stop the proxy."""
    async with Shop() as shop:
        page = await chromium.page()
        await page.goto(shop.url)
        seen = await page.evaluate("visited")
        urls = [step["url"] for step in shop.steps]
        await page.until(lambda: all(page.last_hops(url)[-1].over for url in urls))
        await mitm.stop()
        parts = split_by_start(mitm.latest(), [entry["t"] for entry in seen])
    return Visit(
        results=[entry["result"] for entry in seen],
        browser=[page.last_hops(url)[urls[:at].count(url)] for at, url in enumerate(urls)],
        records=parts,
        said=[what_we_say(part) for part in parts],
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def visit(shared: Chromium) -> AsyncIterator[Visit]:
    """A walk with nothing patched."""
    async with Mitm(routes=ROUTES) as mitm, shared.behind(mitm.address) as chromium:
        yield await walk(mitm, chromium)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def patched_visit(shared: Chromium) -> AsyncIterator[Visit]:
    """A walk with everything patched that can be."""
    options = {"cors_patch": "~all", "cors_patch_origins": ["loopback", "null"]}
    async with Mitm(options=options, routes=ROUTES) as mitm, shared.behind(mitm.address) as chromium:
        yield await walk(mitm, chromium)


@pytest.mark.parametrize("number", NUMBERS, ids=IDS)
def test_verdict_and_reason_are_chromiums(visit: Visit, number: int) -> None:
    """Blocked or allowed, and the reason's DevTools name, are what Chromium reported over the DevTools protocol."""
    said, told = visit.said[number], visit.browser[number]
    if told.cors_error is None:
        assert said.outcome in ("allowed", "not-cors")
        assert visit.results[number] in ("allowed", "loaded-no-cors")
    else:
        assert said.outcome == "blocked"
        assert told.cors_error in said.names()
        assert visit.results[number] == "error"


def test_the_shop_shows_the_reasons_that_people_meet(visit: Visit) -> None:
    """At least fifteen requests are made, good and bad, and most of the reasons that a server can cause are among them."""
    told = {request.cors_error for request in visit.browser} - {None}
    assert len(visit.browser) >= 15
    assert None in {request.cors_error for request in visit.browser}
    server_side = {
        name
        for reason in Reason
        if NAMES[reason].effect is Effect.BLOCKS and reason.value.startswith(("acao-", "acac-", "preflight-"))
        for name in NAMES[reason].chromium
    }
    assert len(told & server_side) >= len(server_side) / 2


def test_the_remembered_preflight_is_named_with_its_age(visit: Visit) -> None:
    """The second order was sent without an OPTIONS, and its record says which preflight covers it and how old that is."""
    first, second = (visit.records[at] for at, offer in enumerate(OFFERS) if offer.path == "/order")
    assert [record["role"] for record in first] == ["preflight", "actual"]
    assert [record["role"] for record in second] == ["actual"]
    assert second[0]["preflight"]["id"] == first[0]["id"]
    assert second[0]["preflight"]["from_cache"] is True
    assert 0 < second[0]["preflight"]["age"] < 60


def test_the_dead_server_is_named_as_such(visit: Visit) -> None:
    """Chromium blames CORS for the proxy's own error page; the record says what really happened."""
    (record,) = visit.records[-1]
    assert visit.browser[-1].cors_error == "MissingAllowOriginHeader"
    assert record["status"] is None
    assert "connect" in record["error"].lower()


@pytest.mark.parametrize("number", NUMBERS, ids=IDS)
def test_patched_requests_succeed_in_the_browser(visit: Visit, patched_visit: Visit, number: int) -> None:
    """With cors_patch every blocked request of the shop becomes readable, except that of the dead server."""
    told = patched_visit.browser[number]
    if OFFERS[number].server is None:
        assert told.cors_error == "MissingAllowOriginHeader"
        return
    assert told.cors_error is None
    assert patched_visit.results[number] in ("allowed", "loaded-no-cors")
    assert patched_visit.said[number].outcome in ("allowed", "not-cors")
    # The verdict on what the server sent stays visible.
    assert patched_visit.said[number].mended == visit.said[number].reason


async def test_the_recording_is_what_chromium_sends(chromium_path: str) -> None:
    """The same requests in the same order, preflights included; if not, scripts/demo --record takes them anew."""
    async with Shop() as shop, Mitm(routes=ROUTES) as mitm, Recorder(mitm.address) as recorder:
        async with Chromium(proxy=recorder.address) as chromium:
            page = await chromium.page()
            await page.goto(shop.url)
            seen = await page.evaluate("visited")
        sent = recorder.walk(shop.places, [entry["t"] for entry in seen])
    recorded = load().plain

    def outline(walk: Walk) -> list[tuple[int | None, str, int]]:
        return [(one.step, one.head[0], one.status) for one in walk.messages if one.step is not None]

    assert outline(sent) == outline(recorded)
