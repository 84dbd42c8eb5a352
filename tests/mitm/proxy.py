"""mitmproxy with the addon in this process, and clients that say exactly what they are told to."""

import asyncio
import io
import ssl
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
from corslens.inspection import Inspection
from corslens.mitm.addon import CorsLens
from corslens.mitm.wrappers import insert
from mitmproxy import http, options
from mitmproxy.tools.dump import DumpMaster
from msgspec import Struct

from tests.deadline import DEADLINE_SECONDS
from tests.mitm.make import standing_still

type Lines = Iterable[tuple[str, str]]


class Answer(Struct, frozen=True):
    """What a client got."""

    status: int
    lines: tuple[tuple[str, str], ...]
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """The values of the lines of this name, joined; None without any."""
        values = [value for key, value in self.lines if key.lower() == name]
        return ", ".join(values) if values else None


class Keeper:
    """Keeps flows at the end of the chain, like mitmweb's view."""

    name = "keeper"

    def __init__(self) -> None:
        self.flows: list[http.HTTPFlow] = []

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self.flows.append(flow)

    def response(self, _: http.HTTPFlow) -> None:
        """Nothing is put off that such a hook might read."""


class Proxy:
    """A proxy on an ephemeral port; `settings` are mitmproxy options."""

    def __init__(self, confdir: Any, *addons: object, clock: Callable[[], float] | None = None, **settings: Any) -> None:
        self.out = io.StringIO()
        self.addon = CorsLens(out=self.out, work_clock=standing_still, **({} if clock is None else {"clock": clock}))
        self.addon.listeners.append(self._heard)
        self.inspections: list[Inspection] = []
        self.keeper = Keeper()
        self.port = 0
        self._addons = addons
        self._confdir = str(confdir)
        self._settings = settings
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        base = options.Options(listen_host="127.0.0.1", listen_port=0, confdir=self._confdir, ssl_insecure=True)
        self.master = DumpMaster(base, with_termlog=False, with_dumper=False)
        insert(self.master, self.addon)
        self.master.addons.add(self.keeper, *self._addons)
        base.update(**self._settings)
        started = asyncio.Event()
        self.master.addons.add(_Started(started))
        self._task = asyncio.create_task(self.master.run())
        done, _ = await asyncio.wait(
            [self._task, asyncio.create_task(started.wait())], timeout=DEADLINE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if self._task in done:
            self._task.result()
        self.port = self.master.addons.get("proxyserver").listen_addrs()[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the proxy as a signal would."""
        if not self._task.done():
            self.master.shutdown()
        await self._task

    def _heard(self, inspection: Inspection) -> None:
        self.inspections.append(inspection)
        self._news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds; it is looked at after every inspection."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def latest(self) -> dict[str, Inspection]:
        """The last inspection of each exchange, in the order of their first ones."""
        assert self.addon.summary is not None  # which brings the outputs up to date
        return {inspection.id: inspection for inspection in self.inspections}

    async def send(self, method: str, url: str, lines: Lines = (), *, client: str = "127.0.0.1", body: bytes = b"") -> Answer:
        """Send one request over a connection of its own."""
        parts = urlsplit(url)
        async with asyncio.timeout(DEADLINE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(client, 0), limit=1 << 22)
            try:
                head = [f"{method} {url} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in lines)]
                head += [f"Content-Length: {len(body)}"] if body else []
                writer.write("\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + body)
                return await read_answer(reader, whole=True)
            finally:
                writer.close()

    async def stream(self, url: str, lines: Lines = ()) -> tuple[Answer, asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a GET and return as soon as the answer's head is there, with the connection."""
        parts = urlsplit(url)
        async with asyncio.timeout(DEADLINE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            head = [f"GET {url} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in lines), "", ""]
            writer.write("\r\n".join(head).encode("latin-1"))
            return await read_answer(reader, whole=False), reader, writer

    async def send_http2(self, host: str, port: int, requests: Iterable[tuple[str, str, Lines]]) -> list[Answer]:
        """Send requests (method, path, lines) at once over one HTTP/2 connection, and return the answers in their order."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
                assert (await read_answer(reader, whole=False)).status == 200
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_alpn_protocols(["h2"])
                await writer.start_tls(context, server_hostname=host)
                return await _http2(reader, writer, f"{host}:{port}", list(requests))
            finally:
                writer.close()


class _Started:
    name = "started"

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def running(self) -> None:
        self._event.set()


async def read_answer(reader: asyncio.StreamReader, *, whole: bool) -> Answer:
    """Read a head, and with `whole` everything up to the end of the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.rstrip("\r\n").split("\r\n")
    lines = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in rest))
    return Answer(int(first.split(" ")[1]), lines, await reader.read() if whole else b"")


async def _http2(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, requests: list[tuple[str, str, Lines]]
) -> list[Answer]:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
    connection.initiate_connection()
    streams: list[int] = []
    for method, path, lines in requests:
        stream = connection.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]
        connection.send_headers(stream, [*pseudo, *lines], end_stream=True)
        streams.append(stream)
    writer.write(connection.data_to_send())
    heads: dict[int, tuple[tuple[str, str], ...]] = {}
    bodies: dict[int, bytes] = dict.fromkeys(streams, b"")
    open_streams = set(streams)
    while open_streams:
        data = await reader.read(65536)
        assert data, "the proxy closed the connection"
        for event in connection.receive_data(data):
            match event:
                case h2.events.ResponseReceived():
                    heads[event.stream_id] = tuple(event.headers)  # type: ignore[arg-type]  # decoded: header_encoding is set
                case h2.events.DataReceived():
                    bodies[event.stream_id] += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded() | h2.events.StreamReset():
                    open_streams.discard(event.stream_id)
        writer.write(connection.data_to_send())
    answers = []
    for stream in streams:
        fields = heads.get(stream, ((":status", "0"),))
        status = next(value for name, value in fields if name == ":status")
        answers.append(Answer(int(status), tuple(line for line in fields if not line[0].startswith(":")), bodies[stream]))
    return answers
