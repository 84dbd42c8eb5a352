"""Whole sessions of sites as each writer records them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.cases.test_reports import AGENTS, lines

CREATORS = {
    "chrome": ("WebInspector", "chrome"),
    "sanitized": ("WebInspector", "chrome"),
    "firefox": ("Firefox", "firefox"),
    "safari": ("WebKit Web Inspector", "safari"),
    "playwright": ("Playwright", "chrome"),
    "charles": ("Charles Proxy", "safari"),
    "fiddler": ("Fiddler", "chrome"),
    "mitmproxy": ("mitmproxy", "firefox"),
}
"""The creator's name in a HAR, and the browser, by writer."""
_VERSIONS = {"chrome": "h2", "sanitized": "h2", "firefox": "HTTP/2", "safari": "HTTP/2", "fiddler": "HTTP/1.1"}
_TAGS = {
    "document": ("document", "navigate"), "iframe": ("iframe", "navigate"), "script": ("script", "no-cors"), "style": ("style", "no-cors"),
    "image": ("image", "no-cors"), "media": ("video", "no-cors"), "font": ("font", "cors"), "module": ("script", "cors"),
    "fetch": ("empty", "cors"), "opaque": ("empty", "no-cors"), "ping": ("empty", "no-cors"), "beacon": ("empty", "cors"),
    "manifest": ("manifest", "cors"), "eventsource": ("empty", "cors"), "websocket": ("websocket", "websocket"), "preflight": ("empty", "cors"),
    "prefetch": ("empty", "no-cors"), "cors-image": ("image", "cors"), "cors-style": ("style", "cors"), "cors-media": ("video", "cors"),
    "worker": ("worker", "same-origin"), "serviceworker": ("serviceworker", "same-origin"), "track": ("track", "cors"),
}  # fmt: skip
"""Destination and mode of what a page loads."""
_TYPES = {
    "script": "text/javascript",
    "style": "text/css",
    "image": "image/webp",
    "font": "font/woff2",
    "document": "text/html",
}
_KINDS = {
    "beacon": "ping",
    "cors-image": "image",
    "module": "script",
    "opaque": "fetch",
    "style": "stylesheet",
    "iframe": "document",
}
_LINE = {"functionName": "t", "scriptId": "9", "lineNumber": 1, "columnNumber": 77}


def write_session(session: dict[str, Any], writer: str, folder: Path) -> Path:
    """A session as a HAR of this writer's."""
    creator = {"name": CREATORS[writer][0], "version": "1"}
    log = {"version": "1.2", "creator": creator, "pages": [], "entries": session_entries(session, writer)}
    file = folder / "session.har"
    file.write_text(json.dumps({"log": log}))
    return file


def session_entries(session: dict[str, Any], writer: str) -> list[dict[str, Any]]:
    """The entries of a session; a preflight comes before what it is for, where the writer shows it."""
    steps = [step for step in session["steps"] if writer not in step.get("not-in", ())]
    found: list[dict[str, Any]] = []
    second = 0
    for step in steps:
        second += step.get("wait", 0)
        for entry in _entries(session["page"], writer, step):
            found.append({**entry, "startedDateTime": f"2026-11-28T20:{second // 60:02}:{second % 60:02}.000Z"})
            second += 1
    return found


