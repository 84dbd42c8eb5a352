"""corslens open with the demo's shop: what it says of each of the 27 requests is what the page saw."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from aiohttp import web

from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from tests.browser.kit.mitmdump import ROUTES as ROUTES_SCRIPT
from tests.browser.kit.processes import Program
from tests.browser.kit.servers import answer, fixed
from tests.browser.kit.truth import split_by_start, what_we_say
from tests.browser.test_open import BROWSERS, argv
from tests.cli.launched import PROC, environment, left_behind, records
from tests.deadline import DEADLINE_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not PROC.is_dir(), reason="processes are found by /proc")]

REPORT = "<script>visited.then((seen) => fetch('/seen', {method: 'POST', body: JSON.stringify(seen)}))</script>"


@pytest.mark.parametrize("browser", BROWSERS)
async def test_each_verdict_is_what_the_page_saw(tmp_path: Path, browser: str) -> None:
    """No browser is set up and none is driven: the page itself reports what it could read."""
    env = environment()
    log = tmp_path / "log.jsonl"
    reported: asyncio.Future[list[dict[str, object]]] = asyncio.get_running_loop().create_future()

    async def seen(request: web.Request) -> web.StreamResponse:
        reported.set_result(await request.json())
        return answer(204)

    async with Shop() as shop:
        page = await shop.page.handlers["/"](None)  # type: ignore[arg-type]  # a fixed response
        assert isinstance(page, web.Response) and isinstance(page.body, bytes)
        shop.page.handlers["/"] = fixed(200, {"Content-Type": "text/html; charset=utf-8"}, page.body + REPORT.encode())
        shop.page.handlers["/seen"] = seen
        settings = [f"scripts={ROUTES_SCRIPT}", f"kit_routes={json.dumps(ROUTES)}", f"cors_log={log}", "cors_show_values=true"]
        command = argv(browser, tmp_path, *(part for one in settings for part in ("--set", one)), shop.url)
        async with Program(command, env=env) as program:
            results = await asyncio.wait_for(reported, DEADLINE_SECONDS)
            os.kill(program.pid, signal.SIGINT)
            assert await program.wait() == 0
    parts = split_by_start(
        [one for one in records(log) if not one["url"].endswith("/seen")], [float(str(one["t"])) for one in results]
    )
    said = [what_we_say(part, browser).outcome for part in parts]
    readable = {"allowed": "allowed", "not-cors": "loaded-no-cors", "blocked": "error"}
    assert [readable[one] for one in said] == [one["result"] for one in results]
    assert len(said) == len(OFFERS) == 27
    assert left_behind(env) == []
