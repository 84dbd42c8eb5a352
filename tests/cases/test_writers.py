"""Small captures in the manner of each writer: what was read, aborted, cached or sent by a program is never called blocked."""

import json
from pathlib import Path
from typing import Any

import pytest
from corslens.analysis import AnalysisSettings, collect
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.engine import Engine
from corslens.lint.finding import Severity
from corslens.lint.rules.loader import load_rules
from corslens.report.initiators import requested_by
from corslens.verdict.headline import HeadlinePolicy

from tests.cases.test_reports import AGENTS, PAGE, lines

API = "https://api.example/v1/me"
READ = {"access-control-allow-origin": PAGE, "vary": "Origin", "content-type": "application/json"}
PLAIN = {"content-type": "application/json"}
BROWSER = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
IMAGE = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image", "origin": None}
STORED = {"content-type": "image/png", "cache-control": "max-age=600", "server": "AmazonS3"}


def sent(
    url: str = API, method: str = "GET", *, agent: str = "chrome", status: int = 200, body: int = 20,
    request: dict[str, str | None] = BROWSER, response: dict[str, str] = READ, http: str = "HTTP/1.1", **fields: Any,
) -> dict[str, Any]:  # fmt: skip
    """A HAR's entry; `_error` and `_failureText` belong to the response."""
    headers = {"user-agent": AGENTS.get(agent, agent), "origin": PAGE} | request
    told = {name: fields.pop(name) for name in ("_error", "_failureText") if name in fields}
    return {
        "time": 5,
        "request": {"method": method, "url": url, "httpVersion": http, "headers": lines(headers), "queryString": [], "cookies": []},
        "response": {
            "status": status, "statusText": "", "httpVersion": http, "headers": lines({**response}), "cookies": [],
            "content": {"size": body, "mimeType": "", **({"text": "{}"} if body > 0 else {})},
            "redirectURL": response.get("location", ""), "bodySize": body, **told,
        },
        "cache": {}, "timings": {"send": 1, "wait": 1, "receive": 1}, **fields,
    }  # fmt: skip


def asked(agent: str = "chrome", **fields: Any) -> dict[str, Any]:
    """A preflight that allows a GET with Authorization."""
    request = {**BROWSER, "access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    granted = {"access-control-allow-origin": PAGE, "access-control-allow-headers": "authorization"}
    return sent(method="OPTIONS", agent=agent, request=request, status=204, response=granted, body=0, **fields)


def aborted(agent: str = "chrome", **told: Any) -> dict[str, Any]:
    return sent(agent=agent, request={**BROWSER, "authorization": "x"}, status=0, body=0, response={}, **told)


def by(program: str) -> dict[str, Any]:
    """What a program sends with an Origin and without Fetch metadata, to an API that allows no page."""
    return sent(agent=program, request={}, response=PLAIN)


QUIET: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "React's StrictMode": ("WebInspector", [asked(), aborted(_error="net::ERR_ABORTED"), asked(), sent(request={**BROWSER, "authorization": "x"})]),
    "Chrome's disk cache": ("WebInspector", [sent(response=PLAIN, _fromCache="disk")]),
    "a 304": ("WebInspector", [sent(response={**READ, "etag": '"1"'}), sent(request={**BROWSER, "if-none-match": '"1"'}, status=304, body=0, response={"etag": '"1"'})]),
    "a 304 alone": ("WebInspector", [sent(request={**BROWSER, "if-none-match": '"1"'}, status=304, response={"etag": '"1"'})]),
    "a service worker": ("WebInspector", [sent(response=PLAIN, _fetchedViaServiceWorker=True)]),
    "an opaque image": ("WebInspector", [sent(request=IMAGE, response={"content-type": "image/png"}, _resourceType="image")]),
    "a redirect that was followed": ("WebInspector", [sent(status=302, body=0, response={"location": "https://cdn.example/a", "access-control-allow-origin": "*"}), sent("https://cdn.example/a", request={**BROWSER, "origin": "null"}, response={"access-control-allow-origin": "*"})]),
    "an extension with its permission": ("WebInspector", [sent(request={**BROWSER, "origin": "chrome-extension://abcdefghijklmnopabcdefghijklmnop"}, response=PLAIN)]),
    "Chrome's sanitized HAR": ("WebInspector", [asked(), sent()]),
    "a 304 in Firefox": ("Firefox", [sent(agent="firefox", request={**BROWSER, "if-none-match": '"1"'}, status=304, response={"etag": '"1"'})]),
    "aborted in Firefox": ("Firefox", [asked("firefox"), aborted("firefox", _error="NS_BINDING_ABORTED")]),
    "Safari without Fetch metadata": ("WebKit Web Inspector", [sent(agent="safari", request={}, response={**READ, "access-control-allow-credentials": "true"})]),
    "aborted under Playwright": ("Playwright", [sent(status=-1, body=-1, response={}, _failureText="net::ERR_ABORTED")]),
    "fulfilled by Playwright": ("Playwright", [sent(response=PLAIN)]),
    "Playwright without preflights": ("Playwright", [sent(method="PUT", request={**BROWSER, "content-type": "application/json"})]),
    "Playwright's WebKit": ("Playwright", [sent(agent="safari", request={})]),
    "the page's own server by Charles": ("Charles Proxy", [sent(f"{PAGE}/api", request={**BROWSER, "sec-fetch-site": "same-origin"}, response=PLAIN)]),
    "an app by Fiddler": ("Fiddler", [sent(agent="Shop/5 CFNetwork/1494 Darwin/23.4.0", request={"origin": None}, response=PLAIN)]),
    "an app with an Origin by Fiddler": ("Fiddler", [by("Shop/5 CFNetwork/1494 Darwin/23.4.0")]),
    "curl by Burp": ("Burp Suite", [by("curl/8.5.0")]),
    "okhttp by HTTP Toolkit": ("HTTP Toolkit", [by("okhttp/4.12.0")]),
    "aborted by HTTP Toolkit": ("HTTP Toolkit", [asked(), aborted(_error="client disconnected")]),
    "Insomnia": ("Insomnia REST Client", [by("insomnia/10.1.0")]),
    "Postman": ("Postman", [by("PostmanRuntime/7.43.0")]),
    "requests by mitmproxy": ("mitmproxy", [by("python-requests/2.32.3")]),
    "a preflight by hand": ("mitmproxy", [sent(method="OPTIONS", agent="curl/8.5.0", request={"access-control-request-method": "PUT"}, status=405, response={})]),
    "Go by Proxyman": ("Proxyman", [by("Go-http-client/2.0")]),
    "k6": ("k6", [by("k6/0.55.0 (https://k6.io/)")]),
    "Cypress": ("cypress-har-generator", [sent(response={"access-control-allow-origin": "*"})]),
    "WebPageTest": ("WebPageTest", [sent(status=-2, body=0, response={})]),
    "puppeteer-har": ("puppeteer-har", [asked(http="h2"), sent(http="h2", request={**BROWSER, "authorization": "x", ":method": "GET"})]),
    "lines joined by chrome-har": ("chrome-har", [sent(response={**READ, "vary": "Origin\nAccept-Encoding"})]),
}  # fmt: skip