def _entries(page: str, writer: str, step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "preflight" in step and writer != "playwright":
        yield _entry(page, writer, _preflight_of(step))
    yield _entry(page, writer, step)


def _preflight_of(step: dict[str, Any]) -> dict[str, Any]:
    sent = step.get("request", {})
    names = sorted(
        name
        for name, value in sent.items()
        if value and name not in ("cookie", "accept") and name[:4] != "sec-" and value[:10] != "text/plain"
    )
    asked = {
        "access-control-request-method": step.get("method", "GET"),
        "access-control-request-headers": ",".join(names) or None,
    }
    granted = {name: value for name, value in step["preflight"].items() if name != ":status"}
    status = int(step["preflight"].get(":status", 204))
    return {
        **{name: step[name] for name in ("url", "frame") if name in step},
        "tag": "preflight",
        "method": "OPTIONS",
        "request": asked,
        "status": status,
        "headers": granted,
        "size": 0,
    }


def _site(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def _request_headers(page: str, writer: str, step: dict[str, Any]) -> dict[str, str | None]:
    here, url, tag, method = step.get("frame", page), urlsplit(step["url"]), step["tag"], step.get("method", "GET")
    destination, mode = _TAGS[tag]
    same_origin = f"{url.scheme}://{url.netloc}" == here
    headers: dict[str, str | None] = {
        "user-agent": AGENTS[CREATORS[writer][1]],
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br",
    }
    if tag != "document":
        headers["referer"] = f"{here}/"
    if (mode in ("cors", "websocket") and not same_origin) or method not in ("GET", "HEAD"):
        headers["origin"] = here
    if url.scheme in ("https", "wss"):
        site = "same-origin" if same_origin else "same-site" if _site(step["url"]) == _site(here) else "cross-site"
        site = "none" if tag == "document" else site
        headers |= {"sec-fetch-dest": destination, "sec-fetch-mode": mode, "sec-fetch-site": site}
    if "cookie" in step and writer != "sanitized":
        headers["cookie"] = step["cookie"]
    return headers | step.get("request", {})


def _entry(page: str, writer: str, step: dict[str, Any]) -> dict[str, Any]:
    url, tag, method, status = urlsplit(step["url"]), step["tag"], step.get("method", "GET"), step.get("status", 200)
    sent, size = lines(_request_headers(page, writer, step)), step.get("size", 512)
    version = _VERSIONS.get(writer, "HTTP/2.0") if url.scheme == "https" else "HTTP/1.1"
    if version == "h2":
        pseudo = {":authority": url.netloc, ":method": method, ":path": url.path or "/", ":scheme": url.scheme}
        sent = [*lines({**pseudo}), *sent]
    elif version == "HTTP/1.1":
        sent = [*lines({"Host": url.netloc}), *sent]
    answered = {"date": "Sat, 28 Nov 2026 20:00:00 GMT", **step.get("headers", {})}
    if tag in _TYPES and status == 200:
        answered.setdefault("content-type", _TYPES[tag])
    chromium = CREATORS[writer][0] == "WebInspector"
    opaque = chromium and tag in ("opaque", "ping")
    content = {"size": 0 if opaque else size, "mimeType": answered.get("content-type", "")}
    if (chromium or writer == "firefox") and content["size"]:
        content["text"] = "{}"
    of_response = {name: step[name] for name in ("_error",) if name in step}
    beside = {name: value for name, value in step.items() if name[0] == "_" and name != "_error"}
    if chromium:
        cause = {"type": "script", "stack": {"callFrames": [{**_LINE, "url": f"{page}/app.js"}]}}
        cause = {"type": "preflight", "url": step["url"]} if tag == "preflight" else cause
        # Chromium opens connections of their own for requests with credentials.
        connection = f"{url.netloc} {'cookie' in step}"
        beside = {
            "_initiator": cause,
            "_priority": "High",
            "_resourceType": _KINDS.get(tag, tag),
            "connection": connection,
        } | beside
        of_response = {"_transferSize": 0 if "_fromCache" in step else size + 200, "_error": None} | of_response
    elif writer == "safari":
        beside = {"_fetchType": "Network Load", "_priority": "high"} | beside
    return {
        "time": 35, "pageref": "page_1", "serverIPAddress": "203.0.113.9", **beside,
        "request": {"method": method, "url": step["url"], "httpVersion": version, "headers": sent, "queryString": [], "cookies": []},
        "response": {
            "status": status, "statusText": "", "httpVersion": version, "headers": lines({**answered} if status else {}), "cookies": [],
            "content": content, "redirectURL": answered.get("location", ""), "headersSize": -1, "bodySize": size, **of_response,
        },
        "cache": {}, "timings": {"blocked": 1, "dns": -1, "connect": -1, "ssl": -1, "send": 1, "wait": 30, "receive": 3},
    }  # fmt: skip
