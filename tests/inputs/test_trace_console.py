"""What a trace's console says of a blocked request, in Chromium's words and in Firefox's."""

import io
import json
import zipfile

from corslens.analysis import open_capture
from corslens.inputs.files import Capture, captures_in
from corslens.inputs.trace_console import cors_messages
from corslens.observation.exchange import Exchange

from tests.inputs.make_har import entry

API = "https://api.example/me"
MISSING = "No 'Access-Control-Allow-Origin' header is present on the requested resource."


def message(text: str, **others: object) -> bytes:
    """A line of a `.trace` file."""
    return json.dumps({"type": "console", "messageType": "error", "text": text, "args": [], "time": 5.5, **others}).encode()


CHROMIUM = message(f"Access to fetch at '{API}' from origin 'https://app.example' has been blocked by CORS policy: {MISSING}")


def test_chromium_and_firefox() -> None:
    redirected = message(
        f"Access to XMLHttpRequest at 'https://idp.example/in' (redirected from '{API}?2') from origin 'https://app.example' has been "
        f"blocked by CORS policy: {MISSING}"
    )
    firefox = message(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://b.example/x. "
        "(Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 200."
    )
    assert cors_messages([CHROMIUM, redirected, firefox]) == {
        API: MISSING,
        "https://idp.example/in": MISSING,
        f"{API}?2": MISSING,
        "https://b.example/x": "CORS header ‘Access-Control-Allow-Origin’ missing",
    }


def test_paths_in_a_reason_are_not_shown() -> None:
    said = f"Redirect from '{API}?token=1' to 'ftp://x.example/' has a disallowed scheme."
    line = message(f"Access to fetch at '{API}' from origin 'https://app.example' has been blocked by CORS policy: {said}")
    assert "token" not in cors_messages([line])[API] and "https://api.example/*" in cors_messages([line])[API]


def test_what_is_none_is_passed_over() -> None:
    other = message("Failed to load resource: net::ERR_FAILED")
    assert (
        cors_messages([b"", b'{"console"', b'"console"', b"\xff\xfe", other, message(MISSING), message(API, type="log")]) == {}
    )


def test_a_trace_in_a_zip() -> None:
    failed = entry(url=API, status=-1, response_headers=[])
    failed["response"] |= {"_failureText": "net::ERR_FAILED", "content": {"size": -1}}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("0-trace.network", json.dumps({"type": "resource-snapshot", "snapshot": failed}) + "\n")
        zipped.writestr("0-trace.trace", b'{"type":"context-options"}\n' + CHROMIUM + b"\n")
    archive.seek(0)
    (capture,) = captures_in("trace.zip", archive)
    assert isinstance(capture, Capture)
    (exchange,) = open_capture(capture, "a")
    assert isinstance(exchange, Exchange) and exchange.witness is not None and exchange.witness.console == MISSING
