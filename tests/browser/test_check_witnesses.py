"""The origins that corslens check shows as witnesses, in a real Chromium: a page there reads what the server responds."""

import json
import re
from collections.abc import Callable

import pytest
from corslens.asking.asker import Asker
from corslens.asking.checks import Checks, Expectation
from corslens.asking.client import Client
from corslens.asking.hosts import NamedHosts
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.sending import PageFetch
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules

from tests.asking.servers import serving
from tests.browser.kit.chromium import Chromium


def _matchers(port: int) -> dict[str, Callable[[str], bool]]:
    return {
        "suffix": lambda origin: origin.endswith(f"example.com:{port}"),
        "prefix": lambda origin: origin.startswith("http://app.example.com"),
        "substring": lambda origin: "example.com" in origin,
        "dot": lambda origin: re.fullmatch(rf"http://app.example\.com:{port}", origin) is not None,
        "part": lambda origin: origin.endswith(f":{port}") and origin[7:] in f"app.example.com:{port}",
        "character": lambda origin: re.match(rf"http://app\.example\.com(_|:{port}$)", origin) is not None,
    }


@pytest.mark.browser
async def test_a_page_at_each_witness_reads_the_response(chromium_path: str) -> None:
    assert chromium_path
    flags = ["--host-resolver-rules=MAP * 127.0.0.1"]  # the last one counts
    rules = load_rules()
    with serving(lambda origin: False) as pages, serving(lambda origin: False) as server:
        port = pages.server_address[1]
        async with Chromium(proxy=None, flags=flags) as chromium:
            for name, allows in _matchers(port).items():
                server.allows = allows
                summary = SessionSummary(everything=True)
                asker = Asker(Inspector(rules=rules), Client().send, NamedHosts([server.url]), user_agent="corslens/test")
                wanted = Expectation(
                    fetch=PageFetch(url=f"{server.url}/me", origin=f"http://app.example.com:{port}", credentialed=True)
                )
                Checks(asker, summary, "test").check_against_strangers([wanted])
                (witness,) = {
                    one.observation.origin
                    for one in summary.inspections()
                    if (probe := one.observation.exchange.probe) is not None and probe.comparison == name
                }
                assert witness is not None
                origin = witness if witness.endswith(f":{port}") else f"{witness}:{port}"
                page = await chromium.page()
                try:
                    await page.goto(f"{origin}/page")
                    assert await page.evaluate("location.origin") == origin
                    script = (
                        f"fetch({json.dumps(f'{server.url}/me')}, {{credentials: 'include'}}).then((r) => r.status, () => 0)"
                    )
                    assert await page.evaluate(script) == 200, (name, origin)
                finally:
                    await page.close()
