"""What is read of the DevTools protocol's events."""

import msgspec
from corslens.witness.devtools_events import NetworkInitiator, initiator_of

OWN = {
    "functionName": "loadUser",
    "scriptId": "3",
    "url": "https://app.example/app.js",
    "lineNumber": 41,
    "columnNumber": 12,
}


def test_an_extension_that_wraps_fetch_is_not_what_asked() -> None:
    wrapper = {
        "functionName": "fetch",
        "scriptId": "9",
        "url": "chrome-extension://eppi/requests.js",
        "lineNumber": 0,
        "columnNumber": 1,
    }
    stack = {"type": "script", "stack": {"callFrames": [wrapper, OWN]}}
    told = initiator_of(msgspec.convert(stack, NetworkInitiator))
    assert told is not None and (told.url, told.line, told.function) == ("https://app.example/app.js", 42, "loadUser")
    alone = initiator_of(msgspec.convert({"type": "script", "stack": {"callFrames": [wrapper]}}, NetworkInitiator))
    assert alone is not None and alone.url == wrapper["url"]
