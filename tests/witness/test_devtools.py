"""The DevTools protocol's events, as Chromium 156 sent them, put together."""

import json
from typing import Any

import pytest
from corslens.witness.devtools import CLOSED, REQUESTS, DevToolsRecord
from corslens.witness.sighting import Sighting
from corslens.witness.witness import WitnessOutcome

STACK: dict[str, Any] = {"type": "script", "stack": {"callFrames": [
    {"functionName": "loadUser", "scriptId": "3", "url": "https://app.example/app.js", "lineNumber": 41, "columnNumber": 12},
    {"functionName": "", "scriptId": "3", "url": "https://app.example/app.js", "lineNumber": 9, "columnNumber": 1},
]}}  # fmt: skip


class Browser:
    def __init__(self) -> None:
        self.record, self.now = DevToolsRecord(), 1000.0

    def __call__(self, method: str, id: str, **params: Any) -> list[Sighting]:
        self.now += 0.01
        return self.record.take(f"Network.{method}", json.dumps({"requestId": id, **params}).encode(), self.now)

    def asks(self, id: str, url: str, *, method: str = "GET", **more: Any) -> list[Sighting]:
        given = {"request": {"url": url, "method": method, "headers": {"User-Agent": "x"}}, "wallTime": self.now,
                 "initiator": STACK, "type": "Fetch", "documentURL": "https://app.example/", **more}  # fmt: skip
        return self("requestWillBeSent", id, **given)

    def sends(self, id: str, **more: Any) -> list[Sighting]:
        return self("requestWillBeSentExtraInfo", id, headers={"Origin": "https://app.example", ":path": "/"}, **more)

    def gets(self, id: str, status: int = 200, headers: dict[str, str] | None = None) -> list[Sighting]:
        return self("responseReceivedExtraInfo", id, statusCode=status, headers=headers or {"Date": "now"})

    def later(self) -> list[Sighting]:
        self.now += 5
        return self.record.settle(self.now)


API = "https://api.example/me"


def test_read() -> None:
    browser = Browser()
    assert not [*browser.asks("1", API), *browser.sends("1"), *browser.gets("1")]
    (one,) = browser("responseReceived", "1", hasExtraInfo=True, response={"status": 200})
    assert (one.witness.outcome, one.sent, one.status) == (WitnessOutcome.READ, True, 200)
    assert one.request_lines == {"origin": "https://app.example"}
    assert one.response_lines == {"date": "now"}
    assert str(one.witness.initiator) == "https://app.example/app.js:42:13 in loadUser"
    assert one.witness.initiator is not None
    assert [caller.line for caller in one.witness.initiator.callers] == [10]
    assert not browser("loadingFinished", "1")


@pytest.mark.parametrize("order", ["wire first", "page first"])
def test_blocked(order: str) -> None:
    """The two processes' events come in any order."""
    browser = Browser()
    failed = {"errorText": "net::ERR_FAILED", "corsErrorStatus": {"corsError": "MissingAllowOriginHeader"}}
    if order == "wire first":
        browser.sends("1"), browser.asks("1", API), browser.gets("1")
        (one,) = browser("loadingFailed", "1", **failed)
    else:
        browser.asks("1", API)
        assert not browser("loadingFailed", "1", **failed)
        assert not browser.sends("1")
        (one,) = browser.gets("1")
    assert (one.witness.outcome, one.witness.reason, one.sent) == (WitnessOutcome.FAILED, "MissingAllowOriginHeader", True)
    assert not browser.later()


def preflighted(browser: Browser) -> None:
    browser.asks("1", API, method="PUT")
    browser.asks("p", API, method="OPTIONS", initiator={"type": "preflight", "requestId": "1"}, type="Other")
    browser.sends("p"), browser.gets("p", 204)
    assert not browser("responseReceived", "p", hasExtraInfo=True)


def test_a_preflight_that_passes() -> None:
    browser = Browser()
    preflighted(browser)
    assert not browser("loadingFinished", "p")
    (preflight,) = browser.sends("1")
    assert (preflight.id, preflight.witness.outcome, preflight.method) == ("p", WitnessOutcome.PASSED, "OPTIONS")
    assert str(preflight.witness.initiator).endswith("in loadUser")


