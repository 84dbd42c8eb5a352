"""WebDriver BiDi's events, as Firefox 153 sent them, put together."""

import json
from typing import Any

import pytest
from corslens.witness.bidi import REQUESTS, BidiRecord, reason_of
from corslens.witness.refusals import Refusal
from corslens.witness.sighting import Sighting
from corslens.witness.witness import WitnessOutcome

API = "https://api.example/me"
MISSING = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.example/me. "
    "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200."
)


class Browser:
    def __init__(self) -> None:
        self.record, self.now = BidiRecord(), 1000.0

    def __call__(self, method: str, params: object) -> None:
        self.now += 0.01
        self.record.take(method, json.dumps(params).encode(), self.now)

    def network(self, what: str, id: str, *, method: str = "GET", hop: int = 0, status: int = 0, **more: Any) -> None:
        lines = {"Origin": "https://app.example", "Referer": "https://app.example/"}
        if method == "OPTIONS":
            lines["Access-Control-Request-Method"] = "PUT"
        headers = [{"name": name, "value": {"type": "string", "value": value}} for name, value in lines.items()]
        kind = None if method == "OPTIONS" else "fetch"
        request = {"request": id, "url": more.pop("url", API), "method": method, "headers": headers, "initiatorType": kind}
        event = {"request": request, "context": "tab", "redirectCount": hop, "timestamp": self.now * 1000, **more}
        if status:
            event["response"] = {"status": status, "headers": [{"name": "Date", "value": {"value": "now"}}]}
        self(f"network.{what}", event)

    def passes(self, id: str, status: int = 200, **more: Any) -> None:
        self.network("beforeRequestSent", id, **more)
        self.network("responseStarted", id, status=status, **more)
        self.network("responseCompleted", id, status=status, **more)

    def says(self, text: str, context: str = "tab") -> None:
        self("log.entryAdded", {"text": text, "source": {"context": context}, "timestamp": self.now * 1000})

    def at_once(self, *ids: str) -> None:
        for what, status in (("beforeRequestSent", 0), ("responseStarted", 200), ("responseCompleted", 200)):
            for id in ids:
                self.network(what, id, status=status)

    def later(self) -> list[Sighting]:
        self.now += 5
        return self.record.settle(self.now)


def test_what_completes_was_not_refused() -> None:
    """Nothing says that the page read it, but a message would say that it may not."""
    browser = Browser()
    browser.passes("1")
    (one,) = browser.later()
    assert (one.witness.outcome, one.witness.unrefused, one.sent, one.status) == (WitnessOutcome.UNKNOWN, True, True, 200)
    assert one.request_lines["origin"] == "https://app.example"
    assert one.response_lines == {"date": "now"}


@pytest.mark.parametrize("early", [True, False])
def test_a_message_says_that_the_page_does_not_get_it(early: bool) -> None:
    browser = Browser()
    if early:
        browser.network("beforeRequestSent", "1")
        browser.network("responseStarted", "1", status=200)
        browser.says(MISSING)
        browser.network("responseCompleted", "1", status=200)
    else:
        browser.passes("1")
        browser.says(MISSING)
    (one,) = browser.later()
    assert (one.witness.outcome, one.witness.reason) == (WitnessOutcome.FAILED, "CORSMissingAllowOrigin2")
    assert not one.witness.unrefused
    assert (browser.record.matched_messages, browser.record.unmatched_messages) == (1, 0)


def test_no_guess_between_two() -> None:
    browser = Browser()
    browser.at_once("1", "2")
    browser.says(MISSING)
    assert [(one.witness.outcome, one.witness.unrefused) for one in browser.later()] == [(WitnessOutcome.UNKNOWN, False)] * 2
    assert browser.record.unmatched_messages == 1


def test_of_several_one_after_the_other_it_is_the_last() -> None:
    """The same URL again and again: with and without credentials, say. A message comes before the page learns of the failure."""
    browser = Browser()
    browser.passes("1")
    browser.passes("2")
    browser.says(MISSING)
    browser.passes("3")
    found = {one.id: one.witness.outcome for one in browser.later()}
    assert found == {"1": WitnessOutcome.UNKNOWN, "2": WitnessOutcome.FAILED, "3": WitnessOutcome.UNKNOWN}
    assert (browser.record.matched_messages, browser.record.unmatched_messages) == (1, 0)


def test_as_many_messages_as_requests() -> None:
    browser = Browser()
    browser.at_once("1", "2", "3")
    for _ in range(3):
        browser.says(MISSING)
    assert [one.witness.outcome for one in browser.later()] == [WitnessOutcome.FAILED] * 3
    assert (browser.record.matched_messages, browser.record.unmatched_messages) == (3, 0)


def test_several_messages_on_one_request() -> None:
    """A preflight that is redirected: three, of which the first is about the preflight and the last about the request; then all again."""
    browser = Browser()
    about = (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.example/me. "
    )
    for number in "12":
        browser.network("beforeRequestSent", number, method="PUT")
        browser.network("beforeRequestSent", f"p{number}", method="OPTIONS")
        browser.network("responseStarted", f"p{number}", method="OPTIONS", status=307)
        browser.says(f"{about}(Reason: CORS request external redirect not allowed).")
        browser.says(f"{about}(Reason: CORS preflight response did not succeed). Status code: 307.")
        browser.network("fetchError", number, method="PUT", errorText="NS_ERROR_DOM_BAD_URI")
        browser.says(f"{about}(Reason: CORS request did not succeed). Status code: (null).")
        browser.network("fetchError", f"p{number}", method="OPTIONS", errorText="NS_ERROR_DOM_BAD_URI")
    found = {one.id: one.witness.reason for one in browser.later()}
    assert found == {"p1": "CORSExternalRedirectNotAllowed", "p2": "CORSExternalRedirectNotAllowed", "1": None, "2": None}
    assert (browser.record.matched_messages, browser.record.unmatched_messages) == (6, 0)


