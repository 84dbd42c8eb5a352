"""What a browser recorded beside the messages becomes its witness."""

from typing import Any

import pytest
from corslens.engines.engine import Engine
from corslens.inputs.har import HarReader
from corslens.observation.exchange import Exchange
from corslens.witness.refusals import Refusal
from corslens.witness.witness import Initiator, WitnessOutcome

from tests.inputs.make_har import encoded, entry, har
from tests.make import PAGE

type Json = dict[str, Any]


def made(
    creator: str = "WebInspector",
    *,
    status: int = 200,
    response: Json | None = None,
    url: str = "https://api.example/me",
    **fields: object,
) -> Exchange:
    """The exchange of a HAR's only entry."""
    one = entry(url=url, status=status, **fields)
    one["response"] |= response or {}
    (exchange,) = HarReader(encoded(one, creator=creator), "a.har", "a")
    assert isinstance(exchange, Exchange)
    return exchange


TOLD: dict[str, tuple[str, int, Json, WitnessOutcome, Refusal | None]] = {
    "a body that DevTools recorded": ("WebInspector", 200, {}, WitnessOutcome.READ, None),
    "a body in a Playwright HAR": ("Playwright", 200, {}, WitnessOutcome.READ, None),
    "a body in a minimal HAR of Playwright's": ("Playwright", 200, {"content": {"size": -1, "text": "{}"}}, WitnessOutcome.READ, None),
    "a body beside a minimal HAR of Playwright's": ("Playwright", 200, {"content": {"size": -1, "_file": "a1.json"}}, WitnessOutcome.READ, None),
    "the same with an odd field": ("Playwright", 200, {"content": {"size": "-1", "_file": "a1.json"}}, WitnessOutcome.READ, None),
    "no body in a minimal HAR of Playwright's": ("Playwright", 200, {"content": {"size": -1}}, WitnessOutcome.UNKNOWN, None),
    "a service worker's response": ("WebInspector", 200, {"content": {"size": 0}, "_fetchedViaServiceWorker": True}, WitnessOutcome.READ, None),
    "a service worker's response in Safari": ("WebKit Web Inspector", 200, {"content": {"size": 0}, "_fetchType": "Service Worker"}, WitnessOutcome.READ, None),
    "not of a service worker": ("WebInspector", 200, {"content": {"size": 0}, "_fetchedViaServiceWorker": False, "_fetchType": 3}, WitnessOutcome.UNKNOWN, None),
    "no body": ("WebInspector", 200, {"content": {"size": 0}}, WitnessOutcome.UNKNOWN, None),
    "an answer that CORS refused": ("WebInspector", 200, {"_error": "net::ERR_FAILED"}, WitnessOutcome.FAILED, Refusal.UNSPECIFIED),
    "after a refused preflight": ("WebInspector", 0, {"_error": "net::ERR_FAILED"}, WitnessOutcome.FAILED, Refusal.UNSPECIFIED),
    "by an extension": ("WebInspector", 0, {"_error": "net::ERR_BLOCKED_BY_CLIENT"}, WitnessOutcome.FAILED, Refusal.CLIENT),
    "refused in an older version": ("WebInspector", 0, {"_error": ""}, WitnessOutcome.FAILED, Refusal.UNSPECIFIED),
    "Playwright, answered and kept from the page": ("Playwright", -1, {"_failureText": "net::ERR_FAILED"}, WitnessOutcome.FAILED, Refusal.UNSPECIFIED),
    "given up": ("WebInspector", 0, {"_error": "net::ERR_ABORTED"}, WitnessOutcome.FAILED, None),
    "a dead server": ("WebInspector", 0, {"_error": "net::ERR_CONNECTION_REFUSED"}, WitnessOutcome.FAILED, None),
    "under way": ("WebInspector", 0, {"_error": None}, WitnessOutcome.UNKNOWN, None),
    "Firefox, never sent": ("Firefox", 0, {"headers": []}, WitnessOutcome.FAILED, Refusal.UNSPECIFIED),
    "Firefox 54, out of its cache": ("Firefox", 0, {"headers": [{"name": "Access-Control-Allow-Origin", "value": "*"}]}, WitnessOutcome.UNKNOWN, None),
    "Playwright's Firefox, of a tracker": ("Playwright", -1, {"_failureText": "NS_ERROR_TRACKING_URI"}, WitnessOutcome.FAILED, Refusal.TRACKING_PROTECTION),
    "Firefox, which keeps no body of what it refused, but may": ("Firefox", 200, {"_error": None}, WitnessOutcome.UNKNOWN, None),
}  # fmt: skip


