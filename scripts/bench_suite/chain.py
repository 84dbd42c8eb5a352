"""The whole live chain in this process: the addon in a mitmproxy that does not run, its hooks called as mitmproxy calls them."""

import asyncio
import copy
import io
import tempfile
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from corslens.fetch.messages import HeaderList
from corslens.mitm.addon import CorsLens
from corslens.mitm.wrappers import insert
from corslens.observation.exchange import Exchange
from corslens.report.page.live_feed import changes
from mitmproxy import connection, http
from mitmproxy.flow import Error
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.tools.dump import DumpMaster

_TICK = 100
"""Exchanges between two looks at the clock, and at the live page."""


class Chain:
    """The addon, its session, terminal, page and report.

    Args:
        odd: some exchanges fail, or never end.
        work_clock: seconds of CPU time.
        settings: mitmproxy options.
    """

    def __init__(self, *, odd: bool = True, work_clock: Callable[[], float] = time.thread_time, **settings: Any) -> None:
        self._odd = odd
        self._now = 0.0
        self._sent = 0
        self._version = 0
        """Of the live page, as a browser that has it open knows it."""
        self._settings = settings
        self.addon = CorsLens(clock=lambda: self._now, work_clock=work_clock, out=_Nowhere())

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self._master = DumpMaster(
            Options(confdir=self._folder.name, listen_host="127.0.0.1"), with_termlog=False, with_dumper=False
        )
        insert(self._master, self.addon)
        self._master.options.update(**self._settings)
        self.addon.running()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.addon.done()
        self._folder.cleanup()

    def set(self, **settings: Any) -> None:
        """Change options."""
        self._master.options.update(**settings)

    async def send(self, exchanges: Iterable[Exchange]) -> None:
        """Let exchanges pass."""
        for exchange in exchanges:
            self._sent += 1
            self._now = exchange.request.time
            self._pass(flow_of(exchange), self._sent)
            await asyncio.sleep(0)  # what follows a response once it went out, as between two events of a proxy
            if self._sent % _TICK == 0:
                self.addon.on_tick()
                self._version = changes(self.addon.summary, self._version)["version"]

    def costs(self, exchange: Exchange) -> dict[str, float]:
        """Let an exchange pass; return the milliseconds of CPU that each hook took, the outputs, and the look at the clock a minute later."""
        costs: dict[str, float] = {}

        def measure(name: str, call: Callable[[], object]) -> None:
            started = time.thread_time()
            call()
            costs[name] = (time.thread_time() - started) * 1e3

        flow = flow_of(exchange)
        response, flow.response = flow.response, None
        measure("requestheaders", lambda: self.addon.requestheaders(flow))
        measure("request", lambda: self.addon.request(flow))
        flow.response = response
        measure("responseheaders", lambda: self.addon.responseheaders(flow))
        measure("response", lambda: self.addon.response(flow))
        measure("outputs", lambda: self.addon.summary)  # reading it does what would follow when the loop comes by
        self._now = exchange.request.time + 60
        measure("tick", self.addon.on_tick)
        return costs

    def call(self, flow: http.HTTPFlow) -> None:
        """Call the hooks of an answered flow."""
        self._ask(flow)
        self.addon.responseheaders(flow)
        self.addon.response(flow)

    def _ask(self, flow: http.HTTPFlow) -> None:
        response, flow.response = flow.response, None
        self.addon.requestheaders(flow)
        self.addon.request(flow)
        flow.response = response

    def _pass(self, flow: http.HTTPFlow, number: int) -> None:
        if self._odd and number % 23 == 0:
            self._ask(flow)  # never answered, never ended: what a leak would look like
        elif self._odd and number % 31 == 0:
            self._ask(flow)
            flow.response, flow.error = None, Error("server gone")
            self.addon.error(flow)
        else:
            self.call(flow)
            if number % 101 == 0:
                self.addon.http_connect_error(flow)


_CLIENT = connection.Client(
    peername=("127.0.0.1", 50_000),
    sockname=("127.0.0.1", 8080),
    timestamp_start=0.0,
    proxy_mode=ProxyMode.parse("regular"),
)
_SERVER = connection.Server(address=None)


class _Nowhere(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)


def flow_of(exchange: Exchange) -> http.HTTPFlow:
    """Return a live flow, answered if the exchange is."""
    request, response = exchange.request, exchange.response
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    client, server = copy.copy(_CLIENT), copy.copy(_SERVER)  # made anew they would take longer than what is measured
    vars(client).update(id=exchange.connection, peername=(exchange.client, 50_000))
    vars(server).update(address=(host, 443))
    flow = http.HTTPFlow(client, server, live=True)
    path = f"{parts.path}?{parts.query}".encode()
    lines = ((b"Host", host.encode()), *_fields(request.headers))
    flow.request = http.Request(
        host, 443, request.method.encode(), b"https", b"", path, b"HTTP/1.1", http.Headers(lines), b"", None,
        request.time, request.time,
    )  # fmt: skip
    if response is not None:
        headers = http.Headers(_fields(response.headers))
        flow.response = http.Response(b"HTTP/1.1", response.status, b"", headers, b"", None, response.time, response.time)
    return flow


def _fields(headers: HeaderList) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.encode()) for name, value in headers.lines)
