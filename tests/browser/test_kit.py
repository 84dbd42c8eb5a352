"""The kit does what the other browser tests believe of it."""

import pytest

from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.servers import Server, fixed, tls_context

pytestmark = pytest.mark.browser

PAGE = fixed(200, [("Content-Type", "text/html")], "<!doctype html><title>page</title>")


async def test_what_the_browser_says_of_each_request_is_collected(shared: Chromium) -> None:
    """Repeats of a header line arrive as sent, a preflight is a request, a sandboxed frame's requests are seen too."""
    api_answers = {
        "/twice": fixed(200, [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Origin", "*")]),
        "/open": fixed(200, [("Access-Control-Allow-Origin", "*")], "open"),
    }
    frame_script = "fetch('{}').then(() => parent.postMessage('framed', '*'))"
    async with (
        Server({"/": PAGE}) as site,
        Server(api_answers) as api,
        Mitm(addon=False) as mitm,
        shared.behind(mitm.address) as chromium,
    ):
        page = await chromium.page()
        await page.goto(site.url("/"))
        assert await page.evaluate(f"fetch('{api.url('/open')}').then(answer => answer.text())") == "open"
        assert await page.evaluate(f"fetch('{api.url('/twice')}').catch(error => error.name)") == "TypeError"
        assert await page.evaluate(f"fetch('{api.url('/gone')}', {{method: 'PUT'}}).catch(error => error.name)") == "TypeError"
        frame = f"<script>{frame_script.format(api.url('/open?framed'))}</script>"
        assert (
            await page.evaluate(
                f"""new Promise(resolve => {{
                onmessage = event => resolve(event.data);
                const frame = document.createElement('iframe');
                frame.sandbox = 'allow-scripts';
                frame.srcdoc = {frame!r};
                document.body.append(frame);
            }})"""
            )
            == "framed"
        )
        framed = api.url("/open?framed")
        twice, gone = api.url("/twice"), api.url("/gone")
        await page.until(lambda: len(page.asked(gone)) == 2 and all(request.over for request in page.requests))
        assert [(request.cors_error, request.failed_parameter) for request in page.asked(twice)] == [
            ("MultipleAllowOriginValues", "*, *")
        ]
        # The two come from two processes of the browser, in either order.
        assert {(request.is_preflight, request.method, request.status, request.cors_error) for request in page.asked(gone)} == {
            (True, "OPTIONS", 404, None),
            (False, "PUT", None, "PreflightMissingAllowOriginHeader"),
        }
        assert [request.cors_error for request in page.asked(framed)] == [None]
        assert ("origin", "null") in [(name.lower(), value) for name, value in api.seen[-1].headers]


async def test_names_that_exist_nowhere_lead_to_loopback(shared: Chromium) -> None:
    """A routed https name keeps its name and port for the browser, and its HTTP/2."""
    async with (
        Server(default=fixed(200, [("Content-Type", "text/html")], "plain")) as plain,
        Server(default=fixed(200, [("Content-Type", "text/html")], "secure"), tls=tls_context()) as secure,
        Mitm(addon=False, routes={"*.test": (plain.port, secure.port)}, options={"connection_strategy": "lazy"}) as mitm,
        shared.behind(mitm.address) as chromium,
    ):
        page = await chromium.page()
        await page.goto("https://www.shop.test/")
        assert await page.evaluate(
            "[origin, document.body.innerText, performance.getEntriesByType('navigation')[0].nextHopProtocol]"
        ) == ["https://www.shop.test", "secure", "h2"]
        await page.goto("http://www.shop.test:8080/")
        assert await page.evaluate("[origin, document.body.innerText]") == ["http://www.shop.test:8080", "plain"]


async def test_everything_is_stopped_when_a_test_fails(chromium_path: str) -> None:
    """Leaving the context by an exception ends the browser and the proxy."""
    mitm = Mitm(addon=False)
    with pytest.raises(ZeroDivisionError):
        async with mitm, Chromium(proxy="127.0.0.1:1"):
            assert mitm.running
            raise ZeroDivisionError
    assert not mitm.running