def test_a_preflight_that_does_not() -> None:
    browser = Browser()
    preflighted(browser)
    status = {"corsError": "PreflightInvalidStatus"}
    preflight, actual = browser("loadingFailed", "1", errorText="net::ERR_FAILED", corsErrorStatus=status)
    assert (preflight.witness.outcome, preflight.witness.reason, preflight.sent) == (
        WitnessOutcome.FAILED,
        "PreflightInvalidStatus",
        True,
    )
    assert (actual.id, actual.sent) == ("1", False)


def test_a_preflight_that_is_reported_after_the_failure_that_it_explains() -> None:
    """The page's process is quicker than the network service: what it says is not lost, nor is the line that asked."""
    browser = Browser()
    browser.asks("1", API, method="PUT")
    status = {"corsError": "PreflightInvalidStatus"}
    (actual,) = browser("loadingFailed", "1", errorText="net::ERR_FAILED", corsErrorStatus=status)
    assert actual.explained
    browser.asks("p", API, method="OPTIONS", initiator={"type": "preflight", "requestId": "1"}, type="Preflight")
    browser.sends("p")
    (preflight,) = browser.gets("p", 404)
    assert (preflight.witness.outcome, preflight.witness.reason) == (WitnessOutcome.FAILED, "PreflightInvalidStatus")
    assert str(preflight.witness.initiator).endswith("in loadUser")


@pytest.mark.parametrize("late", [True, False])
def test_a_preflight_that_fails_after_a_redirect(late: bool) -> None:
    """What its failure says is not about the preflight of the hop before, though that hop is shown to be sent only later."""
    browser = Browser()
    preflighted(browser)
    found = [] if late else browser.sends("1")
    target = "https://cdn.example/b"
    found += browser.asks("1", target, redirectResponse={}, redirectHasExtraInfo=True)
    browser.asks("q", target, method="OPTIONS", initiator={"type": "preflight", "requestId": "1"}, type="Preflight")
    browser.sends("q"), browser.gets("q", 200)
    status = {"corsError": "PreflightMultipleAllowOriginValues"}
    found += browser("loadingFailed", "1", errorText="net::ERR_FAILED", corsErrorStatus=status)
    if late:
        found += browser.sends("1")
    found += [*browser.gets("1", 301), *browser.later()]
    told = {(one.id, one.url): one.witness.outcome for one in found}
    assert told == {
        ("p", API): WitnessOutcome.PASSED,
        ("1", API): WitnessOutcome.PASSED,
        ("q", target): WitnessOutcome.FAILED,
        ("1", target): WitnessOutcome.FAILED,
    }


def test_a_redirect() -> None:
    browser = Browser()
    browser.asks("1", API), browser.sends("1"), browser.gets("1", 302)
    (hop,) = browser.asks(
        "1", "https://b.example/", redirectResponse={}, redirectHasExtraInfo=True, initiator={"type": "other"}
    )
    browser.sends("1"), browser.gets("1", 200)
    (last,) = browser("responseReceived", "1", hasExtraInfo=True)
    assert [(one.id, one.hop, one.status, one.witness.outcome) for one in (hop, last)] == [
        ("1", 0, 302, WitnessOutcome.PASSED), ("1", 1, 200, WitnessOutcome.READ),
    ]  # fmt: skip
    assert last.witness.initiator == hop.witness.initiator


def test_never_sent() -> None:
    """That nothing went over the wire only time shows."""
    browser = Browser()
    browser.asks("1", "http://insecure.example/")
    assert not browser("loadingFailed", "1", errorText="net::ERR_FAILED", blockedReason="mixed-content")
    (one,) = browser.later()
    assert (one.sent, one.witness.code, one.witness.outcome) == (False, "mixed-content", WitnessOutcome.FAILED)