def test_a_url_in_quotation_marks() -> None:
    browser = Browser()
    browser.passes("1")
    browser.says(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at ‘https://api.example/me’. "
        "(Reason: Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’)."
    )
    (one,) = browser.later()
    assert one.witness.reason == "CORSNotSupportingCredentials"


def test_another_tab_s_message_is_about_another_request() -> None:
    browser = Browser()
    browser.passes("1")
    browser.says(MISSING, context="other")
    (one,) = browser.later()
    assert one.witness.outcome is WitnessOutcome.UNKNOWN


@pytest.mark.parametrize("first", ["preflight", "request"])
def test_a_preflight_that_fails(first: str) -> None:
    """Which of both ends first differs: of a preflight that is redirected, it is the request."""
    browser = Browser()
    browser.network("beforeRequestSent", "1", method="PUT")
    browser.network("beforeRequestSent", "p", method="OPTIONS")
    browser.network("responseStarted", "p", method="OPTIONS", status=204)
    ends = [("p", "OPTIONS"), ("1", "PUT")]
    for id, method in ends if first == "preflight" else reversed(ends):
        browser.network("fetchError", id, method=method, errorText="NS_ERROR_DOM_BAD_URI")
    browser.says(MISSING)
    browser.says(MISSING.replace("CORS header ‘Access-Control-Allow-Origin’ missing", "CORS request did not succeed"))
    preflight, actual = sorted(browser.later(), key=lambda one: one.method)
    assert (preflight.method, preflight.witness.reason, preflight.sent) == ("OPTIONS", "CORSMissingAllowOrigin2", True)
    assert (actual.sent, actual.explained) == (False, True)
    assert browser.record.matched_messages == 2


def test_a_redirect_that_fails() -> None:
    """The reason first, then that the request did not succeed."""
    browser = Browser()
    browser.network("beforeRequestSent", "1")
    browser.network("responseStarted", "1", status=302)
    browser.says(MISSING)
    browser.network("fetchError", "1", errorText="NS_ERROR_DOM_BAD_URI")
    browser.network("beforeRequestSent", "1", hop=1, url="https://b.example/")
    browser.network("fetchError", "1", hop=1, url="https://b.example/", errorText="NS_ERROR_UNEXPECTED")
    browser.says(MISSING.replace("CORS header ‘Access-Control-Allow-Origin’ missing", "CORS request did not succeed"))
    first, _ = browser.later()
    assert (first.sent, first.witness.outcome, first.witness.reason) == (True, WitnessOutcome.FAILED, "CORSMissingAllowOrigin2")
    assert (browser.record.matched_messages, browser.record.unmatched_messages) == (2, 0)


def test_a_preflight_that_passes() -> None:
    browser = Browser()
    browser.network("beforeRequestSent", "1", method="PUT")
    browser.passes("p", 204, method="OPTIONS")
    browser.network("responseStarted", "1", method="PUT", status=200)
    browser.network("responseCompleted", "1", method="PUT", status=200)
    found = {one.method: one.witness.outcome for one in browser.later()}
    assert found == {"OPTIONS": WitnessOutcome.PASSED, "PUT": WitnessOutcome.UNKNOWN}


def test_a_redirect_that_is_followed() -> None:
    browser = Browser()
    browser.passes("1", 302)
    browser.passes("1", 200, hop=1, url="https://b.example/")
    assert [one.witness.outcome for one in browser.later()] == [WitnessOutcome.PASSED, WitnessOutcome.UNKNOWN]


def test_aborted() -> None:
    browser = Browser()
    browser.network("beforeRequestSent", "1")
    browser.network("fetchError", "1", errorText="NS_BINDING_ABORTED")
    (one,) = browser.later()
    assert (one.sent, one.witness.outcome, one.witness.code) == (False, WitnessOutcome.UNKNOWN, "NS_BINDING_ABORTED")


def test_a_tracker_that_tracking_protection_blocks() -> None:
    """The console says "CORS request did not succeed" of it, too, which it says of every request that was not sent."""
    browser = Browser()
    browser.network("beforeRequestSent", "1")
    browser.network("fetchError", "1", errorText="NS_ERROR_TRACKING_URI")
    browser.says(MISSING.replace("CORS header ‘Access-Control-Allow-Origin’ missing", "CORS request did not succeed"))
    (one,) = browser.later()
    assert (one.sent, one.witness.reason, one.witness.refusal) == (False, None, Refusal.TRACKING_PROTECTION)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("CORS header ‘Access-Control-Allow-Origin’ does not match ‘https://b.example’", "CORSAllowOriginNotMatchingOrigin"),
        ("invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Methods’", "CORSInvalidAllowMethod"),
        ("invalid token ‘a b’ in CORS header ‘Access-Control-Allow-Headers’", "CORSInvalidAllowHeader"),
        ("header ‘x’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS preflight response",
         "CORSMissingAllowHeaderFromPreflight2"),
        ("something new", "something new"),
    ],
)  # fmt: skip
def test_reasons(words: str, name: str) -> None:
    assert reason_of(words) == name


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"\xff", b'{"request": 7}', b"[" * 5000])
def test_what_is_malformed_is_passed_over(raw: bytes) -> None:
    record = BidiRecord()
    for method in ("network.beforeRequestSent", "network.fetchError", "log.entryAdded", "unknown"):
        record.take(method, raw, 1.0)


def test_bounded() -> None:
    browser = Browser()
    for number in range(REQUESTS + 20):
        browser.network("beforeRequestSent", str(number), url=f"https://api.example/{number}")
    assert browser.record.dropped == 20