def told(writer: str, entries: list[dict[str, Any]], folder: Path, settings: AnalysisSettings) -> list[Any]:
    """The problems that are said aloud."""
    timed = [{**entry, "startedDateTime": f"2026-11-28T20:00:{second:02}.000Z"} for second, entry in enumerate(entries)]
    file = folder / "capture.har"
    file.write_text(
        json.dumps({"log": {"version": "1.2", "creator": {"name": writer, "version": "1"}, "pages": [], "entries": timed}})
    )
    summary = SessionSummary()
    collect(str(file), "x", settings, summary, [])
    return [
        one.diagnosis for one in summary.problems() if one.diagnosis.severity > Severity.INFO or one.diagnosis.word == "BLOCKED"
    ]


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_said_of_what_went_well(name: str, tmp_path: Path) -> None:
    writer, entries = QUIET[name]
    assert [(one.word, one.rule) for one in told(writer, entries, tmp_path, AnalysisSettings(rules=load_rules()))] == []


def test_a_program_is_judged_as_a_page_where_an_engine_is_named(tmp_path: Path) -> None:
    settings = AnalysisSettings(rules=load_rules(), headline=HeadlinePolicy.of_capture("chromium"))
    assert [one.word for one in told("mitmproxy", [by("curl/8.5.0")], tmp_path, settings)] == ["BLOCKED"]


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ([sent("https://b.example/a.png", request=IMAGE, response=STORED), sent("https://b.example/a.png", status=0, body=0, response={}, _error="net::ERR_FAILED")], "browser-refused"),
        ([sent("https://b.example/a.png", status=0, body=0, response={}, _error="net::ERR_FAILED"), sent("https://b.example/a.png", request=IMAGE, response=STORED)], "browser-refused"),
        ([sent("https://b.example/a.png", request=IMAGE, response=STORED), sent("https://b.example/a.png", body=0, response=STORED, _fromCache="disk", _error="net::ERR_FAILED")], "browser-cache-without-cors-headers"),
    ],
    ids=["image first", "fetch first", "from the cache"],
)  # fmt: skip
def test_an_image_and_a_fetch_of_it(steps: list[dict[str, Any]], rule: str, tmp_path: Path) -> None:
    """The image was loaded without CORS; in Chrome's HAR the fetch has failed, and says nothing of why; from the cache it does."""
    found = told("WebInspector", steps, tmp_path, AnalysisSettings(rules=load_rules()))
    assert found[0].rule == rule