@pytest.mark.parametrize("reported", [True, False])
def test_an_issue_stands_for_a_request_that_was_not_reported(reported: bool) -> None:
    browser = Browser()
    if reported:
        browser.asks("1", API)
    details = {"blockedURL": API, "violatedDirective": "connect-src", "isReportOnly": False,
               "contentSecurityPolicyViolationType": "kURLViolation",
               "sourceCodeLocation": {"url": "https://app.example/app.js", "lineNumber": 5, "columnNumber": 12}}  # fmt: skip
    issue = {"issue": {"code": "ContentSecurityPolicyIssue", "details": {"contentSecurityPolicyIssueDetails": details}}}
    assert not browser.record.take("Audits.issueAdded", json.dumps(issue).encode(), browser.now)
    found = [one.witness.code for one in browser.later()]
    assert found == ([] if reported else ["csp"])


def test_from_the_cache() -> None:
    browser = Browser()
    browser.asks("1", API)
    browser("requestServedFromCache", "1")
    (one,) = browser("responseReceived", "1", hasExtraInfo=False)
    assert (one.sent, one.witness.from_cache, one.witness.outcome) == (False, "memory", WitnessOutcome.READ)


def test_cookies_that_stay_behind() -> None:
    browser = Browser()
    browser.asks("1", API)
    cookies = [{"cookie": {"name": "sid", "value": "secret"}, "blockedReasons": ["SameSiteLax"]}, {"cookie": {"name": "ok"}}]
    browser.sends("1", associatedCookies=cookies), browser.gets("1", 401)
    (one,) = browser("responseReceived", "1", hasExtraInfo=True)
    assert [(cookie.name, cookie.why) for cookie in one.witness.withheld] == [("sid", "SameSiteLax")]


@pytest.mark.parametrize("wired", [True, False])
def test_a_tab_that_is_closed(wired: bool) -> None:
    """What it had under way has no outcome, and was sent as far as anybody knows; what another tab does goes on."""
    browser = Browser()
    browser.record.closed("another", browser.now)
    browser.asks("1", API)
    if wired:
        browser.sends("1")
    assert not browser.later()
    browser.record.closed("", browser.now)
    (one,) = browser.later()
    assert (one.sent, one.witness.outcome, one.witness.code) == (True, WitnessOutcome.UNKNOWN, CLOSED)
    assert one.witness.initiator is not None
    assert not browser.later()


def test_a_tab_that_is_closed_while_the_network_service_speaks() -> None:
    browser = Browser()
    browser.asks("1", API)
    browser.record.closed("", browser.now)
    browser.sends("1")
    browser.gets("1", 204)
    (one,) = browser.later()
    assert (one.status, one.witness.outcome) == (204, WitnessOutcome.UNKNOWN)


def test_a_browser_that_is_gone() -> None:
    browser = Browser()
    browser.asks("1", API)
    browser.asks("2", API, redirectResponse={})
    assert [(one.id, one.witness.code) for one in browser.record.end(browser.now)] == [("1", CLOSED), ("2", CLOSED)]


def test_aborted() -> None:
    browser = Browser()
    browser.asks("1", API)
    browser("loadingFailed", "1", errorText="net::ERR_ABORTED", canceled=True)
    (one,) = browser.later()
    assert (one.witness.outcome, one.witness.code) == (WitnessOutcome.UNKNOWN, "net::ERR_ABORTED")


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"\xff", b'{"requestId": 7}', b"[" * 5000, b'{"requestId": "1", "request": 3}'])
def test_what_is_malformed_is_passed_over(raw: bytes) -> None:
    record = DevToolsRecord()
    for method in ("requestWillBeSent", "responseReceived", "loadingFailed", "requestWillBeSentExtraInfo", "unknown"):
        assert record.take(f"Network.{method}", raw, 1.0) == []


def test_a_page_cannot_make_it_grow() -> None:
    """Requests that never end, chains that never end, and long texts."""
    browser = Browser()
    for number in range(REQUESTS + 50):
        browser.asks(str(number), API)
    assert browser.record.dropped == 50
    for _ in range(100):
        browser.asks("loop", API, redirectResponse={})
        browser.sends("loop")
    browser.asks("long", "https://a.example/" + "x" * 100_000)
    browser.gets("long", headers={f"h{n}": "v" * 10_000 for n in range(500)})
    (one,) = browser("responseReceived", "long", hasExtraInfo=True)
    assert len(one.url) + sum(map(len, one.response_lines.values())) < 2_000_000
