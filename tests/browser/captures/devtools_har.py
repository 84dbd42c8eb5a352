"""A HAR out of DevTools events, as Chrome's own exporter builds it.

Source: https://github.com/ChromeDevTools/devtools-frontend/blob/main/front_end/models/har/Log.ts: the request's head as it went over
the wire comes in an event of its own, `startedDateTime` is when the page asked (before the preflight), and what lies between that and
the sending is `blocked`; `time` is all of it until the end, by which a request is known to have waited for its preflight.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

from tests.browser.kit.devtools import DevTools, Params
from tests.deadline import DEADLINE_SECONDS

type Json = dict[str, Any]


class DevToolsHar:
    """Collect the network events of a browser."""

    def __init__(self, devtools: DevTools) -> None:
        self._entries: list[Json] = []
        self._open: dict[str, Json] = {}
        self._sent: dict[str, list[Params]] = {}
        self._got: dict[str, list[Params]] = {}
        self._news = asyncio.Event()
        devtools.listen(self._event)

    async def whole(self) -> None:
        """Wait until each request so far has ended, and the heads that were announced for it, which come when they like, are there."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not all(self._is_whole(one) for one in self._entries):
                self._news.clear()
                await self._news.wait()

    def _is_whole(self, one: Json) -> bool:
        heads = (self._sent, self._got) if one.get("extra") else ()
        return "ended" in one and all(len(them.get(one["id"], [])) > one["hop"] for them in heads)

    def har(self) -> Json:
        """The HAR so far."""
        entries = [self._entry(one) for one in self._entries]
        return {
            "log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": entries}
        }

    def _event(self, method: str, params: Params, session: str | None) -> None:
        match method:
            case "Network.requestWillBeSent":
                if (redirect := params.get("redirectResponse")) is not None:
                    self._open[params["requestId"]] |= {
                        "response": redirect,
                        "extra": params.get("redirectHasExtraInfo"),
                        "ended": params["timestamp"],
                    }
                self._begin(params)
            case "Network.requestWillBeSentExtraInfo":
                self._sent.setdefault(params["requestId"], []).append(params)
            case "Network.responseReceivedExtraInfo":
                self._got.setdefault(params["requestId"], []).append(params)
            case "Network.responseReceived":
                self._open[params["requestId"]] |= {"response": params["response"], "extra": params.get("hasExtraInfo")}
            case "Network.loadingFinished" if (ended := self._open.get(params["requestId"])) is not None:
                ended["ended"] = params["timestamp"]
            case "Network.loadingFailed" if (ended := self._open.get(params["requestId"])) is not None:
                ended |= {"error": params["errorText"], "ended": params["timestamp"]}
        self._news.set()

    def _begin(self, params: Params) -> None:
        one = {
            "id": params["requestId"],
            "hop": sum(other["id"] == params["requestId"] for other in self._entries),
            "wall": params["wallTime"],
            "asked": params["timestamp"],
            "request": params["request"],
            "type": params.get("type", "Other"),
            "initiator": params["initiator"],
        }
        self._open[params["requestId"]] = one
        self._entries.append(one)

    def _entry(self, one: Json) -> Json:
        sent = dict(enumerate(self._sent.get(one["id"], []))).get(one["hop"], {})
        got = dict(enumerate(self._got.get(one["id"], []))).get(one["hop"], {})
        request, response = one["request"], one.get("response")
        timing = (response or {}).get("timing")
        # Without a response nothing is known but that the request was held up all along.
        began = timing["requestTime"] if timing else one["asked"] if response else one["ended"]
        version = (response or {}).get("protocol") or "http/1.1"
        return {
            "_initiator": one["initiator"],
            "_resourceType": one["type"].lower(),
            **({"connection": str(response["connectionId"])} if response and response.get("connectionId") else {}),
            "startedDateTime": datetime.fromtimestamp(one["wall"], UTC).isoformat().replace("+00:00", "Z"),
            "time": (one["ended"] - one["asked"]) * 1000,
            "request": {
                "method": request["method"],
                "url": request["url"],
                "httpVersion": version,
                "headers": _lines(sent.get("headers") or request["headers"]),
                "queryString": [], "cookies": [], "headersSize": -1, "bodySize": 0,
            },
            "response": {
                "status": got.get("statusCode") or (response or {}).get("status", 0),
                "statusText": "",
                "httpVersion": version,
                "headers": _lines(got.get("headers") or (response or {}).get("headers", {})),
                "cookies": [],
                "content": {"size": 0, "mimeType": ""},
                "redirectURL": "", "headersSize": -1, "bodySize": -1,
                "_error": one.get("error"),
            },
            "cache": {},
            "timings": {
                "blocked": max(0.0, (began - one["asked"]) * 1000),
                "dns": -1, "ssl": -1, "connect": -1, "send": 0,
                "wait": timing["receiveHeadersEnd"] if timing else 0, "receive": 1,
            },
        }  # fmt: skip


def _lines(headers: dict[str, str]) -> list[Json]:
    """DevTools joins repeats with line breaks; its exporter takes them apart again."""
    return [{"name": name, "value": value} for name, values in headers.items() for value in values.split("\n")]