@pytest.mark.parametrize(("creator", "status", "response", "told", "refusal"), TOLD.values(), ids=TOLD)
def test_told(creator: str, status: int, response: Json, told: WitnessOutcome, refusal: Refusal | None) -> None:
    witness = made(creator, status=status, response=response).witness
    if witness is None:
        assert told is WitnessOutcome.UNKNOWN
    else:
        assert (witness.outcome, witness.refusal) == (told, refusal)


ENGINES = {
    "WebInspector": Engine.CHROMIUM,
    "Firefox": Engine.FIREFOX,
    "WebKit Web Inspector": Engine.WEBKIT,
    "Playwright": None,
    "Charles Proxy": None,
}


@pytest.mark.parametrize(("creator", "engine"), ENGINES.items(), ids=ENGINES)
def test_the_browser_that_wrote_it(creator: str, engine: Engine | None) -> None:
    assert made(creator).written_by is engine


def test_a_proxy_is_no_witness() -> None:
    assert made("mitmproxy 12").witness is None
    assert made("Fiddler", status=0).witness is None


MIXED = {
    "http://api.example/me": Refusal.MIXED_CONTENT,
    "ws://api.example/me": Refusal.MIXED_CONTENT,
    "http://localhost:8080/me": Refusal.UNSPECIFIED,
    "https://api.example/me": Refusal.UNSPECIFIED,
}


@pytest.mark.parametrize(("url", "refusal"), MIXED.items(), ids=MIXED)
def test_mixed_content(url: str, refusal: Refusal) -> None:
    witness = made(status=0, response={"_error": ""}, url=url).witness
    assert witness is not None and witness.refusal is refusal


def test_the_page_of_what_never_left_is_the_exporters() -> None:
    one = entry(given=(), status=0, pageref="page_1")
    one["response"] |= {"_error": "net::ERR_BLOCKED_BY_CSP"}
    whole = har(one, creator="WebInspector")
    whole["log"]["pages"] = [{"id": "page_1", "title": f"{PAGE}/home"}, {"id": "page_2", "title": "no URL"}]
    import json

    (exchange,) = HarReader(json.dumps(whole).encode(), "a.har", "a")
    assert isinstance(exchange, Exchange) and exchange.witness is not None
    assert (exchange.witness.page, exchange.witness.refusal) == (f"{PAGE}/home", Refusal.CSP)


CALL = {"functionName": "loadUser", "scriptId": "7", "url": f"{PAGE}/api.js", "lineNumber": 41, "columnNumber": 10}
INITIATORS: dict[str, tuple[Json, Initiator | None]] = {
    "a script": ({"type": "script", "stack": {"callFrames": [CALL]}}, Initiator(url=f"{PAGE}/api.js", line=42, column=11, function="loadUser")),
    "code without a name": ({"type": "script", "stack": {"callFrames": [CALL | {"functionName": ""}]}}, Initiator(url=f"{PAGE}/api.js", line=42, column=11)),
    "behind an await": (
        {"type": "script", "stack": {"callFrames": [], "parent": {"description": "await", "callFrames": [CALL]}}},
        Initiator(url=f"{PAGE}/api.js", line=42, column=11, function="loadUser"),
    ),
    "native code on top": ({"type": "script", "stack": {"callFrames": [CALL | {"url": ""}, CALL]}}, Initiator(url=f"{PAGE}/api.js", line=42, column=11, function="loadUser")),
    "markup": ({"type": "parser", "url": f"{PAGE}/", "lineNumber": 6}, Initiator(url=f"{PAGE}/", line=7)),
    "nothing told": ({"type": "other"}, None),
    "an extension that wraps fetch": (
        {"type": "script", "stack": {"callFrames": [CALL | {"url": "chrome-extension://eppi/requests.js"}, CALL]}},
        Initiator(url=f"{PAGE}/api.js", line=42, column=11, function="loadUser"),
    ),
    "an extension's own": (
        {"type": "script", "stack": {"callFrames": [CALL | {"url": "chrome-extension://eppi/requests.js"}]}},
        Initiator(url="chrome-extension://eppi/requests.js", line=42, column=11, function="loadUser"),
    ),
    "a preflight names its own request": ({"type": "preflight", "url": "https://api.example/me", "requestId": "31.7"}, None),
}  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), INITIATORS.values(), ids=INITIATORS)
def test_initiator(written: Json, meant: Initiator | None) -> None:
    witness = made(response={"_error": "net::ERR_FAILED"}, _initiator=written).witness
    assert witness is not None and witness.initiator == meant


def test_what_came_out_of_a_cache_was_not_sent() -> None:
    exchange = made(_fromCache="disk")
    assert exchange.witness is not None
    assert (exchange.witness.from_cache, exchange.was_sent) == ("disk", False)