@pytest.mark.parametrize(
    ("writer", "steps", "told_of"),
    [
        pytest.param("Firefox", [aborted("firefox")], "firefox-gives-no-reason", id="Firefox writes no reason, whatever stopped it"),
        pytest.param("Firefox", [asked("firefox"), aborted("firefox")], "preflight-then-failed", id="a preflight that passes without credentials only"),
        pytest.param("Playwright", [aborted("firefox", _failureText="NS_ERROR_TRACKING_URI")], "blocked-by-tracking-protection", id="Playwright does"),
        pytest.param("Playwright", [aborted("firefox", _failureText="NS_ERROR_DOM_BAD_URI")], "browser-refused", id="of CORS, too"),
        pytest.param("WebInspector", [aborted("chrome", _error="net::ERR_FAILED")], "browser-refused", id="Chromium"),
    ],
)  # fmt: skip
def test_cors_is_named_only_where_a_writer_would_not_show_it(
    writer: str, steps: list[dict[str, Any]], told_of: str, tmp_path: Path
) -> None:
    (found,) = told(writer, steps, tmp_path, AnalysisSettings(rules=load_rules()))
    assert found.rule == told_of
    assert ("CORS is the most likely cause" in found.cause.message) is (told_of == "browser-refused")


def test_what_a_panel_lists_of_a_refused_preflight_is_one_page_request(tmp_path: Path) -> None:
    """Chrome lists the request that was never sent before its preflight, with the page's line; the preflight names that request."""
    line = {"functionName": "load", "url": f"{PAGE}/app.js", "lineNumber": 6, "columnNumber": 1}
    never_sent = sent(
        request={"origin": None, "authorization": "x", "referer": f"{PAGE}/"}, status=0, body=0, response={}, http="",
        _error="net::ERR_FAILED", _resourceType="fetch", _initiator={"type": "script", "stack": {"callFrames": [line]}},
    )  # fmt: skip
    never_sent |= {
        "time": 1020,
        "timings": {"blocked": 1020, "send": 0, "wait": 0, "receive": 0},
    }  # until its preflight's response
    preflight = {**asked(), "_resourceType": "preflight", "_initiator": {"type": "preflight", "url": API}}
    preflight["response"] |= {"status": 404, "headers": []}
    found = told("WebInspector", [never_sent, preflight], tmp_path, AnalysisSettings(rules=load_rules()))
    assert [(one.word, one.rule, len(one.page_request.members)) for one in found] == [("BLOCKED", "preflight-not-routed", 2)]
    assert requested_by(found[0]) == f"{PAGE}/app.js:7:2 in load"


PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
PHONE_BRAND = {"sec-ch-ua": '"Chromium";v="150"', "sec-ch-ua-platform": '"iOS"', "sec-ch-ua-mobile": "?1"}


def test_the_tools_that_wrote_a_har_tell_the_engine_behind_a_phones_user_agent(tmp_path: Path) -> None:
    """To plain http an iPhone of the developer tools sends no brand."""
    refused = sent(agent=PHONE, request={**BROWSER, "authorization": "x"}, response=PLAIN, body=0, _error="net::ERR_FAILED")
    found = told("WebInspector", [asked(PHONE), refused], tmp_path, AnalysisSettings(rules=load_rules()))
    assert [[one.observation.engine for one in problem.page_request.members] for problem in found] == [[Engine.CHROMIUM] * 2]


def test_the_preflight_of_an_emulated_phone_has_the_engine_of_its_request(tmp_path: Path) -> None:
    """Chromium's developer tools change the User-Agent of both, and only the actual request carries the brand."""
    brand = {**BROWSER, "authorization": "x", **PHONE_BRAND}
    refused = {**READ, "access-control-allow-origin": "https://other.example"}
    found = told(
        "WebInspector",
        [asked(PHONE), sent(agent=PHONE, request=brand, response=refused, body=0, _error="net::ERR_FAILED")],
        tmp_path,
        AnalysisSettings(rules=load_rules()),
    )
    assert [[one.observation.engine for one in problem.page_request.members] for problem in found] == [[Engine.CHROMIUM] * 2]


@pytest.mark.parametrize("writer", ["WebInspector", "mitmproxy"])
def test_the_page_tells_the_engine_of_an_emulated_phones_preflight_without_a_request(writer: str, tmp_path: Path) -> None:
    page = sent(
        f"{PAGE}/",
        agent=PHONE,
        request={"origin": None, "sec-fetch-mode": "navigate", **PHONE_BRAND},
        response={"content-type": "text/html"},
    )
    refused = asked(PHONE)
    refused["response"] |= {"status": 404, "headers": []}
    found = told(writer, [page, refused], tmp_path, AnalysisSettings(rules=load_rules()))
    assert [(one.word, one.rule, one.page_request.members[0].observation.engine) for one in found] == [
        ("BLOCKED", "preflight-not-routed", Engine.CHROMIUM)
    ]
