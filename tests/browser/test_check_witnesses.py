"""The origins that corslens check shows as witnesses, in a real Chromium: a page there reads what the server responds."""

import asyncio
import json
import os

import pytest
from corslens.asking.asker import Asker
from corslens.asking.checks import Checks, Expectation
from corslens.asking.client import Client
from corslens.asking.hosts import NamedHosts
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.sending import PageFetch
from corslens.fetch.constants import NULL
from corslens.fetch.origins import scheme_host_port
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.probe import OriginComparison

from tests.asking.matchers import APP, EXACT, PLANTED, Planted
from tests.asking.servers import Server, serving
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.page import Page
from tests.browser.kit.servers import Server as Pages
from tests.browser.kit.servers import fixed, tls_context

PAGE = fixed(200, {"Content-Type": "text/html"}, "<!doctype html><title>page</title>")
MATCHERS = (*PLANTED, *EXACT)
RULES = load_rules()


def _witnesses(server: Server, matcher: Planted) -> dict[str, OriginComparison]:
    """What corslens check --as-stranger shows of a server that compares so."""
    server.allows = matcher.allows
    summary = SessionSummary(everything=True)
    asker = Asker(Inspector(rules=RULES), Client().send, NamedHosts([server.url]), user_agent="corslens/test")
    wanted = Expectation(fetch=PageFetch(url=f"{server.url}/me", origin=APP, credentialed=True))
    Checks(asker, summary, "test").check_against_strangers([wanted])
    return {
        str(one.observation.origin): probe.comparison
        for one in summary.inspections()
        if (probe := one.observation.exchange.probe) is not None
    }


def _reading(url: str, origin: str) -> str:
    """The status that a page reads and its origin; where that is to be null, of a sandboxed frame."""
    read = f"fetch({json.dumps(url)}, {{credentials: 'include'}}).then(r => r.status, () => 0).then(status => [status, self.origin])"
    if origin != NULL:
        return read
    return f"""new Promise(done => {{
        onmessage = event => done(event.data);
        const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts';
        frame.srcdoc = `<script>${{{json.dumps(read)}}}.then(got => parent.postMessage(got, '*'))</` + 'script>';
        document.body.append(frame);
    }})"""


async def _read(page: Page, origin: str, url: str) -> list[object]:
    await page.goto(f"{APP if origin == NULL else origin}/")
    got: list[object] = await page.evaluate(_reading(url, origin))
    return got


async def _differences(matchers: list[Planted]) -> list[tuple[str, object]]:
    with serving(lambda origin: False) as server:
        found = {one.name: await asyncio.to_thread(_witnesses, server, one) for one in matchers}
        wrong: list[tuple[str, object]] = [
            (one.name, found[one.name])
            for one in matchers
            if (found[one.name] if one.hole is None else one.hole not in found[one.name].values())
        ]
        origins = {APP, *(origin for witnesses in found.values() for origin in witnesses if origin != NULL)}
        async with Pages(default=PAGE, tls=tls_context()) as https, Pages(default=PAGE) as http:
            ports = {scheme_host_port(origin)[::2] for origin in origins}
            to = {"https": https.port, "http": http.port}
            rules = ", ".join(f"MAP *:{port} 127.0.0.1:{to[scheme]}" for scheme, port in sorted(ports))
            async with Chromium(proxy=None, flags=[f"--host-resolver-rules={rules}"]) as chromium:
                page = await chromium.page()
                for one in matchers:
                    server.allows = one.allows
                    for origin in found[one.name]:
                        got = await _read(page, origin, f"{server.url}/me")
                        if got != [200, origin]:
                            wrong.append((one.name, (origin, got)))
                    got = await _read(page, "https://stranger.example", f"{server.url}/me") if one.hole is None else [0]
                    if got[0] != 0:
                        wrong.append((one.name, got))
    print(f"{len(matchers)} matchers, {sum(map(len, found.values()))} witnesses")
    return wrong


@pytest.mark.browser
async def test_a_page_at_each_witness_reads_the_response(chromium_path: str) -> None:
    """Of one matcher in seven; of all, and of the exact ones, which have none, with CORSLENS_EVERY_MATCHER=1."""
    assert chromium_path
    every = os.environ.get("CORSLENS_EVERY_MATCHER") == "1"
    assert await _differences([*MATCHERS[:: 1 if every else 7]]) == []
